"""Read change maps from whatever a user sends.

A change map is a float32 array [H, W] in 0..1, where 1 means change fully and 0 means keep.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from PIL import Image

from ..errors import FieldError
from . import formats, tiff, untrusted
from .formats import FORMATS, LISTED, WITH_TIFF
from .pixels import Unread, stored

MAX_SIDE = 16384  # pixels
MAX_PIXELS = 8192 * 8192
MAX_TEXT = 128 * 1024 * 1024  # characters of base64
BLOCK = 2**17  # pixels of a block of rows that stays in the cache
MAX_OVERPAINT = 8  # planes of a picture, each with all its pixels
ROUNDING = 1e-6  # how far outside 0..1 a float may lie

TURNS = {  # EXIF orientation: what makes the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
DATA_URL = re.compile(r"data:image/[^,]{0,200};base64\Z", re.IGNORECASE)
# Rec. 601 in 16-bit fixed point, as Pillow's "L" has it; the weights sum to 65536 exactly.
LUMA = np.array([[19595, 38470, 7471]])

SEND_TEXT = (
    "Send the picture as base64 text or as a data:image/png;base64,... URL; "
    "file paths and web addresses are never opened"
)
SEND_FILE = f"Send a complete {WITH_TIFF} picture"
SEND_WEB = f"Send a complete {LISTED} picture"  # as text: to a WebUI, whose Pillow may be any
SEND_SIZE = "Send a map of at most 8192x8192 pixels"


def decode(value: Any, field: str = "map", with_tiff: bool = True) -> np.ndarray:
    """Read a change map: float32 [H, W] in 0..1, 1 = change.

    Args:
        value: base64 text of an image file, with or without "data:image/...;base64," before it;
            bytes of an image file; a PIL image; or an array [H, W] or [H, W, 1 | 3 | 4] of bool,
            uint8, uint16 or floats in 0..1.
        field: the name that errors carry.
        with_tiff: whether bytes may be a TIFF; text may not.

    Values are the stored numbers, without color management. Color becomes luma (Rec. 601), alpha
    multiplies it (transparent = keep), 16-bit gray keeps its precision, EXIF orientation is
    applied, of an animation the first frame is read. Pillow's mode "I" is taken as 16-bit gray
    (0..65535), which is what it means for a PNG; 16-bit *color* is read with 8 bits, because Pillow
    does so. Text never names a file: nothing is opened.

    Raises:
        FieldError: `field`, for everything that is not such a picture, for less than 2x2 pixels,
            and for more than 8192*8192 pixels or 16384 on a side (checked in the header, before
            any pixel is decoded).
    """
    if isinstance(value, str):
        return _from_bytes(bytes_of(value, field), field, SEND_WEB)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(value), field, SEND_FILE if with_tiff else SEND_WEB)
    if isinstance(value, Image.Image):
        return _from_picture(value, field, SEND_FILE)
    if isinstance(value, np.ndarray):
        return _from_array(value, field)
    if value is None:
        raise FieldError(field, "there is no map", SEND_TEXT)
    raise FieldError(field, f"a {type(value).__name__} is not a picture", SEND_TEXT)


def decode_picture(value: str | bytes, field: str = "image") -> Image.Image:
    """Read a picture: RGB, or RGBA where it has transparency, upright.

    Args:
        value: base64 text or a data URL, or bytes of an image file.
        field: the name that errors carry.

    Raises:
        FieldError: `field`, as `decode` does.
    """
    if not isinstance(value, (str, bytes)):
        raise FieldError(field, f"a {type(value).__name__} is not a picture", SEND_TEXT)
    data = bytes_of(value, field) if isinstance(value, str) else value
    return _from_bytes(data, field, SEND_WEB if isinstance(value, str) else SEND_FILE, _colours)


def _colours(picture: Image.Image, field: str, remedy: str) -> Image.Image:
    _check_size(*picture.size, field)
    try:
        picture.load()
        clear = picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info
        if picture.mode[0] not in "IF":
            turn = TURNS.get(orientation(picture))
            picture = picture.convert("RGBA" if clear else "RGB")
            return picture if turn is None else picture.transpose(turn)
    except Exception as error:  # as below: any failure of a reader means a damaged file
        problem = f"the picture is damaged or truncated ({type(error).__name__})"
        raise FieldError(field, problem, remedy) from None
    # 16-bit gray and floats: Pillow would cut off what is above 255
    grey = _from_picture(picture, field, remedy)
    return Image.fromarray(np.rint(grey * 255).astype(np.uint8)).convert("RGB")


def bytes_of(text: str, field: str) -> bytes:
    """Return the file in base64 text or a data URL.

    Raises:
        FieldError: `field`, for text that is too long, empty or something else.
    """
    if len(text) > MAX_TEXT:
        raise FieldError(field, "the text is longer than 128 MiB", SEND_SIZE + ", saved as PNG")
    comma = text.find(",", 0, 256)
    start = 0
    if comma >= 0 and DATA_URL.match(text[:comma].strip()):
        start = comma + 1
    try:
        # without whitespace, so that text wrapped into lines is fine and all else can be refused
        packed = text[start:].encode("ascii").translate(None, b" \t\r\n\v\f")
        data = base64.b64decode(packed, validate=True)
    except ValueError:
        raise FieldError(field, "the text is not base64", SEND_TEXT) from None
    if not data:
        raise FieldError(field, "the text is empty", SEND_TEXT)
    return data


def _from_bytes(
    data: bytes, field: str, remedy: str, read: Callable[..., Any] | None = None
) -> Any:
    """Return what `read(picture, field, remedy)` makes of a file; the default: a map."""
    if not data:
        raise FieldError(field, "the file is empty", remedy)
    if remedy == SEND_WEB and formats.is_tiff(data):
        raise FieldError(field, "TIFF is not read here", f"{tiff.HOST_REMEDY}. {LISTED} are read")
    problem = untrusted.trouble(data)
    if problem is not None:
        raise FieldError(field, f"the picture is damaged ({problem})", remedy)
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        problem = "the picture has far more than 67 million pixels"
        raise FieldError(field, problem, SEND_SIZE) from None
    except Exception:  # a damaged header can make a reader raise nearly anything
        unknown = remedy == SEND_WEB and formats.name(data) is None  # perhaps no picture was meant
        raise FieldError(field, not_read("this", data), SEND_TEXT if unknown else remedy) from None
    with picture:
        # Other extensions switch on Pillow's LOAD_TRUNCATED_IMAGES for the whole process; the
        # end mark of a PNG shows a truncated file all the same.
        if picture.format == "PNG" and data.rfind(b"IEND") < 0:
            raise FieldError(field, "the picture is truncated", remedy)
        layout = tiff.problem(picture)
        if layout is not None:
            raise FieldError(field, layout, tiff.REMEDY)
        if _painted(picture) > MAX_OVERPAINT * picture.width * picture.height:
            raise FieldError(field, "the picture is damaged (it is painted over)", remedy)
        return (read or _from_picture)(picture, field, remedy)


def not_read(what: str, data: bytes) -> str:
    """Say of a file that no reader opened what it is, as far as its first bytes tell."""
    kind = formats.name(data)
    reason = f"{kind}, which is not read" if kind else "not a picture that can be read"
    return f"{what} is {reason}"


def _painted(picture: Image.Image) -> int:
    """Return the pixels that the parts of a file (strips, tiles, planes) would fill; a file may
    name the same ones over and over."""
    boxes = (
        tile[1] for tile in getattr(picture, "tile", None) or () if tile[1]
    )  # None without any
    return sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)


def _from_picture(picture: Image.Image, field: str, remedy: str) -> np.ndarray:
    _check_size(*picture.size, field)
    try:
        if picture.tell():
            picture.seek(0)
        pixels = stored(picture)
        turn = orientation(picture)
    except Unread as error:
        raise FieldError(field, str(error), tiff.REMEDY) from None
    except Exception as error:  # as above: any failure of a reader means a damaged file
        reason = str(error) or type(error).__name__
        problem = f"the picture is damaged or truncated ({reason[:120]})"
        raise FieldError(field, problem, remedy) from None
    return upright(_from_array(pixels, field), turn)


def orientation(picture: Image.Image) -> int:
    """Return what EXIF says of a picture's orientation, 1..8; 1 where it says nothing."""
    if picture.format == "TIFF":  # Pillow has turned it already, and old ones keep the tag
        return 1
    try:
        exif = picture.info.get("exif")
        profile = picture.info.get("Raw profile type exif")  # ImageMagick's way, in hex
        if exif is None and profile is not None:
            exif = bytes.fromhex("".join(profile.split("\n")[3:]))
        if not exif or untrusted.directories(exif):
            return 1
        tags = Image.Exif()  # not `getexif`, which looks into XMP too: no browser does
        tags.load(exif)
        return int(tags.get(0x0112, 1))
    except Exception:  # unreadable metadata says nothing about the pixels
        return 1


