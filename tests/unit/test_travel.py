"""The change map that travels inside of a picture, as text."""

import base64
import contextlib
import random
import re
import string
import struct
import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzzing.bombs import png, white_png
from benchmarks.maps import painted_map
from diffdiff.errors import FieldError
from diffdiff.images.data_url import map_url
from diffdiff.images.read import decode
from diffdiff.maps import embedded, geometry, picture_sources
from diffdiff.settings.infotext import fingerprint

fixed = settings(max_examples=40, deadline=None, derandomize=True)
sides = st.integers(2, 90)
seeds = st.integers(0, 2**32 - 1)
limits = st.sampled_from([512, 700, 2000, 9000, embedded.LIMIT])


def some_map(seed, height, width):
    """Noise, a soft shape, or a hard one."""
    numbers = np.random.default_rng(seed)
    m = numbers.random((height, width), np.float32)
    if seed % 3:
        m = (cv2.GaussianBlur(m, (0, 0), 3) > 0.5).astype(np.float32)
    return np.clip(cv2.GaussianBlur(m, (0, 0), 2), 0, 1) if seed % 3 == 1 else m


def cells(m):
    return geometry.to_latent(m, m.shape[0] // 8, m.shape[1] // 8)


def refusal(text):
    with pytest.raises(FieldError) as caught:
        embedded.unpack(text)
    assert caught.value.field == "map"
    assert caught.value.remedy == embedded.REMEDY
    return caught.value.problem


class TestPack:
    @fixed
    @given(seeds, sides, sides, limits)
    def test_it_never_exceeds_its_limit_and_comes_back_at_its_size(self, seed, h, w, limit):
        m = some_map(seed, h, w)
        text = embedded.pack(m, limit)
        assert len(text) <= limit
        assert set(text) <= set(string.ascii_letters + string.digits + "+/= ")
        back = embedded.unpack(text)
        assert back.shape == (h, w) and back.dtype == np.float32
        assert 0 <= back.min() <= back.max() <= 1

    @fixed
    @given(seeds, sides, sides, st.sampled_from([255, 65535]))
    def test_maps_of_8_and_16_bits_come_back_bit_for_bit(self, seed, h, w, top):
        m = np.rint(some_map(seed, h, w) * top).astype(np.float32) / np.float32(top)
        np.testing.assert_array_equal(embedded.unpack(embedded.pack(m)), m)

    @fixed
    @given(seeds, sides, sides)
    def test_a_float_map_that_fits_is_rounded_to_16_bits(self, seed, h, w):
        m = some_map(seed, h, w)
        back = embedded.unpack(embedded.pack(m))
        # below one step it becomes one step: what changes a little is not kept
        np.testing.assert_allclose(back, m, atol=1 / 65535)
        np.testing.assert_array_equal(back > 0, m > 0)

    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize(("h", "w"), [(400, 512), (512, 333), (501, 498)])
    def test_reduced_maps_keep_what_is_kept_to_the_pixel(self, h, w, seed):
        m = cv2.GaussianBlur(painted_map(512), (0, 0), 9)[-h:, -w:]
        m = np.where(m > 0.1, m * np.random.default_rng(seed).uniform(0.5, 1), 0).astype(np.float32)
        text = embedded.pack(m, 5000)
        assert len(text.split(" ")) == 4  # reduced, with its support
        back = embedded.unpack(text)
        np.testing.assert_array_equal(back > 0, m > 0)
        assert np.abs(cells(back) - cells(m)).max() < 0.01

    def test_a_hard_region_of_many_values_keeps_its_edge(self):
        side = 1024
        slope = 0.3 + 0.7 * np.linspace(0, 1, side, dtype=np.float32) ** 2
        m = painted_map(side) * slope * slope[:, None]
        back = embedded.unpack(embedded.pack(m, 12000))
        np.testing.assert_array_equal(back > 0, m > 0)
        assert np.abs(back - m).max() < 0.01

    @pytest.mark.parametrize(("blur", "limit"), [(20, 0.004), (12, 0.002), (3, 0.02)])
    def test_the_error_told_in_the_docstring(self, blur, limit):
        side = 1024
        if blur == 20:
            m = np.clip(cv2.GaussianBlur(painted_map(side), (0, 0), blur), 0, 1)
        else:
            noise = np.random.default_rng(0).random((side, side), np.float32)
            m = cv2.GaussianBlur(noise, (0, 0), blur)
            m = (m - m.min()) / np.ptp(m)
        error = np.abs(cells(embedded.unpack(embedded.pack(m))) - cells(m))
        assert error.max() < limit

    def test_black_and_white_are_small(self):
        for value in (0, 1):
            m = np.full((1024, 768), value, np.float32)
            text = embedded.pack(m)
            assert text.startswith("DD1 768x1024 ") and len(text) < 1000
            np.testing.assert_array_equal(embedded.unpack(text), m)

    def test_a_large_mask_travels_whole(self):
        m = painted_map(4096)
        text = embedded.pack(m)
        assert len(text) <= embedded.LIMIT // 2  # one bit a pixel
        np.testing.assert_array_equal(embedded.unpack(text), m)

    @pytest.mark.parametrize(
        "m",
        [
            None,
            [[0.0, 1.0]],
            np.zeros((4, 4)),
            np.zeros((4, 4, 1), np.float32),
            np.zeros((1, 4), np.float32),
            np.full((4, 4), np.nan, np.float32),
            np.full((4, 4), 1.1, np.float32),
            np.full((4, 4), -0.1, np.float32),
            np.broadcast_to(np.float32(0), (2, 16385)),
        ],
    )
    def test_what_is_no_map(self, m):
        with pytest.raises(FieldError) as caught:
            embedded.pack(m)
        assert caught.value.field == "map"

    def test_a_limit_that_is_too_small(self):
        with pytest.raises(FieldError) as caught:
            embedded.pack(np.zeros((4, 4), np.float32), 511)
        assert caught.value.field == "limit"

    def test_noise_fits_into_the_smallest_limit(self):
        for shape in ((2, 16384), (16384, 2), (700, 900)):
            m = np.random.default_rng(0).random(shape, np.float32)
            text = embedded.pack(m, embedded.LEAST)
            assert len(text) <= embedded.LEAST
            assert embedded.unpack(text).shape == shape


class TestUnpack:
    def good(self, limit=embedded.LIMIT):
        m = np.clip(cv2.GaussianBlur(painted_map(128), (0, 0), 5), 0, 1)
        return embedded.pack(m, limit)

    def test_what_is_not_of_the_form(self):
        good = self.good()
        for text in (
            "",
            "DD1",
            "DD1 4x4",
            "DD2" + good[3:],
            good + " ",
            " " + good,
            good + "\n",
            good.replace(" ", "  "),
            good.replace("x", "X"),
            "DD1 -4x4 AAAA",
            "DD1 4x4 ../map",
            "DD1 \u0664x\u0664 AAAA",
            "DD1 4x4 AAAA AAAA AAAA",
            "\ud800",
        ):
            assert "form" in refusal(text)
        for value in (None, 3, b"DD1 4x4 AAAA", ["DD1"]):
            assert "not text" in refusal(value)

    def test_long_text_is_refused_before_it_is_looked_at(self, monkeypatch):
        monkeypatch.setattr(embedded, "FORM", None)
        assert "longer than 65536" in refusal("DD1 4x4 " + "A" * embedded.LIMIT)

    @pytest.mark.parametrize("size", ["0x0", "1x9", "9x1", "16385x4", "99999x99999", "9000x9000"])
    def test_sizes(self, size, monkeypatch):
        monkeypatch.setattr(base64, "b64decode", lambda *a, **k: pytest.fail("decoded"))
        assert size in refusal(re.sub(r" \d+x\d+ ", f" {size} ", self.good()))

    def test_files_of_another_size_are_refused_from_their_header(self, monkeypatch):
        monkeypatch.setattr(embedded, "decode", lambda *a: pytest.fail("decoded"))
        for width, height in ((30000, 30000), (2**31 - 1, 2**31 - 1), (65, 4), (4, 65)):
            bomb = base64.b64encode(png(width, height)).decode()
            assert f"{width}x{height}" in refusal(f"DD1 64x64 {bomb}")

    def test_a_support_of_another_size(self):
        parts = self.good(700).split(" ")
        assert len(parts) == 4
        small = cv2.imencode(".png", np.zeros((64, 64), np.uint8))[1].tobytes()
        parts[3] = base64.b64encode(small).decode()
        assert "64x64 pixels for 128x128" in refusal(" ".join(parts))

    def test_what_is_no_png(self):
        for data in (b"", b"GIF89a" + bytes(60), bytes(99), png(4, 4)[:40]):
            text = base64.b64encode(data).decode() or "AAAA"
            assert refusal("DD1 4x4 " + text)
        assert "base64" in refusal("DD1 4x4 AAAAA")

    def test_memory_of_a_bomb(self):
        bomb = base64.b64encode(white_png(random.Random(0))).decode()
        tracemalloc.start()
        try:
            refusal("DD1 64x64 " + bomb[: embedded.LIMIT - 20])
            assert tracemalloc.get_traced_memory()[1] < 2**20
        finally:
            tracemalloc.stop()

    @fixed
    @given(st.data())
    def test_damage_is_refused_or_gives_a_map(self, data):
        text = self.good(700)
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(text) - 1))
            text = text[:at] + data.draw(st.text(max_size=3)) + text[at + 1 :]
        with contextlib.suppress(FieldError):
            m = embedded.unpack(text)
            assert m.dtype == np.float32 and m.shape[0] >= 2
            assert 0 <= m.min() <= m.max() <= 1

    def test_a_damaged_file_is_refused(self):
        head, data = self.good().rsplit(" ", 1)
        raw = bytearray(base64.b64decode(data))
        (length,) = struct.unpack(">L", raw[33:37])
        raw[41 + length // 2] ^= 255
        assert "damaged" in refusal(f"{head} {base64.b64encode(raw).decode()}")


@pytest.mark.parametrize("seed", range(4))
def test_a_made_map_that_is_sent_back_keeps_its_fingerprint(seed):
    """Lumas lie on halves of a level, where two ways of rounding part."""
    colors = np.random.default_rng(seed).integers(0, 256, (300, 64, 3), dtype=np.uint8)
    made = picture_sources.luminance(colors)
    assert fingerprint([made]) == fingerprint([decode(map_url(made))])
