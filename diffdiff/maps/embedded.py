"""A change map as a line of text inside its picture, in a text chunk of a PNG.

    DD1 <width>x<height> <map> [<support>]

map and support are PNG files in base64. The map is gray, 1, 8 or 16 bits, of the named size or
smaller; support, one bit at the named size, has where the map is above 0 and comes only with a
smaller one: where the picture is kept must come back to the pixel, how much the rest changes need
not.
"""

from __future__ import annotations

import base64
import re
import struct

import cv2
import numpy as np

from ..errors import FieldError
from ..images.png_chunks import SIGNATURE
from ..images.read import MAX_PIXELS, MAX_SIDE, ROUNDING, decode
from .geometry import resize

LIMIT = 65536  # characters
LEAST = 512  # characters that any map fits into
QUICK, THOROUGH = 5, 8  # levels of compression
HOPELESS = 2  # quick packing takes at most so many times the room that thorough packing takes
MAX_FITTED = 2**23  # pixels of a map for which there is time for the next
ROUNDS = 4  # of making up for what enlarging does to the means
FORM = re.compile(
    r"DD1 ([0-9]{1,5})x([0-9]{1,5}) ([A-Za-z0-9+/]+={0,2})(?: ([A-Za-z0-9+/]+={0,2}))?"
)
REMEDY = "Use the picture as it was saved, or send its map"