def upright(m: np.ndarray, turn: int) -> np.ndarray:
    """Return an array `[H, W]` or `[H, W, C]` turned by an EXIF orientation."""
    turned = {
        2: m[:, ::-1],
        3: m[::-1, ::-1],
        4: m[::-1],
        5: m.swapaxes(0, 1),
        6: m[::-1].swapaxes(0, 1),
        7: m[::-1, ::-1].swapaxes(0, 1),
        8: m.swapaxes(0, 1)[::-1],
    }
    return np.ascontiguousarray(turned.get(turn, m))


def _from_array(pixels: np.ndarray, field: str) -> np.ndarray:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.ndim not in (2, 3) or channels not in (1, 3, 4):
        remedy = "Send an array [H, W] or [H, W, 1 | 3 | 4]"
        raise FieldError(field, f"an array of shape {list(pixels.shape)} is not a map", remedy)
    _check_size(pixels.shape[1], pixels.shape[0], field)
    top = _full_scale(pixels, field)
    if channels == 1:
        m = np.divide(pixels.reshape(pixels.shape[:2]), top, dtype=np.float32)
    else:
        m = _luma(pixels, top)
    if channels == 4:
        m *= np.divide(pixels[..., 3], top, dtype=np.float32)
    return np.clip(m, 0, 1, out=m)


