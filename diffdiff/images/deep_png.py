"""PNG files of 16-bit colors, which Pillow does not write."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np

HEADER = 33  # bytes of the signature and the first chunk


def deep_png(pixels: np.ndarray, info: Any, profile: bytes | None = None) -> bytes:
    """Write a PNG.

    Args:
        pixels: uint16 `[H, W, 3 | 4]`, RGB or RGBA.
        info: Pillow's `PngInfo`, for its text chunks.
        profile: an ICC profile.
    """
    _, data = cv2.imencode(".png", pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]])
    plain = data.tobytes()
    chunks = [_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile))] if profile else []
    chunks += [_chunk(name, body) for name, body, *_ in info.chunks]
    return plain[:HEADER] + b"".join(chunks) + plain[HEADER:]


def _chunk(name: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + check
