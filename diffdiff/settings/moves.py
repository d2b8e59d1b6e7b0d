"""The text of the fields `move` and `outpaint`: JSON of an API, or a line that a person types."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from ..errors import FieldError, shown

MOVE, OUTPAINT = "move", "outpaint"
MOST = 32  # moves
MOST_SIDE = 4096  # pixels added to a side
MOST_POINTS = 10_000  # corners of a polygon
SIDES = ("left", "right", "top", "bottom")
MIRRORS = ("horizontal", "vertical", "both")
NAMES = (
    "region",
    "matrix",
    "by",
    "scale",
    "rotate",
    "mirror",
    "copy",
    "delete",
    "keep",
    "ring",
    "margin",
)
LIKE = "Use text such as 40,60,160,200 by 120,0, or JSON"
LIKE_JSON = 'Use [{"region": [40, 60, 160, 200], "by": [120, 0]}]'
LIKE_SIDES = f"Use text such as left 128, top 64, up to {MOST_SIDE} pixels a side"
WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class MoveRequest:
    """One move as it was asked for.

    region: numbers, left, top, right and bottom or x, y, x, y, ... of a polygon; or base64 text of
    a mask. matrix: (a, b, c, d, e, f), or None: then by, scale, rotate (degrees, clockwise) and
    mirror, about the middle of the region.
    """

    region: tuple[float, ...] | str
    matrix: tuple[float, float, float, float, float, float] | None = None
    by: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)
    rotate: float = 0.0
    mirror: str = ""
    copy: bool = False
    delete: bool = False
    keep: float = 0.0
    ring: float | None = None
    margin: float | None = None

    @property
    def is_mask(self) -> bool:
        return isinstance(self.region, str)


def parse_moves(text: str) -> list[MoveRequest]:
    """Parse the field `move`.

    Args:
        text: a JSON list of objects with the fields of `MoveRequest`, or one such object; or moves
            as "REGION by X,Y scale S rotate DEGREES mirror HOW keep K ring PX margin PX copy
            delete", separated by semicolons. A REGION is left,top,right,bottom or x,y,x,y,x,y,...

    Raises:
        FieldError: "move", with the number of the move.
    """
    text = text.strip()
    if text[:1] in ("[", "{"):
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FieldError(MOVE, f"it is not JSON ({error})", LIKE_JSON) from None
        found = raw if isinstance(raw, list) else [raw]
    else:
        found = [entry for entry in re.split(r"[;\n]", text) if entry.strip()]
    if not 1 <= len(found) <= MOST:
        raise FieldError(MOVE, f"there are {len(found)} moves", f"Use 1 to {MOST}. {LIKE}")
    moves = []
    for number, one in enumerate(found, 1):
        try:
            raw = parse_typed(one) if isinstance(one, str) else one
            moves.append(_move(raw))
        except FieldError as error:
            problem = f"move {number}, {error.field}: {error.problem}"
            raise FieldError(MOVE, problem, error.remedy) from None
    return moves


def parse_typed(entry: str) -> dict[str, Any]:
    """Read one move as a person types it.

    Raises:
        FieldError: the part of it that cannot be read.
    """
    words = re.sub(r"\s*,\s*", ",", entry.strip()).split()
    raw: dict[str, Any] = {"region": _numbers(words[0], "region")}
    rest = words[1:]
    while rest:
        name = rest.pop(0).lower()
        follows = bool(rest) and not WORD.fullmatch(rest[0].lower())
        if name in ("copy", "delete"):
            raw[name] = True
        elif name == "mirror":
            how = rest.pop(0).lower() if rest and rest[0].lower() in MIRRORS else "horizontal"
            raw[name] = how
        elif name in ("by", "scale", "rotate", "keep", "ring", "margin", "matrix") and follows:
            numbers = _numbers(rest.pop(0), name)
            raw[name] = numbers[0] if len(numbers) == 1 else numbers
        else:
            problem = f"{shown(name)} is not understood" if name not in NAMES else "it has no value"
            raise FieldError(name if name in NAMES else "text", problem, LIKE)
    return raw


def _numbers(text: str, name: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise FieldError(name, f"{shown(text)} is not a list of numbers", LIKE) from None


def _move(raw: Any) -> MoveRequest:
    if not isinstance(raw, dict):
        raise FieldError("move", f"{shown(raw)} is not an object", LIKE_JSON)
    unknown = sorted(set(map(str, raw)) - set(NAMES))
    if unknown:
        problem = f"there is no {shown(unknown[0])} in a move"
        raise FieldError("move", problem, f"Use {', '.join(NAMES)}")
    given = {name: value for name, value in raw.items() if value is not None}
    if "region" not in given:
        raise FieldError("region", "there is none", "Say what moves: a rectangle, polygon or mask")
    made: dict[str, Any] = {"region": _region(given["region"])}
    if "matrix" in given:
        both = [name for name in ("by", "scale", "rotate", "mirror") if name in given]
        if both:
            raise FieldError("matrix", f"there is {both[0]} too", "Use one of the two")
        made["matrix"] = _list(given["matrix"], "matrix", 6)
        a, b, c, d, _, _ = made["matrix"]
        _check_flat(a * d - b * c, "matrix")
    if "by" in given:
        made["by"] = _list(given["by"], "by", 2)
    if "scale" in given:
        scale = given["scale"]
        made["scale"] = _list(scale if isinstance(scale, list) else [scale, scale], "scale", 2)
        if min(made["scale"]) <= 0:
            raise FieldError("scale", f"{shown(scale)} is not above 0", "Use mirror to turn it")
        _check_flat(made["scale"][0] * made["scale"][1], "scale")
    for name, most in (("rotate", 1e6), ("keep", 1.0), ("ring", 1024.0), ("margin", 1024.0)):
        if name in given:
            made[name] = _number(given[name], name, -most if name == "rotate" else 0.0, most)
    for name in ("copy", "delete"):
        if not isinstance(given.get(name, False), bool):
            raise FieldError(name, f"{shown(given[name])} is not allowed", "Use true or false")
        made[name] = given.get(name, False)
    if made["copy"] and made["delete"]:
        raise FieldError("delete", "it is to be copied too", "Use one of the two")
    if given.get("mirror"):
        how = given["mirror"]
        made["mirror"] = "horizontal" if how is True else how
        if made["mirror"] not in MIRRORS:
            problem = f"{shown(how)} is not known"
            raise FieldError("mirror", problem, f"Use one of {', '.join(MIRRORS)}")
    return MoveRequest(**made)


def _region(region: Any) -> tuple[float, ...] | str:
    if isinstance(region, str):
        if not region.strip():
            raise FieldError("region", "the mask is empty text", "Send base64 or a data URL")
        return region
    if not isinstance(region, (list, tuple)):
        remedy = "Use [left, top, right, bottom], [[x, y], ...] or a mask as base64"
        raise FieldError("region", f"{shown(region)} is not a region", remedy)
    if len(region) > MOST_POINTS:
        problem = f"it has {len(region)} corners"
        raise FieldError("region", problem, f"Use up to {MOST_POINTS}, or a mask")
    if region and all(isinstance(point, (list, tuple)) for point in region):
        region = [value for point in region for value in _list(point, "region", 2)]
        if len(region) < 6:
            raise FieldError("region", "a polygon has three corners or more", "Add corners")
    numbers = tuple(_number(value, "region", -1e6, 1e6) for value in region)
    if len(numbers) == 4:
        left, top, right, bottom = numbers
        if left >= right or top >= bottom:
            problem = f"{shown(list(numbers))} has no inside"
            raise FieldError("region", problem, "Use left, top, right, bottom in pixels")
    elif len(numbers) < 6 or len(numbers) % 2:
        remedy = "Use 4 numbers for a rectangle, or x and y of three corners or more"
        raise FieldError("region", f"there are {len(numbers)} numbers", remedy)
    return numbers


def _list(value: Any, name: str, count: int) -> tuple[float, ...]:
    if not isinstance(value, (list, tuple)) or len(value) != count:
        raise FieldError(name, f"{shown(value)} is not usable", f"Use {count} numbers")
    return tuple(_number(one, name, -1e6, 1e6) for one in value)


def _number(value: Any, name: str, low: float, high: float) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not good or not low <= value <= high or not math.isfinite(value):
        remedy = f"Use a number from {low:g} to {high:g}"
        raise FieldError(name, f"{shown(value)} is not usable", remedy)
    return float(value)


def _check_flat(determinant: float, name: str) -> None:
    if not 1e-6 <= abs(determinant) <= 1e6:
        problem = "it makes the object vanish" if abs(determinant) < 1 else "it is far too large"
        raise FieldError(name, problem, "Scale by less, or delete it")


def parse_sides(text: str) -> dict[str, int]:
    """Parse the field `outpaint`: pixels for each of `SIDES`, some above 0.

    Args:
        text: JSON such as {"left": 128}, or text such as "left 128, top 64".

    Raises:
        FieldError: "outpaint".
    """
    text, raw = text.strip(), {}
    if text.startswith("{"):
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FieldError(OUTPAINT, f"it is not JSON ({error})", LIKE_SIDES) from None
    else:
        for entry in filter(None, (e.strip().lower() for e in re.split(r"[,;]", text))):
            name, _, number = entry.replace("px", "").strip().partition(" ")
            try:
                raw[name] = int(number)
            except ValueError:
                problem = f"{shown(entry)} is not a side and its pixels"
                raise FieldError(OUTPAINT, problem, LIKE_SIDES) from None
    for name, value in raw.items():
        if name not in SIDES:
            problem = f"there is no side {shown(name)}"
            raise FieldError(OUTPAINT, problem, f"Use {', '.join(SIDES)}")
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not 0 <= value <= MOST_SIDE:
            problem = f"{name}: {shown(value)} is not usable"
            raise FieldError(OUTPAINT, problem, f"Use whole pixels from 0 to {MOST_SIDE}")
    if not any(raw.values()):
        raise FieldError(OUTPAINT, "no side gets any pixels", LIKE_SIDES)
    return {side: raw.get(side, 0) for side in SIDES}
