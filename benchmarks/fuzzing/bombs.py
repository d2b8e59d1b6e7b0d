"""Small files that ask for much: memory or time without end. All must be refused, and cheaply."""

from __future__ import annotations

import io
import random
import struct
import zlib

import numpy as np
from PIL import Image

PIXELS = b"\0\1\2\3"
BYTE, ASCII, SHORT, LONG, RATIONAL = 1, 2, 3, 4, 5
WIDTH, HEIGHT, BITS, COMPRESSION, COLOUR, OFFSETS, ROWS, LENGTHS = (
    256,
    257,
    258,
    259,
    262,
    273,
    278,
    279,
)


def chunk(name: bytes, body: bytes) -> bytes:
    """A PNG chunk with its check sum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *extra: bytes, depth: int = 8, colour: int = 0) -> bytes:
    """A PNG that declares a size and holds one row of four pixels."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = (chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(b"\0" + PIXELS)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def saved(kind: str, side: int = 16, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((side, side), np.uint8)).save(file, kind, **options)
    return file.getvalue()


def directory(entries: dict[int, tuple[int, int, int]], body: bytes, order: str) -> bytes:
    """A TIFF of one directory: tag -> (type, count, value).

    A value below 0, -1 - n, is the offset n in the body.
    """
    start = 8 + 2 + 12 * len(entries) + 4
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "LH", 8, len(entries))
    for tag, (kind, count, value) in sorted(entries.items()):
        value = start - 1 - value if value < 0 else value
        out += struct.pack(order + "HHL", tag, kind, count)
        short = kind == SHORT and count == 1
        out += struct.pack(order + ("HH" if short else "L"), *((value, 0) if short else (value,)))
    return out + bytes(4) + body


def plain(width: int, height: int, compression: int = 1) -> dict[int, tuple[int, int, int]]:
    return {
        WIDTH: (LONG, 1, width),
        HEIGHT: (LONG, 1, height),
        BITS: (SHORT, 1, 8),
        COMPRESSION: (SHORT, 1, compression),
        COLOUR: (SHORT, 1, 1),
        ROWS: (LONG, 1, height),
        LENGTHS: (LONG, 1, width * height & 0xFFFFFFFF),
        OFFSETS: (LONG, 1, -1),
    }


def repeated(rng: random.Random) -> bytes:
    """A directory of which many entries are the same many bytes."""
    count, size = rng.randint(600, 4000), rng.randint(200_000, 400_000)
    own = {40000 + i: (rng.choice((BYTE, ASCII, 7)), size, -1) for i in range(count)}
    return directory({**plain(4, 4), **own}, bytes(size), rng.choice("<>"))


def wide_png(rng: random.Random) -> bytes:
    sides = rng.choice([(8193, 8192), (30000, 30000), (2**31 - 1, 2**31 - 1), (16385, 4)])
    depth, colour = rng.choice([(8, 0), (16, 0), (8, 2), (16, 6), (1, 0), (8, 4)])
    return png(*sides, depth=depth, colour=colour)


def white_png(rng: random.Random) -> bytes:
    """A complete picture, packed a thousandfold."""
    width = rng.randint(9000, 10000)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(width + 1)) for _ in range(width)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, width, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def text_png(rng: random.Random) -> bytes:
    packed = zlib.compress(bytes(rng.randint(20, 40) * 2**20), 9)
    name = rng.choice([b"zTXt", b"iCCP", b"iTXt"])
    head = b"key\0\1\0\0\0" if name == b"iTXt" else b"key\0\0"
    return png(30000, 30000, *[chunk(name, head + packed)] * rng.randint(1, 3))


def chunks_png(rng: random.Random) -> bytes:
    return png(4, 4, chunk(b"abCd", b"") * rng.randint(100_000, 200_000))


def tile_tiff(rng: random.Random) -> bytes:
    """A small picture in a tile of many megabytes."""
    side = 16 * rng.randint(1024, 2000)
    packed = zlib.compress(bytes(4 * 2**20), 9)
    own = {322: (LONG, 1, side), 323: (LONG, 1, side), 325: (LONG, 1, len(packed))}
    entries = {**plain(4, 4, 8), **own, 324: (LONG, 1, -1)}
    for tag in (OFFSETS, LENGTHS, ROWS):
        del entries[tag]
    return directory(entries, packed, rng.choice("<>"))


