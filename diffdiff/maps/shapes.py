"""Change maps by formula: gradients, and shapes in a box.

Every function returns float32 [height, width] in 0..1. `start` is the value where the shape has
not begun, `end` the value it leads to. A box is (left, top, right, bottom) in parts of the width
and the height, so that it means the same at every size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..errors import FieldError
from ..images.read import MAX_PIXELS, MAX_SIDE

WHOLE = (0.0, 0.0, 1.0, 1.0)
MIDDLE = (0.25, 0.25, 0.75, 0.75)


def constant(height: int, width: int, value: float = 1.0) -> np.ndarray:
    """Return one value everywhere.

    Raises:
        FieldError: "size", and "to" for a value outside 0..1.
    """
    _check(height, width, value, value)
    return np.full((height, width), value, np.float32)


def gradient(
    height: int, width: int, start: float = 0.0, end: float = 1.0, angle: float = 0.0
) -> np.ndarray:
    """Draw an even ramp from one border of the picture to the other.

    Args:
        start, end: values of the first and the last pixel along the ramp, reached exactly.
        angle: degrees, clockwise: 0 runs from left to right, 90 from top to bottom.

    Where the ramp has no length (one column, left to right) all is `start`.

    Raises:
        FieldError: "size", "from", "to", and "angle" for a number that is not finite.
    """
    _check(height, width, start, end)
    if not math.isfinite(angle):
        raise FieldError("angle", f"{angle} is not an angle", "Use degrees, such as 0, 45 or 90")
    # whole quarter turns exactly: cos(90 degrees) is 6e-17 in floats
    across, down = (round(f(math.radians(angle % 360)), 12) for f in (math.cos, math.sin))
    along = across * np.arange(width) + down * np.arange(height)[:, None]
    along -= along.min()
    length = along.max()
    return _blend(along / length if length else along, start, end)


def radial(
    height: int,
    width: int,
    start: float = 0.0,
    end: float = 1.0,
    box: Sequence[float] = WHOLE,
) -> np.ndarray:
    """Draw an even ramp from the rim of the ellipse in a box to its middle.

    Args:
        start: value at the rim and outside of it.
        end: value of the pixels nearest to the middle.

    Raises:
        FieldError: "size", "from", "to" or "box".
    """
    _check(height, width, start, end)
    far = _distance(height, width, box)
    nearest = far.min()  # no pixel center need lie in the middle itself
    if nearest >= 1:
        return np.full((height, width), start, np.float32)
    return _blend((1 - far) / (1 - nearest), start, end)


def rectangle(
    height: int,
    width: int,
    start: float = 0.0,
    end: float = 1.0,
    box: Sequence[float] = MIDDLE,
) -> np.ndarray:
    """Draw a filled box: `end` inside, `start` outside. A pixel belongs to the box if its center
    does.

    Raises:
        FieldError: "size", "from", "to" or "box".
    """
    _check(height, width, start, end)
    left, top, right, bottom = _box(box)
    x, y = _centres(width), _centres(height)[:, None]
    inside = (left <= x) & (x < right) & (top <= y) & (y < bottom)
    return np.where(inside, np.float32(end), np.float32(start))


def ellipse(
    height: int,
    width: int,
    start: float = 0.0,
    end: float = 1.0,
    box: Sequence[float] = MIDDLE,
) -> np.ndarray:
    """Draw a filled ellipse that touches the box from inside: `end` inside, `start` outside.

    Raises:
        FieldError: "size", "from", "to" or "box".
    """
    _check(height, width, start, end)
    inside = _distance(height, width, box) < 1
    return np.where(inside, np.float32(end), np.float32(start))


def _blend(t: np.ndarray, start: float, end: float) -> np.ndarray:
    """Return start at t <= 0, end at t >= 1, monotonic in between."""
    t = np.clip(t, 0, 1)
    ramp = np.clip(start + (end - start) * t, min(start, end), max(start, end))
    return np.where(t == 1, end, ramp).astype(np.float32)


def _distance(height: int, width: int, box: Sequence[float]) -> np.ndarray:
    """Return the distance to the middle of the box, float64 [height, width]; 1 on the ellipse in
    it."""
    left, top, right, bottom = _box(box)
    x = (2 * _centres(width) - (left + right)) / (right - left)
    y = (2 * _centres(height) - (top + bottom)) / (bottom - top)
    return np.sqrt(x**2 + y[:, None] ** 2).round(12)  # mirror images come out equal


def _centres(count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) / count


def _box(box: Sequence[float]) -> tuple[float, float, float, float]:
    sides = tuple(box)
    if (
        len(sides) != 4
        or not all(map(math.isfinite, sides))
        or not (sides[0] < sides[2] and sides[1] < sides[3])
    ):
        problem = f"{','.join(f'{s:g}' for s in sides)} is not a box"
        remedy = "Use left,top,right,bottom in parts of the picture, such as 0.25,0.25,0.75,0.75"
        raise FieldError("box", problem, remedy)
    return sides


def _check(height: int, width: int, start: float, end: float) -> None:
    if min(height, width) < 1 or max(height, width) > MAX_SIDE or height * width > MAX_PIXELS:
        raise FieldError(
            "size", f"{width}x{height} pixels", "Use a size from 1x1 to 8192x8192 pixels"
        )
    for name, value in (("from", start), ("to", end)):
        if not 0 <= value <= 1:  # false for NaN too
            raise FieldError(name, f"{value} is not a map value", "Use a number from 0 to 1")
