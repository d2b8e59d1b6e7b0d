"""What an 8-bit RGB picture has lost of its file, alpha and 16 bits, given back where it is kept.

A model works on 8-bit RGB with transparency on white. Where a result is that picture, pixel for
pixel, the file's own values come back; what was changed is opaque.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from .formats import FORMATS, is_tiff
from .pixels import stored
from .read import orientation, upright

CLEAR = ("LA", "PA", "RGBA", "La", "RGBa")


def original(data: bytes) -> np.ndarray | None:
    """Return a file's own values, if they are more than 8-bit RGB without transparency.

    Args:
        data: a file that `diffdiff.images.pictures.read` has accepted.

    Returns:
        `[H, W, 3 | 4]`, upright, uint8 or uint16, RGB or RGBA; None where nothing is lost.
    """
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        turn = _turn(picture)
        deep = picture.mode.startswith("I") or _is_deep_png(picture, data)
        clear = picture.mode in CLEAR or "transparency" in picture.info
        if not (deep or clear) or picture.mode == "F":
            return None
        if deep and _is_deep_png(picture, data) and not picture.mode.startswith("I"):
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
            if pixels is None or pixels.dtype != np.uint16:
                return None
            if pixels.ndim == 3:
                pixels = pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]]
        elif deep:
            pixels = stored(picture)
        else:
            pixels = np.asarray(picture.convert("RGBA"))
    if pixels.ndim == 2:
        pixels = np.dstack([pixels] * 3)
    return upright(pixels.astype(pixels.dtype.newbyteorder("=")), turn)


def _turn(picture: Image.Image) -> int:
    """Return the orientation as `pictures.read` applies it."""
    if picture.format == "TIFF":  # Pillow turns it
        return 1
    if picture.mode.startswith("I"):
        return orientation(picture)
    return int(picture.getexif().get(0x0112, 1))


def lost(own: np.ndarray | None) -> str:
    """Return the words for what a result is without, if it has not been restored."""
    if own is None:
        return ""
    parts = ["its transparency"] * (own.shape[2] == 4) + ["16 bits"] * (own.dtype == np.uint16)
    return " and ".join(parts)


def _is_deep_png(picture: Image.Image, data: bytes) -> bool:
    return picture.format == "PNG" and not is_tiff(data) and data[24] == 16


def restored(
    edited: Image.Image, seen: Image.Image, own: np.ndarray | None
) -> Image.Image | np.ndarray:
    """Return a result with the file's own values where it is the picture that the model saw.

    Args:
        edited: RGB. seen: what the model saw of the file, RGB.
        own: as `original` gave it.

    Returns:
        `edited` itself where there is nothing to give back or the sizes differ; else a picture
        with alpha, or an array `[H, W, 3 | 4]` of uint16.
    """
    if own is None or edited.size != seen.size or own.shape[:2] != (edited.height, edited.width):
        return edited
    after, before = np.asarray(edited.convert("RGB")), np.asarray(seen.convert("RGB"))
    kept = (after == before).all(2)[..., None]
    top = np.iinfo(own.dtype).max
    made = after.astype(own.dtype) * own.dtype.type(top // 255)
    if own.shape[2] == 4:
        made = np.dstack([made, np.full(after.shape[:2], top, own.dtype)])
    whole = np.where(kept, own, made)
    if own.dtype == np.uint16:
        return whole
    picture = Image.fromarray(whole, "RGBA" if own.shape[2] == 4 else "RGB")
    picture.info = dict(edited.info)
    return picture
