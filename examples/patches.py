"""A diffusion model without a network: the posterior mean over painted pictures, in closed form.

The data are V variants of a place at T times of the year and day. A noisy picture is explained
window by window: which time it is (shared over a wide window), and which variant it comes from
(over a window that shrinks with the noise, so that a result may combine many of them). The answer
is the mean of the pictures, weighted by how well they explain the window: the optimal denoiser
of such data, but that windows are judged one by one and neighbouring pixels count as less than
independent. The prompt is a prior over the times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

CELL = 2  # pixels of a cell; weights are kept per cell
FULL_HEIGHT = 192  # the lengths below are pixels of a picture of this height
WINDOW = (2.5, 10.0, 24.0)  # standard deviation of the variants' window: least, per sigma, most
TIME_WINDOW = 12.0  # standard deviation of the window that shares one time
TIME_PIXELS = 230.0  # how many independent pixels it counts as: neighbours tell much the same
GRAIN = 0.012  # standard deviation of the pixels around the painted ones
DETAIL = 0.4  # the same where a picture has a detail that no painted one has ...
DETAIL_ODDS = -9.0  # ... which is rare: logarithm of its odds
TINY = 1e-12  # smaller weights are none; kept, they would become denormal, which is slow


def prior(pictures: Tensor, sigmas: Sequence[float]) -> Tensor:
    """Log-prior of the times per pixel, `[T]`: a prompt for the last of them.

    A picture of the first time, noised to `sigmas[k]`, is as likely to be taken for time k + 1 as
    for time k: so the more noise, the farther the edit goes.

    Args:
        pictures: `[T, V, 3, H, W]`.
        sigmas: T - 1 levels, ascending.
    """
    far = 3 * torch.stack([(p - pictures[0]).square().mean() for p in pictures])
    levels = torch.tensor(sigmas, dtype=torch.float32)
    rise = far.diff().clamp(min=0) / (2 * levels**2)
    return torch.cat([rise.new_zeros(1), rise.cumsum(0)])


def gaussian(size: int, centres: Tensor, sd: float) -> Tensor:
    """`[len(centres), size]`, rows sum to 1: means over Gaussian windows of a line of cells."""
    far = centres[:, None] - torch.arange(size)
    means = torch.softmax(-far.square() / (2 * sd**2), 1)
    return torch.where(means < TINY, 0, means)


def hats(size: int, centres: Tensor) -> Tensor:
    """`[size, len(centres)]`: linear interpolation between evenly spaced centres."""
    gap = float(centres[1] - centres[0])
    at = torch.arange(size).clamp(float(centres[0]), float(centres[-1]))
    return (1 - (at[:, None] - centres).abs() / gap).clamp(min=0)


def along(m: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """`[h, w, n]` to `[a, b, n]` by matrices `[a, h]` and `[b, w]`."""
    m = (rows @ m.flatten(1)).unflatten(1, m.shape[1:])
    return columns @ m


class Denoiser:
    """`model(x, sigma) -> x0`, for one picture `[1, 3, H, W]` in -1..1.

    Args:
        pictures: `[T, V, 3, H, W]`, H and W even.
        log_prior: `[T]`, per pixel.
    """

    def __init__(self, pictures: Tensor, log_prior: Tensor):
        times, variants, _, height, width = pictures.shape
        self.sizes, self.log_prior = (times, variants), log_prior
        self.h, self.w, self.unit = height // CELL, width // CELL, height / FULL_HEIGHT
        cells = pictures.reshape(times, variants, 3, self.h, CELL, self.w, CELL)
        # [cell and time, 3 * CELL * CELL, V]: both sums over it are then plain matrix products
        cells = cells.permute(3, 5, 0, 2, 4, 6, 1).reshape(-1, 3 * CELL * CELL, variants)
        self.cells, self.half_norm = cells, sum(c.square() for c in cells.unbind(1)) / 2

    def __call__(self, x: Tensor, sigma: Tensor, **_) -> Tensor:
        noise = float(sigma.reshape(-1)[0])
        variant, time = self._weights(x, noise)
        means = torch.bmm(self.cells, variant.reshape(*self.half_norm.shape, 1))
        means = means.view(self.h, self.w, -1, 3, CELL, CELL).permute(3, 0, 4, 1, 5, 2)
        mean = (means.reshape(*x.shape[1:], -1) * time).sum(3)[None]
        return mean + self._own(x - mean, noise) * (x - mean)

    def _weights(self, x: Tensor, noise: float) -> tuple[Tensor, Tensor]:
        """How much each variant explains of each cell at each time, `[h, w, T * V]`, and how
        likely each time is at each pixel, `[H, W, T]`; they sum to 1 over V and over T."""
        times, variants = self.sizes
        grid = x.view(3, self.h, CELL, self.w, CELL).permute(1, 3, 0, 2, 4)
        grid = grid.reshape(-1, 1, 3 * CELL * CELL).expand(-1, times, -1)
        fit = torch.bmm(grid.reshape(-1, 1, grid.shape[2]), self.cells)[:, 0].sub_(self.half_norm)
        fit *= 1 / ((noise**2 + GRAIN**2) * CELL**2)  # log-likelihood per pixel
        fit = fit.view(self.h, self.w, times * variants)

        least, slope, most = WINDOW
        sd = min(max(slope * noise, least), most) * self.unit / CELL
        stride = 2 ** int(math.log2(max(sd / 1.5, 1)))  # cells between the windows' centres
        rows, columns = (torch.arange((stride - 1) / 2, n, stride) for n in (self.h, self.w))
        fit = along(fit, gaussian(self.h, rows, sd), gaussian(self.w, columns, sd))
        pixels = 2 * math.pi * (sd * CELL) ** 2
        fit = fit.unflatten(2, self.sizes) * pixels
        best = fit.amax(3, keepdim=True)
        variant = fit.sub_(best).clamp_(min=math.log(TINY)).exp_()
        total = variant.sum(3, keepdim=True)
        variant = (variant / total).flatten(2)

        evidence = (total.log() + best)[..., 0] / pixels + self.log_prior
        sd = TIME_WINDOW * self.unit / CELL / stride
        windows = (gaussian(n, torch.arange(n), sd) for n in evidence.shape[:2])
        evidence = along(evidence, *windows)
        # below sigma 1 neighbouring times stay alike: a time between two of them is their mean
        time = torch.softmax(evidence * (TIME_PIXELS * noise**2 / (1 + noise**2)), 2)

        if stride > 1:
            variant = along(variant, hats(self.h, rows), hats(self.w, columns))
        rows, columns = (CELL * (n + 0.5) - 0.5 for n in (rows, columns))
        return variant, along(time, hats(self.h * CELL, rows), hats(self.w * CELL, columns))

    def _own(self, rest: Tensor, noise: float) -> Tensor:
        """`[1, 1, H, W]`: how much of what the pictures do not explain belongs to the picture.

        The pixels lie around the painted ones by GRAIN, and by DETAIL where what remains, its
        smooth part taken off, is too much for grain and noise.
        """
        height, width = rest.shape[2:]
        y, x = torch.arange(height), torch.arange(width)

        def smooth(m: Tensor, sd: float) -> Tensor:
            return gaussian(height, y, sd) @ m @ gaussian(width, x, sd).T

        fine, coarse = noise**2 + GRAIN**2, noise**2 + DETAIL**2
        sharp = (rest - smooth(rest, 3 * self.unit)).square().sum(1, keepdim=True)
        odds = smooth(sharp, self.unit) * (1 / fine - 1 / coarse) / 2
        detail = torch.sigmoid(odds - 1.5 * math.log(coarse / fine) + DETAIL_ODDS)
        return detail * DETAIL**2 / coarse + (1 - detail) * GRAIN**2 / fine
