"""Strength fan: stripes of different strength in one run. Strength sheet: one picture for each.

The fan is the tool of the paper (Levin & Fried, arXiv 2306.00950); its stripes share one run, so a
stripe agrees with its neighbors. The sheet is the exact sibling: every picture is the plain run of
its own strength, and all of them are computed as one batch that a picture joins at its own step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from ..errors import FieldError
from ..sampling.start_steps import NEVER, WEBUI, StartRule
from ..settings.response import Reading
from ..settings.strength_list import FEWEST, MOST, listed

LAYOUTS = ("vertical", "horizontal", "radial", "map")
NONE = -1  # label of pixels that belong to no stripe


class Stripe(NamedTuple):
    """One stripe of a fan.

    box: (left, top, right, bottom) in pixels, right and bottom excluded; the smallest around a
        wedge, and of "map" the part of the map's own box.
    point: (x, y) of its pixel farthest from its edges; None where it has no pixel ("map" with a
        gap in it).
    """

    strength: float
    box: tuple[int, int, int, int]
    point: tuple[int, int] | None


class Fan(NamedTuple):
    """A fan over a picture.

    map: float32 `[H, W]` in 0..1, the strengths themselves: to be used with scale "absolute".
    labels: int8 `[H, W]`, index of the stripe, -1 where there is none (outside the map of "map").
    """

    map: np.ndarray
    labels: np.ndarray
    stripes: tuple[Stripe, ...]

    def at(self, x: float, y: float) -> int | None:
        """Return the index of the stripe under a point in pixels of the picture, None where there
        is none."""
        height, width = self.labels.shape
        if not (0 <= x < width and 0 <= y < height):  # NaN too
            return None
        label = int(self.labels[int(y), int(x)])
        return None if label == NONE else label


def fan(
    height: int,
    width: int,
    strengths: Sequence[float],
    layout: str = "vertical",
    cell: int = 8,
    base: np.ndarray | None = None,
    reading: Reading = np.multiply,
) -> Fan:
    """Make the change map of a fan.

    Args:
        height, width: size of the picture, pixels.
        strengths: 2 to 16 numbers in 0..1, in the order of the layout.
        layout: "vertical" stripes from left to right (the paper's), "horizontal" from top to
            bottom, "radial" wedges clockwise from the top, or "map": vertical stripes inside the
            map `base`, its values times the strength.
        cell: borders of stripes lie on multiples of so many pixels, so that no latent cell mixes
            two strengths: 8 for most models.
        base: float32 `[height, width]` in 0..1, for "map" only.
        reading: what its values mean: (values, strengths of white) -> strengths.

    Raises:
        FieldError: "fan_strengths", "fan_layout", "map", "size", and "fan_count" where a stripe
            would be narrower than a cell.
    """
    strengths = listed(strengths)
    if layout not in LAYOUTS:
        known = ", ".join(LAYOUTS)
        raise FieldError("fan_layout", f"{layout!r} is not known", f"Use one of {known}")
    if min(height, width) < 1:
        raise FieldError("size", f"{width}x{height} pixels", "Use a picture of one pixel or more")
    count = len(strengths)
    shape = np.ones((height, width), np.float32)
    if layout == "map":
        shape = _checked_base(base, height, width)
        labels = _in_map(shape, count, cell)
    elif layout == "radial":
        labels = _wedges(height, width, count, cell)
    else:
        stripes = _columns(width if layout == "vertical" else height, count, cell)
        labels = stripes[None, :] if layout == "vertical" else stripes[:, None]
    labels = np.array(np.broadcast_to(labels, (height, width)))
    boxes = [_box(labels == i) for i in range(count)]
    labels[shape <= 0] = NONE
    full = np.array([*strengths, 0.0], np.float32)[labels]  # NONE is the last of them
    values = reading(shape, full).astype(np.float32)
    points = [_inmost(labels == i, box) for i, box in enumerate(boxes)]
    return Fan(values, labels, tuple(map(Stripe, strengths, boxes, points)))


def placed(part: Fan, width: int, height: int, box: tuple[int, int, int, int]) -> Fan:
    """Place the fan of a part of a picture on the whole of it; outside the part there is no stripe.

    Args:
        part: the fan, at any size.
        width, height: size of the whole picture, pixels.
        box: (left, top, right, bottom) of the part there, right and bottom excluded.
    """
    left, top, right, bottom = box
    rows, columns = part.labels.shape
    x, y = (right - left) / columns, (bottom - top) / rows
    labels = np.full((height, width), NONE, np.int8)
    values = np.zeros((height, width), np.float32)
    for whole, own in ((labels, part.labels), (values, part.map)):
        size = right - left, bottom - top
        whole[top:bottom, left:right] = cv2.resize(own, size, interpolation=cv2.INTER_NEAREST)

    def moved(stripe: Stripe) -> Stripe:
        a, b, c, d = stripe.box
        there = round(left + a * x), round(top + b * y), round(left + c * x), round(top + d * y)
        point = stripe.point
        if point is not None:
            point = int(left + (point[0] + 0.5) * x), int(top + (point[1] + 0.5) * y)
        return Stripe(stripe.strength, there, point)

    return Fan(values, labels, tuple(map(moved, part.stripes)))


def _checked_base(base: np.ndarray | None, height: int, width: int) -> np.ndarray:
    if base is None or not (base > 0).any():
        problem = "the fan is to follow the map, and the map is empty"
        raise FieldError("map", problem, "Paint or send a map, or use another fan_layout")
    if base.shape != (height, width):
        problem = f"its shape is {list(base.shape)}, the picture's [{height}, {width}]"
        raise FieldError("map", problem, "Resize the map to the picture first")
    return np.asarray(base, np.float32)


def _columns(length: int, count: int, cell: int) -> np.ndarray:
    """Label every pixel along an axis: int8 [length], all labels occur, borders on cells."""
    if count * cell > length:
        _too_narrow(count, f"over {length} pixels", cell, length // cell)
    # half a cell is rounded up: numpy's rounding to even could leave a stripe without a cell
    edges = [math.floor(i * length / count / cell + 0.5) * cell for i in range(1, count)]
    return np.searchsorted(edges, np.arange(length), side="right").astype(np.int8)


def _wedges(height: int, width: int, count: int, cell: int) -> np.ndarray:
    """Label wedges by the angle of each cell's center: int8 [height, width]."""
    arc = math.pi * min(height, width) / count
    if arc < cell:
        most = math.floor(math.pi * min(height, width) / cell)
        _too_narrow(count, f"around {width}x{height} pixels", cell, most)
    # centers of cells, those of the last ones cut at the border
    y, x = (
        (np.arange(0, side, cell) + np.minimum(np.arange(0, side, cell) + cell, side) - side) / 2
        for side in (height, width)
    )
    turn = np.arctan2(x[None, :], -y[:, None]) / (2 * math.pi) % 1
    label = np.floor((turn * count).round(9)).astype(np.int8) % count
    missing = set(range(count)) - set(label.ravel().tolist())
    if missing:
        _too_narrow(count, f"around {width}x{height} pixels", cell, count - len(missing))
    return label.repeat(cell, 0).repeat(cell, 1)[:height, :width]


def _in_map(base: np.ndarray, count: int, cell: int) -> np.ndarray:
    """Label vertical stripes over the box of a map, -1 outside it: int8 [H, W]."""
    left, top, right, bottom = _box(base > 0)
    left -= left % cell
    right = min(right + -right % cell, base.shape[1])
    labels = np.full(base.shape, NONE, np.int8)
    labels[top:bottom, left:right] = _columns(right - left, count, cell)
    return labels


def _too_narrow(count: int, where: str, cell: int, most: int) -> None:
    problem = f"{count} stripes {where} are narrower than a latent cell ({cell} pixels)"
    few = f"Use {most} stripes or fewer, or" if most >= FEWEST else "Use"
    raise FieldError("fan_count", problem, f"{few} a larger picture or map")


def _box(where: np.ndarray) -> tuple[int, int, int, int]:
    left, top, width, height = cv2.boundingRect(where.astype(np.uint8))
    return left, top, left + width, top + height


def _inmost(where: np.ndarray, box: tuple[int, int, int, int]) -> tuple[int, int] | None:
    left, top, right, bottom = box
    part = where[top:bottom, left:right]
    if not part.any():
        return None
    framed = np.pad(part, 1).astype(np.uint8)  # the picture's border is an edge too
    far = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    y, x = np.unravel_index(int(far.argmax()), far.shape)
    return left + int(x), top + int(y)


def at_once(wanted: int, device: str) -> int:
    """Return how many pictures of a sheet one model call serves at most.

    Args:
        wanted: `sheet_batch` of the args; 0 = as the device has it best.
        device: type of the model's, such as "cpu".
    """
    return wanted or (1 if device == "cpu" else MOST)


def needed(
    strengths: Sequence[float],
    steps: int,
    last: int,
    rule: StartRule = WEBUI,
    per_step: int = 1,
) -> tuple[int, ...]:
    """Return the model evaluations that each picture of a sheet needs: as many as its plain run
    makes.

    Args:
        steps, last: as in `diffdiff.sampling.start_steps.StartRule`.
        rule: the host's own ladder.
        per_step: model calls of a step.

    A picture whose strength releases nothing needs none and is the input itself.
    """
    starts = rule(np.asarray(strengths, np.float64), steps, last).start
    own = [0 if start == NEVER else last + 1 - int(start) for start in starts]
    return tuple(n * per_step for n in own)
