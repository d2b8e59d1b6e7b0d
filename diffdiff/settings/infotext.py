"""Settings to and from generation parameters. Keys and types derive from the settings."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import __version__
from .moves import parse_moves
from .schema import AUTO, EditArgs, changed, fields
from .source_registry import REQUEST, request_fields
from .sources import DiffEditArgs

ENABLED = "DD enabled"
MAP = "DD map"  # its fingerprint
ROWS = 256  # of a map at a time: float64 takes twice the memory
MOVES = "DD moves"  # how many
STARTS = "DD starts"  # where strengths have begun


def key(field: str) -> str:
    """Return the key of a field in the generation parameters."""
    return "DD " + field.replace("_", " ")


def write(args: EditArgs, change_maps: list[np.ndarray]) -> dict[str, Any]:
    """Return the parameters of an enabled edit: non-default settings, the map's fingerprint, the
    version."""
    idle = {name for other in REQUEST if other != args.source for name in request_fields(other)}
    idle |= set() if args.source == "diffedit" else set(fields(DiffEditArgs))
    idle -= {"reference"} if args.anchor == "friendly" else set()
    settings = {key(name): value for name, value in changed(args).items() if name not in idle}
    mark: dict[str, Any] = {MAP: fingerprint(change_maps)} if change_maps else {}
    if args.move:
        mark[MOVES] = len(parse_moves(args.move))
    return {ENABLED: True, **settings, **mark, "DD version": __version__}


def places(strengths: Sequence[float], boxes: Sequence[Sequence[int]]) -> str:
    """Write where a picture shows which strength: "strength left top right bottom; ...".

    boxes: in pixels of that picture, right and bottom excluded. No character of it needs quotes.
    """
    rows = ([f"{s:g}", *map(str, box)] for s, box in zip(strengths, boxes))
    return "; ".join(" ".join(row) for row in rows)


def fingerprint(change_maps: list[np.ndarray]) -> str:
    """Return ten hexadecimal digits that identify maps: float32 `[H, W]` each, as decoded.

    Values are rounded in float64, as in a PNG of 16 bits: a map that was made and the same map
    sent back have the same digits.
    """
    digest = hashlib.sha256()
    for change_map in change_maps:
        for top in range(0, len(change_map), ROWS):
            rows = change_map[top : top + ROWS].astype(np.float64)
            digest.update(np.round(rows * 65535).astype("<u2").tobytes())
    return digest.hexdigest()[:10]


def reader(field: str) -> Callable[[dict[str, Any]], Any]:
    """Return a function that reads a control's value from pasted parameters.

    A setting that is not written had its default, and one that is written wrongly (parameters can
    come from anywhere) gets it; parameters of a picture made without the extension switch it off
    and leave the other controls alone.
    """
    default, choices = (fields()[field][part] for part in ("default", "choices"))

    def read(params: dict[str, Any]) -> Any:
        if field == "enabled":
            return params.get(ENABLED) == "True"
        if ENABLED not in params:
            return None
        if field == "soften_radius":
            return _number(params.get(key(field), AUTO), float(AUTO))
        value = params.get(key(field), default)
        if default is None:  # a box that may be empty
            return "" if value is None else str(value)
        if isinstance(default, bool):
            return str(value) == "True"
        if isinstance(default, (int, float)):
            return _number(value, default)
        return default if choices and value not in choices else value

    return read


def _number(text: Any, default: float) -> float:
    """Parse a number of the default's type; return the default where the text is none."""
    try:
        value = type(default)(text)
        return value if math.isfinite(value) else default
    except (ValueError, OverflowError):
        return default
