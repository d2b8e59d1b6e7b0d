"""The painter's regions beside a map: text in a chunk of the map's PNG, which the painter reads.

The map is what a run uses; the regions say which areas and strengths it was made of, so that they
can be changed again. Nothing here reads the text.
"""

from __future__ import annotations

import base64
import struct
import zlib

from ..errors import FieldError
from ..images.data_url import HEAD
from ..images.png_chunks import SIGNATURE, chunks
from ..images.read import bytes_of

KEY = "diffdiff_regions"  # keyword of the chunk
MOST = 2**20  # characters


def regions_of(sent: object) -> str | None:
    """Return the regions in a map that was sent as a PNG, base64 or a data URL; None: there are
    none."""
    if not isinstance(sent, str):
        return None
    try:
        data = bytes_of(sent, "map")
    except FieldError:
        return None
    if not data.startswith(SIGNATURE):
        return None
    head = KEY.encode() + b"\0"
    for kind, start, length in chunks(data):
        if kind == b"tEXt" and data.startswith(head, start):
            text = data[start + len(head) : start + length].decode("latin-1")
            return text if is_usable(text) else None
    return None


def is_usable(text: object) -> bool:
    """Return whether a text may be regions: ASCII, and not too long."""
    return isinstance(text, str) and 0 < len(text) <= MOST and text.isascii()


def with_regions(url: str, text: str) -> str:
    """Return a map's data URL, a PNG, with regions in it."""
    data = base64.b64decode(url[len(HEAD) :])
    body = b"tEXt" + KEY.encode() + b"\0" + text.encode("ascii")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = len(data) - 12  # before IEND
    return HEAD + base64.b64encode(data[:end] + chunk + data[end:]).decode("ascii")
