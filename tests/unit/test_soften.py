"""Softened maps against their definitions, written here the slow way."""

import math
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.special import erf, erfc

from diffdiff.errors import FieldError
from diffdiff.maps import soften as module
from diffdiff.maps.soften import soften

DIRECTIONS = ("both", "outward", "inward")
FALLOFFS = ("gaussian", "linear", "smooth")
KINDS = [(d, f) for d in DIRECTIONS for f in FALLOFFS]
BY_DISTANCE = [kind for kind in KINDS if kind != ("both", "gaussian")]
TAIL = 1 / 512
fixed = settings(max_examples=40, deadline=None, derandomize=True)


def blobs(seed, height=96, width=80, scale=4, share=0.5):
    noise = np.random.default_rng(seed).random((height, width))
    smooth = gaussian_filter(noise, scale)
    return (smooth > np.quantile(smooth, 1 - share)).astype(np.float32)


def plain(region, radius, direction, falloff):
    """One binary region, by its definition, tails left on."""
    if region.all() or not region.any():
        return region.astype(float)
    out = distance_transform_edt(~region) - 0.5  # distance to the edge, outside
    inside = distance_transform_edt(region) - 0.5
    signed = np.where(region, inside, -out)
    if falloff == "gaussian":
        if direction == "outward":
            return np.where(region, 1, erfc(out / (math.sqrt(2) * radius)))
        return np.where(region, erf(inside / (math.sqrt(2) * radius)), 0)
    if direction == "both":
        t = np.clip((signed + radius) / (2 * radius), 0, 1)
    elif direction == "outward":
        t = np.where(region, 1, np.clip(1 - out / radius, 0, 1))
    else:
        t = np.where(region, np.clip(inside / radius, 0, 1), 0)
    return t if falloff == "linear" else 3 * t**2 - 2 * t**3


def layers(m, radius, direction, falloff):
    """Every level set of a grey map on its own."""
    total, below = np.zeros(m.shape), 0.0
    for level in np.unique(m[m > 0]):
        total += (level - below) * plain(m >= level, radius, direction, falloff)
        below = level
    return total


def cut(soft):
    return np.where(soft < TAIL, 0, np.where(soft > 1 - TAIL, 1, soft))


class TestDistance:
    @pytest.mark.parametrize(("direction", "falloff"), BY_DISTANCE)
    @pytest.mark.parametrize("radius", [0.3, 1, 2.5, 7, 40])
    def test_binary_maps_follow_the_definition(self, direction, falloff, radius):
        m = blobs(1)
        soft = soften(m, radius, direction, falloff)
        assert soft.dtype == np.float32
        expected = plain(m > 0, radius, direction, falloff)
        assert np.abs(soft - expected).max() < TAIL + 1e-5
        safe = (np.abs(expected - TAIL) > 1e-4) & (np.abs(expected - 1 + TAIL) > 1e-4)
        np.testing.assert_allclose(soft[safe], cut(expected)[safe], atol=2e-4)

    def test_exact_ramps(self):
        m = np.zeros((2, 12), np.float32)
        m[:, 6:] = 1
        both = soften(m, 2, "both", "linear")[0]
        np.testing.assert_allclose(both[4:8], [0.125, 0.375, 0.625, 0.875], atol=1e-4)
        np.testing.assert_array_equal(both[[0, 3, 8, 11]], [0, 0, 1, 1])
        outward = soften(m, 4, "outward", "linear")[0]
        np.testing.assert_allclose(outward[1:7], [0, 0.125, 0.375, 0.625, 0.875, 1], atol=1e-4)
        inward = soften(m, 4, "inward", "linear")[0]
        np.testing.assert_allclose(inward[5:11], [0, 0.125, 0.375, 0.625, 0.875, 1], atol=1e-4)
        smooth = soften(m, 4, "inward", "smooth")[0]
        t = np.array([0.125, 0.375, 0.625, 0.875])
        np.testing.assert_allclose(smooth[6:10], t * t * (3 - 2 * t), atol=1e-4)

    @pytest.mark.parametrize(("direction", "falloff"), BY_DISTANCE)
    def test_tiles_join_without_seams(self, direction, falloff):
        m = blobs(3, 700, 1300, scale=25)
        soft = soften(m, 30, direction, falloff)
        expected = plain(m > 0, 30, direction, falloff)
        assert np.abs(soft - expected).max() < TAIL + 1e-4

    @pytest.mark.parametrize(("direction", "falloff"), BY_DISTANCE)
    def test_grey_maps_are_the_sum_of_their_levels(self, direction, falloff):
        m = gaussian_filter(np.random.default_rng(5).random((40, 30)), 4)
        m = (np.round((m - m.min()) / np.ptp(m) * 100) / 100).astype(np.float32)
        assert len(np.unique(m)) > 32  # more than 32 levels, exact because the map is small
        soft = soften(m, 5, direction, falloff)
        assert np.abs(soft - layers(m, 5, direction, falloff)).max() < TAIL + 2e-4

    @pytest.mark.parametrize(("direction", "falloff"), BY_DISTANCE)
    def test_large_grey_maps_are_near_the_sum_of_their_levels(
        self, direction, falloff, monkeypatch
    ):
        m = np.random.default_rng(6).random((40, 30), np.float32)
        m = cv2.GaussianBlur(m, (0, 0), 3)
        m = (m - m.min()) / np.ptp(m)
        exact = soften(m, 5, direction, falloff)
        monkeypatch.setattr(module, "EXACT_WORK", 0)
        sampled = soften(m, 5, direction, falloff)
        assert 0 < np.abs(sampled - exact).max() < 1 / 64 + TAIL

    def test_sampled_levels_keep_the_order(self, monkeypatch):
        monkeypatch.setattr(module, "EXACT_WORK", 0)
        low = gaussian_filter(np.random.default_rng(6).random((40, 30)), 3).astype(np.float32)
        high = np.maximum(low, gaussian_filter(low[::-1], 3))
        for direction, falloff in BY_DISTANCE:
            soft = soften(low, 5, direction, falloff), soften(high, 5, direction, falloff)
            assert (soft[0] <= soft[1] + 1e-6).all()


