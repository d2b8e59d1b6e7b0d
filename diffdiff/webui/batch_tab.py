"""The Batch tab: a map for each picture, from a folder named in Settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FieldError
from ..maps import geometry
from ..maps.build import wanted
from ..settings.schema import EditArgs
from . import settings

FILE = "diffdiff_file"  # in the info of a picture that the host has read: where from
ENDINGS = (".png", ".webp", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg", ".gif")


def met(picture: Any, source: Any) -> None:
    """Keep a picture's name after the host has read it from a file."""
    if isinstance(source, (str, Path)) and hasattr(picture, "info"):
        picture.info[FILE] = str(source)


def own_map(p: Any, args: EditArgs, change_maps: list[np.ndarray]) -> list[np.ndarray]:
    """Return the map of the batch's picture if Settings names a folder; else `change_maps`.

    Raises:
        FieldError: "map", where there is none and Settings says stop, or for one that cannot be
            read.
    """
    folder = str(settings.get("batch_maps") or "").strip()
    name = getattr(p.init_images[0], "info", {}).get(FILE)
    if not folder or not name or wanted(args):
        return change_maps
    stem = Path(name).stem
    files = [Path(folder) / f"{stem}{ending}" for ending in ENDINGS]
    found = next((file for file in files if file.is_file()), None)
    if found is not None:
        return [geometry.decode(found.read_bytes(), with_tiff=False)]
    problem = f"there is no map called {stem} in {folder}"
    missing = settings.get("batch_missing")
    if missing == settings.MISSING[2]:
        raise FieldError("map", problem, "Add one, or choose another way in Settings")
    if missing == settings.MISSING[1] and change_maps:
        p.comment(f"Differential Diffusion: {problem}; the panel's is used")
        return change_maps
    p.comment(f"Differential Diffusion: {problem}; the picture is kept as it is")
    return [np.zeros((2, 2), np.float32)]
