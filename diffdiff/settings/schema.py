"""What derives from the settings: checks, descriptions, differences from the defaults.

Panel, API, infotext, command line and docs derive from `EditArgs` by these. The same code runs on
pydantic 1.10 (A1111) and 2 (Forge).
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import FieldError, carried, shown
from . import moves, response, strength_list
from .edit import AUTO, EditArgs

__all__ = ["AUTO", "EditArgs", "changed", "fields", "parse", "remedy", "replaced", "schema_of"]
PICTURES = ("map", "other_image", "move", "untouched")  # too large for messages and parameters


STRUCTURED: dict[str, Any] = {"layers": dict, "move": (list, tuple, dict), "outpaint": dict}
"""Fields whose JSON may be sent as what it stands for."""


def parse(request: dict[str, Any], model: type[BaseModel] = EditArgs) -> Any:
    """Check a request against `EditArgs`, or against another model of settings.

    Raises:
        FieldError: names the first wrong field, its value and what is allowed.
    """
    if not isinstance(request, dict):
        raise FieldError(
            "args", f"expected an object, got {type(request).__name__}", "Send one JSON object."
        )
    unknown = sorted(set(map(str, request)) - set(fields(model)))
    if unknown:  # an answer may not carry a long or unseen name
        known = f"Use one of: {', '.join(fields(model))}."
        if not unknown[0].strip() or len(unknown[0]) > 60 or not unknown[0].isprintable():
            raise FieldError("args", f"there is no field {shown(unknown[0])}", known)
        raise FieldError(unknown[0], "there is no such field", known)
    for name, value in request.items():
        if isinstance(value, str) and carried(value) != value:
            problem = "it has characters that are not Unicode, such as half of an emoji"
            raise FieldError(name, problem, "Type them again, or save the text as UTF-8")
    for name, kinds in STRUCTURED.items():
        if isinstance(request.get(name), kinds):
            try:
                request = request | {name: json.dumps(request[name])}
            except (TypeError, ValueError, RecursionError):
                raise FieldError(name, "it cannot be written as JSON", remedy(name)) from None
    given = request.get("fan_strengths")
    if isinstance(given, (list, tuple)):
        values = strength_list.listed(given)
        request = request | {"fan_strengths": ", ".join(f"{s:g}" for s in values)}
    given = request.get("response")
    if isinstance(given, (list, tuple)):
        request = request | {"response": response.text(response.points_of(given))}
    if request.get("soften_radius") == AUTO:
        request = request | {"soften_radius": None}
    try:
        args = model(**request)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])  # its message differs between pydantic versions
        problem = f"{shown(request[field])} is not allowed"
        raise FieldError(field, problem, remedy(field, model)) from error
    except OverflowError:  # pydantic 1.10 and a whole number of hundreds of digits
        field = next(n for n, v in request.items() if isinstance(v, int) and abs(v) > 1e300)
        problem = f"{shown(request[field])} is too large"
        raise FieldError(field, problem, remedy(field, model)) from None
    if isinstance(args, EditArgs):
        _check_together(args)
    return args


def _check_together(args: EditArgs) -> None:
    """Check what no single field's range can say."""
    if args.black >= args.white:
        raise FieldError(
            "black",
            f"{args.black:g} is not below white ({args.white:g})",
            "Set black below white.",
        )
    if args.area == "changed" and args.mode != "edit":
        problem = f"mode {args.mode} works on the whole image"
        raise FieldError("area", problem, "Use area whole; in the inpaint tabs, Only masked")
    if args.anchor == "friendly" and args.levels == "fine":
        problem = "the friendly anchor is known at the steps' own levels only"
        raise FieldError("levels", problem, "Use levels steps or auto, or anchor noised")
    if args.anchor == "friendly" and args.mode == "sheet":
        problem = "friendly does not work in a sheet"
        raise FieldError("anchor", problem, "Use noised, or the mode fan or edit")
    for name, read in (("move", moves.parse_moves), ("outpaint", moves.parse_sides)):
        if getattr(args, name):
            read(getattr(args, name))  # the same
            if args.mode != "edit":
                problem = f"mode {args.mode} works on the image as it is"
                raise FieldError(name, problem, "Use mode edit")
    _ = args.reading  # raises what is wrong with it
    if args.fans:
        _ = args.several  # the same


def remedy(field: str, model: type[BaseModel] = EditArgs) -> str:
    """Return a sentence on what a field accepts."""
    info = fields(model)[field]
    if info["choices"]:
        return f"Use one of: {', '.join(info['choices'])}."
    if field == "soften_radius":
        return f"Use a number from 0 to {info['high']:g}, or {AUTO} for an automatic one."
    if info["low"] is not None:
        return f"Use a number from {info['low']:.10g} to {info['high']:.10g}."
    if field == "map":
        return "Send base64 text or a data URL, or a list of them."
    if field == "layers":
        return 'Send {"layers": [{"source": "luminance"}]} or its JSON.'
    if field == "move":
        return f"{moves.LIKE}, such as {moves.LIKE_JSON[4:]}."
    if field == "outpaint":
        return f"{moves.LIKE_SIDES}."
    if field == "fan_strengths":
        return "Send text or a list, 2 to 16 numbers from 0 to 1."
    if field == "response":
        return f"{response.REMEDY}."
    if info["type"] is dict:
        return "Send an object."
    return "Use text." if info["type"] is str else "Use true or false."


TYPES = {"object": dict, "boolean": bool, "integer": int, "number": float, "string": str}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a model of settings, on either pydantic."""
    return (getattr(model, "model_json_schema", None) or model.schema)()


@cache
def fields(model: type[BaseModel] = EditArgs) -> dict[str, dict[str, Any]]:
    """Describe each field: name -> {title, help, type, default, low, high, choices}, in order.

    type: bool, int, float, str or dict.
    """
    described = {}
    for name, info in schema_of(model)["properties"].items():
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


Args = TypeVar("Args", bound=BaseModel)


def replaced(args: Args, **values: Any) -> Args:
    """Return settings with other values for some of them."""
    return type(args)(**{**vars(args), **values})


def changed(args: BaseModel) -> dict[str, Any]:
    """Return the settings that differ from their defaults; pictures and `enabled` are left out."""
    defaults = {name: info["default"] for name, info in fields(type(args)).items()}
    if isinstance(args, EditArgs) and args.soften_radius == 0 and not args.soft:
        defaults["soften_radius"] = 0  # what an automatic one is
    return {
        name: getattr(args, name)
        for name, default in defaults.items()
        if name not in (*PICTURES, "enabled") and getattr(args, name) != default
    }
