"""How near the pixels of a picture are to points in it: by features, by color and by place."""

from __future__ import annotations

import cv2
import numpy as np

from ..lru import LruCache
from ..settings.click import Point

COLOR, SPREAD = 0.4, 0.15  # weight of the color, and how far it may be (Lab, L from 0 to 1)
ALIKE, SMOOTH = 0.07, 1 / 64  # of colors that are smoothed together; of the shorter side, how far
FAR = 0.4  # what the similarity loses over a side of the picture
BESIDE = 1 / 64  # of the shorter side, how far from a border a point corrects it
KEPT = 16  # points whose nearness is kept, those that were used last
SMALL = 1e-6


class Nearness:
    """How near each pixel of a picture is to points: float32 `[H, W]`, 1 at a point itself.

    Args:
        found: of `diffdiff.maps.click.unit`, `[C, h, w]`.
        picture: uint8 `[H, W, 3]`.
    """

    def __init__(self, found: np.ndarray, picture: np.ndarray):
        self.found, (self.height, self.width) = found, picture.shape[:2]
        lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) / np.float32(100)
        far = max(SMOOTH * min(self.height, self.width), 1.0)
        # not a blur: a point at an edge has the color of its own side
        self.lab = cv2.split(cv2.bilateralFilter(lab, 5, ALIKE, far))
        self.x = (np.arange(self.width, dtype=np.float32) + 0.5)[None]
        self.y = (np.arange(self.height, dtype=np.float32) + 0.5)[:, None]
        self.known: LruCache[Point, np.ndarray] = LruCache(KEPT)

    def to(self, point: Point) -> np.ndarray:
        """Return how near a point is."""
        known = self.known.get(point)
        return self.known.put(point, self._one(point)) if known is None else known

    def away(self, point: Point) -> np.ndarray:
        """Return how far away a point is, in units of `BESIDE`."""
        beside = max(BESIDE * min(self.height, self.width), 1.5)
        return np.hypot(self.x - point.x, self.y - point.y) / np.float32(beside)

    def _one(self, point: Point) -> np.ndarray:
        _, h, w = self.found.shape
        at = _between(self.found, point.x * w / self.width, point.y * h / self.height)
        alike = enlarged_signed(np.tensordot(at, self.found, 1), self.width, self.height)
        x, y = (min(int(v), side - 1) for v, side in zip(point[:2], (self.width, self.height)))
        color = sum(np.square(plane - plane[y, x]) for plane in self.lab)
        alike = (1 - COLOR) * alike + COLOR * (2 * np.exp(-color / SPREAD**2) - 1)
        away = np.hypot((self.x - point.x) / self.width, (self.y - point.y) / self.height)
        return (alike - FAR * away).astype(np.float32)


def _between(found: np.ndarray, x: float, y: float) -> np.ndarray:
    """Return the features at a place between cells, of length 1: float32 `[C]`."""
    _, h, w = found.shape
    x, y = min(max(x - 0.5, 0), w - 1), min(max(y - 0.5, 0), h - 1)
    left, top = int(x), int(y)
    right, below = min(left + 1, w - 1), min(top + 1, h - 1)
    a, b = x - left, y - top
    at = (1 - b) * ((1 - a) * found[:, top, left] + a * found[:, top, right])
    at = at + b * ((1 - a) * found[:, below, left] + a * found[:, below, right])
    return (at / max(float(np.linalg.norm(at)), SMALL)).astype(np.float32)


def enlarged_signed(m: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return a map of cells at another size, smooth between them: float32 `[height, width]`, of
    either sign."""
    m = np.ascontiguousarray(m, np.float32)
    return cv2.resize(m, (width, height), interpolation=cv2.INTER_CUBIC)
