"""Requests of a host as checked settings and maps: the values of a UI, or one object."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from ..maps import geometry
from ..maps.build import requested, wanted
from ..settings.preset import completed
from ..settings.schema import EditArgs, fields, parse
from ..settings.source_registry import value_of


def request_of(values: tuple[Any, ...]) -> dict[str, Any]:
    """Read the request from a script's positional arguments."""
    if values and isinstance(values[0], dict):
        return values[0]
    described = fields()
    # an empty box is a value that was left out
    request = {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in zip(described, values)
        if value is not None and (value != "" or described[name]["default"] is not None)
    }
    if "source" in request:  # a panel's list has words
        request["source"] = value_of(request["source"])
    return request


def read(request: dict[str, Any]) -> tuple[EditArgs, list[np.ndarray]] | None:
    """Return checked settings and the painted or sent maps; None when the extension is off.

    Raises:
        FieldError: for anything that cannot be used; it carries `status_code` 422.
    """
    request = dict(request)
    if not request.get("enabled", True):
        return None
    given = request.pop("map", None)
    args = parse(completed(request))
    if not args.enabled:  # "false", 0 and the like
        return None
    if wanted(args):
        requested(args)  # raises what it lacks
    if given is None or (isinstance(given, (str, list, tuple)) and not given):
        return args, []
    if args.mode == "fan" and not args.needs_map:  # what is painted is for another day
        return args, []
    given = list(given) if isinstance(given, (list, tuple)) else [given]
    return args, [geometry.decode(m) for m in given]
