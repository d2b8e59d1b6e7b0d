"""TIFF files of any layout, written by hand."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np


def tiff(
    values: np.ndarray,
    photometric: int,
    kind: int = 1,
    order: str = "<",
    planes: int = 1,
    extra: Sequence[int] = (),
    tags: Mapping[int, list[int]] | None = None,
) -> bytes:
    """Write values `[H, W, C]` without compression; the other arguments are tags of the file."""
    bits = values.dtype.itemsize * 8
    height, width, channels = values.shape
    stored = values.astype(values.dtype.newbyteorder(order))
    body = stored.transpose(2, 0, 1).tobytes() if planes == 2 else stored.tobytes()
    strips = channels if planes == 2 else 1
    entries = {
        256: [width],
        257: [height],
        258: [bits] * channels,
        259: [1],
        262: [photometric],
        277: [channels],
        278: [height],
        284: [planes],
        339: [kind] * channels,
        273: [0] * strips,
        279: [len(body) // strips] * strips,
    }
    if extra:
        entries[338] = list(extra)
    entries |= tags or {}
    size, more = 8 + 2 + 12 * len(entries) + 4, b""
    at = size + sum(4 * len(v) for v in entries.values() if len(v) > 1)
    entries[273] = [at + i * (len(body) // strips) for i in range(strips)]
    listed = b""
    for tag, numbers in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(numbers)}L", *numbers)
        if len(numbers) > 1:
            place, more = struct.pack(order + "L", size + len(more)), more + packed
            packed = place
        listed += struct.pack(order + "HHL", tag, 4, len(numbers)) + packed
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "LH", 8, len(entries)) + listed + bytes(4)
    return head + more + body