class TestGaussian:
    @pytest.mark.parametrize("sigma", [0.4, 3, 9, 15.9, 16, 17, 40, 64, 150])
    @pytest.mark.parametrize(
        "m",
        [
            blobs(0, 300, 260, 3),
            blobs(1, 257, 331, 20, 0.2),
            (np.random.default_rng(2).random((201, 190)) < 0.5).astype(np.float32),
            np.pad(np.ones((1, 150), np.float32), ((0, 149), (0, 0))),
            np.pad(np.ones((99, 1), np.float32), ((0, 0), (116, 0))),
            np.eye(2, dtype=np.float32),
        ],
    )
    def test_is_the_blur_with_the_border_continued(self, m, sigma):
        soft = soften(m, sigma)
        assert soft.dtype == np.float32
        assert soft.flags.c_contiguous
        direct = gaussian_filter(m.astype(np.float64), sigma, mode="nearest", truncate=5)
        assert np.abs(soft - direct).max() < 1 / 255
        safe = (direct > 2 * TAIL) & (direct < 1 - 2 * TAIL)
        if safe.any():
            assert np.abs(soft - direct)[safe].max() < 0.7 / 255

    @pytest.mark.parametrize("sigma", [5, 16, 32, 64])
    def test_an_edge_is_the_error_function(self, sigma):
        m = np.zeros((20, 1001), np.float32)
        m[:, 500:] = 1
        expected = 0.5 * (1 + erf((np.arange(1001) - 499.5) / (math.sqrt(2) * sigma)))
        soft = soften(m, sigma)[10]
        safe = np.abs(expected - 0.5) < 0.5 - 1.5 * TAIL
        np.testing.assert_allclose(soft[safe], expected[safe], atol=4.5e-4)
        np.testing.assert_allclose(soft, cut(expected), atol=1.2 * TAIL)

    @pytest.mark.parametrize(("sigma", "error"), [(16, 2.7e-4), (32, 1e-4), (64, 1.6e-4)])
    def test_a_reduced_blur_is_as_wide_as_the_direct_one(self, sigma, error):
        m = np.zeros((16, 16 * sigma), np.float32)
        m[:, 8 * sigma + 3 :] = 1
        direct = cv2.GaussianBlur(m, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        safe = np.abs(direct - 0.5) < 0.5 - 1.5 * TAIL
        np.testing.assert_allclose(soften(m, sigma)[safe], direct[safe], atol=error)

    def test_a_wide_blur_of_a_large_map_is_fast(self):
        m = np.zeros((2048, 2048), np.float32)
        m[500:1500, 700:1200] = 1
        times = []
        for _ in range(3):
            start = time.perf_counter()
            soften(m, 64)
            times.append(time.perf_counter() - start)
        assert min(times) < 0.25  # a quarter of the pixels, so loose for busy machines


class TestEveryKind:
    @pytest.mark.parametrize(("direction", "falloff"), KINDS)
    @pytest.mark.parametrize("radius", [0.5, 3, 20])
    def test_empty_full_and_constant(self, direction, falloff, radius):
        for value in (0, 1):
            m = np.full((33, 20), value, np.float32)
            np.testing.assert_array_equal(soften(m, radius, direction, falloff), m)
        for value in (0.3, 0.7):
            m = np.full((33, 20), value, np.float32)
            soft = soften(m, radius, direction, falloff)
            np.testing.assert_allclose(soft, m, atol=1e-5)
            assert direction != "outward" or (soft >= m).all()
            assert direction != "inward" or (soft <= m).all()

    @pytest.mark.parametrize(("direction", "falloff"), KINDS)
    def test_radius_zero_is_the_identity(self, direction, falloff):
        m = np.random.default_rng(0).random((9, 9), np.float32)
        np.testing.assert_array_equal(soften(m, 0, direction, falloff), m)

    @fixed
    @given(st.sampled_from(KINDS), st.integers(0, 2**32), st.floats(0.1, 40), st.integers(2, 6))
    def test_order_range_tails_and_sides(self, kind, seed, radius, steps):
        rng = np.random.default_rng(seed)
        shape = rng.integers(2, 40, 2)
        low = (rng.integers(0, steps, shape) / (steps - 1)).astype(np.float32)
        low *= rng.random(shape) < 0.3
        high = np.maximum(low, (rng.random(shape) < 0.2) * rng.random(shape)).astype(np.float32)
        soft, more = soften(low, radius, *kind), soften(high, radius, *kind)
        assert (soft <= more + 1e-3).all()
        for m, out in ((low, soft), (high, more)):
            assert out.shape == m.shape
            assert out.min() >= 0
            assert out.max() <= 1
            if kind[0] == "outward":
                assert (out >= m).all()
            if kind[0] == "inward":
                assert (out <= m).all()
            own = (out == m) if kind[0] != "both" else np.zeros(m.shape, bool)
            assert not ((out > 0) & (out < TAIL) & ~own).any()
            assert not ((out < 1) & (out > 1 - TAIL) & ~own).any()

    @pytest.mark.parametrize("falloff", FALLOFFS)
    def test_sides_of_a_mask(self, falloff):
        m = blobs(8)
        outward, inward = soften(m, 6, "outward", falloff), soften(m, 6, "inward", falloff)
        assert (outward[m == 1] == 1).all()
        assert (inward[m == 0] == 0).all()
        assert ((outward[m == 0] > 0) & (outward[m == 0] < 1)).any()
        assert ((inward[m == 1] > 0) & (inward[m == 1] < 1)).any()

    @pytest.mark.parametrize(("direction", "falloff"), KINDS)
    def test_far_from_the_edge_nothing_happens(self, direction, falloff):
        m = np.zeros((40, 200), np.float32)
        m[:, 100:] = 1
        soft = soften(m, 8, direction, falloff)
        reach = 26 if falloff == "gaussian" else 9
        assert (soft[:, : 100 - reach] == 0).all()
        assert (soft[:, 100 + reach :] == 1).all()

    @pytest.mark.parametrize(("direction", "falloff"), KINDS)
    @pytest.mark.parametrize("change", [np.transpose, np.flipud, np.fliplr])
    def test_turning_the_map_turns_the_result(self, direction, falloff, change):
        m = blobs(4, 64, 64)
        soft = soften(m, 18, direction, falloff)
        turned = soften(np.ascontiguousarray(change(m)), 18, direction, falloff)
        np.testing.assert_allclose(turned, change(soft), atol=2.1e-3)

    @pytest.mark.parametrize(("direction", "falloff"), [k for k in KINDS if k[0] != "both"])
    def test_the_two_sides_mirror_each_other(self, direction, falloff):
        m = blobs(4, 64, 64)
        other = "inward" if direction == "outward" else "outward"
        soft, mirrored = soften(m, 5, direction, falloff), soften(1 - m, 5, other, falloff)
        np.testing.assert_allclose(soft, 1 - mirrored, atol=1e-4)

    @pytest.mark.parametrize(("direction", "falloff"), KINDS)
    def test_the_input_is_not_written_to(self, direction, falloff):
        m = blobs(4, 40, 40)
        before = m.copy()
        soften(m, 4, direction, falloff)
        np.testing.assert_array_equal(m, before)


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("soften_radius", (-1,)),
        ("soften_radius", (np.nan,)),
        ("soften_radius", (np.inf,)),
        ("soften_radius", (4097,)),
        ("soften_direction", (3, "up")),
        ("soften_direction", (0, None)),
        ("soften_falloff", (3, "both", "cubic")),
    ],
)
def test_bad_values(field, arguments):
    with pytest.raises(FieldError, match=rf"^{field}: ") as caught:
        soften(np.zeros((4, 4), np.float32), *arguments)
    assert caught.value.remedy.startswith("Use ")
