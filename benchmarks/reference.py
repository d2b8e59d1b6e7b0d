"""Samplers to prove the hold on: k-diffusion's own functions, and short forms of the hosts' others.

k-diffusion comes from PyPI without what its package init wants (torchvision, wandb): only its
`sampling` module is loaded. The short forms are written from the published formulas and call the
model just as A1111's and Forge's functions do.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import sys
import types
from collections.abc import Sequence
from itertools import pairwise

import torch

ADAMS_BASHFORTH = {
    1: (1.0,),
    2: (3 / 2, -1 / 2),
    3: (23 / 12, -16 / 12, 5 / 12),
    4: (55 / 24, -59 / 24, 37 / 24, -9 / 24),
}


def k_diffusion_sampling() -> types.ModuleType:
    """`k_diffusion.sampling`, the real one, without the rest of its package."""
    if "k_diffusion.sampling" not in sys.modules:
        spec = importlib.util.find_spec("k_diffusion")
        package = types.ModuleType("k_diffusion")
        package.__path__ = list(spec.submodule_search_locations)
        utils = types.ModuleType("k_diffusion.utils")
        utils.append_dims = lambda x, n: x[(...,) + (None,) * (n - x.ndim)]
        package.utils = utils
        sys.modules["k_diffusion"], sys.modules["k_diffusion.utils"] = package, utils
        importlib.import_module("k_diffusion.sampling")
    return sys.modules["k_diffusion.sampling"]


@torch.no_grad()
def ddim(model, x, timesteps, extra_args=None, eta=0.0, cfgpp=False):
    """DDIM (arXiv 2010.02502, eq. 12), looped as the WebUI does: down to `timesteps[0]`."""
    alphas = model.alphas_cumprod
    ones = x.new_ones([x.shape[0]])
    model.need_last_noise_uncond = cfgpp
    for i in range(len(timesteps) - 1, 0, -1):
        a, a_next = alphas[timesteps[i]], alphas[timesteps[i - 1]]
        eps = model(x, timesteps[i].item() * ones, **(extra_args or {}))
        direction = model.last_noise_uncond if cfgpp else eps
        x0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
        x = a_next.sqrt() * x0 + (1 - a_next).sqrt() * direction
    return x


@torch.no_grad()
def ddim_cfgpp(model, x, timesteps, extra_args=None):
    """CFG++ (arXiv 2406.08070): the direction comes from the unconditional answer."""
    return ddim(model, x, timesteps, extra_args, cfgpp=True)


@torch.no_grad()
def plms(model, x, timesteps, extra_args=None):
    """Pseudo linear multistep (PNDM, arXiv 2202.09778), with an improved Euler first step."""
    alphas = model.alphas_cumprod
    ones = x.new_ones([x.shape[0]])

    def jump(eps, i):
        a, a_next = alphas[timesteps[i]], alphas[timesteps[i - 1]]
        x0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
        return a_next.sqrt() * x0 + (1 - a_next).sqrt() * eps

    kept = []
    for i in range(len(timesteps) - 1, 0, -1):
        kept.insert(0, model(x, timesteps[i].item() * ones))
        if len(kept) == 1:
            second = model(jump(kept[0], i), timesteps[i - 1].item() * ones)
            eps = (kept[0] + second) / 2
        else:
            eps = sum(c * e for c, e in zip(ADAMS_BASHFORTH[len(kept)], kept))
        kept = kept[:3]
        x = jump(eps, i)
    return x


@torch.no_grad()
def sample_lcm(model, x, sigmas, noise_sampler=None):
    """Latent consistency sampling (arXiv 2310.04378): jump to x0, noise it again."""
    ones = x.new_ones([x.shape[0]])
    for i in range(len(sigmas) - 1):
        x = model(x, sigmas[i] * ones)
        if sigmas[i + 1] > 0:
            x += sigmas[i + 1] * noise_sampler(sigmas[i], sigmas[i + 1])
    return x


@torch.no_grad()
def sample_ipndm(model, x, sigmas):
    """Improved PNDM (arXiv 2204.13902): Adams-Bashforth in sigma."""
    kept, ones = [], x.new_ones([x.shape[0]])
    for i in range(len(sigmas) - 1):
        kept.insert(0, (x - model(x, sigmas[i] * ones)) / sigmas[i])
        weights = ADAMS_BASHFORTH[min(len(kept), 4)]
        x = x + (sigmas[i + 1] - sigmas[i]) * sum(c * d for c, d in zip(weights, kept))
    return x


def ipndm_v_coefficients(sigmas: Sequence[float], i: int, order: int) -> list[float]:
    """Variable-step Adams-Bashforth as the hosts' IPNDM_V has it, its fourth-order term included.

    Orders 1 and 2 are the textbook's; 3 and 4 follow the published solver
    (zju-pi/diff-sampler), whose weights differ from exact integration.
    """
    h = [sigmas[i + 1 - k] - sigmas[i - k] for k in range(order)]
    if order == 1:
        return [h[0]]
    r = h[0] / h[1]
    weights = [(2 + r) / 2, -r / 2]
    if order >= 3:
        s01, s12 = h[0] + h[1], h[1] + h[2]
        third = (1 - h[0] / (3 * s01) * (h[0] * s01) / (h[1] * s12)) / 2
        q = h[1] / h[2]
        weights = [weights[0] + third, weights[1] - (1 + q) * third, third * q]
    if order == 4:
        s012, s123, s23 = s01 + h[2], s12 + h[3], h[2] + h[3]
        inner = (1 - h[0] / (3 * s01)) / 2 + (1 - h[0] / (2 * s01)) * h[0] / (6 * s012)
        fourth = inner * (h[0] * s01 * s012) / (h[1] * s12 * s123)
        p = h[1] * s12 / (h[2] * s23)
        extra = [1, -(1 + q + p), q + p * (1 + h[2] / h[3]), -p * q]
        weights = [w + e * fourth for w, e in zip([*weights, 0.0], extra, strict=True)]
    return [h[0] * w for w in weights]


@torch.no_grad()
def sample_ipndm_v(model, x, sigmas):
    """IPNDM with variable step sizes."""
    kept, ones = [], x.new_ones([x.shape[0]])
    for i in range(len(sigmas) - 1):
        kept.insert(0, (x - model(x, sigmas[i] * ones)) / sigmas[i])
        weights = ipndm_v_coefficients(sigmas.tolist(), i, min(len(kept), 4))
        x = x + sum(c * d for c, d in zip(weights, kept))
    return x


class _Deis(types.ModuleType):
    """Coefficients of DEIS (arXiv 2204.13902, eq. 15), integrated by a plain sum in log sigma."""

    @staticmethod
    def get_deis_coeff_list(sigmas, max_order, deis_mode="tab"):
        rho, out = sigmas.double().clamp(min=1e-3), []
        for i in range(len(rho) - 1):
            order = min(i + 1, max_order)
            nodes = [rho[i - k].log() for k in range(order)]
            grid = torch.linspace(rho[i], rho[i + 1], 2001, dtype=torch.float64)
            tau, row = (grid[1:] + grid[:-1]) / 2, []
            for j, node in enumerate(nodes):
                others = [n for k, n in enumerate(nodes) if k != j]
                poly = math.prod([(tau.log() - n) / (node - n) for n in others])
                row.append(torch.as_tensor(poly * grid.diff()).expand(2000).sum())
            out.append(row)
        return out


deis = _Deis("deis")


@torch.no_grad()
def sample_deis(model, x, sigmas, order=3):
    """DEIS with tabulated coefficients, the last step first-order."""
    table, kept, ones = deis.get_deis_coeff_list(sigmas, order), [], x.new_ones([x.shape[0]])
    for i in range(len(sigmas) - 1):
        kept.insert(0, (x - model(x, sigmas[i] * ones)) / sigmas[i])
        if i == 0 or sigmas[i + 1] <= 0:
            x = x + (sigmas[i + 1] - sigmas[i]) * kept[0]
        else:
            x = x + sum(float(c) * d for c, d in zip(table[i], kept))
    return x


@torch.no_grad()
def sample_heunpp2(model, x, sigmas):
    """Heun with a third call and sigma weights relative to the run's first sigma."""
    ones, n = x.new_ones([x.shape[0]]), len(sigmas) - 1
    for i in range(n):
        m = min(3, n - i)
        points, slopes = x, []
        for k in range(m):
            s = sigmas[i + k]
            slopes.append((points - model(points, s * ones)) / s)
            if k + 1 < m:
                points = points + slopes[-1] * (sigmas[i + k + 1] - s)
        weights = [sigmas[i + k] / (m * sigmas[0]) for k in range(1, m)]
        weights.insert(0, 1 - sum(weights))
        x = x + sum(w * d for w, d in zip(weights, slopes)) * (sigmas[i + 1] - sigmas[i])
    return x


@torch.no_grad()
def restart_sampler(model, x, sigmas, noise_sampler=None, low=0.1, high=2.0, again=6):
    """Restart (arXiv 2306.14878): Heun, and once back up from `low` to `high`."""
    ones = x.new_ones([x.shape[0]])
    sampling = k_diffusion_sampling()
    steps = list(pairwise(sigmas))
    turn = int((sigmas - low).abs().argmin())
    top = int((sigmas - high).abs().argmin())
    if top < turn:
        up = sampling.get_sigmas_karras(again, sigmas[turn].item(), sigmas[top].item())[:-1]
        steps[turn:turn] = list(pairwise(up))
    last = None
    for s, s_next in steps:
        if last is not None and s > last:
            x = x + noise_sampler(last, s) * (s**2 - last**2) ** 0.5
        d = (x - model(x, s * ones)) / s
        if s_next > 0:
            x_2 = x + d * (s_next - s)
            d = (d + (x_2 - model(x_2, s_next * ones)) / s_next) / 2
        x, last = x + d * (s_next - s), s_next
    return x
