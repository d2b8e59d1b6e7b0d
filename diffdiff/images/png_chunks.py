"""The chunks of a PNG file (PNG specification, third edition, section 5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the type of each chunk, and where its data begin and how long they claim to be.

    Args:
        data: a file that begins with `SIGNATURE`; it may be cut off, or lie about its lengths.
    """
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], at + 8, length
        at += 12 + length
