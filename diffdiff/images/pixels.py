"""The stored numbers of a picture, as arrays: what each of Pillow's modes holds.

No color management: gamma, profiles and rendering intents are not looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from . import tiff

KEYED = ("1", "L", "I", "RGB", "I;16", "I;16B")  # modes in which PNG names a transparent color


class Unread(ValueError):
    """A picture of a kind that is not read, though it is whole."""


def stored(picture: Image.Image) -> np.ndarray:
    """Decode a picture: `[H, W]` or `[H, W, 3 | 4]` of uint8, uint16, float32, or what Pillow has.

    16-bit modes never pass 8 bits. The one color that a PNG calls transparent gets alpha 0.

    Raises:
        Unread: a transparent color in 16-bit colors, which Pillow cuts to 8 bits.
    """
    bits = _bits(picture)
    picture.load()
    mode = picture.mode
    key = picture.info.get("transparency")
    if mode in ("P", "PA"):
        return np.asarray(picture.convert("RGB" if mode == "P" and key is None else "RGBA"))
    if mode in ("La", "RGBa", "1"):
        picture = picture.convert({"La": "LA", "RGBa": "RGBA", "1": "L"}[mode])
    elif mode not in ("L", "LA", "RGB", "RGBA", "I", "F") and not mode.startswith("I;16"):
        picture = picture.convert("RGB")
    pixels = np.asarray(picture)
    if picture.mode == "LA":
        return np.dstack([pixels[..., :1]] * 3 + [pixels[..., 1:]])
    if picture.mode == "I":
        if pixels.min() < 0 or pixels.max() > 65535:
            return pixels  # true 32-bit values: refused by their type
        pixels = pixels.astype(np.uint16)
    if isinstance(key, (int, tuple)) and mode in KEYED:
        if mode == "RGB" and bits == 16:
            raise Unread("16-bit color with a transparent color is not read, only with alpha")
        if mode == "1":
            key = 255 if key else 0
        elif bits < 8:  # Pillow has stretched the pixels to 8 bits, and not the key
            key = key * 255 // (2**bits - 1)
        return _with_key(pixels, key)
    return tiff.as_stored(picture, pixels)


def _bits(picture: Any) -> int:
    """Return the bits of a stored value of a PNG that is not loaded yet; 8 where they do not
    matter."""
    tiles = getattr(picture, "tile", None) or ()
    raw = tiles[0][3] if tiles and getattr(picture, "format", None) == "PNG" else ""
    raw = raw[0] if isinstance(raw, tuple) else raw
    depth = str(raw).partition(";")[2].rstrip("BNLS")
    return int(depth) if depth.isdecimal() else 8


def _with_key(pixels: np.ndarray, key: int | tuple[int, ...]) -> np.ndarray:
    opaque = np.atleast_3d(pixels != np.asarray(key)).any(axis=2)
    gray = pixels[..., None] if pixels.ndim == 2 else pixels
    alpha = opaque.astype(pixels.dtype) * np.iinfo(pixels.dtype).max
    return np.dstack([gray] * (3 // gray.shape[2]) + [alpha])
