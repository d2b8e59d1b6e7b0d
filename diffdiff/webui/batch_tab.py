"""The Batch tab: a map for each picture, from a folder named in Settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FieldError, carried
from ..images.names import folded, hidden
from ..images.pictures import load
from ..maps import geometry
from ..maps.build import wanted
from ..settings.schema import EditArgs
from . import settings

FILE = "diffdiff_file"  # in the info of a picture that the host has read: where from
ENDINGS = (".png", ".webp", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg", ".gif")


def on_picture_read(picture: Any, source: Any) -> None:
    """Keep a picture's name after the host has read it from a file."""
    if isinstance(source, (str, Path)) and hasattr(picture, "info"):
        picture.info[FILE] = str(source)


def map_from_folder(p: Any, args: EditArgs, change_maps: list[np.ndarray]) -> list[np.ndarray]:
    """Return the map of the batch's picture if Settings names a folder; else `change_maps`.

    Raises:
        FieldError: "map", where there is none and Settings says stop, or for one that cannot be
            read.
    """
    folder = str(settings.get("batch_maps") or "").strip()
    name = getattr(p.init_images[0], "info", {}).get(FILE)
    if not folder or not name or wanted(args):
        return change_maps
    found = _map_of(Path(name).stem, Path(folder))
    if found is not None:
        return [geometry.decode(load(found, "map"), with_tiff=False)]
    problem = carried(f"there is no map called {Path(name).stem} in {folder}")
    missing = settings.get("batch_missing")
    if missing == settings.MISSING[2]:
        raise FieldError("map", problem, "Add one, or choose another option in Settings")
    if missing == settings.MISSING[1] and change_maps:
        p.comment(f"Differential Diffusion: {problem}; the panel's map is used")
        return change_maps
    p.comment(f"Differential Diffusion: {problem}; the image is kept as it is")
    return [np.zeros((2, 2), np.float32)]


def _map_of(stem: str, folder: Path) -> Path | None:
    """Return the map of a picture: of its very name, or else of one that differs in capitals or in
    how accents are composed.

    Raises:
        FieldError: "map", where such names are two pictures' or more.
    """
    try:
        names = [name for name in os.listdir(folder) if not hidden(name)]
    except OSError:
        return None
    maps = [name for name in names if Path(name).suffix.lower() in ENDINGS]
    exact = [name for name in maps if Path(name).stem == stem]
    if exact:
        return folder / min(exact, key=lambda name: ENDINGS.index(Path(name).suffix.lower()))
    alike = [name for name in maps if folded(Path(name).stem) == folded(stem)]
    if len(alike) > 1:
        problem = f"{alike[0]} and {alike[1]} may both be the map of {stem}"
        raise FieldError("map", problem, "Name it exactly as the picture")
    return folder / alike[0] if alike else None
