"""Clicked points become a region: what the model's inner features say belongs to them.

Cells of one thing have similar features in the second half of a UNet (DIFT, Tang et al., arXiv
2306.03881). A cell is as near to a point as its features are similar, its color is and it lies near
it; the nearest point decides, and where no point outside is named, Otsu's threshold does. The
guided filter brings the result to the picture's edges.

A point beside the border of what the points before it have found corrects that border: on the few
pixels between a thing and what is behind it, features and color are those of either, and a point
that brought them in would take the other side along.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from ..errors import FieldError
from ..lru import LruCache
from ..settings.click import FIELD, Clicks, Point
from .diffedit import otsu
from .guided import Guide

LARGEST = 256  # pixels, of the longer side at which a region is found
COLOR, SPREAD = 0.4, 0.15  # weight of the color, and how far it may be (Lab, L from 0 to 1)
ALIKE, SMOOTH = 0.07, 1 / 64  # of colors that are smoothed together; of the shorter side, how far
FAR = 0.4  # what the similarity loses over a side of the picture
SOFT = 0.15  # similarity over which the region fades
RADIUS, EPS = 0.1, 1e-4  # of the guided filter
LOW, HIGH = 0.1, 0.9  # what is below is none of it, what is above is all of it
INNER, RING = 5, 4  # points of a box: a side of those inside, those along a side outside
AROUND = 0.03  # of the shorter side, how far outside of a box they are
BESIDE = 1 / 64  # of the shorter side, how far from a border a point corrects it
KEPT = 16  # points whose nearness is kept, those that were used last
SMALL = 1e-6


def unit(features: Tensor) -> np.ndarray:
    """Return features whose scalar product is their similarity, -1 to 1: float32 `[C, h, w]`.

    Each channel is brought to mean 0 and deviation 1 over the picture, so that few loud channels do
    not decide.

    Args:
        features: `[C, h, w]`, of a model.

    Raises:
        FieldError: "model", where they are not finite or the same everywhere.
    """
    x = torch.as_tensor(features).float()
    if not torch.isfinite(x).all():
        remedy = "Run the model in float32 or bfloat16"
        raise FieldError("model", "its inner features are not finite", remedy)
    x = x - x.mean((1, 2), keepdim=True)
    deviation = x.pow(2).mean((1, 2), keepdim=True).sqrt()
    if not (deviation > SMALL).any():
        problem = "its inner features are the same everywhere in this image"
        raise FieldError("model", problem, "Use an image that shows something, or another source")
    x = torch.where(deviation > SMALL, x / deviation.clamp(min=SMALL), torch.zeros(()))
    return (x / x.norm(dim=0).clamp(min=SMALL)).numpy()


def region(
    found: np.ndarray, clicks: Clicks, picture: np.ndarray, edges: bool = True, field: str = FIELD
) -> np.ndarray:
    """Return what the points belong to, in a picture that is asked once: as `Scene.region`."""
    return Scene(found, picture).region(clicks, edges, field)


class Scene:
    """A picture with its features, and what is the same for all points in it.

    Args:
        found: of `unit`, `[C, h, w]`.
        picture: uint8 `[H, W, 3]`.
    """

    def __init__(self, found: np.ndarray, picture: np.ndarray):
        self.height, self.width = picture.shape[:2]
        scale = min(1.0, LARGEST / max(self.height, self.width))
        self.size = max(round(self.width * scale), 1), max(round(self.height * scale), 1)
        small = picture
        if scale < 1:
            small = cv2.resize(picture, self.size, interpolation=cv2.INTER_AREA)
        self.near = _Nearness(found, small)
        self.guide = Guide(picture, RADIUS, EPS, LARGEST)

    def region(self, clicks: Clicks, edges: bool = True, field: str = FIELD) -> np.ndarray:
        """Return what the points belong to: float32 `[H, W]` in 0..1.

        Args:
            clicks: in pixels of the picture.
            edges: follow its edges.
            field: of the error.

        Raises:
            FieldError: `field`, where nothing belongs to them.
        """
        width, height = self.width, self.height
        own = clicks.scaled(self.size[0] / width, self.size[1] / height)
        sides, within = _Sides(self.near, own.box is not None), None
        if own.box is not None:
            within, ring = _of_box(own.box, self.size)
            for point in ring:
                sides.take(point)
            if not any(point.inside for point in own.points):
                if sides.behind is None:
                    problem = "the box leaves nothing around it to tell from"
                    raise FieldError(field, problem, "Use a smaller box, or points")
                for point in _unlike(own.box, sides.behind, self.size):
                    sides.take(point)
        beside = sides.all(own.points)
        apart = sides.apart
        m = (1 / (1 + np.exp(-apart / SOFT))).astype(np.float32)
        if within is not None:
            m = m * within
        m = self.guide.filter(m) if edges else _sized(m, width, height)
        m = np.clip((m - LOW) / (HIGH - LOW), 0, 1)
        for point, part in beside:
            part = np.clip(_sized(part, width, height), 0, 1)
            m = np.maximum(m, part) if point.inside else np.minimum(m, 1 - part)
        if clicks.box is not None:
            m = m * _boxed(clicks.box, width, height)
        if apart.max() <= SMALL or not m.max() > 0.5:
            problem = "the model sees nothing there that differs from the rest"
            raise FieldError(field, problem, "Add points on what is to change")
        return m.astype(np.float32)


class _Sides:
    """How near each pixel is to the points inside and to those outside, as they come in.

    Args:
        near: of the picture.
        boxed: what lies around a box needs no threshold.
    """

    def __init__(self, near: _Nearness, boxed: bool):
        self.near, self.boxed = near, boxed
        self.ours: np.ndarray | None = None
        self.behind: np.ndarray | None = None

    def take(self, point: Point) -> None:
        name = "ours" if point.inside else "behind"
        one, before = self.near.to(point), getattr(self, name)
        setattr(self, name, one if before is None else np.maximum(before, one))

    def all(self, points: tuple[Point, ...]) -> list[tuple[Point, np.ndarray]]:
        """Take points, the first one inside before all others; return those that correct a border
        instead, and how far: `[H, W]` from 0 to 1."""
        first = [point for point in points if point.inside][:1]
        beside = []
        for point in (*first, *(p for p in points if p not in first)):
            away = self.near.away(point)
            if self._beside(point, away):
                beside.append((point, np.clip(1.5 - away, 0, 1)))
            else:
                self.take(point)
        return beside

    @property
    def apart(self) -> np.ndarray:
        """Above 0 where the points inside are nearer: float32 `[H, W]`."""
        assert self.ours is not None  # there is a point inside, or a box
        behind = self.behind
        if not self.boxed or behind is None:
            cut = np.float32(_threshold(self.ours[::2, ::2]))
            behind = cut if behind is None else np.maximum(behind, cut)
        return self.ours - behind

    def _beside(self, point: Point, away: np.ndarray) -> bool:
        """Return whether the points so far have found a point's side right beside it."""
        if self.ours is None:
            return False
        there = self.apart[away <= 1]
        return bool((there if point.inside else -there).max(initial=-1) > 0)


