"""Strengths inside and around a shape that was moved, by distance.

`javascript/painter/move/rings.mjs` computes the same.
"""

from __future__ import annotations

import cv2
import numpy as np

INNER = 2  # the ring reaches into the object by this part of its width
RIM = 0.5  # strength of the ring at the outline of an object; at a hole it is 1
SHADE = 0.5  # strength of the margin next to the object
FAR = np.float32(1e6)  # pixels: no pixel outside


def within(there: np.ndarray, keep: float, ring: float) -> np.ndarray:
    """Return the strength of an object: float32 `[H, W]`, meant where `there` is.

    It is a half at the border, or `keep` where that is more, and `keep` from half of the ring on.
    The border is where the distance to the next pixel outside is 1 or less.
    """
    far = _distance(there)
    deep = ring / INNER
    t = np.clip((far - 1) / deep, 0, 1) if deep > 0 else np.ones_like(far)
    most = np.float32(max(RIM, keep))
    return (np.float32(keep) + (most - np.float32(keep)) * (1 - t)).astype(np.float32)


def outer(there: np.ndarray, ring: float, margin: float, most: float = 1.0) -> np.ndarray:
    """Return the strength around a shape, 0..1: float32 `[H, W]`, meant outside of `there`.

    It falls evenly from `most` to 0 over `ring` pixels; below the shape, also from a half over
    `margin` pixels, the less so the farther to the side.
    """
    far = _distance(~there)
    found = most * np.clip(1 - far / ring, 0, 1) if ring > 0 else np.zeros_like(far)
    if margin > 0:
        down = np.empty_like(far)  # the slope: 1 straight below
        down[1:-1] = (far[2:] - far[:-2]) / 2
        down[:1], down[-1:] = 0, 0
        if len(far) > 1:
            down[0], down[-1] = far[1] - far[0], far[-1] - far[-2]
        shade = SHADE * np.clip(1 - far / margin, 0, 1) * np.clip(down, 0, 1)
        found = np.maximum(found, shade)
    return found.astype(np.float32)


def _distance(inside: np.ndarray) -> np.ndarray:
    """Return the distance of each pixel to the next one outside, float32 `[H, W]`; far where there
    is none."""
    if inside.all():
        return np.full(inside.shape, FAR)
    plane = np.ascontiguousarray(inside).view(np.uint8)
    return cv2.distanceTransform(plane, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
