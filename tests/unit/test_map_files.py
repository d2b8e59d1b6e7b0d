"""Maps from files as phones, browsers and other programs write them."""

import struct

import numpy as np
import pytest
from map_files import packed, png, refusal, text
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.images.read import decode_picture
from diffdiff.maps import geometry

GREYS = np.arange(256, dtype=np.uint8).reshape(16, 16)


class TestFiles:
    """Files as phones, browsers and other programs write them."""

    def test_what_follows_a_jpeg_is_not_read(self):
        """A motion photo has a video behind its picture, in which anything may stand."""
        photo = packed(Image.fromarray(GREYS), "JPEG", quality=95)
        video = b"\0\0\0\x18ftypmp42" + b"\xff\xda\0\3\1" * 5000 + bytes(200_000)
        np.testing.assert_array_equal(geometry.decode(photo + video), geometry.decode(photo))

    def test_scans_are_counted_to_the_end_of_the_picture(self):
        """An end mark inside of a table is no end: the bomb behind it is seen."""
        photo = packed(Image.fromarray(GREYS), "JPEG", progressive=True)
        at = photo.index(b"\xff\xda")
        end = photo.rindex(b"\xff\xd9")
        table = b"\xff\xfe\0\4\xff\xd9"  # a comment
        bomb = photo[:end] + table + photo[at:end] * 200 + b"\xff\xd9"
        assert "scans" in refusal(bomb)

    @pytest.mark.parametrize(
        ("start", "name"),
        [
            (b"\0\0\0\x20ftypavif", "AVIF"),
            (b"\0\0\0\x18ftypheic", "HEIC"),
            (b"\0\0\0\x18ftypmp42", "a video"),
            (b"8BPS\0\1", "a Photoshop file"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", "SVG"),
            (b"P5 2 2 255 ", "PGM"),
            (b"\xef\xbb\xbf<!DOCTYPE html><html>", "a web page"),
            (b"%PDF-1.7", "PDF"),
            (b"<?xml version='1.0'?>\n<!-- made -->\n<svg>", "SVG"),
            (b'{"image": 1}', "JSON"),
        ],
    )
    def test_a_file_of_another_kind_is_named(self, start, name):
        data = start + bytes(100)
        for value in (data, text(data)):
            said = refusal(value)
            assert f"this is {name}, which is not read. Send a complete PNG, JPEG" in said
        with pytest.raises(FieldError, match=f"{name}, which is not read"):
            decode_picture(text(data))

    @pytest.mark.parametrize(("depth", "value"), [(1, 1), (2, 2), (4, 9), (8, 200)])
    def test_a_transparent_gray_of_few_bits(self, depth, value):
        top = 2**depth - 1
        row = bytes([value << (8 - depth)] if depth < 8 else [value, top])
        grays = [value / top, 0] if depth < 8 else [value / top, 1]
        key = (b"tRNS", struct.pack(">H", value))
        m = geometry.decode(png(2, 2, depth, 0, [row, row]))
        np.testing.assert_allclose(m, [grays, grays], atol=1e-6)
        m = geometry.decode(png(2, 2, depth, 0, [row, row], key))
        np.testing.assert_allclose(m, [[0, grays[1]]] * 2, atol=1e-6)

    def test_a_transparent_color_of_16_bits_is_refused(self):
        row = struct.pack(">6H", *[40000] * 6)
        data = png(2, 2, 16, 2, [row, row], (b"tRNS", struct.pack(">3H", *[40000] * 3)))
        assert "16-bit color with a transparent color" in refusal(data)
