"""Change maps: read from whatever a user sends, and brought to the size that is needed.

A change map is a float32 array [H, W] in 0..1, where 1 means change fully and 0 means keep.
"""

from __future__ import annotations

import base64
import io
import math
import re
from typing import Any

import cv2
import numpy as np
from PIL import Image

from .errors import FieldError

MAX_SIDE = 16384  # pixels
MAX_PIXELS = 8192 * 8192
MAX_TEXT = 128 * 1024 * 1024  # characters of base64
BLOCK = 2**17  # pixels of a block of rows that stays in the cache
ROUNDING = 1e-6  # how far outside 0..1 a float may lie

# Readers that Pillow always has and that run no other program (its EPS reader starts Ghostscript).
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
DATA_URL = re.compile(r"data:image/[^,]{0,200};base64\Z", re.IGNORECASE)
# Rec. 601 in 16-bit fixed point, as Pillow's "L" has it; the weights sum to 65536 exactly.
LUMA = np.array([[19595, 38470, 7471]])

SEND_TEXT = (
    "Send the picture as base64 text or as a data:image/png;base64,... URL; "
    "file paths and web addresses are never opened"
)
SEND_FILE = "Send a complete PNG, JPEG, WebP, BMP, GIF or TIFF picture"
SEND_SIZE = "Send a map of at most 8192x8192 pixels"


def decode(value: Any, field: str = "map") -> np.ndarray:
    """Read a change map: float32 [H, W] in 0..1, 1 = change.

    Args:
        value: base64 text of an image file, with or without "data:image/...;base64," before it;
            bytes of an image file; a PIL image; or an array [H, W] or [H, W, 1 | 3 | 4] of bool,
            uint8, uint16 or floats in 0..1.
        field: the name that errors carry.

    Colour becomes luma (Rec. 601), alpha multiplies it (transparent = keep), 16-bit grey keeps its
    precision, EXIF orientation is applied, of an animation the first frame is read. Pillow's mode
    "I" is taken as 16-bit grey (0..65535), which is what it means for a PNG; 16-bit *colour* is
    read with 8 bits, because Pillow does so. Text never names a file: nothing is opened.

    Raises:
        FieldError: `field`, for everything that is not such a picture, for less than 2x2 pixels,
            and for more than 8192*8192 pixels or 16384 on a side (told from the header, before
            any pixel is decoded).
    """
    if isinstance(value, str):
        return _from_bytes(_from_text(value, field), field, SEND_TEXT)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(value), field, SEND_FILE)
    if isinstance(value, Image.Image):
        return _from_picture(value, field, SEND_FILE)
    if isinstance(value, np.ndarray):
        return _from_array(value, field)
    if value is None:
        raise FieldError(field, "there is no map", SEND_TEXT)
    raise FieldError(field, f"a {type(value).__name__} is not a picture", SEND_TEXT)


def _from_text(text: str, field: str) -> bytes:
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


def _from_bytes(data: bytes, field: str, remedy: str) -> np.ndarray:
    if not data:
        raise FieldError(field, "the file is empty", remedy)
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        problem = "the picture has far more than 67 million pixels"
        raise FieldError(field, problem, SEND_SIZE) from None
    except Exception:  # a damaged header can make a reader raise nearly anything
        raise FieldError(field, "this is not a picture that can be read", remedy) from None
    with picture:
        # Other extensions switch on Pillow's LOAD_TRUNCATED_IMAGES for the whole process; the
        # end mark of a PNG tells a cut file all the same.
        if picture.format == "PNG" and data.rfind(b"IEND") < 0:
            raise FieldError(field, "the picture is truncated", remedy)
        return _from_picture(picture, field, remedy)


def _from_picture(picture: Image.Image, field: str, remedy: str) -> np.ndarray:
    _check_size(*picture.size, field)
    try:
        if picture.tell():
            picture.seek(0)
        picture.load()
        pixels = _pixels(picture)
        orientation = _orientation(picture)
    except Exception as error:  # as above: any failure of a reader means a damaged file
        reason = str(error) or type(error).__name__
        problem = f"the picture is damaged or truncated ({reason[:120]})"
        raise FieldError(field, problem, remedy) from None
    return _upright(_from_array(pixels, field), orientation)


