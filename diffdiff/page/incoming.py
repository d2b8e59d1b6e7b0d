"""Input of the page: pictures, maps, and pictures that restore their settings."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError, features

from ..errors import FieldError
from ..images import pictures, read
from ..images.data_url import map_url
from ..maps import embedded, geometry
from ..settings.host_only import HOST_ONLY
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, fields

MAP_CHUNK = "diffdiff_map"
SETTINGS_CHUNK = "diffdiff"


def picture(sent: dict[str, Any]) -> Image.Image:
    """Read the picture: RGB, upright.

    Raises:
        FieldError: "image".
    """
    data = sent["image"]
    if data is None:
        raise FieldError("image", "there is no picture", "Put one in, or drop one on the canvas")
    data = _as_read(data)
    image = pictures.read(data)
    if min(image.size) < 2:
        problem = f"the picture has {image.width}x{image.height} pixels"
        raise FieldError("image", problem, "Use one of at least 2x2")
    return image


def _as_read(data: bytes) -> bytes:
    """Convert an AVIF picture to PNG if Pillow can read it; return anything else unchanged."""
    if data[4:12] != b"ftypavif" or not features.check("avif"):
        return data
    try:
        with Image.open(io.BytesIO(data), formats=["AVIF"]) as image:
            if image.width * image.height > read.MAX_PIXELS:
                return data
            out = io.BytesIO()
            image.convert("RGBA" if image.mode.endswith("A") else "RGB").save(out, "PNG")
            return out.getvalue()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return data


def change_map(sent: dict[str, Any]) -> np.ndarray:
    """Read the painted map: float32 [H, W] in 0..1.

    Raises:
        FieldError: "map".
    """
    if not sent["map"]:
        raise FieldError("map", "nothing is painted", "Paint where the picture may change")
    return geometry.decode(sent["map"])


def brought(text: str) -> dict[str, Any]:
    """Read what the page's script took from a picture of this program: values of controls by name.

    Args:
        text: JSON with some of "settings" (the chunk `SETTINGS_CHUNK`), "map" (the chunk
            `MAP_CHUNK`, or a data URL) and "image" (a data URL).

    What is missing or wrong is left out: the text may come from anywhere.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    values = _settings(content.get("settings"))
    packed = content.get("map")
    if isinstance(packed, str) and packed:
        try:
            url = packed if packed.startswith("data:") else map_url(embedded.unpack(packed))
            geometry.decode(url)
            values["map"] = url
        except FieldError:
            pass
    return values


def _settings(text: Any) -> dict[str, Any]:
    try:
        known = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    values: dict[str, Any] = {}
    for model, prefix in ((RunArgs, ""), (EditArgs, "dd_")):
        for name, info in fields(model).items():
            value = known.get(prefix + name, info["default"])
            if name in ("map", "enabled", "count", *HOST_ONLY):
                continue
            if _fits(value, info):
                values[name] = value
    return values


def _fits(value: Any, info: dict[str, Any]) -> bool:
    if value is None:
        return info["default"] is None
    kind = info["type"]
    if info["choices"]:
        return value in info["choices"]
    if kind in (int, float):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        low, high = info["low"], info["high"]
        return number and (low is None or value >= low) and (high is None or value <= high)
    return isinstance(value, kind)
