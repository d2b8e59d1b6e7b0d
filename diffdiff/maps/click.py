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

from functools import cached_property
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from ..errors import FieldError
from ..lru import LruCache
from ..settings.click import FIELD, Clicks, Point
from .diffedit import otsu
from .guided import Guide
from .nearness import SMALL, Nearness, enlarged_signed

LARGEST = 256  # pixels, of the longer side at which a region is found
SOFT = 0.15  # similarity over which the region fades
RADIUS, EPS = 0.1, 1e-4  # of the guided filter
LOW, HIGH = 0.1, 0.9  # what is below is none of it, what is above is all of it
INNER, RING = 5, 4  # points of a box: a side of those inside, those along a side outside
AROUND = 0.03  # of the shorter side, how far outside of a box they are
KEPT = 16  # clicks whose sides are kept, those that were used last
LEVELS = 255  # above 0 that a region has: soft edges need no more, and a page gets it sooner


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


def in_levels(m: np.ndarray) -> np.ndarray:
    """Return a region in the levels that all who ask get, `[H, W]`: in place, from what is about in
    0..1."""
    m *= LEVELS
    np.clip(m, 0, LEVELS, out=m)
    np.rint(m, out=m)
    m /= np.float32(LEVELS)
    return m


def region(
    found: np.ndarray, clicks: Clicks, picture: np.ndarray, edges: bool = True, field: str = FIELD
) -> np.ndarray:
    """Return what the points belong to, in a picture that is clicked once: as `Scene.region`."""
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
        self.near = Nearness(found, small)
        self.guide = Guide(picture, RADIUS, EPS, LARGEST)
        self.known: LruCache[tuple[Any, ...], _Sides] = LruCache(KEPT)

    def region(self, clicks: Clicks, edges: bool = True, field: str = FIELD) -> np.ndarray:
        """Return what the points belong to: float32 `[H, W]` in 0..1, in levels of 1/255.

        Args:
            clicks: in pixels of the picture.
            edges: follow its edges.
            field: of the error.

        Raises:
            FieldError: `field`, where nothing belongs to them.
        """
        width, height = self.width, self.height
        own = clicks.scaled(self.size[0] / width, self.size[1] / height)
        sides = self._sides(own, field)
        apart = sides.apart
        m = 1 / (1 + np.exp(apart / np.float32(-SOFT)))
        if own.box is not None:
            m = m * _boxed(own.box, *self.size)
        m = self.guide.filter(m) if edges else enlarged_signed(m, width, height)
        m -= np.float32(LOW)
        m /= np.float32(HIGH - LOW)
        if sides.beside or clicks.box is not None:
            np.clip(m, 0, 1, out=m)
        for point, part in sides.beside:
            part = np.clip(enlarged_signed(part, width, height), 0, 1)
            if point.inside:
                np.maximum(m, part, out=m)
            else:
                np.minimum(m, 1 - part, out=m)
        if clicks.box is not None:
            m *= _boxed(clicks.box, width, height)
        if apart.max() <= SMALL or not m.max() > 0.5:
            problem = "the model sees nothing there that differs from the rest"
            raise FieldError(field, problem, "Add points on what is to change")
        return in_levels(m)

    def _sides(self, clicks: Clicks, field: str) -> _Sides:
        """Return what all points come to. What fewer of them have come to is kept: a click more
        costs one point."""
        sides = _Sides(self.near, clicks.box is not None)
        if clicks.box is not None:
            for point in _around(clicks.box, self.size):
                sides = sides.taking(point)
            if not any(point.inside for point in clicks.points):
                if sides.behind is None:
                    problem = "the box leaves nothing around it to tell from"
                    raise FieldError(field, problem, "Use a smaller box, or points")
                for point in _unlike(clicks.box, sides.behind, self.size):
                    sides = sides.taking(point)
        first = [point for point in clicks.points if point.inside][:1]
        points = *first, *(point for point in clicks.points if point not in first)
        for count in range(len(points), 0, -1):
            known = self.known.get((clicks.box, points[:count]))
            if known is not None:
                sides = known
                break
        else:
            count = 0
        for i in range(count, len(points)):
            sides = self.known.put((clicks.box, points[: i + 1]), sides.with_click(points[i]))
        return sides


class _Sides:
    """How near each pixel is to the points inside and to those outside; none is changed later.

    Args:
        near: of the picture.
        boxed: what lies around a box needs no threshold.
        ours, behind: nearness to what is meant, and to what is not, `[H, W]`.
        beside: points that correct a border instead, and how far: `[H, W]` from 0 to 1.
    """

    def __init__(
        self,
        near: Nearness,
        boxed: bool,
        ours: np.ndarray | None = None,
        behind: np.ndarray | None = None,
        beside: tuple[tuple[Point, np.ndarray], ...] = (),
    ):
        self.near, self.boxed = near, boxed
        self.ours, self.behind, self.beside = ours, behind, beside

    def taking(self, point: Point) -> _Sides:
        """Return these with a point more."""
        ours, behind, one = self.ours, self.behind, self.near.to(point)
        if point.inside:
            ours = one if ours is None else np.maximum(ours, one)
        else:
            behind = one if behind is None else np.maximum(behind, one)
        return _Sides(self.near, self.boxed, ours, behind, self.beside)

    def with_click(self, point: Point) -> _Sides:
        """Return these with a point more, which may correct a border only."""
        away = self.near.away(point)
        if not self._finds(point, away):
            return self.taking(point)
        beside = *self.beside, (point, np.clip(1.5 - away, 0, 1))
        return _Sides(self.near, self.boxed, self.ours, self.behind, beside)

    @cached_property
    def apart(self) -> np.ndarray:
        """Above 0 where the points inside are nearer: float32 `[H, W]`."""
        assert self.ours is not None  # there is a point inside, or a box
        behind = self.behind
        if not self.boxed or behind is None:
            cut = np.float32(_threshold(self.ours[::2, ::2]))
            behind = cut if behind is None else np.maximum(behind, cut)
        return self.ours - behind

    def _finds(self, point: Point, away: np.ndarray) -> bool:
        """Return whether a point's side is found right beside it."""
        if self.ours is None:
            return False
        there = self.apart[away <= 1]
        return bool((there if point.inside else -there).max(initial=-1) > 0)


def _threshold(values: np.ndarray) -> float:
    values = np.ascontiguousarray(values, np.float64)
    if np.ptp(values) < SMALL:
        return float(values.flat[0]) - 2 * SOFT  # all of it is alike
    return float(otsu(torch.from_numpy(values)))


def _around(box: tuple[float, float, float, float], size: tuple[int, int]) -> list[Point]:
    """Return points around a box."""
    (left, top, right, bottom), (width, height) = box, size
    away = max(AROUND * min(size), 1)
    ring = []
    for i in range(RING):
        part = (i + 0.5) / RING
        x, y = left + part * (right - left), top + part * (bottom - top)
        sides = (x, top - away), (x, bottom + away), (left - away, y), (right + away, y)
        ring += [Point(*p, False) for p in sides if 0 <= p[0] < width and 0 <= p[1] < height]
    return ring


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
