"""Files of maps as tests write them, and what a refusal of one says."""

import base64
import io
import struct
import zlib

import pytest

from diffdiff.errors import FieldError
from diffdiff.maps import geometry


def packed(picture, kind="PNG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def text(data):
    return base64.b64encode(data).decode()


def png(width, height, depth, colour, rows, *extra):
    """A PNG written by hand, so that no library's idea of a mode is in the way."""

    def chunk(name, body):
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [(b"IHDR", header), *extra, (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def refusal(value, field="map"):
    with pytest.raises(FieldError) as caught:
        geometry.decode(value, field)
    assert caught.value.field == field
    assert caught.value.remedy
    return str(caught.value)