def pack(change_map: np.ndarray, limit: int = LIMIT) -> str:
    """Write a map as text: ASCII without line breaks, `limit` characters at most.

    Args:
        change_map: float32 [H, W] in 0..1.
        limit: characters, 512 or more.

    The first that fits of: 16 bits (only 8 or 1 for a map that has no more), 8 bits, then the same
    at a half, a quarter, ... of the resolution. At full resolution `unpack` gives a map of 1, 8 or
    16 bits back bit for bit, and any other rounded. Smaller, it gives back exactly where the map
    is 0 (where that fits into half of the limit), and nearly the means of latent cells, 8x8 pixels:
    brushed, softened and round maps of 512x512 to 4096x4096 were off by 0.004 at most, which is the
    rounding to 8 bits, and by 0.0007 on average. Fine texture is what suffers: spots of 12 pixels
    by 0.002 at 2048x2048, spots of 3 pixels by 0.014 at 1024x1024, but by 0.3 at 2048x2048.

    Raises:
        FieldError: "map" for what is no map, "limit".
    """
    change_map = _checked(change_map)
    if limit < LEAST:
        raise FieldError("limit", f"{limit} characters", f"Use {LEAST} or more")
    height, width = change_map.shape
    head = f"DD1 {width}x{height} "
    room = limit - len(head)
    for top in _depths(change_map):
        text = _grey(change_map, top, room)
        if text is not None:
            return head + text
    support: np.ndarray | None = change_map > 0
    mark = _grey(support, 1, limit // 2)
    if mark is None or support.all():
        support, mark = None, None
    tail = "" if mark is None else " " + mark
    scale = 2
    while True:
        columns, rows = (max(2, -(-side // scale)) for side in (width, height))
        small = np.clip(_means(change_map, support, columns, rows), 0, 1)
        for top in (65535, 255):
            if _grey(small, top, room - len(tail)) is not None:
                if change_map.size <= MAX_FITTED:
                    small = _fitted(small, change_map, support)
                text = _grey(small, top, room - len(tail))
                if text is not None:
                    return head + text + tail
        scale *= 2


def unpack(text: str) -> np.ndarray:
    """Read the map of a text by `pack`: float32 [H, W] in 0..1.

    The text may come from anywhere: it is held to the limits of `diffdiff.images.read`, by its own
    header and those of the files in it, before a pixel is decoded.

    Raises:
        FieldError: "map".
    """
    if not isinstance(text, str):
        raise _refused(f"a {type(text).__name__} is not text")
    if len(text) > LIMIT:
        raise _refused(f"its text is longer than {LIMIT} characters")
    found = FORM.fullmatch(text)
    if found is None:
        raise _refused("its text is not of the form DD1 <width>x<height> <map>")
    width, height = int(found[1]), int(found[2])
    if not (2 <= min(width, height) and max(width, height) <= MAX_SIDE):
        raise _refused(f"its size is {width}x{height}")
    if width * height > MAX_PIXELS:
        raise _refused(f"its size is {width}x{height}, more than 67 million pixels")
    small = _read(found[3], width, height, exact=False)
    if small.shape == (height, width):
        return small
    support = _read(found[4], width, height, exact=True) > 0 if found[4] else None
    return _enlarged(small, support, width, height)


def _checked(m: np.ndarray) -> np.ndarray:
    if not isinstance(m, np.ndarray) or m.ndim != 2 or m.dtype != np.float32:
        raise FieldError("map", "it is not a change map", "Give float32 [H, W] in 0..1")
    height, width = m.shape
    if min(m.shape) < 2 or max(m.shape) > MAX_SIDE or m.size > MAX_PIXELS:
        remedy = f"Give 2x2 to 8192x8192 pixels, {MAX_SIDE} on a side at most"
        raise FieldError("map", f"it is {width}x{height} pixels", remedy)
    if not (m.min() >= -ROUNDING and m.max() <= 1 + ROUNDING):  # NaN too
        raise FieldError("map", "it has values outside 0..1", "Give float32 [H, W] in 0..1")
    return np.clip(m, 0, 1)


def _depths(m: np.ndarray) -> tuple[int, ...]:
    """Return the quantization steps to try: only one where it holds the map without loss."""
    for top in (1, 255):
        for part in (m[::32], m):  # most maps tell already by a few rows
            if (np.rint(part * np.float32(top)) / np.float32(top) != part).any():  # as in `decode`
                break
        else:
            return (top,)
    return 65535, 255


def _grey(m: np.ndarray, top: int, room: int) -> str | None:
    """Write a map, or bool, as a PNG of 1, 8 or 16 bits in base64; None where that takes more
    room."""
    if top == 1:
        steps, options = m.astype(np.uint8) * np.uint8(255), (cv2.IMWRITE_PNG_BILEVEL, 1)
    else:
        steps, options = np.rint(m * np.float32(top)), ()
        steps[(m > 0) & (steps < 1)] = 1  # what changes a little is not kept
        steps = steps.astype(np.uint8 if top == 255 else np.uint16)
    for level, most in ((QUICK, HOPELESS * room), (THOROUGH, room)):
        packing = [cv2.IMWRITE_PNG_COMPRESSION, level, *options]
        data = cv2.imencode(".png", steps, packing)[1].tobytes()
        if 4 * -(-len(data) // 3) > most:
            return None
    return base64.b64encode(data).decode()


def _means(m: np.ndarray, support: np.ndarray | None, width: int, height: int) -> np.ndarray:
    """Return block means; with a support, of their part within it: an edge between what changes and
    what is kept then stays sharp."""
    small = cv2.resize(m, (width, height), interpolation=cv2.INTER_AREA)
    if support is None:
        return small
    weight = support.astype(np.float32)
    part = cv2.resize(weight, (width, height), interpolation=cv2.INTER_AREA)
    return np.divide(small, part, out=np.zeros_like(small), where=part > 0)


def _fitted(small: np.ndarray, m: np.ndarray, support: np.ndarray | None) -> np.ndarray:
    """Adjust the smaller map until its enlargement has the means of the map itself."""
    rows, columns = small.shape
    changed = small > 0
    for _ in range(ROUNDS):
        missed = m - _enlarged(small, support, m.shape[1], m.shape[0])
        small = np.clip(small + _means(missed, support, columns, rows), 0, 1)
        small[changed] = np.maximum(small[changed], np.float32(1 / 65535))
    return small


def _enlarged(small: np.ndarray, support: np.ndarray | None, width: int, height: int) -> np.ndarray:
    """Enlarge a smaller map to full size; with a support, 0 outside and above 0 within."""
    if support is None:
        return resize(small, width, height)
    known = (small > 0).astype(np.float32)
    total, count = (cv2.blur(a, (3, 3), borderType=cv2.BORDER_CONSTANT) for a in (small, known))
    near = np.divide(total, count, out=np.zeros_like(small), where=count > 0.05)
    whole = resize(np.where(known > 0, small, near), width, height)
    return np.where(support, np.maximum(whole, np.float32(1 / 65535)), np.float32(0))


def _read(text: str, width: int, height: int, exact: bool) -> np.ndarray:
    """Read a base64 PNG of this size, or at most as large: float32 in 0..1."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise _refused("its base64 is damaged") from None
    if len(data) < 33 or not data.startswith(SIGNATURE) or data[12:16] != b"IHDR":
        raise _refused("it is not a PNG")
    columns, rows = struct.unpack(">LL", data[16:24])
    if columns > width or rows > height or (exact and (columns, rows) != (width, height)):
        raise _refused(f"it has {columns}x{rows} pixels for {width}x{height}")
    try:
        return decode(data)
    except FieldError as error:
        raise _refused(error.problem) from None


def _refused(problem: str) -> FieldError:
    return FieldError("map", f"the map in the picture cannot be read: {problem}", REMEDY)
