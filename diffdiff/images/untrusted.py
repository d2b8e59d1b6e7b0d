"""Detect picture files that would cost far more than their pixels, from their bytes.

Pillow limits the pixels of a picture, but not what its headers make it do: a directory of a TIFF
or of EXIF may name the same megabyte a thousand times, a tile may be larger than its picture, a
progressive JPEG may repaint itself without end. None of that occurs in a file that a program wrote
to be looked at. Nothing here decodes or allocates; what is merely damaged is left to the reader.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from .png_chunks import SIGNATURE, chunks

MAX_ENTRIES = 4096  # of one directory; programs write a few dozen
MAX_NUMBERS = 2**18  # in all entries together: offset and length of every row of a large picture
MAX_SCANS = 100  # of a JPEG, as libtiff has it; encoders write about ten
MAX_PARTS = 65536  # chunks, segments, or blocks of a file
MAX_COMMENTS = 2**20  # bytes of a GIF
MAX_RUNS = 2**22  # pixels of a run-length coded BMP, which Pillow unpacks in Python
SMALL_TILE = 1024 * 1024  # pixels; a tile may be larger than its picture, up to this

TYPES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
AS_THEY_ARE = (1, 2, 7)  # types that are bytes or text; every other value becomes an object
WIDTH, HEIGHT, TILE_WIDTH, TILE_HEIGHT = 256, 257, 322, 323
MARK = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # of a JPEG; the others belong to coded pixels
INNER = (330, 34665, 34853, 40965)  # tags that hold offsets of further directories


class Entry(NamedTuple):
    """One entry of a directory; size in bytes, value the first number where it has one."""

    tag: int
    kind: int
    numbers: int
    size: int
    value: int


def trouble(data: bytes) -> str | None:
    """Return what is wrong with a file that no honest program writes; None for every other file."""
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    if data[:4] in (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0", b"II+\0", b"MM\0+"):
        return directories(data)
    if data.startswith(SIGNATURE):
        return _png(data)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return _gif(data)
    return _bmp(data) if data[:2] == b"BM" else None


def directories(data: bytes) -> str | None:
    """Check a TIFF, or EXIF (with or without its marker), the same way."""
    while data[:6] == b"Exif\0\0":
        data = data[6:]
    if data[:4] == b"MM\0+":
        return "big-endian BigTIFF is not read"  # Pillow takes it for something else
    order = ">" if data[:2] == b"MM" else "<"
    big = data[2:3] == b"+"
    start = _number(data, order + ("Q" if big else "L"), 8 if big else 4)
    waiting, seen = [start], set()
    size = numbers = 0
    while waiting:
        at = waiting.pop()
        if at in seen or not 0 < at < len(data):
            continue
        seen.add(at)
        if len(seen) > 8:
            return "it has too many directories"
        shape = {}
        for place, entry in enumerate(_entries(data, at, order, big)):
            size += entry.size
            numbers += 0 if entry.kind in AS_THEY_ARE else entry.numbers
            if place >= MAX_ENTRIES or numbers > MAX_NUMBERS:
                return "its directory has too many entries"
            if size > len(data):  # honest values stand in the file once
                return "its directory names more bytes than the file has"
            shape[entry.tag] = entry.value
            waiting += [entry.value] * (entry.tag in INNER)
        if shape.get(TILE_WIDTH, 0) * shape.get(TILE_HEIGHT, 0) > max(
            4 * shape.get(WIDTH, 0) * shape.get(HEIGHT, 0), SMALL_TILE
        ):
            return f"its tiles are {shape[TILE_WIDTH]}x{shape[TILE_HEIGHT]} pixels"
    return None


def _entries(data: bytes, at: int, order: str, big: bool) -> Iterator[Entry]:
    """Yield the entries of the directory at an offset, as far as there is data."""
    layout = struct.Struct(order + ("HHQ8s" if big else "HHL4s"))
    count, inline = ("Q", 8) if big else ("H", 4)
    total = _number(data, order + count, at)
    at += struct.calcsize(order + count)
    for _ in range(min(total, MAX_ENTRIES + 1)):
        if at + layout.size > len(data):
            return
        tag, kind, many, field = layout.unpack_from(data, at)
        at += layout.size
        size = many * TYPES.get(kind, 0)
        place = _number(field, order + ("Q" if big else "L"), 0)
        source, start = (field, 0) if size <= inline else (data, place)
        letter = {1: "B", 3: "H", 4: "L", 13: "L", 16: "Q"}.get(kind)
        value = _number(source, order + letter, start) if letter and many else 0
        yield Entry(tag, kind, many, size if size > inline else 0, value)


def _number(data: bytes, layout: str, at: int) -> int:
    """Return the number at an offset; 0 beyond the end."""
    if at + struct.calcsize(layout) > len(data):
        return 0
    return struct.unpack_from(layout, data, at)[0]


def _jpeg(data: bytes) -> str | None:
    """Check a JPEG up to its end mark: what follows, such as the video of a motion photo, is not
    read."""
    exif, at, scans = b"", 2, 0
    for _ in range(MAX_PARTS):
        found = MARK.search(data, at)
        mark = found[0][1:] if found else b""
        if found is None or mark in (b"", b"\xd9"):
            return directories(exif) if exif else None
        at = found.end()
        if mark in b"\x01\xd8":  # they have no body
            continue
        size = _number(data, ">H", at)
        part = data[at + 2 : at + size]
        if mark == b"\xe1" and part[:6] == b"Exif\0\0":  # Pillow joins them all
            exif += part[6:]
            if len(exif) > 2**20:
                return "it has too much EXIF"
        scans += mark == b"\xda"
        if scans > MAX_SCANS:
            return f"it has more than {MAX_SCANS} scans"
        at += size
    return "it has too many segments"


def _png(data: bytes) -> str | None:
    for count, (kind, _, _) in enumerate(chunks(data), 1):
        if kind == b"IEND":
            return None
        if count == MAX_PARTS:
            return "it has too many chunks"
    return None


def _gif(data: bytes) -> str | None:
    """Check a GIF up to its first picture: extensions, of which Pillow joins the comments one by
    one."""
    flags = _number(data, "B", 10)
    at = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 128 else 0)
    comments = 0
    for _ in range(1000):
        mark = data[at : at + 1]
        if mark != b"!":
            return None
        comment = data[at + 1] == 0xFE if at + 1 < len(data) else False
        at += 2
        while size := _number(data, "B", at):
            at += 1 + size
            comments += size if comment else 0
            if comments > MAX_COMMENTS:
                return "its comments are longer than 1 MiB"
        at += 1
    return "it has too many extensions"


def _bmp(data: bytes) -> str | None:
    if _number(data, "<L", 14) < 40 or _number(data, "<L", 30) not in (1, 2):
        return None
    width, height = (abs(_number(data, "<l", at)) for at in (18, 22))
    if width * height > MAX_RUNS:
        return "run-length coded, it has more than 4 million pixels"
    return None