def _pixels(picture: Image.Image) -> np.ndarray:
    """The picture as an array that `_from_array` takes; 16-bit modes never pass 8 bits."""
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
    if isinstance(key, (int, tuple)) and mode in ("1", "L", "I", "RGB", "I;16", "I;16B"):
        return _with_key(pixels, key * 255 if mode == "1" and key == 1 else key)
    return pixels


def _with_key(pixels: np.ndarray, key: int | tuple[int, ...]) -> np.ndarray:
    """The same picture with alpha 0 where a pixel has the one colour that PNG calls transparent."""
    opaque = np.atleast_3d(pixels != np.asarray(key)).any(axis=2)
    grey = pixels[..., None] if pixels.ndim == 2 else pixels
    alpha = opaque.astype(pixels.dtype) * np.iinfo(pixels.dtype).max
    return np.dstack([grey] * (3 // grey.shape[2]) + [alpha])


def _orientation(picture: Image.Image) -> int:
    if picture.format == "TIFF":  # Pillow has turned it already, and old ones keep the tag
        return 1
    try:
        return int(picture.getexif().get(0x0112, 1))
    except Exception:  # unreadable metadata says nothing about the pixels
        return 1


def _upright(m: np.ndarray, orientation: int) -> np.ndarray:
    turned = {
        2: m[:, ::-1],
        3: m[::-1, ::-1],
        4: m[::-1],
        5: m.T,
        6: m[::-1].T,
        7: m[::-1, ::-1].T,
        8: m.T[::-1],
    }
    return np.ascontiguousarray(turned.get(orientation, m))


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
    """The value that means 1 in this array; refuses other types and floats outside 0..1."""
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
    """Colour [H, W, 3 | 4] as grey float32 [H, W]; equal channels give exactly value / top."""
    m = np.empty(pixels.shape[:2], np.float32)
    rows = 1 + BLOCK // pixels.shape[1]
    # Integers below 2**24 are exact in float32: 8 bits times 65536 is, 16 bits are not.
    exact = np.float32 if pixels.dtype in (np.uint8, bool) else np.float64
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


def invert(m: np.ndarray) -> np.ndarray:
    """1 - m, for maps in which white means keep, as in the paper. float32 [H, W] in 0..1."""
    return np.subtract(np.float32(1), m, dtype=np.float32)


def levels(m: np.ndarray, black: float, white: float, gamma: float) -> np.ndarray:
    """Stretch the values of a map: float32 [H, W] in 0..1 to the same.

    Args:
        black, white: the map values that become 0 and 1.
        gamma: then t becomes t ** (1 / gamma); above 1 brightens.

    With (0, 1, 1) the map itself is returned.

    Raises:
        FieldError: "black", "white" or "gamma", for values that are not finite, for
            black >= white (in float32) and for gamma <= 0.
    """
    low, high, power = _level_values(black, white, gamma)
    if (low, high, power) == (0, 1, 1):
        return m
    out = np.empty(m.shape, np.float32)
    rows = 1 + BLOCK // m.shape[1]
    for start in range(0, len(m), rows):
        t = np.subtract(m[start : start + rows], low, dtype=np.float32)
        t /= high - low
        block = np.clip(t, 0, 1, out=out[start : start + rows])
        if power != 1:  # 0 and 1 stay, and libm is slow there
            np.power(block, power, out=block, where=(block > 0) & (block < 1))
    return out


def _level_values(black: float, white: float, gamma: float) -> tuple[np.float32, ...]:
    for name, value in (("black", black), ("white", white), ("gamma", gamma)):
        if not math.isfinite(value) or abs(value) > 1e6:
            raise FieldError(name, f"{value} is not a usable number", "Use a finite number")
    if not np.float32(black) < np.float32(white):
        problem = f"{black} is not below white ({white})"
        raise FieldError("black", problem, "Use a black level smaller than the white level")
    if gamma < 1e-6:
        remedy = "Use a number above 0; 1 leaves the map as it is"
        raise FieldError("gamma", f"{gamma} is not a usable exponent", remedy)
    return np.float32(black), np.float32(white), np.float32(1 / gamma)


def resize(m: np.ndarray, width: int, height: int) -> np.ndarray:
    """A map at another size: float32 [height, width] in 0..1.

    Each axis on its own: area averaging where it shrinks, linear between pixel centres where it
    grows. A part of the map that has one value keeps exactly that value. At the same size the map
    itself is returned.

    Raises:
        FieldError: "width" or "height" below one pixel.
    """
    for name, side in (("width", width), ("height", height)):
        if side < 1:
            raise FieldError(name, f"{side} pixels", "Use a size of at least one pixel")
    rows, columns = m.shape
    if (rows, columns) == (height, width):
        return m
    if height < rows or width < columns:
        m = _area(m, min(height, rows), min(width, columns))
    if height > rows:
        m = _stretch(m, height, axis=0)
    if width > columns:
        m = _stretch(m, width, axis=1)
    return np.clip(m, 0, 1, out=m)


def _area(m: np.ndarray, height: int, width: int) -> np.ndarray:
    """Area averages, [height, width], neither side larger than the map's.

    cv2 holds its weights in float32, which turns a constant into a neighbouring float. Sums in
    float64, divided by what the same weights make of ones, give the constant back.
    """
    rows, columns = m.shape
    shared = math.gcd(rows, height)
    source, target = rows // shared, height // shared  # the pattern of weights repeats so
    repeat = min(shared, 1 + BLOCK // (source * columns))
    block = np.ones((repeat * source, columns))
    weight = _cv_area(block, repeat * target, width)
    out = np.empty((height, width), np.float32)
    for first in range(0, shared, repeat):
        count = min(repeat, shared - first)
        part = block[: count * source]
        part[:] = m[first * source : (first + count) * source]
        means = _cv_area(part, count * target, width)
        np.divide(means, weight[: count * target], out=means)
        out[first * target : (first + count) * target] = means
    return out


def _cv_area(block: np.ndarray, height: int, width: int) -> np.ndarray:
    area = cv2.resize(block, (width, height), interpolation=cv2.INTER_AREA)
    return area.reshape(height, width)


def _stretch(m: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Linear enlargement of one axis to `size`; the border pixel continues outwards."""
    last = m.shape[axis] - 1
    at = np.clip((np.arange(size) + 0.5) * ((last + 1) / size) - 0.5, 0, last)
    low = at.astype(np.intp)
    part = (at - low).astype(np.float32)
    first = np.take(m, low, axis)
    step = np.take(m, np.minimum(low + 1, last), axis)
    step -= first  # a + (b - a) t: equal neighbours stay exactly what they are
    step *= part[:, None] if axis == 0 else part
    step += first
    return step


def follow(
    m: np.ndarray, resize_mode: int, image_size: tuple[int, int], width: int, height: int
) -> np.ndarray:
    """What the WebUI does to the init image before img2img, done to its map: [height, width].

    Args:
        m: float32 [H, W] in 0..1.
        resize_mode: 0 just resize, 1 crop and resize, 2 resize and fill, 3 latent upscale (the
            host stretches the latent as a whole, so the geometry is that of 0).
        image_size: (width, height) of the init image in pixels; a map of another size is first
            resized to it.
        width, height: of the job, in pixels.

    The integers are those of `modules.images.resize_image` (A1111 v1.10.1, the same in Forge). In
    mode 2 the border values of the map continue into the filled part, as the picture's do.

    Raises:
        FieldError: "resize_mode", "width" or "height".
    """
    if resize_mode not in (0, 1, 2, 3):
        remedy = "Use 0 (just resize), 1 (crop and resize), 2 (resize and fill) or 3"
        raise FieldError("resize_mode", f"{resize_mode} is not a resize mode", remedy)
    image_width, image_height = image_size
    m = resize(m, image_width, image_height)
    if resize_mode in (0, 3):
        return resize(m, width, height)
    wider = width / height > image_width / image_height  # the job is wider than the picture
    fitted_width, fitted_height = width, height
    if wider == (resize_mode == 1):
        fitted_height = image_height * width // image_width
    else:
        fitted_width = image_width * height // image_height
    left, top = width // 2 - fitted_width // 2, height // 2 - fitted_height // 2
    return _window(resize(m, fitted_width, fitted_height), left, top, width, height)


def _window(m: np.ndarray, left: int, top: int, width: int, height: int) -> np.ndarray:
    """A map pasted at (left, top) into [height, width]: cut outside, continued at its borders."""
    columns = np.clip(np.arange(width) - left, 0, m.shape[1] - 1)
    rows = np.clip(np.arange(height) - top, 0, m.shape[0] - 1)
    return m[rows[:, None], columns]


def to_latent(m: np.ndarray, h: int, w: int) -> np.ndarray:
    """A map at latent resolution: float32 [h, w] in 0..1 by area averaging.

    For whole factors this is the mean of each block, and a block of one value keeps exactly it.
    """
    return resize(m, w, h)
