"""The settings of one edit: the only place where names, defaults, ranges and help texts stand.

Panel, API, infotext, command line and the README's table derive from `EditArgs`. The same code
runs on pydantic 1.10 (A1111) and 2 (Forge).
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from . import fan
from .errors import FieldError

SOFT_RADIUS = 32.0  # pixels; of soft inpainting, where none is given


class EditArgs(BaseModel, extra="forbid"):
    """One request. Every field but the map may be left out."""

    enabled: bool = Field(True, title="Enable", description="Give every pixel its own strength.")
    mode: Literal["edit", "soft inpaint", "fan", "sheet"] = Field(
        "edit",
        title="Mode",
        description="edit: the map says how much each pixel changes. soft inpaint: the inpaint "
        "mask does, with a soft rim in which the surroundings adjust. fan: one picture in stripes "
        "of different strength. sheet: a picture for each strength.",
    )
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
    soften_radius: float | None = Field(
        None,
        ge=0,
        le=256,
        title="Soften radius",
        description="Softens the map, in pixels of the picture (soft inpaint: of the size worked "
        "at); 0 = off. Left out: 32 in soft inpaint, else 0.",
    )
    soften_direction: Literal["auto", "both", "outward", "inward"] = Field(
        "auto",
        title="Soften direction",
        description="both: across the edge. outward: what is white stays fully white. "
        "inward: what is black stays fully black. auto: outward in soft inpaint, else both.",
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
    combine: Literal["max", "min", "multiply"] = Field(
        "max",
        title="Combine",
        description="Soft inpaint: how a change map, if there is one, joins the softened mask.",
    )
    linear_light: bool = Field(
        False,
        title="Linear light",
        description="Soften in linear light, as the authors' examples do: more is kept.",
    )
    colour_match: bool = Field(
        False,
        title="Colour match",
        description="Undo the model's shift of colours, as measured where nothing changes.",
    )
    mask_channel: Literal["whole", "step"] = Field(
        "whole",
        title="Mask channel",
        description="Of inpainting checkpoints, in soft inpaint. whole: all that will ever "
        "change. step: what has been released so far.",
    )
    fan_count: int = Field(
        5, ge=fan.FEWEST, le=fan.MOST, title="Strengths", description="Of a fan or a sheet."
    )
    fan_low: float = Field(
        0.0, ge=0, le=1, title="From", description="The first strength of a fan or a sheet."
    )
    fan_high: float = Field(
        1.0, ge=0, le=1, title="To", description="The last strength of a fan or a sheet."
    )
    fan_preset: Literal["none", "full", "dark", "light", "central"] = Field(
        "none",
        title="Preset",
        description="The paper's fans, strongest first, instead of From and To.",
    )
    fan_strengths: str | None = Field(
        None,
        title="List",
        description="Strengths of one's own instead, 2 to 16: 0.2, 0.35, 0.5. API: a list too.",
    )
    fan_layout: Literal["vertical", "horizontal", "radial", "map"] = Field(
        "vertical",
        title="Layout",
        description="Of a fan: stripes side by side or one below another, wedges clockwise from "
        "the top, or stripes within the change map, its values times the strength.",
    )
    sheet_batch: int = Field(
        0,
        ge=0,
        le=fan.MOST,
        title="Sheet batch",
        description="Pictures of a sheet that the model sees at once. 1: to the last bit those of "
        "separate runs, on any device. 0: 1 on a CPU, else as many as fit.",
    )

    @property
    def fans(self) -> bool:
        """Whether several strengths are asked for."""
        return self.mode in ("fan", "sheet")

    @property
    def needs_map(self) -> bool:
        """Whether nothing but a change map can say what changes."""
        return self.mode == "edit" or (self.mode == "fan" and self.fan_layout == "map")

    @property
    def several(self) -> tuple[float, ...]:
        """The strengths of a fan or a sheet, in the order of their stripes or tiles.

        Raises:
            FieldError: "fan_strengths", or "fan_low" where it is not below fan_high.
        """
        if self.fan_strengths is not None:
            return fan.listed(self.fan_strengths)
        if self.fan_preset != "none":
            return fan.preset(self.fan_preset, self.fan_count)
        return fan.spread(self.fan_count, self.fan_low, self.fan_high)

    @property
    def radius(self) -> float:
        """Soften radius in pixels."""
        return auto_radius(self.mode) if self.soften_radius is None else self.soften_radius

    @property
    def direction(self) -> str:
        """Soften direction: both, outward or inward."""
        if self.soften_direction != "auto":
            return self.soften_direction
        return "outward" if self.mode == "soft inpaint" else "both"


def auto_radius(mode: str) -> float:
    """The soften radius where none is given, in pixels."""
    return SOFT_RADIUS if mode == "soft inpaint" else 0.0


def suited_radius(mode: str, radius: float) -> float:
    """The radius after the mode was chosen: another mode's own gives way, any other stays."""
    own = {auto_radius(known) for known in fields()["mode"]["choices"]}
    return auto_radius(mode) if radius in own else radius


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
    given = request.get("fan_strengths")
    if isinstance(given, (list, tuple)):
        request = request | {"fan_strengths": ", ".join(f"{s:g}" for s in fan.listed(given))}
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
    if isinstance(args, EditArgs) and args.fans:
        _ = args.several  # raises what is wrong with it
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
    if field == "fan_strengths":
        return "Send text or a list, 2 to 16 numbers from 0 to 1."
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
    defaults = {name: info["default"] for name, info in fields(type(args)).items()}
    if isinstance(args, EditArgs) and args.soften_radius is not None:
        defaults["soften_radius"] = auto_radius(args.mode)
    return {
        name: getattr(args, name)
        for name, default in defaults.items()
        if name not in ("map", "enabled") and getattr(args, name) != default
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
            other = {"map": "base64 picture(s)", "fan_strengths": "2 to 16 numbers"}
            values = other.get(name, "true, false")
        default = "" if info["default"] is None else json.dumps(info["default"])
        lines.append(f"| `{name}` | {default} | {values} | {info['help']} |")
    return "\n".join(lines)
