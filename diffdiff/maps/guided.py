"""The guided filter (He, Sun and Tang, TPAMI 2013): a coarse map takes on a picture's edges."""

from __future__ import annotations

import cv2
import numpy as np

LARGEST = 512  # pixels, of the longer side at which it is computed


class Guide:
    """A picture that maps are filtered by, with what is the same for all of them.

    In each window the result is the linear function of the colors that is nearest to the map.
    Larger pictures are computed at a smaller size and the function is enlarged, as in the authors'
    fast guided filter (arXiv 1505.00996).

    Args:
        picture: uint8 `[H, W, 3]`.
        radius: of the window, as a part of the shorter side.
        eps: how different colors (0..1, squared) must be to count as an edge, above 0.
        largest: longer side at which it is computed, pixels.
    """

    def __init__(self, picture: np.ndarray, radius: float, eps: float, largest: int = LARGEST):
        height, width = picture.shape[:2]
        scale = min(1.0, largest / max(height, width))
        self.whole = width, height
        self.size = max(round(width * scale), 1), max(round(height * scale), 1)
        self.reach = max(round(radius * min(self.size)), 1)
        whole = picture.astype(np.float32) / 255
        self.planes = [np.ascontiguousarray(whole[..., i]) for i in range(3)]
        guide = cv2.resize(whole, self.size, interpolation=cv2.INTER_AREA) if scale < 1 else whole
        self.guide, self.colors = guide, self._mean(guide)
        spread = np.empty((*guide.shape[:2], 3, 3), np.float64)
        for i in range(3):
            for j in range(i, 3):
                own = self._mean(guide[..., i] * guide[..., j])
                own = own - self.colors[..., i] * self.colors[..., j]
                spread[..., i, j] = spread[..., j, i] = own
        inverse = np.linalg.inv(spread + eps * np.eye(3))  # once, not for each map
        self.inverse = np.ascontiguousarray(inverse.transpose(2, 3, 0, 1))

    def filter(self, m: np.ndarray) -> np.ndarray:
        """Filter a map of any size: float32 `[H, W]`, about in the range of the map."""
        m = enlarged(m, *self.size)
        level = self._mean(m)
        covariance = self._mean(self.guide * m[..., None]) - self.colors * level[..., None]
        slope = np.einsum("ijhw,hwj->hwi", self.inverse, covariance).astype(np.float32)
        offset = self._mean(level - (slope * self.colors).sum(-1))
        whole = self._whole(offset)
        for part, plane in zip(cv2.split(self._mean(slope)), self.planes):
            cv2.accumulateProduct(self._whole(part), plane, whole)
        return whole

    def _mean(self, values: np.ndarray) -> np.ndarray:
        sides = (2 * self.reach + 1, 2 * self.reach + 1)
        return cv2.blur(values, sides, borderType=cv2.BORDER_REFLECT)

    def _whole(self, values: np.ndarray) -> np.ndarray:
        if self.size == self.whole:
            return values
        return cv2.resize(values, self.whole, interpolation=cv2.INTER_LINEAR)


def guided(
    m: np.ndarray, picture: np.ndarray, radius: float, eps: float, largest: int = LARGEST
) -> np.ndarray:
    """Filter one map by a picture, as `Guide` says: float32 `[H, W]`."""
    return Guide(picture, radius, eps, largest).filter(m)


def enlarged(m: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return a map of cells at another size, smooth between them: float32 `[height, width]`; what
    falls below 0 is 0."""
    m = np.ascontiguousarray(m, np.float32)
    if m.shape == (height, width):
        return m
    return np.maximum(cv2.resize(m, (width, height), interpolation=cv2.INTER_CUBIC), 0)
