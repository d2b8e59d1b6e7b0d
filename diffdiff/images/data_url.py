"""Maps and pictures as data URLs, as the painter and a page take them."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from PIL import Image

HEAD = "data:image/png;base64,"


def sixteen_bits(change_map: np.ndarray) -> np.ndarray:
    """Return a map float32 [H, W] in 0..1 as uint16; `decode` restores every value that has 16
    bits."""
    return np.round(change_map.astype(np.float64) * 65535).astype(np.uint16)


def map_url(change_map: np.ndarray) -> str:
    """Return a map, float32 [H, W] in 0..1, as the data URL of a 16-bit PNG."""
    _, data = cv2.imencode(".png", sixteen_bits(change_map))
    return HEAD + base64.b64encode(data.tobytes()).decode("ascii")


def picture_url(picture: Image.Image) -> str:
    """Return a picture as the data URL of a PNG."""
    data = io.BytesIO()
    picture.save(data, "PNG")
    return HEAD + base64.b64encode(data.getvalue()).decode("ascii")