def strips_tiff(rng: random.Random) -> bytes:
    """The same rows painted thousands of times."""
    count, side, order = 2 * rng.randint(1000, 20000), 256, rng.choice("<>")
    own = {ROWS: (LONG, 1, side // 2), OFFSETS: (LONG, count, -1)}
    own[LENGTHS] = (LONG, count, -1 - 4 * count)
    entries = {**plain(side, side), **own}
    pixels = 8 + 2 + 12 * len(entries) + 4 + 8 * count
    body = struct.pack(f"{order}{count}L", *(pixels + i % 7 for i in range(count)))
    body += struct.pack(f"{order}{count}L", *[side * side // 2] * count)
    return directory(entries, body + bytes(side * side), order)


def numbers_tiff(rng: random.Random) -> bytes:
    """A resolution of a million fractions."""
    count = rng.randint(300_000, 600_000)
    own = {282: (RATIONAL, count, -1)}
    return directory({**plain(4, 4), **own}, b"\1\2\3\4\5\6\7\0" * count, "<")


def exif_jpeg(rng: random.Random) -> bytes:
    exif = repeated(rng)
    parts = (exif[i : i + 65000] for i in range(0, len(exif), 65000))
    segments = (b"\xff\xe1" + struct.pack(">H", len(p) + 8) + b"Exif\0\0" + p for p in parts)
    return b"\xff\xd8" + b"".join(segments) + saved("JPEG")[2:]


def exif_png(rng: random.Random) -> bytes:
    """A good picture whose EXIF is such a directory: to be read without it."""
    return saved("PNG")[:33] + chunk(b"eXIf", repeated(rng)) + saved("PNG")[33:]


def scans_jpeg(rng: random.Random) -> bytes:
    """A progressive picture that paints its last scan over and over."""
    good = saved("JPEG", rng.choice([512, 1024]), progressive=True)
    last = good[good.rfind(b"\xff\xda") : -2]
    return good[:-2] + last * rng.randint(2000, 9000) + good[-2:]


def wide_other(rng: random.Random) -> bytes:
    """A size declared in the header of another format."""
    kind = rng.choice(["GIF", "BMP", "JPEG", "TIFF", "WEBP"])
    good = bytearray(saved(kind))
    if kind == "GIF":
        good[6:10] = struct.pack("<HH", 65535, rng.randint(10000, 65535))
    elif kind == "BMP":
        good[18:26] = struct.pack("<ll", 2**30, rng.choice([2**30, -(2**30), 100]))
    elif kind == "JPEG":
        at = good.find(b"\xff\xc0") + 5
        good[at : at + 4] = struct.pack(">HH", 65500, rng.randint(10000, 65500))
    elif kind == "TIFF":
        return directory(plain(rng.choice([2**16, 2**31]), 2**16), bytes(99), rng.choice("<>"))
    else:  # the extended header, as of an animation: 24 bits for each side
        sides = (rng.randint(10000, 2**24 - 1).to_bytes(3, "little") for _ in range(2))
        body = b"WEBPVP8X" + struct.pack("<LB3x", 10, 2) + b"".join(sides) + bytes(good[12:])
        return b"RIFF" + struct.pack("<L", len(body)) + body
    return bytes(good)


def runs_bmp(rng: random.Random) -> bytes:
    """A row of one run, and the end of the row, which Pillow fills up byte by byte."""
    side = rng.randint(4096, 8192)
    rows = b"\1\5\0\0" * side + b"\0\1"
    head = struct.pack("<LllHHLLllLL", 40, side, side, 1, 8, 1, len(rows), 0, 0, 256, 0)
    return b"BM" + struct.pack("<LLL", 1078 + len(rows), 0, 1078) + head + bytes(1024) + rows


def comments_gif(rng: random.Random) -> bytes:
    good = saved("GIF")
    start = 13 + 3 * 2 ** ((good[10] & 7) + 1)
    return good[:start] + b"!\xfe\1a\0" * rng.randint(100_000, 400_000) + good[start:]


BOMBS = (
    repeated,
    wide_png,
    white_png,
    text_png,
    chunks_png,
    tile_tiff,
    strips_tiff,
    numbers_tiff,
    exif_jpeg,
    scans_jpeg,
    wide_other,
    runs_bmp,
    comments_gif,
)