def _full_scale(pixels: np.ndarray, field: str) -> np.float32:
    """Return the value that means 1 in this array; refuse other types and floats outside 0..1."""
    if pixels.dtype == bool:
        return np.float32(1)
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize <= 2:  # either byte order
        return np.float32(np.iinfo(pixels.dtype).max)
    if pixels.dtype.kind != "f":
        remedy = "Send bool, uint8, uint16, or floats in 0..1"
        raise FieldError(field, f"values of type {pixels.dtype} are not read", remedy)
    low, high = pixels.min(), pixels.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise FieldError(field, "it holds NaN or infinite values", "Send floats in 0..1")
    if low < -ROUNDING or high > 1 + ROUNDING:
        problem = f"its floats lie in {low:g}..{high:g}"
        raise FieldError(field, problem, "Send floats in 0..1, or 8-bit values as uint8")
    return np.float32(1)


def _luma(pixels: np.ndarray, top: np.float32) -> np.ndarray:
    """Return color [H, W, 3 | 4] as gray float32 [H, W]; equal channels give exactly value /
    top."""
    m = np.empty(pixels.shape[:2], np.float32)
    rows = 1 + BLOCK // pixels.shape[1]
    # Integers below 2**24 are exact in float32: 8 bits times 65536 is, 16 bits are not.
    exact = np.float32 if pixels.dtype == np.uint8 or pixels.dtype == bool else np.float64
    weights = LUMA.astype(exact)
    for start in range(0, len(m), rows):
        block = pixels[start : start + rows, :, :3].astype(exact)
        total = cv2.transform(np.ascontiguousarray(block), weights)
        np.divide(total, exact(top) * 65536, out=m[start : start + rows], casting="same_kind")
    return m


def _check_size(width: int, height: int, field: str) -> None:
    size = f"{width}x{height} pixels"
    if width < 1 or height < 1:
        raise FieldError(field, "the picture has no pixels", SEND_FILE)
    if width < 2 or height < 2:
        raise FieldError(field, f"the picture is {size}", "Send a map of at least 2x2 pixels")
    if width * height > MAX_PIXELS:
        raise FieldError(field, f"the picture is {size}, more than 67 million", SEND_SIZE)
    if max(width, height) > MAX_SIDE:
        remedy = f"Send a map with sides of at most {MAX_SIDE} pixels"
        raise FieldError(field, f"the picture is {size}", remedy)
