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
from ..images.data_url import map_url
from ..lru import LruCache
from ..maps import carried_regions, embedded
from ..settings.infotext import MAP, key

CHUNK = "diffdiff_map"
SOURCE = key("source")
KEPT = 64  # maps, at most 64 KiB each
KEPT_REGIONS = 16  # at most 1 MiB each
NAMED = re.compile(rf"\b{MAP}: ([0-9a-f]{{10}})\b")

known: LruCache[str, str] = LruCache(KEPT)
known_regions: LruCache[str, str] = LruCache(KEPT_REGIONS)


def remember(mark: str, text: str, regions: Any = None) -> None:
    """Remember a map.

    Args:
        mark: its fingerprint.
        text: the map as `diffdiff.maps.embedded` packs it.
        regions: what it was made of, as text of the painter.
    """
    known.put(mark, text)
    if carried_regions.is_usable(regions):
        known_regions.put(mark, regions)


def attach(picture: Image.Image, session: Any, index: int, embed: bool) -> None:
    """Attach the map to a finished picture, and remember it."""
    if not session.raw:
        return
    text = session.carried.packed(index)
    regions = session.carried.regions
    remember(session.carried.mark(index), text, regions)
    if embed:
        picture.info[CHUNK] = text
        if regions:
            picture.info[carried_regions.KEY] = regions


def saving(params: Any) -> None:
    """Add the map's chunks to a picture that the host is about to save."""
    info = getattr(params.image, "info", {})
    if isinstance(params.pnginfo, dict) and params.filename.lower().endswith(".png"):
        params.pnginfo |= {k: info[k] for k in (CHUNK, carried_regions.KEY) if info.get(k)}


def on_info_read(infotext: str | None, items: dict[str, Any]) -> None:
    """Remember the map of a picture whose parameters the host has read; the chunk is not shown."""
    text, regions = items.pop(CHUNK, None), items.pop(carried_regions.KEY, None)
    named = NAMED.search(infotext or "")
    if isinstance(text, str) and named and len(text) <= embedded.LIMIT:
        remember(named.group(1), text, regions)


def reader(params: dict[str, Any]) -> str | None:
    """Return the painter's value for pasted parameters; None leaves it unchanged."""
    if params.get(SOURCE, "upload") != "upload":
        return None
    mark = str(params.get(MAP))
    text = known.get(mark)
    try:
        return _url(text, known_regions.get(mark)) if text else None
    except FieldError:  # from another picture
        return None


def _url(text: str, regions: Any) -> str:
    """Return a packed map as the painter takes it, with its regions if there are any."""
    url = map_url(embedded.unpack(text))
    return carried_regions.with_regions(url, regions) if carried_regions.is_usable(regions) else url


def dropped(text: str, readers: list[Callable[[dict[str, Any]], Any]]) -> list[Any]:
    """Return the panel's values for a picture that was dropped on the painter.

    Args:
        text: JSON of its parameters, its map and its regions.
        readers: readers of the controls.

    A map without settings goes into the painter all the same, and switches nothing.
    """
    try:
        content = json.loads(text)
        parameters, packed = str(content["parameters"]), str(content["map"])
        url = _url(packed, content.get("regions"))
    except (ValueError, KeyError, TypeError, RecursionError):  # from anywhere
        return [None] * len(readers)
    params = infotext_utils.parse_generation_parameters(parameters) if parameters else {}
    return [url if getattr(read, "inner", read) is reader else read(params) for read in readers]
