"""The map inside its picture: written as a text chunk of the PNG, and restored to the painter.

The infotext names the map by its fingerprint; the map itself is found by it, when parameters are
pasted: from jobs of this host, and from pictures that it has read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from modules import infotext_utils
from PIL import Image

from ..errors import FieldError
from ..lru import LruCache
from ..maps import embedded
from ..settings.infotext import MAP, key
from .panel import preview

CHUNK = "diffdiff_map"
SOURCE = key("source")
KEPT = 64  # maps, at most 64 KiB each
NAMED = re.compile(rf"\b{MAP}: ([0-9a-f]{{10}})\b")

known: LruCache[str, str] = LruCache(KEPT)


def remember(mark: str, text: str) -> None:
    """Remember a map. mark: its fingerprint; text: the map as `diffdiff.maps.embedded` packs it."""
    known.put(mark, text)


def attach(picture: Image.Image, session: Any, index: int, embed: bool) -> None:
    """Attach the map to a finished picture, and remember it."""
    if not session.raw:
        return
    text = session.carried.packed(index)
    remember(session.carried.mark(index), text)
    if embed:
        picture.info[CHUNK] = text


def saving(params: Any) -> None:
    """Add the map's chunk to a picture that the host is about to save."""
    text = getattr(params.image, "info", {}).get(CHUNK)
    if text and isinstance(params.pnginfo, dict) and params.filename.lower().endswith(".png"):
        params.pnginfo[CHUNK] = text


def met(infotext: str | None, items: dict[str, Any]) -> None:
    """Remember the map of a picture whose parameters the host has read; the chunk is not shown."""
    text = items.pop(CHUNK, None)
    named = NAMED.search(infotext or "")
    if isinstance(text, str) and named and len(text) <= embedded.LIMIT:
        remember(named.group(1), text)


def reader(params: dict) -> str | None:
    """Return the painter's value for pasted parameters; None leaves it unchanged."""
    if params.get(SOURCE, "upload") != "upload":
        return None
    text = known.get(str(params.get(MAP)))
    try:
        return preview.as_url(embedded.unpack(text)) if text else None
    except FieldError:  # from another picture
        return None


def dropped(text: str, readers: list[Callable[[dict], Any]]) -> list[Any]:
    """Return the panel's values for a picture that was dropped on the painter.

    Args:
        text: JSON of its parameters and its map.
        readers: readers of the controls.

    A map without settings goes into the painter all the same, and switches nothing.
    """
    try:
        content = json.loads(text)
        parameters, packed = str(content["parameters"]), str(content["map"])
        url = preview.as_url(embedded.unpack(packed))
    except (ValueError, KeyError, TypeError, RecursionError):  # from anywhere
        return [None] * len(readers)
    params = infotext_utils.parse_generation_parameters(parameters) if parameters else {}
    return [url if getattr(read, "inner", read) is reader else read(params) for read in readers]
