"""Pictures as they are sent, whole and damaged; and what is sent in their place."""

from __future__ import annotations

import base64
import io
import random
import struct
from typing import Any

import numpy as np
from PIL import Image

from diffdiff.images import read as decode
from diffdiff.images.formats import is_tiff
from diffdiff.maps import geometry

from .bombs import BOMBS, chunk, exif_png
from .values import wild, words
from .watch import Case

MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"),
    "GIF": ("1", "L", "P"),
    "BMP": ("1", "L", "P", "RGB"),
}
FIELDS = ("map", "image", "mask")
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF)
NUMBERS = (0, 1, 2, 7, 255, 256, 65535, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


def file(rng: random.Random, kind: str | None = None) -> bytes:
    """A good picture of 2 to 80 pixels a side."""
    kind = kind or rng.choice(list(MODES))
    mode = rng.choice(MODES[kind])
    picture = _pixels(rng, rng.randint(2, 80), rng.randint(2, 80), mode)
    options: dict[str, Any] = {}
    if kind == "TIFF":
        packed = ["raw", "tiff_lzw", "tiff_deflate", "packbits"]
        options["compression"] = rng.choice(packed if mode != "F" else packed[:3])
    if kind == "JPEG":
        options = {"quality": rng.randint(1, 95), "progressive": rng.random() < 0.4}
    if kind == "WEBP":
        options = {"lossless": rng.random() < 0.5, "quality": rng.randint(0, 100), "method": 0}
    if kind == "PNG" and mode in ("L", "P") and rng.random() < 0.3:
        options["transparency"] = rng.randint(0, 255)
    if kind in ("PNG", "JPEG", "WEBP") and rng.random() < 0.3:
        exif = Image.Exif()
        exif[0x0112] = rng.randint(0, 9)
        options["exif"] = exif.tobytes()
    if kind in ("GIF", "WEBP", "PNG") and mode in ("L", "RGB") and rng.random() < 0.2:
        options |= {"save_all": True, "append_images": [picture.rotate(180)]}
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _pixels(rng: random.Random, width: int, height: int, mode: str) -> Image.Image:
    numbers = np.random.default_rng(rng.getrandbits(32))
    if mode == "F":
        return Image.fromarray(numbers.random((height, width), np.float32))
    if mode == "I;16":
        return Image.fromarray(numbers.integers(0, 65536, (height, width), np.uint16))
    colours = numbers.integers(0, 256, (height, width, 3), np.uint8)
    if rng.random() < 0.5:  # large even parts, as in a map
        colours = colours[: max(1, height // 16), : max(1, width // 16)]
    picture = Image.fromarray(colours).resize((width, height), Image.Resampling.NEAREST)
    if mode in ("LA", "RGBA"):
        picture = picture.convert(mode)
        picture.putalpha(Image.fromarray(numbers.integers(0, 256, (height, width), np.uint8)))
        return picture
    return picture.convert(mode)


def damaged(rng: random.Random, good: bytes) -> bytes:
    """The same file after one to four accidents."""
    data = bytearray(good)
    for _ in range(rng.randint(1, 4)):
        data = _accident(rng, data)
    return bytes(data)


def _accident(rng: random.Random, data: bytearray) -> bytearray:
    if len(data) < 12:
        return data
    at = rng.randrange(len(data)) if rng.random() < 0.5 else rng.randrange(min(64, len(data)))
    span = rng.choice([1, 2, 4, 16, 200])
    way = rng.randrange(9)
    if way == 0:
        for _ in range(rng.choice([1, 3, 30])):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif way == 1:
        del data[rng.randrange(len(data)) :]
    elif way == 2:
        del data[at : at + span]
    elif way == 3:
        data[at:at] = data[at : at + span]
    elif way == 4:
        data[at : at + span] = rng.randbytes(len(data[at : at + span]))
    elif way == 5:
        data[at] = rng.choice(EDGES)
    elif way == 6 and at + 4 <= len(data):
        data[at : at + 4] = struct.pack(rng.choice("<>") + "L", rng.choice(NUMBERS))
    elif way == 7 and data[:4] == b"\x89PNG":
        return _rechunked(rng, data)
    elif way == 8 and data[:2] in (b"II", b"MM"):
        return _relisted(rng, data)
    return data


def _rechunked(rng: random.Random, data: bytearray) -> bytearray:
    """A PNG with a chunk dropped, doubled, moved, renamed, changed under a right check sum, or a
    check sum changed."""
    parts, at = [], 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        parts.append(bytes(data[at:end]))
        at = end
    if not parts:
        return data
    i = rng.randrange(len(parts))
    name, body = parts[i][4:8], bytearray(parts[i][8:-4])
    way = rng.randrange(6)
    if way == 0:
        del parts[i]
    elif way == 1:
        parts.insert(rng.randrange(len(parts)), parts[i])
    elif way == 2:
        names = [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"fcTL", b"fdAT", b"zzZz"]
        parts[i] = chunk(rng.choice(names), bytes(body))
    elif way == 3 and body:
        body[rng.randrange(len(body))] = rng.choice(EDGES)
        parts[i] = chunk(name, bytes(body))
    elif way == 4:
        parts[i] = parts[i][:-4] + rng.randbytes(4)
    else:
        names = [b"tRNS", b"PLTE", b"gAMA", b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"pHYs"]
        extra = chunk(rng.choice(names), b"key\0" + rng.randbytes(rng.choice([0, 1, 6, 900])))
        parts.insert(rng.randrange(1, len(parts) + 1), extra)
    return data[:8] + b"".join(parts)


def _relisted(rng: random.Random, data: bytearray) -> bytearray:
    """A TIFF with one part of one entry changed."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "L", data, 4)
    if start + 14 > len(data):
        return data
    (count,) = struct.unpack_from(order + "H", data, start)
    at = start + 2 + 12 * rng.randrange(max(1, count))
    if at + 12 > len(data):
        return data
    place, letter = rng.choice([(0, "H"), (2, "H"), (4, "L"), (8, "L")])
    number = rng.choice(NUMBERS) & (0xFFFF if letter == "H" else 0xFFFFFFFF)
    struct.pack_into(order + letter, data, at + place, number)
    return data


def sent(rng: random.Random, data: bytes) -> Any:
    """A file in one of the ways in which it comes."""
    text = base64.b64encode(data).decode()
    wrapped = "\n".join(text[i : i + 76] for i in range(0, len(text), 76))
    head = rng.choice(["data:image/png;base64,", "DATA:image/x;name=a.b;Base64,"])
    return rng.choice([data, bytearray(data), memoryview(data), text, head + text, wrapped])


def is_map(m: Any) -> bool:
    """Whether it is a change map within the limits."""
    good = isinstance(m, np.ndarray) and m.dtype == np.float32 and m.ndim == 2
    fits = good and min(m.shape) >= 2 and m.size <= decode.MAX_PIXELS
    return bool(fits and 0 <= m.min() and m.max() <= 1)  # false for NaN too


def is_picture(picture: Any) -> bool:
    return isinstance(picture, Image.Image) and picture.mode in ("RGB", "RGBA")


def _case(rng: random.Random, kind: str, value: Any, good: bool | None, bomb: bool = False) -> Case:
    field = rng.choice(FIELDS)
    if kind in ("picture", "damaged") and isinstance(value, (str, bytes)) and rng.random() < 0.3:
        return Case(
            f"{kind}, init image",
            lambda: decode.decode_picture(value, field),
            frozenset([field]),
            is_picture,
            good,
        )
    names = frozenset([field])
    return Case(kind, lambda: geometry.decode(value, field), names, is_map, good, bomb)


def whole(rng: random.Random) -> Case:
    data = file(rng)
    value = sent(rng, data)
    return _case(rng, "picture", value, not (isinstance(value, str) and is_tiff(data)))


def broken(rng: random.Random) -> Case:
    return _case(rng, "damaged", sent(rng, damaged(rng, file(rng))), None)


def bomb(rng: random.Random) -> Case:
    heavy = rng.random() < 0.1
    value = sent(rng, exif_png(rng) if heavy else rng.choice(BOMBS)(rng))
    named = frozenset(["map"])
    if isinstance(value, (str, bytes)) and rng.random() < 0.3:
        read, sound = decode.decode_picture, is_picture
    else:
        read, sound = geometry.decode, is_map
    return Case("bomb", lambda: read(value, "map"), named, sound, heavy, True)


def text(rng: random.Random) -> Case:
    """Text that is no picture, and base64 of what is none."""
    way = rng.randrange(4)
    if way == 0:
        value = words(rng)
    elif way == 1:
        value = base64.b64encode(rng.randbytes(rng.choice([0, 1, 7, 300]))).decode()
    elif way == 2:
        value = rng.choice(
            [
                "/etc/passwd",
                "file:///etc/passwd",
                "http://127.0.0.1:1/a.png",
                "C:\\map.png",
                "data:image/png;base64",
                "data:,",
                "data:image/svg+xml,<svg/>",
                "[object Object]",
                '{"image": "AAAA"}',
                "null",
                "undefined",
                "data:image/png;base64," * 40,
            ]
        )
    else:
        at = rng.randrange(40)
        good = base64.b64encode(file(rng)).decode()
        value = good[:at] + rng.choice(["%", "\0", "\ud800", "=", "é", "-_"]) + good[at:]
    return _case(rng, "text", value, False)


def wrong(rng: random.Random) -> Case:
    """Values that are no text, and arrays of any type and shape."""
    if rng.random() < 0.5:
        value = wild(rng)
        if isinstance(value, (str, bytes)):
            value = [value]
        return _case(rng, "wrong type", value, False)
    numbers = np.random.default_rng(rng.getrandbits(32))
    height, width = (rng.choice([2, 3, 30, rng.choice([0, 1])]) for _ in range(2))
    shape = rng.choice([(height, width), (height, width, rng.choice([1, 3, 4])), (width,), ()])
    if rng.random() < 0.1:
        shape = rng.choice([(height, width, 2), (2, height, width, 2)])
    kind = rng.choice(["?", "u1", "u2", ">u2", "f2", "f4", ">f8", "i4", "u8", "c8", "O", "U2"])
    with np.errstate(all="ignore"):
        array = np.asarray(numbers.random(shape) * rng.choice([1, 1, 1, 255, 1e30])).astype(kind)
    if array.size and array.dtype.kind == "f" and rng.random() < 0.3:
        array.flat[rng.randrange(array.size)] = rng.choice([np.nan, np.inf, -np.inf, -1, 2])
    return _case(rng, "array", array, None)
