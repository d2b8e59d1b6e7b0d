"""Latents as tokens and back: Flux packs 2x2 cells into a token."""

from __future__ import annotations

from torch import Tensor


def as_grid(x: Tensor, height: int, width: int) -> Tensor:
    """Return a sample `[B, C, h, w]` or `[B, h*w/4, 4*C]` as `[B, C, h, w]`."""
    if x.ndim == 4:
        return x
    h, w = height // 2, width // 2
    x = x.view(len(x), h, w, -1, 2, 2).permute(0, 3, 1, 4, 2, 5)
    return x.reshape(*x.shape[:2], 2 * h, 2 * w)


def as_sample(x: Tensor, sample: Tensor) -> Tensor:
    """Return a grid `[B, C, h, w]` in the layout of a sample."""
    if sample.ndim == 4:
        return x
    b, c, h, w = x.shape
    x = x.view(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return x.reshape(sample.shape)
