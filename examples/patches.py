"""prototype"""
from __future__ import annotations
import numpy as np, torch
import torch.nn.functional as F
from torch import Tensor


class Scale:
    """Patches at 1/f: pictures [N, 3, H, W] (N = G*K, geometry-major)."""

    def __init__(self, pictures, kinds, f, side=7, band=2, reach=2, positions=256, sigma_row=2.0, sigma_col=8.0, spread=2.0, dims=32, seed=0):
        self.f, self.side, self.band = f, side, band
        self.sigma_row, self.sigma_col = sigma_row, sigma_col
        n, _, H, W = pictures.shape
        K = kinds
        h, w = H // f, W // f
        self.h, self.w = h, w
        g = torch.arange(side) - side // 2
        win = torch.exp(-(g[:, None] ** 2 + g[None] ** 2) / (2 * spread**2))
        self.count = float(win.sum()) * f * f  # pixels
        self.root = win.sqrt().reshape(-1).repeat(3)  # unfold: channel-major
        small = F.avg_pool2d(pictures, f) if f > 1 else pictures
        pad = side // 2
        padded = F.pad(small, [pad] * 4, mode="replicate")
        gen = torch.Generator().manual_seed(seed)
        # busy places first
        s0 = small.view(n // K, K, 3, h, w)
        detail = ((F.max_pool2d(s0.flatten(0, 1), 3, 1, 1) + F.max_pool2d(-s0.flatten(0, 1), 3, 1, 1)).sum(1)).view(n // K, K, h, w).mean(1)
        # PCA
        pick = torch.randint(0, n * h * w, (20000,), generator=gen)
        X = self._gather(padded, pick // (h * w), pick % (h * w) // w, pick % w)
        self.mean = X.mean(0)
        cov = (X - self.mean).T @ (X - self.mean)
        vals, vecs = torch.linalg.eigh(cov)
        self.basis = vecs[:, -dims:]
        print(f"f={f} kept", float(vals[-dims:].sum() / vals.sum()))
        self.bands = []
        full = pictures.view(n, 3, h, f, w, f).permute(0, 2, 4, 1, 3, 5).reshape(n, h, w, 3 * f * f) if f > 1 else pictures.permute(0, 2, 3, 1)
        for top in range(0, h, band):
            lo, hi = max(0, top - reach), min(h, top + band + reach)
            weight = (detail[:, lo:hi] + 0.1).reshape(-1)
            count = min(positions, weight.numel())
            chosen = torch.multinomial(weight, count, generator=gen)
            rows = (hi - lo)
            gi, r, c = chosen // (rows * w), chosen % (rows * w) // w + lo, chosen % w
            ni = (gi[:, None] * K + torch.arange(K)).reshape(-1)
            r, c = r.repeat_interleave(K), c.repeat_interleave(K)
            Y = (self._gather(padded, ni, r, c) - self.mean) @ self.basis
            out = full[ni, r, c]
            self.bands.append((Y, out, r.float(), c.float(), torch.arange(K).repeat(count)))

    def _gather(self, padded, n, r, c):
        s = self.side
        dy, dx = torch.arange(s)[:, None], torch.arange(s)[None]
        p = padded[n[:, None, None], :, r[:, None, None] + dy, c[:, None, None] + dx]  # [M, s, s, 3]
        return p.permute(0, 3, 1, 2).flatten(1) * self.root

    def answer(self, x, sigma, log_prior, rho):
        """x [1,3,H,W] -> [1,3,H,W]"""
        f, s = self.f, self.side
        small = F.avg_pool2d(x, f) if f > 1 else x
        P = F.unfold(F.pad(small, [s // 2] * 4, mode="replicate"), s)[0].T * self.root  # [L, 3ss]
        Q = (P - self.mean) @ self.basis
        Q = Q.view(self.h, self.w, -1)
        t2 = sigma**2 + rho**2
        scale = f * f / t2
        out = torch.empty(self.h, self.w, 3 * f * f)
        ar, br = 1 / self.sigma_row**2, 1 / self.sigma_col**2
        for i, top in enumerate(range(0, self.h, self.band)):
            Y, content, r, c, k = self.bands[i]
            q = Q[top : top + self.band]
            nrow = q.shape[0]
            rr = torch.arange(top, top + nrow).float()[:, None].expand(nrow, self.w)
            cc = torch.arange(self.w).float()[None].expand(nrow, self.w)
            A = torch.cat([q.flatten(0, 1) * scale, (rr.reshape(-1, 1)) * ar, (cc.reshape(-1, 1)) * br], 1)
            B = torch.cat([Y, r[:, None], c[:, None]], 1)
            bias = -0.5 * (scale * Y.pow(2).sum(1) + ar * r**2 + br * c**2) + self.count * log_prior[k]
            logits = torch.addmm(bias, A, B.T)
            out[top : top + nrow] = (torch.softmax(logits, 1) @ content).view(nrow, self.w, -1)
        if f > 1:
            y = out.view(self.h, self.w, 3, f, f).permute(2, 0, 3, 1, 4).reshape(1, 3, self.h * f, self.w * f)
        else:
            y = out.permute(2, 0, 1)[None]
        keep = rho**2 / t2
        return y + keep * (x - y)
