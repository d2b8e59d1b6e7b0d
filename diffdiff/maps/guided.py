"""The guided filter (He, Sun and Tang, TPAMI 2013): a coarse map takes on a picture's edges."""

from __future__ import annotations

import cv2
import numpy as np

LARGEST = 512  # pixels, of the longer side at which it is computed


def guided(
    m: np.ndarray, picture: np.ndarray, radius: float, eps: float, largest: int = LARGEST
) -> np.ndarray:
    """Filter a map by a picture: float32 `[H, W]`, about in the range of the map.

    In each window the result is the linear function of the colors that is nearest to the map.
    Larger pictures are computed at a smaller size and the function is enlarged, as in the authors'
    fast guided filter (arXiv 1505.00996).

    Args:
        m: float32 `[h, w]` of any size; it is brought to the picture's.
        picture: uint8 `[H, W, 3]`.
        radius: of the window, as a part of the shorter side.
        eps: how different colors (0..1, squared) must be to count as an edge, above 0.
        largest: longer side at which it is computed, pixels.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, largest / max(height, width))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    reach = max(round(radius * min(size)), 1)
    whole = picture.astype(np.float32) / 255
    guide = cv2.resize(whole, size, interpolation=cv2.INTER_AREA) if scale < 1 else whole
    m = enlarged(m, *size)

    def mean(values: np.ndarray) -> np.ndarray:
        sides = (2 * reach + 1, 2 * reach + 1)
        return cv2.blur(values, sides, borderType=cv2.BORDER_REFLECT)

    colors, level = mean(guide), mean(m)
    covariance = mean(guide * m[..., None]) - colors * level[..., None]
    spread = np.empty((*m.shape, 3, 3), np.float64)
    for i in range(3):
        for j in range(i, 3):
            own = mean(guide[..., i] * guide[..., j]) - colors[..., i] * colors[..., j]
            spread[..., i, j] = spread[..., j, i] = own
    spread += eps * np.eye(3)
    slope = np.linalg.solve(spread, covariance[..., None].astype(np.float64))[..., 0]
    slope = slope.astype(np.float32)
    offset = mean(level - (slope * colors).sum(-1))
    slope = mean(slope)
    if scale < 1:
        slope, offset = (cv2.resize(v, (width, height), interpolation=cv2.INTER_LINEAR)
                         for v in (slope, offset))  # fmt: skip
    return (slope * whole).sum(-1) + offset


def enlarged(m: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return a map of cells at another size, smooth between them: float32 `[height, width]`; what
    falls below 0 is 0."""
    m = np.ascontiguousarray(m, np.float32)
    if m.shape == (height, width):
        return m
    return np.maximum(cv2.resize(m, (width, height), interpolation=cv2.INTER_CUBIC), 0)
