"""The settings of one edit: the only place where names, defaults, ranges and help texts stand.

Panel, API, infotext, command line and the README's table derive from `EditArgs`. The same code
runs on pydantic 1.10 (A1111) and 2 (Forge).
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from .errors import FieldError


class EditArgs(BaseModel, extra="forbid"):
    """One request. Every field but the map may be left out."""

    enabled: bool = Field(True, title="Enable", description="Give every pixel its own strength.")
    mode: Literal["edit"] = Field("edit", title="Mode", description="What to make: an edit.")
    source: Literal["upload"] = Field(
        "upload", title="Source", description="Where the change map comes from."
    )
    map: str | list[str] | None = Field(
        None,
        title="Change map",
        description="White changes, black is kept. API: a picture as base64 or a data URL, "
        "or a list with one for every picture of the batch.",
    )
    invert: bool = Field(
        False,
        title="Invert",
        description="Read the map the other way round, as in the paper: white is kept.",
    )
    scale: Literal["relative", "absolute"] = Field(
        "relative",
        title="Scale",
        description="relative: white means the denoising strength. "
        "absolute: a map value is the strength itself, whatever the denoising strength.",
    )
    black: float = Field(
        0.0, ge=0, le=1, title="Black point", description="Map values up to this are kept."
    )
    white: float = Field(
        1.0, ge=0, le=1, title="White point", description="Map values from this on change fully."
    )
    gamma: float = Field(
        1.0, ge=0.1, le=10, title="Gamma", description="Above 1 strengthens the greys of the map."
    )
    soften_radius: float = Field(
        0.0,
        ge=0,
        le=256,
        title="Soften radius",
        description="Softens the map, in pixels of the picture; 0 = off.",
    )
    soften_direction: Literal["both", "outward", "inward"] = Field(
        "both",
        title="Soften direction",
        description="both: across the edge. outward: what is white stays fully white. "
        "inward: what is black stays fully black.",
    )
    soften_falloff: Literal["gaussian", "linear", "smooth"] = Field(
        "gaussian", title="Soften falloff", description="How the strength falls off at an edge."
    )
    transition: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Transition",
        description="0: each pixel is released at one step, as in the paper. "
        "1: it is released over a whole step, so that few steps show no bands.",
    )
    paste_back: bool = Field(
        True, title="Paste back", description="Kept pixels come out exactly as they went in."
    )
    feather: float = Field(
        4.0,
        ge=0,
        le=128,
        title="Feather",
        description="Pixels over which the pasted seam fades, inside the changed side only.",
    )
    skip: bool = Field(
        True,
        title="Skip unneeded steps",
        description="Start at the largest strength in the map. Off: run every step.",
    )


def parse(request: dict, model: type[BaseModel] = EditArgs) -> Any:
    """A request checked against `EditArgs`, or against another model of settings.

    Raises:
        FieldError: names the first wrong field, its value and what is allowed.
    """
    if not isinstance(request, dict):
        raise FieldError(
            "args", f"expected an object, got {type(request).__name__}", "Send one JSON object."
        )
    unknown = sorted(set(map(str, request)) - set(fields(model)))
    if unknown:
        names = ", ".join(fields(model))
        raise FieldError(unknown[0], "there is no such field", f"Use one of: {names}.")
    try:
        args = model(**request)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        raise FieldError(
            field, f"{_shown(request[field])} is not allowed ({first['msg']})", remedy(field, model)
        ) from error
    if isinstance(args, EditArgs) and args.black >= args.white:
        raise FieldError(
            "black",
            f"{args.black:g} is not below white ({args.white:g})",
            "Set black below white.",
        )
    return args


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def remedy(field: str, model: type[BaseModel] = EditArgs) -> str:
    """What a field accepts, in words."""
    info = fields(model)[field]
    if info["choices"]:
        return f"Use one of: {', '.join(info['choices'])}."
    if info["low"] is not None:
        return f"Use a number from {info['low']:.10g} to {info['high']:.10g}."
    if field == "map":
        return "Send base64 text or a data URL, or a list of them."
    return "Use text." if info["type"] is str else "Use true or false."


TYPES = {"boolean": bool, "integer": int, "number": float, "string": str}


@cache
def fields(model: type[BaseModel] = EditArgs) -> dict[str, dict[str, Any]]:
    """name -> {title, help, type, default, low, high, choices}, in order, from the model.

    type: bool, int, float or str.
    """
    schema = getattr(model, "model_json_schema", None) or model.schema
    described = {}
    for name, info in schema()["properties"].items():
        # an optional field is one of several, null among them
        info = next((w | info for w in info.get("anyOf", []) if w.get("type") in TYPES), info)
        choices = info.get("enum") or ([info["const"]] if "const" in info else None)
        described[name] = {
            "title": info["title"],
            "help": info.get("description", ""),
            "type": TYPES.get(info.get("type"), str),
            "default": info.get("default"),
            "low": info.get("minimum"),
            "high": info.get("maximum"),
            "choices": choices,
        }
    return described


def changed(args: BaseModel) -> dict[str, Any]:
    """The settings that differ from their defaults; the map and `enabled` are left out."""
    return {
        name: getattr(args, name)
        for name, info in fields(type(args)).items()
        if name not in ("map", "enabled") and getattr(args, name) != info["default"]
    }


def table() -> str:
    """The settings as a Markdown table, for the README."""
    lines = ["| field | default | values | what it does |", "| --- | --- | --- | --- |"]
    for name, info in fields().items():
        if info["choices"]:
            values = ", ".join(f"`{c}`" for c in info["choices"])
        elif info["low"] is not None:
            values = f"{info['low']:g} to {info['high']:g}"
        else:
            values = "base64 picture(s)" if name == "map" else "true, false"
        default = "" if info["default"] is None else json.dumps(info["default"])
        lines.append(f"| `{name}` | {default} | {values} | {info['help']} |")
    return "\n".join(lines)
