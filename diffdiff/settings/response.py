"""How far each strength changes a picture, and maps whose grays mean amounts of change by it.

A model's response to strength is no straight line: below some strength it hardly changes a
picture, above another nothing more happens. A strength sheet measures it. With the response
known, a gray of the map can mean that part of the change instead of that part of the strength, so
that an even ramp changes evenly. (arXiv 2306.00950 has the fan for this, and the user's eye.)
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import FieldError

MOST = 64  # points
APART = 2e-6  # between strengths: six decimals tell them apart
TELLING = 2e-3  # part by which a change has to be larger: four digits do
REMEDY = 'Give strengths and changes, both rising: "0.2 26; 0.4 39; 1 85"'
Point = tuple[float, float]  # strength in 0..1, change in any unit
Reading = Callable[[Any, Any], Any]  # (map, strength of white) -> strengths


def points_of(value: str | Sequence[Sequence[float]]) -> tuple[Point, ...]:
    """Parse a response as the user gave it: text, or a list of pairs. 1 to 64 points.

    Between points the response is straight; it begins at no change for strength 0, and goes on
    after the last point as before it.

    Raises:
        FieldError: "response".
    """
    try:
        if isinstance(value, str):
            rows = [re.split(r"[\s:,]+", row.strip()) for row in value.split(";") if row.strip()]
        else:
            rows = list(value)
        points = tuple((float(strength), float(change)) for strength, change in rows)
    except (TypeError, ValueError, OverflowError) as error:
        raise FieldError("response", "it is not a list of points", REMEDY) from error
    if not 1 <= len(points) <= MOST:
        raise FieldError("response", f"{len(points)} points", f"{REMEDY}, at most {MOST} points")
    before = (0.0, 0.0)
    for point in points:
        strength, change = point
        if not (strength <= 1 and math.isfinite(change)):  # NaN fails below
            raise FieldError("response", f"{_text(point)} is not a point", REMEDY)
        if not (strength > before[0] and change > before[1]):
            problem = f"{_text(point)} does not rise above {_text(before)}"
            raise FieldError("response", problem, REMEDY)
        before = point
    return points


def text(points: Sequence[Point]) -> str:
    """Write points as `points_of` reads them, in characters that need no quotes in parameters."""
    return "; ".join(map(_text, points))


def _text(point: Point) -> str:
    return f"{point[0]:g} {point[1]:.4g}"


def reading(points: Sequence[Point]) -> Reading:
    """Return how a response reads a map: `strength = R^-1(map * R(full))`, R the response.

    Rising in both, 0 for 0, and `full` for 1 (to rounding). What is relative stays so: the change
    at `full`, whatever it is, is what white means.
    """
    strengths, changes = _whole(points)

    def read(change_map: Any, full: Any) -> Any:
        amount = np.interp(full, strengths, changes)
        return np.interp(change_map * amount, changes, strengths)

    return read


def amount(points: Sequence[Point]) -> Callable[[Any], Any]:
    """Return how much a strength changes, as a part of what strength 1 changes."""
    strengths, changes = _whole(points)
    return lambda strength: np.interp(strength, strengths, changes / changes[-1])


def _whole(points: Sequence[Point]) -> tuple[np.ndarray, np.ndarray]:
    """Return strengths and changes from strength 0 to 1."""
    strengths, changes = (np.array([0.0, *column]) for column in zip(*points))
    if strengths[-1] < 1:
        slope = (changes[-1] - changes[-2]) / (strengths[-1] - strengths[-2])
        changes = np.append(changes, changes[-1] + slope * (1 - strengths[-1]))
        strengths = np.append(strengths, 1.0)
    return strengths, changes


def measured(strengths: Sequence[float], changes: Sequence[float]) -> tuple[Point, ...]:
    """Fit a rising response to measurements (least squares), by pooling neighbors.

    Args:
        strengths: in 0..1, in any order; those of 0 are left out.
        changes: how far each moved the picture, 0 or more, in one unit.

    Returns:
        At most 64 points; none where nothing changed. Neighbors that do not rise are one point,
        the mean of both; strengths without any change are one point with next to none.
    """
    pairs = sorted((float(s), float(c)) for s, c in zip(strengths, changes) if APART < s <= 1)
    pools: list[tuple[float, float, int]] = []  # strength, change, how many
    for strength, change in pairs:
        pool = strength, change, 1
        while pools and not _rises(pools[-1], pool):
            pool = _pooled(pools.pop(), pool)
        pools.append(pool)
    rising = [(s, c) for s, c, _ in pools if c > 0]
    idle = [s for s, c in pairs if c <= 0 and rising and s < rising[0][0]]
    if idle:
        rising.insert(0, (idle[-1], rising[0][1] * TELLING))
    every = -(-len(rising) // MOST) or 1  # the last one stays
    return tuple((round(s, 6), float(f"{c:.4g}")) for s, c in rising[::-1][::every][::-1])


def _rises(a: tuple[float, float, int], b: tuple[float, float, int]) -> bool:
    return b[0] > a[0] + APART and b[1] > a[1] * (1 + TELLING)


def _pooled(a: tuple[float, float, int], b: tuple[float, float, int]) -> tuple[float, float, int]:
    count = a[2] + b[2]
    strength, change = ((a[i] * a[2] + b[i] * b[2]) / count for i in (0, 1))
    return strength, change, count
