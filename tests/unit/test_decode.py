"""Reading change maps, and the picture of a request."""

import io
import struct

import numpy as np
import pytest
from map_files import packed, png, text
from PIL import Image

from diffdiff.images import read as module
from diffdiff.maps import geometry

GREYS = np.arange(256, dtype=np.uint8).reshape(16, 16)


class TestDecode:
    @pytest.mark.parametrize(
        "wrap",
        [
            text,
            lambda d: "data:image/png;base64," + text(d),
            lambda d: "DATA:image/x-any;name=a.png;BASE64,\n" + text(d),
            lambda d: " \r\n" + "\n".join(text(d)[i : i + 60] for i in range(0, 2000, 60)) + "\t",
            bytes,
            bytearray,
            memoryview,
            lambda d: Image.open(io.BytesIO(d)),
            lambda d: np.asarray(Image.open(io.BytesIO(d))),
        ],
    )
    def test_every_way_of_sending(self, wrap):
        m = geometry.decode(wrap(packed(Image.fromarray(GREYS))))
        assert m.dtype == np.float32
        assert m.flags.c_contiguous
        np.testing.assert_array_equal(m, GREYS / np.float32(255))

    @pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "RGBX"])
    @pytest.mark.parametrize("as_file", [True, False])
    def test_a_grey_picture_is_the_grey_value_in_every_mode(self, mode, as_file):
        picture = Image.fromarray(GREYS).convert(mode)
        if as_file and mode != "RGBX":
            picture = packed(picture)
        np.testing.assert_array_equal(geometry.decode(picture), GREYS / np.float32(255))

    def test_colour_is_luma(self):
        colours = [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 80, 200]]]
        m = geometry.decode(np.array(colours, np.uint8))
        expected = [[0.299, 0.587], [0.114, (0.299 * 9 + 0.587 * 80 + 0.114 * 200) / 255]]
        np.testing.assert_allclose(m, expected, atol=2e-5)

    def test_luma_keeps_what_eight_bits_would_round_away(self):
        m = geometry.decode(np.array([[[7, 7, 7], [7, 7, 9]]] * 2, np.uint8))
        assert m[0, 0] < m[0, 1] < 8 / 255

    def test_luma_of_a_picture_of_many_blocks(self):
        pixels = np.random.default_rng(0).integers(0, 256, (1500, 300, 3), np.uint8)
        as_l = np.asarray(Image.fromarray(pixels).convert("L"))
        assert np.abs(geometry.decode(pixels) * 255 - as_l).max() < 0.501

    @pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
    def test_grey_in_three_channels_is_exact(self, dtype):
        if dtype is np.uint16:
            grey = np.arange(65536, dtype=dtype).reshape(256, 256)
            expected = grey / np.float32(65535)
        else:
            grey = np.random.default_rng(1).random((64, 64), np.float32).astype(dtype)
            expected = grey
        np.testing.assert_array_equal(geometry.decode(np.dstack([grey] * 3)), expected)

    @pytest.mark.parametrize("channels", [0, 1])
    def test_array_types(self, channels):
        for array, expected in (
            (np.array([[True, False], [False, True]]), [[1, 0], [0, 1]]),
            (np.array([[0, 51], [102, 255]], np.uint8), [[0, 0.2], [0.4, 1]]),
            (np.array([[0, 13107], [26214, 65535]], np.uint16), [[0, 0.2], [0.4, 1]]),
            (np.array([[0, 0.25], [0.5, 1]], np.float16), [[0, 0.25], [0.5, 1]]),
            (np.array([[-1e-7, 0.25], [0.5, 1 + 5e-7]]), [[0, 0.25], [0.5, 1]]),
        ):
            m = geometry.decode(array[..., None] if channels else array)
            assert m.dtype == np.float32
            np.testing.assert_array_equal(m, np.array(expected, np.float32))

    def test_sixteen_bit_png_keeps_its_precision(self):
        rows = [struct.pack(">4H", 0, 1, 255, 256), struct.pack(">4H", 257, 32768, 65534, 65535)]
        m = geometry.decode(png(4, 2, 16, 0, rows))
        expected = np.array([[0, 1, 255, 256], [257, 32768, 65534, 65535]]) / 65535
        np.testing.assert_allclose(m, expected, rtol=2e-7)

    @pytest.mark.parametrize("mode", ["I;16", "I;16B", "I", "I;16L"])
    def test_sixteen_bit_modes(self, mode):
        values = np.array([[0, 1000, 300], [20000, 65535, 65534]])
        order = {"I": "<i4", "I;16B": ">u2"}.get(mode, "<u2")
        picture = Image.frombytes(mode, (3, 2), values.astype(order).tobytes())
        np.testing.assert_allclose(geometry.decode(picture), values / 65535, rtol=2e-7)

    def test_float_picture(self):
        values = np.array([[0, 0.3], [0.6, 1]], np.float32)
        np.testing.assert_array_equal(geometry.decode(Image.fromarray(values)), values)
        data = packed(Image.fromarray(values), "TIFF")
        np.testing.assert_array_equal(geometry.decode(data), values)

    def test_one_bit(self):
        bits = np.array([[1, 0, 1], [0, 0, 1]], np.uint8)
        picture = Image.fromarray(bits * 255).convert("1")
        np.testing.assert_array_equal(geometry.decode(picture), bits)
        np.testing.assert_array_equal(geometry.decode(packed(picture)), bits)

    def test_cmyk(self):
        pixels = np.zeros((2, 2, 4), np.uint8)
        pixels[0, 0, 3] = 255
        m = geometry.decode(Image.frombytes("CMYK", (2, 2), pixels.tobytes()))
        np.testing.assert_array_equal(m, [[0, 1], [1, 1]])

    @pytest.mark.parametrize("kind", ["JPEG", "BMP", "WEBP", "GIF", "TIFF"])
    def test_other_formats(self, kind):
        options = {"lossless": True} if kind == "WEBP" else {}
        m = geometry.decode(packed(Image.fromarray(GREYS), kind, **options))
        assert np.abs(m - GREYS / 255).max() < (0.02 if kind == "JPEG" else 1e-7)

    def test_alpha_multiplies(self):
        pixels = np.array([[[255, 255, 255, 0], [255, 255, 255, 51]]] * 2, np.uint8)
        expected = np.array([[0, 0.2]] * 2, np.float32)
        for value in (pixels, packed(Image.fromarray(pixels)), Image.fromarray(pixels)):
            np.testing.assert_array_equal(geometry.decode(value), expected)
        two = np.array([[[102, 127], [102, 255]]] * 2, np.uint8)
        grey = Image.fromarray(two[..., 0])
        grey.putalpha(Image.fromarray(two[..., 1]))
        expected = [[0.4 * 127 / 255, 0.4]] * 2
        np.testing.assert_allclose(geometry.decode(packed(grey)), expected, rtol=1e-6)

    def test_palette_with_and_without_transparency(self):
        picture = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
        picture.putpalette([0, 0, 0, 255, 255, 255, 51, 51, 51])
        np.testing.assert_allclose(geometry.decode(packed(picture)), [[0, 1], [0.2, 1]], rtol=1e-6)
        one = geometry.decode(packed(picture, transparency=1))
        np.testing.assert_allclose(one, [[0, 0], [0.2, 0]], rtol=1e-6)
        many = geometry.decode(packed(picture, transparency=bytes([255, 51, 255])))
        np.testing.assert_allclose(many, [[0, 0.2], [0.2, 0.2]], rtol=1e-6)

    def test_the_transparent_colour_of_png_is_kept(self):
        grey = geometry.decode(png(2, 2, 8, 0, [b"\xff\x33", b"\x33\x00"], (b"tRNS", b"\x00\xff")))
        np.testing.assert_allclose(grey, [[0, 0.2], [0.2, 0]], rtol=1e-6)
        rows = [b"\xff\xff\xff\xff\xff\xfe", b"\0\0\0\x33\x33\x33"]
        colour = geometry.decode(png(2, 2, 8, 2, rows, (b"tRNS", b"\x00\xff" * 3)))
        np.testing.assert_allclose(colour, [[0, 1 - 0.114 / 255], [0, 0.2]], atol=1e-6)
        bits = geometry.decode(png(2, 2, 1, 0, [b"\x80", b"\xc0"], (b"tRNS", b"\x00\x01")))
        np.testing.assert_array_equal(bits, [[0, 0], [0, 0]])
        deep = [struct.pack(">2H", 9000, 65535), struct.pack(">2H", 9001, 0)]
        deep = geometry.decode(png(2, 2, 16, 0, deep, (b"tRNS", struct.pack(">H", 9000))))
        np.testing.assert_allclose(deep, [[0, 1], [9001 / 65535, 0]], rtol=1e-6)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_exif_orientation(self, orientation):
        upright = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)
        turn_back = {
            2: Image.FLIP_LEFT_RIGHT,
            3: Image.ROTATE_180,
            4: Image.FLIP_TOP_BOTTOM,
            5: Image.TRANSPOSE,
            6: Image.ROTATE_90,
            7: Image.TRANSVERSE,
            8: Image.ROTATE_270,
        }
        picture = Image.fromarray(upright)
        if orientation in turn_back:
            picture = picture.transpose(turn_back[orientation])
        exif = Image.Exif()
        exif[0x0112] = orientation
        for kind in ("PNG", "TIFF"):
            m = geometry.decode(packed(picture, kind, exif=exif.tobytes()))
            np.testing.assert_array_equal(m, upright / np.float32(255))

    def test_first_frame(self):
        frames = [Image.fromarray(np.full((4, 4), v, np.uint8)) for v in (255, 0, 51)]
        data = packed(frames[0], "GIF", save_all=True, append_images=frames[1:])
        np.testing.assert_array_equal(geometry.decode(data), 1)
        picture = Image.open(io.BytesIO(data))
        picture.seek(2)
        np.testing.assert_array_equal(geometry.decode(picture), 1)

    def test_the_result_is_a_copy(self):
        source = np.zeros((2, 2), np.float32)
        geometry.decode(source)[:] = 1
        assert not source.any()


class TestPicture:
    """decode_picture: the init image of a request."""

    def test_modes(self):
        for mode, seen in (("L", "RGB"), ("1", "RGB"), ("P", "RGB"), ("LA", "RGBA"), ("RGBA",) * 2):
            picture = module.decode_picture(packed(Image.fromarray(GREYS).convert(mode)))
            assert picture.mode == seen and picture.size == (16, 16)

    def test_sixteen_bits_and_floats_are_scaled_not_cut_off(self):
        values = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
        deep = packed(Image.fromarray(values))
        real = packed(Image.fromarray(values / np.float32(65535)), "TIFF")
        for data in (deep, real):
            np.testing.assert_array_equal(np.asarray(module.decode_picture(data))[..., 1], GREYS)

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_it_is_upright_as_the_map_is(self, orientation, kind):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = packed(Image.fromarray(GREYS[:9]), kind, exif=exif.tobytes())
        seen = np.asarray(module.decode_picture(data))[..., 0]
        np.testing.assert_array_equal(seen / np.float32(255), geometry.decode(data))