class _Nearness:
    """How near each pixel of a picture is to points: float32 `[H, W]`, 1 at a point itself."""

    def __init__(self, found: np.ndarray, picture: np.ndarray):
        self.found, (self.height, self.width) = found, picture.shape[:2]
        lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) / np.float32(100)
        far = max(SMOOTH * min(self.height, self.width), 1.0)
        # not a blur: a point at an edge has the color of its own side
        self.lab = cv2.bilateralFilter(lab, 5, ALIKE, far)
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
        alike = _sized(np.tensordot(at, self.found, 1), self.width, self.height)
        x, y = (min(int(v), side - 1) for v, side in zip(point[:2], (self.width, self.height)))
        color = np.square(self.lab - self.lab[y, x]).sum(-1)
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


def _sized(m: np.ndarray, width: int, height: int) -> np.ndarray:
    m = np.ascontiguousarray(m, np.float32)
    return cv2.resize(m, (width, height), interpolation=cv2.INTER_CUBIC)


def _threshold(values: np.ndarray) -> float:
    values = np.ascontiguousarray(values, np.float64)
    if np.ptp(values) < SMALL:
        return float(values.flat[0]) - 2 * SOFT  # all of it is alike
    return float(otsu(torch.from_numpy(values)))


def _of_box(
    box: tuple[float, float, float, float], size: tuple[int, int]
) -> tuple[np.ndarray, list[Point]]:
    """Return where a box is, float32 `[H, W]`, as bool, and points around it."""
    (left, top, right, bottom), (width, height) = box, size
    away = max(AROUND * min(size), 1)
    ring = []
    for i in range(RING):
        part = (i + 0.5) / RING
        x, y = left + part * (right - left), top + part * (bottom - top)
        sides = (x, top - away), (x, bottom + away), (left - away, y), (right + away, y)
        ring += [Point(*p, False) for p in sides if 0 <= p[0] < width and 0 <= p[1] < height]
    return _boxed(box, width, height) > 0.5, ring


def _boxed(box: tuple[float, float, float, float], width: int, height: int) -> np.ndarray:
    """Return 1 where the middle of a pixel is in a box, else 0: float32 `[height, width]`."""
    left, top, right, bottom = box
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    across, down = (x >= left) & (x <= right), (y >= top) & (y <= bottom)
    if not across.any():
        across[min(int(left), width - 1)] = True
    if not down.any():
        down[min(int(top), height - 1)] = True
    return np.outer(down, across).astype(np.float32)


def _unlike(
    box: tuple[float, float, float, float], behind: np.ndarray, size: tuple[int, int]
) -> list[Point]:
    """Return points of a box: of a grid in it the half that is least like what lies around it."""
    left, top, right, bottom = box
    parts = (np.arange(INNER) + 0.5) / INNER
    at = [(left + a * (right - left), top + b * (bottom - top)) for a in parts for b in parts]
    width, height = size

    def like(point: Point) -> float:
        return float(behind[min(int(point.y), height - 1), min(int(point.x), width - 1)])

    return sorted((Point(*p) for p in at), key=like)[: len(at) // 2]
