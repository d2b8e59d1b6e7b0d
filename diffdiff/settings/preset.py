"""Settings that a preset of layers sets beside its map, such as the anchor.

`{"layers": [...], "settings": {"anchor": "friendly"}}`: in a request they stand for fields that it
leaves out; a page puts them into its controls.
"""

from __future__ import annotations

import json
from typing import Any

from ..errors import FieldError, shown
from .schema import PICTURES, STRUCTURED, EditArgs, fields, parse
from .source_registry import REQUEST, request_fields
from .sources import DiffEditArgs

FIELD = "layers"
_OF_MAP = {"enabled", "source", *STRUCTURED, *PICTURES, *fields(DiffEditArgs)}.union(
    *map(request_fields, REQUEST)
)
ALLOWED = tuple(name for name in fields(EditArgs) if name not in _OF_MAP)
"""Fields of a request that say how a run is made, not what its map is."""
SAVED = ("anchor", "anchor_guidance")
"""Those that a page's preset takes along when it is saved: without them its map is half of it."""


def check(settings: Any) -> dict[str, Any]:
    """Return a preset's settings as the fields have them.

    Raises:
        FieldError: "layers"; which setting is wrong, and what is allowed.
    """
    if not isinstance(settings, dict):
        problem = f"its settings are {shown(settings)}"
        raise FieldError(FIELD, problem, 'Use an object, such as {"anchor": "friendly"}')
    for name in settings:
        if name not in ALLOWED:
            problem = f"a preset cannot set {shown(name)}"
            raise FieldError(FIELD, problem, f"Use {', '.join(ALLOWED)}")
    try:
        args = parse(settings)
    except FieldError as error:
        problem = f"settings, {error.field}: {error.problem}"
        raise FieldError(FIELD, problem, error.remedy) from None
    return {name: getattr(args, name) for name in settings}


def completed(request: dict[str, Any]) -> dict[str, Any]:
    """Return a request with what its preset sets.

    Raises:
        FieldError: a field that both name, with different values; or "layers".
    """
    if request.get("source") != "layers":
        return request
    _, settings = split(request.get("layers"))
    for name, value in check(settings).items():
        if name in request and getattr(parse({name: request[name]}), name) != value:
            problem = f"it is {shown(request[name])} here, and {shown(value)} in the layers' preset"
            raise FieldError(name, problem, "Leave one of them out")
    return {**settings, **request}


def split(text: Any) -> tuple[Any, dict[str, Any]]:
    """Return the layers without what they set beside the map, and that: {} where there is nothing,
    or what is no preset.

    text: JSON, or what it stands for; what comes back is of the same kind.
    """
    raw = text
    if isinstance(text, str):
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError):
            return text, {}
    if not isinstance(raw, dict) or not raw.get("settings"):
        return text, {}
    rest = {name: value for name, value in raw.items() if name != "settings"}
    own = json.dumps(rest, ensure_ascii=False) if isinstance(text, str) else rest
    return own, raw["settings"]


def joined(text: str, settings: dict[str, Any]) -> str:
    """Return the layers with what else is set: JSON; as they are where they are no preset."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not settings or not isinstance(raw, dict):
        return text
    return json.dumps({**raw, "settings": {**settings, **raw.get("settings", {})}})
