"""Pictures in files that are named by their content, and maps as text."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

from ..pipelines import png


def as_url(change_map: np.ndarray) -> str:
    """Return the map as a data URL of a 16-bit PNG, as the painter takes and returns it."""
    return picture_url(Image.fromarray(png.sixteen_bits(change_map)))


def picture_url(picture: Image.Image) -> str:
    """Return a picture as a data URL of a PNG."""
    data = io.BytesIO()
    picture.save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


def store(picture: Image.Image | np.ndarray, folder: Path, kind: str = "PNG") -> str:
    """Write a picture to a file that is named by its content; return its path.

    Gradio's own cache writes a file again while the browser may be reading it; given paths, not.
    """
    if isinstance(picture, np.ndarray):
        picture = Image.fromarray(picture)
    data = io.BytesIO()
    picture.save(data, kind, quality=90)
    name = hashlib.sha256(data.getvalue()).hexdigest()[:24]
    path = folder / f"{name}.{kind.lower()}"
    if not path.exists():
        part = path.with_suffix(".part")
        part.write_bytes(data.getvalue())
        part.replace(path)
    return str(path)
