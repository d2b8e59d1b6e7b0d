"""Change maps that are refused: the message names the field and the remedy."""

import base64
import contextlib
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from map_files import packed, png, refusal, text
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.images import read as module
from diffdiff.maps import geometry

GREYS = np.arange(256, dtype=np.uint8).reshape(16, 16)
fixed = settings(max_examples=60, deadline=None, derandomize=True)


class TestError:
    def test_text_and_parts(self):
        error = FieldError("map", "it is 9 pixels", "Send more.")
        assert str(error) == "map: it is 9 pixels. Send more."
        assert (error.field, error.problem, error.remedy) == ("map", "it is 9 pixels", "Send more.")
        assert isinstance(error, ValueError)

    def test_what_the_api_of_a1111_reads(self):
        error = FieldError("map", "p", "r")
        assert FieldError.status_code == 422
        assert vars(error)["status_code"] == 422
        assert vars(error)["detail"] == str(error) == "map: p. r."

    def test_survives_pickling(self):
        error = pickle.loads(pickle.dumps(FieldError("a", "b", "c")))
        assert str(error) == "a: b. c."
        assert error.status_code == 422


class TestRefusals:
    @pytest.mark.parametrize(
        "value",
        [
            "http://example.com/a.png",
            "https://a.b/c",
            "file:///etc/passwd",
            "/etc/passwd",
            "C:\\x.png",
            "map.png",
            "data:text/plain;base64,AAAA",
            "data:image/png,AAAA",
            "data:image/png;base64,@@@@",
            "AAA",
            "\u00e4\u00f6",
            "AAAA====",
            "!",
        ],
    )
    def test_text_that_is_no_picture(self, value):
        assert "base64" in refusal(value)

    def test_a_path_is_never_opened(self, tmp_path, monkeypatch):
        path = tmp_path / "abcd"
        path.write_bytes(packed(Image.fromarray(GREYS)))
        monkeypatch.setattr("builtins.open", lambda *a, **k: pytest.fail("opened a file"))
        for value in (str(path), path, f"file://{path}"):
            assert "never opened" in refusal(value, "soften_map")

    def test_empty(self):
        for value in ("", "  \n", "data:image/png;base64,", b"", None):
            message = refusal(value)
            assert "empty" in message or "no map" in message

    def test_not_a_picture(self):
        for value in (b"hello", text(b"hello world"), 3, [[0, 1]], {"image": "x"}, object()):
            assert refusal(value).startswith("map: ")

    def test_junk_within_base64(self):
        good = text(packed(Image.fromarray(GREYS)))
        for junk in ("%", "-", "\0", "=="):
            assert "base64" in refusal(good[:40] + junk + good[40:])

    @pytest.mark.parametrize("kind", ["EPS", "PPM", "ICO", "TGA"])
    def test_formats_that_are_not_listed(self, kind):
        """Above all EPS: Pillow would start Ghostscript to read it."""
        assert "Send a complete PNG" in refusal(packed(Image.fromarray(GREYS), kind))

    def test_truncated(self):
        noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
        for kind in ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF"):
            data = packed(Image.fromarray(noise), kind)
            for share in (0.1, 0.5, 0.9):
                cut = data[: int(len(data) * share)]
                assert refusal(cut)
                assert refusal(text(cut))

    def test_a_png_without_pixels(self):
        """Pillow 9.5 has no list of parts for it, newer ones an empty one."""
        whole = png(4, 4, 8, 0, [b"\0\1\2\3"] * 4)
        assert refusal(whole[:33] + whole[whole.rfind(b"IEND") - 4 :])

    def test_truncated_where_another_extension_lets_pillow_accept_it(self, monkeypatch):
        from PIL import ImageFile

        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        assert "truncated" in refusal(packed(Image.fromarray(GREYS))[:-30])

    def test_sizes(self):
        for shape in ((1, 1), (1, 9), (9, 1)):
            assert f"{shape[1]}x{shape[0]}" in refusal(np.zeros(shape))
            assert "2x2" in refusal(packed(Image.fromarray(np.zeros(shape, np.uint8))))
        for shape in ((0, 0), (0, 4), (4, 0)):
            assert "no pixels" in refusal(np.zeros(shape, np.uint8))
        assert "no pixels" in refusal(Image.new("L", (0, 0)))
        assert "sides of at most 16384" in refusal(np.zeros((2, 16385), np.uint8))
        assert geometry.decode(np.zeros((2, 16384), np.uint8)).shape == (2, 16384)

    @pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
    @pytest.mark.parametrize("limit", ["pillow's own", None])
    @pytest.mark.parametrize(
        ("width", "height"), [(8193, 8192), (10000, 10000), (30000, 30000), (2**31 - 1, 2**31 - 1)]
    )
    def test_huge_pictures_are_refused_from_the_header(self, width, height, limit, monkeypatch):
        if limit is None:  # as A1111 sets it after an X/Y/Z grid
            monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("allocated pixels"))
        message = refusal(png(width, height, 8, 0, [b"\0" * 100]))
        assert "67 million" in message
        assert "at most 8192x8192" in message

    def test_the_bomb_warning_as_an_error(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert "67 million" in refusal(png(10000, 10000, 8, 0, [b"\0" * 100]))

    def test_the_settings_of_pillow_stay(self):
        from PIL import ImageFile

        before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        geometry.decode(packed(Image.fromarray(GREYS)))
        refusal(packed(Image.fromarray(GREYS))[:60])
        after = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        assert after == before

    def test_long_text_is_refused_before_decoding(self, monkeypatch):
        assert module.MAX_TEXT / 2**20 == 128
        monkeypatch.setattr(module, "MAX_TEXT", 100)
        monkeypatch.setattr(base64, "b64decode", lambda *a, **k: pytest.fail("decoded"))
        assert "128 MiB" in refusal("A" * 101)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, bad):
        for shape in ((3, 3), (3, 3, 4)):
            array = np.zeros(shape, np.float32)
            array[1, 1] = bad
            assert "NaN" in refusal(array)

    @pytest.mark.parametrize("bad", [-1e-5, 1 + 1e-5, 255.0, 1e300])
    def test_floats_outside(self, bad):
        array = np.zeros((3, 3))
        array[2, 0] = bad
        assert "0..1" in refusal(array)
        assert "0..1" in refusal(Image.fromarray(np.full((2, 2), 255, np.float32)))

    def test_shapes_and_types(self):
        for shape in ((4,), (4, 4, 2), (4, 4, 5), (2, 4, 4, 3), ()):
            assert "[H, W]" in refusal(np.zeros(shape, np.uint8))
        for dtype in (np.int32, np.int64, np.uint32, np.int8, complex, object, "U3"):
            assert "uint8" in refusal(np.zeros((4, 4), dtype))
        assert "int32" in refusal(Image.frombytes("I", (2, 2), np.array([0, 9, 9, 70000], "<i4")))

    @fixed
    @given(st.data(), st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]))
    def test_damage_never_crashes(self, data, kind):
        good = bytearray(packed(Image.fromarray(GREYS).convert("RGB"), kind))
        for _ in range(data.draw(st.integers(1, 6))):
            place = data.draw(st.integers(0, len(good) - 1))
            good[place] = data.draw(st.integers(0, 255))
        with warnings.catch_warnings(), contextlib.suppress(FieldError):
            warnings.simplefilter("ignore")
            m = geometry.decode(bytes(good))
            assert m.dtype == np.float32
            assert m.ndim == 2
            assert 0 <= m.min() <= m.max() <= 1
