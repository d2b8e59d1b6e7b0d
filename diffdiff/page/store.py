"""Pictures in files that are named by their content."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image


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
