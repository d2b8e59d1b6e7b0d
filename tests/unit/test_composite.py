"""Pasting kept pixels back: exact where kept, exact where fully changed, feathered between."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from diffdiff.errors import FieldError
from diffdiff.images.paste_back import paste_back, paste_weight

fixed = settings(max_examples=60, deadline=None, derandomize=True)


def pictures(height, width, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 256, (height, width, channels), np.uint8) for _ in range(2))


def expected_weight(strength, feather):
    changed = strength > 0
    if changed.all() or feather == 0:
        return changed.astype(np.float64)
    return np.minimum(distance_transform_edt(changed) / feather, 1)


cases = st.tuples(
    st.integers(1, 30),
    st.integers(1, 30),
    st.sampled_from([0, 0.5, 1, 1.5, 2, 3.7, 8, 100]),
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.02, 0.3, 0.9, 0.99, 1.0]),
)


@fixed
@given(cases)
def test_against_the_definition(case):
    height, width, feather, seed, share = case
    rng = np.random.default_rng(seed)
    strength = (rng.random((height, width)) < share) * rng.uniform(0.1, 1, (height, width))
    original, edited = pictures(height, width, seed=seed)
    weight = paste_weight(strength, feather)
    expected = expected_weight(strength, feather)
    assert weight.dtype == np.float32
    np.testing.assert_allclose(weight, expected, atol=1e-6)
    result = paste_back(original, edited, strength, feather)
    assert result.dtype == np.uint8
    assert result.shape == original.shape
    np.testing.assert_array_equal(result[strength == 0], original[strength == 0])
    np.testing.assert_array_equal(result[expected == 1], edited[expected == 1])
    mix = original + (edited.astype(np.float64) - original) * expected[..., None]
    assert np.abs(result - mix).max() <= 0.5001
    assert (weight[strength > 0] > 0).all()


def test_exact_small_case():
    strength = np.array([[0, 0.1, 1, 0.5, 1, 1]], np.float32)
    original = np.full((1, 6, 3), 100, np.uint8)
    edited = np.full((1, 6, 3), 201, np.uint8)
    np.testing.assert_allclose(paste_weight(strength, 4), [[0, 0.25, 0.5, 0.75, 1, 1]])
    result = paste_back(original, edited, strength, 4)[0, :, 1]
    np.testing.assert_array_equal(result, [100, 125, 150, 176, 201, 201])
    hard = paste_back(original, edited, strength)[0, :, 2]
    np.testing.assert_array_equal(hard, [100, 201, 201, 201, 201, 201])


def test_distance_is_euclidean():
    strength = np.ones((9, 9), np.float32)
    strength[0, 0] = 0
    weight = paste_weight(strength, 10)
    assert weight[4, 3] == pytest.approx(0.5)
    assert weight[8, 6] == 1
    assert weight[1, 1] == pytest.approx(2**0.5 / 10)


def test_a_far_kept_pixel_counts():
    """The kept side is looked at no farther than one pixel around the changed part."""
    strength = np.zeros((40, 60), np.float32)
    strength[10:30, 20:50] = 0.4
    strength[0:40, 59] = 1
    expected = expected_weight(strength, 7)
    np.testing.assert_allclose(paste_weight(strength, 7), expected, atol=1e-6)


@pytest.mark.parametrize(("top", "bottom"), [(0, 9), (5, 25), (12, 40), (0, 40)])
@pytest.mark.parametrize(("left", "right"), [(0, 9), (5, 25), (12, 50), (0, 50)])
def test_rectangles_at_every_border(top, bottom, left, right):
    strength = np.zeros((40, 50), np.float32)
    strength[top:bottom, left:right] = 1
    for feather in (6, 1e6):
        expected = expected_weight(strength, feather)
        np.testing.assert_allclose(paste_weight(strength, feather), expected, atol=1e-6)


def test_nothing_kept_returns_the_edited_picture():
    original, edited = pictures(8, 8)
    result = paste_back(original, edited, np.full((8, 8), 0.01), 8)
    np.testing.assert_array_equal(result, edited)


def test_nothing_changed_returns_the_original_picture():
    original, edited = pictures(8, 8)
    np.testing.assert_array_equal(paste_back(original, edited, np.zeros((8, 8)), 8), original)


def test_the_inputs_are_not_written_to():
    original, edited = pictures(16, 16)
    before = original.copy(), edited.copy()
    strength = np.zeros((16, 16), np.float32)
    strength[4:12, 4:12] = 1
    paste_back(original, edited, strength, 3)
    np.testing.assert_array_equal(original, before[0])
    np.testing.assert_array_equal(edited, before[1])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_and_views(channels):
    original, edited = pictures(20, 20, channels)
    strength = np.zeros((20, 20), np.float32)
    strength[5:, 5:] = 1
    whole = paste_back(original, edited, strength, 4)
    assert whole.shape == (20, 20, channels)
    flipped = paste_back(original[:, ::-1], edited[:, ::-1], strength[:, ::-1], 4)
    np.testing.assert_array_equal(flipped[:, ::-1], whole)


def test_memory_order_does_not_matter():
    strength = np.zeros((20, 30), np.float32)
    strength[5:15, 5:25] = 1
    columns_first = np.asfortranarray(strength)
    np.testing.assert_array_equal(paste_weight(columns_first, 4), paste_weight(strength, 4))
    original, edited = pictures(20, 30)
    turned = [np.asfortranarray(a) for a in (original, edited)]
    expected = paste_back(original, edited, strength, 4)
    np.testing.assert_array_equal(paste_back(*turned, columns_first, 4), expected)


@pytest.mark.parametrize("feather", [-1, np.nan, np.inf])
def test_bad_feather(feather):
    original, edited = pictures(4, 4)
    with pytest.raises(FieldError, match=r"^feather: "):
        paste_back(original, edited, np.ones((4, 4)), feather)
    with pytest.raises(FieldError, match=r"^feather: "):
        paste_weight(np.ones((4, 4)), feather)


def test_mismatched_pictures():
    original, edited = pictures(4, 6)
    strength = np.ones((4, 6))
    for bad in (
        (original, edited[:, :5], strength),
        (original, edited[..., :2], strength),
        (original, edited.astype(np.float32), strength),
        (original.astype(np.float32), edited, strength),
        (original[..., 0], edited[..., 0], strength),
    ):
        with pytest.raises(FieldError, match=r"^edited: "):
            paste_back(*bad)
    for bad in (strength.T, strength[None], strength[:3]):
        with pytest.raises(FieldError, match=r"^strength: "):
            paste_back(original, edited, bad)
    with pytest.raises(FieldError, match=r"^strength: "):
        paste_weight(strength[None])


def test_vectorised():
    """A loop over pixels would take seconds; the bound is loose for busy machines."""
    original, edited = pictures(1024, 1024)
    y, x = np.mgrid[:1024, :1024]
    strength = (np.hypot(y - 500, x - 400) < 300).astype(np.float32)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        paste_back(original, edited, strength, 8)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.2
