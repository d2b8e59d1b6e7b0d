"""Points and a box, as source *click* takes them: "120,80; -40,30; box 10,10,90,80"."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

from ..errors import FieldError, shown

FIELD = "points"
MOST = 64  # points
LIKE = "120,80; 25%,40%; -40,30; box 10,10,90,80"
REMEDY = f"Use x,y in pixels or percent, a minus before what to leave out: {LIKE}"
NUMBER = r"(\d+\.?\d*|\.\d+)(%?)"
POINT = re.compile(rf"([+-]?)\s*{NUMBER}\s*,\s*{NUMBER}")
BOX = re.compile(rf"box\s+{NUMBER}\s*,\s*{NUMBER}\s*,\s*{NUMBER}\s*,\s*{NUMBER}")


class ClickArgs(BaseModel, extra="forbid"):
    """How a map is found from clicked points (`diffdiff.maps.click`)."""

    points: str = Field(
        default="",
        title="Points",
        description="Source click: points on what is to change, in pixels of the image or percent "
        "of its sides, with a minus before those on what is not; a box around it works too. Such "
        "as 120,80; 25%,40%; -40,30; box 10,10,90,80.",
    )
    points_level: float = Field(
        default=0.1,
        ge=0.001,
        le=1,
        title="Noise level of the points",
        description="Source click: how far the image is noised, as a fraction of the schedule.",
    )
    points_noises: int = Field(
        default=4,
        ge=1,
        le=64,
        title="Noise samples of the points",
        description="Source click: number of noise samples that the model's features are averaged "
        "over.",
    )
    points_seed: int = Field(
        default=0,
        ge=0,
        le=2**32 - 1,
        title="Seed of the points",
        description="Source click: seed for the noise samples.",
    )
    points_edges: bool = Field(
        default=True,
        title="Points follow edges",
        description="Source click: the map follows the edges of the image. Off: it is as coarse as "
        "the model's features.",
    )


class Point(NamedTuple):
    """x, y: pixels of a picture, from its left and its top. inside: on what is to change."""

    x: float
    y: float
    inside: bool = True


class Clicks(NamedTuple):
    """points: at least one of them inside, unless there is a box. box: left, top, right, bottom
    in pixels, around what is to change."""

    points: tuple[Point, ...]
    box: tuple[float, float, float, float] | None = None

    def scaled(self, x: float, y: float) -> Clicks:
        """Return the same in a picture whose sides are x and y times as long."""
        points = tuple(Point(p.x * x, p.y * y, p.inside) for p in self.points)
        if self.box is None:
            return Clicks(points)
        left, top, right, bottom = self.box
        return Clicks(points, (left * x, top * y, right * x, bottom * y))


def parse_points(text: str, size: tuple[int, int] | None = None, field: str = FIELD) -> Clicks:
    """Parse points and a box; entries are separated by semicolons or lines.

    Args:
        text: "x,y" is on what is to change, "-x,y" on what is not, "box left,top,right,bottom"
            around it; pixels, or percent of the sides.
        size: (width, height) of the picture, pixels. Without it, what lies outside is not noticed
            and the points of the result mean nothing.
        field: of the error.

    Raises:
        FieldError: names the entry that is wrong.
    """
    width, height = size or (math.inf, math.inf)
    points: list[Point] = []
    box = None
    for entry in filter(None, (" ".join(e.split()) for e in re.split(r"[;\n]", text))):
        if match := POINT.fullmatch(entry):
            sign, *numbers = match.groups()
            x, y = _pixels(numbers, (width, height))
            if x > width or y > height or (size is None and math.inf in (x, y)):
                raise _outside(entry, size, field)
            points.append(Point(x, y, sign != "-"))
        elif match := BOX.fullmatch(entry.lower()):
            if box is not None:
                raise FieldError(field, f"{shown(entry)} is a second box", "Use one box")
            left, top, right, bottom = _pixels(match.groups(), (width, height) * 2)
            if right > width or bottom > height or (size is None and math.inf in (right, bottom)):
                raise _outside(entry, size, field)
            if size and not (left < right and top < bottom):
                problem = f"{shown(entry)} is empty"
                raise FieldError(field, problem, "Give left,top,right,bottom, left below right")
            box = left, top, right, bottom
        else:
            raise FieldError(field, f"{shown(entry)} is not a point or a box", REMEDY)
    if not points and box is None:
        raise FieldError(field, "there are none", REMEDY)
    if box is None and not any(point.inside for point in points):
        problem = "all of them have a minus: there is none on what is to change"
        raise FieldError(field, problem, "Add one without a minus, or a box")
    if len(points) > MOST:
        raise FieldError(field, f"there are {len(points)} points", f"Use up to {MOST}")
    return Clicks(tuple(points), box)


def _pixels(numbers: Sequence[str | Any], sides: Sequence[float]) -> list[float]:
    """Return numbers in pixels.

    Args:
        numbers: a value and its percent sign or "", in turn.
        sides: of the picture, for each value; infinite where it is not known.
    """
    values = []
    for value, percent, side in zip(numbers[::2], numbers[1::2], sides):
        part = float(value) / 100
        if not percent:
            values.append(float(value))
        elif part <= 1 and math.isinf(side):
            values.append(0.0)
        else:
            values.append(part * side)
    return values


def _outside(entry: str, size: tuple[int, int] | None, field: str) -> FieldError:
    has = f", which has {size[0]}x{size[1]} pixels" if size else ""
    problem = f"{shown(entry)} lies outside of the image{has}"
    return FieldError(field, problem, "Use points of the image, from 0,0 at its top left")
