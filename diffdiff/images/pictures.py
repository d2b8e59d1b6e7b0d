"""Pictures from files: read once, checked, upright and in RGB."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..errors import FieldError
from . import tiff
from .formats import FORMATS, WITH_TIFF
from .read import MAX_PIXELS, MAX_SIDE, decode, not_read

SEND = f"Use a {WITH_TIFF} picture"
PAPER = "white"  # what shows through where a picture is transparent, as in the WebUIs


def load(path: str | Path, field: str) -> bytes:
    """Read the bytes of a file.

    Raises:
        FieldError: `field`; no such file, a folder, or no permission.
    """
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        problem = f"{path} cannot be read ({reason})"
        raise FieldError(field, problem, "Give the path of a picture") from None


def digest(picture: Image.Image) -> str:
    """Return a name of a picture's pixels: equal pixels, and no others, have the same."""
    shape = f"{picture.mode} {picture.width} {picture.height} ".encode()
    return hashlib.sha256(shape + picture.tobytes()).hexdigest()


def read(data: bytes, field: str = "image", name: str = "this") -> Image.Image:
    """Read a picture as RGB, turned as its EXIF says, transparency on white; of an animation the
    first frame.

    Args:
        data: the file.
        field: the name that errors carry.
        name: of the file, for the error.

    The color profile, if it still describes the pixels, stays in `info["icc_profile"]`.

    Raises:
        FieldError: `field`; not a picture, damaged, more than 8192*8192 pixels or 16384 on a side.
    """
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(field, "far more than 67 million pixels") from None
    except Exception:  # a damaged header can make a reader raise nearly anything
        raise FieldError(field, not_read(name, data), SEND) from None
    with picture:
        layout = tiff.problem(picture)
        if layout is not None:
            raise FieldError(field, f"{name}: {layout}", tiff.REMEDY)
        width, height = picture.size
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
            raise _too_large(field, f"{width}x{height} pixels")
        profile = picture.info.get("icc_profile")
        coloured = picture.mode in ("RGB", "RGBA", "P")
        try:
            rgb = _rgb(picture, field)
        except FieldError:
            raise
        except Exception as error:  # as above: any failure of a reader means a damaged file
            reason = str(error) or type(error).__name__
            problem = f"{name} is damaged or truncated ({reason[:120]})"
            raise FieldError(field, problem, SEND) from None
    rgb.info = {"icc_profile": profile} if profile and coloured else {}
    return rgb


def _too_large(field: str, size: str) -> FieldError:
    return FieldError(field, f"the picture has {size}", "Use one of at most 8192x8192 pixels")


def _rgb(picture: Image.Image, field: str) -> Image.Image:
    if picture.mode == "F" or picture.mode.startswith("I"):  # Pillow would cut 16 bits off
        gray = np.round(decode(picture, field) * 255).astype(np.uint8)
        return Image.fromarray(gray).convert("RGB")
    return flat(ImageOps.exif_transpose(picture))


def flat(picture: Image.Image) -> Image.Image:
    """Flatten a picture to RGB, with transparency on white."""
    if "transparency" in picture.info or picture.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        clear = picture.convert("RGBA")
        paper = Image.new("RGBA", clear.size, PAPER)
        return Image.alpha_composite(paper, clear).convert("RGB")
    return picture.convert("RGB")
