"""Undo the color shift of a trip through a VAE, as the kept pixels show it."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..errors import FieldError

SAMPLES = 1 << 14  # pixels that are measured
FEWEST = 64  # measured pixels; with less there is nothing to trust
GAIN = (0.8, 1.25)  # beyond that it is no shift of a VAE


def match(edited: np.ndarray, original: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the edited picture with the colors of the original: uint8 `[H, W, 3]`.

    Each channel gets the gain and offset that bring the edited picture nearest to the original in
    the kept pixels (least squares).

    Args:
        edited: uint8 `[H, W, 3]`, as the VAE decoded it: kept pixels not yet pasted back.
        original: uint8 `[H, W, 3]`.
        kept: bool `[H, W]`, where both show the same. With fewer than 64 such pixels the edited
            picture itself is returned.

    Raises:
        FieldError: "edited", for pictures of different shapes.
    """
    if edited.shape != original.shape or kept.shape != edited.shape[:2]:
        problem = f"its shape is {list(edited.shape)}, the original's {list(original.shape)}"
        raise FieldError("edited", problem, "Give two pictures and a mask of one size")
    step = max(math.isqrt(kept.size // SAMPLES), 1)
    where = kept[::step, ::step]
    if np.count_nonzero(where) < FEWEST:
        return edited
    x = edited[::step, ::step][where].astype(np.float64)
    y = original[::step, ::step][where].astype(np.float64)
    middle_x, middle_y = x.mean(0), y.mean(0)
    spread = np.square(x - middle_x).sum(0)
    gain = ((x - middle_x) * (y - middle_y)).sum(0) / np.maximum(spread, 1e-9)
    gain = np.where(spread > len(x), np.clip(gain, *GAIN), 1)  # a flat picture gives no gain
    levels = np.arange(256)[:, None]
    table = np.rint((levels - middle_x) * gain + middle_y).clip(0, 255).astype(np.uint8)
    return cv2.LUT(edited, table[None])
