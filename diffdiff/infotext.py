"""Settings to and from a picture's generation parameters. Keys and types derive from the args."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from . import __version__
from .args import EditArgs, changed, fields

ENABLED = "DD enabled"


def key(field: str) -> str:
    return "DD " + field.replace("_", " ")


def write(args: EditArgs, change_maps: list[np.ndarray]) -> dict[str, Any]:
    """The non-default settings, the map's fingerprint and the version; for an enabled edit."""
    settings = {key(name): value for name, value in changed(args).items()}
    marks = {"DD map": fingerprint(change_maps), "DD version": __version__}
    return {ENABLED: True, **settings, **marks}


def fingerprint(change_maps: list[np.ndarray]) -> str:
    """Ten hexadecimal digits that tell maps apart: float32 `[H, W]` each, as decoded."""
    digest = hashlib.sha256()
    for change_map in change_maps:
        digest.update(np.round(change_map * 65535).astype("<u2").tobytes())
    return digest.hexdigest()[:10]


def reader(field: str) -> Callable[[dict], Any]:
    """What to put into a control when parameters are pasted.

    A setting that is not written had its default; parameters of a picture made without the
    extension switch it off and leave the other controls alone.
    """
    default = fields()[field]["default"]

    def read(params: dict) -> Any:
        if field == "enabled":
            return params.get(ENABLED) == "True"
        if ENABLED not in params:
            return None
        value = params.get(key(field), default)
        if isinstance(default, bool):
            return str(value) == "True"
        return float(value) if isinstance(default, float) else value

    return read
