import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from diffdiff.errors import FieldError
from diffdiff.maps import picture_sources

pictures = arrays(
    np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4]))
)
OF_A_PICTURE = [
    picture_sources.luminance,
    picture_sources.saturation,
    picture_sources.edges,
    picture_sources.canny,
    picture_sources.detail,
    lambda p: picture_sources.difference(p, p[::-1].copy()),
]


def flat(*colour, size=(4, 5)):
    return np.full((*size, len(colour)), colour, np.uint8)


def scene(size=64):
    """A green disc on red, with noise: the disc is known."""
    y, x = np.mgrid[:size, :size]
    disc = (x - size / 2) ** 2 + (y - size / 2) ** 2 < (size / 4) ** 2
    picture = np.where(disc[..., None], [20, 200, 40], [200, 30, 30])
    noise = np.random.default_rng(0).integers(-15, 16, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8), disc.astype(np.float32)


@pytest.mark.parametrize("source", OF_A_PICTURE)
@given(picture=pictures)
def test_every_map_is_a_map_and_the_same_again(source, picture):
    before = picture.copy()
    m = source(picture)
    assert m.shape == picture.shape[:2] and m.dtype == np.float32
    assert m.min() >= 0 and m.max() <= 1
    np.testing.assert_array_equal(m, source(picture))
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize("source", OF_A_PICTURE)
@given(value=st.integers(0, 255), height=st.integers(1, 12))
def test_opaque_is_as_without_alpha(source, value, height):
    picture = np.random.default_rng(value).integers(0, 256, (height, 7, 3), np.uint8)
    opaque = np.dstack([picture, np.full((height, 7), 255, np.uint8)])
    np.testing.assert_array_equal(source(opaque), source(picture))


def test_luminance_exactly():
    row = np.array([[[0, 0, 0], [255] * 3, [255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    np.testing.assert_allclose(
        picture_sources.luminance(row), [[0, 1, 0.299, 0.587, 0.114]], atol=1e-7
    )
    assert picture_sources.luminance(row)[0, 1] == 1


@given(st.integers(0, 255))
def test_greys_are_their_own_brightness(value):
    np.testing.assert_allclose(
        picture_sources.luminance(flat(value, value, value)), value / 255, atol=1e-6
    )
    assert (picture_sources.saturation(flat(value, value, value)) == 0).all()


def test_what_is_transparent_is_white():
    assert (picture_sources.luminance(flat(0, 0, 0, 0)) == 1).all()
    np.testing.assert_allclose(picture_sources.luminance(flat(0, 0, 0, 128)), 127 / 255, atol=1e-6)


def test_saturation_exactly():
    row = np.array([[[0, 0, 0], [255, 0, 0], [200, 100, 50], [10, 10, 5]]], np.uint8)
    np.testing.assert_allclose(picture_sources.saturation(row), [[0, 1, 0.75, 0.5]], atol=1e-6)


def test_a_straight_step_is_an_edge_of_one():
    picture = flat(0, 0, 0, size=(5, 6))
    picture[:, 3:] = 255
    expected = np.zeros((5, 6))
    expected[:, 2:4] = 1
    np.testing.assert_array_equal(picture_sources.edges(picture, 0), expected)
    turned = picture_sources.edges(picture.transpose(1, 0, 2).copy(), 0)
    np.testing.assert_array_equal(turned, expected.T)
    half = picture // 2
    np.testing.assert_allclose(picture_sources.edges(half, 0), expected * (127 / 255), atol=1e-6)
    assert picture_sources.edges(picture, 2.0).max() < 0.5


def test_colours_of_one_brightness_have_edges_too():
    picture = flat(255, 0, 0, size=(5, 6))
    picture[:, 3:] = (0, 130, 0)
    assert np.ptp(picture_sources.luminance(picture)) < 0.002
    assert picture_sources.edges(picture, 0).max() == 1


def test_canny_finds_the_rim_and_nothing_else():
    picture = flat(0, 0, 0, size=(24, 24))
    picture[8:16, 8:16] = 255
    found = picture_sources.canny(picture)
    assert set(np.unique(found)) == {0, 1}
    inside = np.zeros((24, 24), bool)
    inside[7:17, 7:17] = True
    inside[10:14, 10:14] = False
    assert found[~inside].sum() == 0 and found.sum() > 20
    assert picture_sources.canny(picture, 1500, 2000).sum() == 0


@given(st.integers(0, 255), st.integers(1, 6))
def test_a_flat_picture_has_no_detail_at_all(value, radius):
    assert (picture_sources.detail(flat(value, 255 - value, 7, size=(9, 9)), radius) == 0).all()


def test_detail_is_the_standard_deviation():
    grey = np.random.default_rng(1).integers(0, 256, (11, 11), np.uint8)
    found = picture_sources.detail(np.repeat(grey[..., None], 3, 2), 2)
    expected = grey[3:8, 4:9].astype(float).std() * 2 / 255
    assert found[5, 6] == pytest.approx(expected, abs=1e-6)
    corner = np.pad(grey, 2, mode="edge")[:5, :5].astype(float).std() * 2 / 255
    assert found[0, 0] == pytest.approx(corner, abs=1e-6)


def test_distance_from_a_point():
    m = picture_sources.from_point(3, 5)
    far = np.hypot(*np.meshgrid(np.arange(5) - 2, np.arange(3) - 1))
    np.testing.assert_allclose(m, far / np.sqrt(5), atol=1e-6)
    assert picture_sources.from_point(4, 4, 0, 0)[3, 3] == 1
    assert picture_sources.from_point(1, 1).tolist() == [[0]]


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_a_vignette_rises_away_from_its_point(height, width, x, y):
    m = picture_sources.from_point(height, width, x, y)
    assert m.shape == (height, width) and m.min() >= 0 and m.max() <= 1
    row, column = np.unravel_index(m.argmin(), m.shape)
    assert abs(row + 0.5 - y * height) <= 1 and abs(column + 0.5 - x * width) <= 1
    assert (np.diff(m[:, column:], axis=1) >= 0).all()
    assert (np.diff(m[: row + 1], axis=0) <= 0).all()


def test_distance_from_the_border():
    expected = [[0, 0, 0, 0, 0], [0, 0.5, 0.5, 0.5, 0], [0, 0.5, 1, 0.5, 0]]
    np.testing.assert_array_equal(picture_sources.from_border(5, 5)[:3], expected)
    assert (picture_sources.from_border(2, 9) == 0).all()


@given(st.integers(1, 30), st.integers(1, 30))
def test_the_border_map_is_its_own_mirror(height, width):
    m = picture_sources.from_border(height, width)
    np.testing.assert_array_equal(m, m[::-1, ::-1])
    assert m[0].max() == 0 and m.max() in (0, 1)


def test_difference_exactly():
    a, b = flat(10, 20, 30), flat(10, 20, 30)
    b[1, 2] = (10, 122, 0)
    expected = np.zeros((4, 5))
    expected[1, 2] = 102 / 255
    np.testing.assert_allclose(picture_sources.difference(a, b), expected, atol=1e-7)
    np.testing.assert_array_equal(
        picture_sources.difference(a, b), picture_sources.difference(b, a)
    )
    assert picture_sources.difference(flat(0, 0, 0, 0), flat(0, 0, 0)).min() == 1  # clear is white


def test_alpha_exactly():
    picture = flat(1, 2, 3, 0)
    picture[0, 0, 3], picture[1, 1, 3] = 255, 51
    m = picture_sources.alpha(picture)
    assert m[0, 0] == 1 and m[1, 1] == np.float32(0.2) and m.sum() == np.float32(1.2)


def iou(a, b):
    return np.minimum(a, b).sum() / np.maximum(a, b).sum()


def test_an_object_in_a_box_is_found():
    picture, disc = scene()
    found = picture_sources.foreground(picture, (0.15, 0.15, 0.85, 0.85))
    assert set(np.unique(found)) == {0, 1}
    assert iou(found, disc) > 0.98
    cv2.setRNGSeed(99)  # whatever ran before
    np.testing.assert_array_equal(
        found, picture_sources.foreground(picture, (0.15, 0.15, 0.85, 0.85))
    )


def test_strokes_alone_find_it_too_and_are_obeyed():
    picture, disc = scene()
    inside, outside = np.zeros((2, 64, 64), np.float32)
    inside[30:34, 28:36] = 1
    outside[2:5, :] = outside[:, 2:5] = outside[60:, :] = 1
    found = picture_sources.foreground(picture, inside=inside, outside=outside)
    assert iou(found, disc) > 0.95
    outside[:, 40:] = 1
    found = picture_sources.foreground(picture, (0.1, 0.1, 0.9, 0.9), inside, outside)
    assert (found[:, 40:] == 0).all() and (found[30:34, 28:36] == 1).all()


def test_a_large_picture_is_cut_small_and_comes_back_large():
    picture, disc = scene(64)
    large = cv2.resize(picture, (1600, 1600), interpolation=cv2.INTER_NEAREST)
    expected = cv2.resize(disc, (1600, 1600), interpolation=cv2.INTER_NEAREST)
    found = picture_sources.foreground(large, (0.15, 0.15, 0.85, 0.85), rounds=1)
    assert found.shape == (1600, 1600) and iou(found, expected) > 0.95


def strokes(value=0.0, size=(64, 64)):
    return np.full(size, value, np.float32)


PICTURE = scene()[0]


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: picture_sources.luminance(PICTURE.astype(np.float32)), "image"),
        (lambda: picture_sources.luminance(PICTURE[..., 0]), "image"),
        (lambda: picture_sources.luminance(PICTURE[..., :2]), "image"),
        (lambda: picture_sources.saturation(None), "image"),
        (lambda: picture_sources.edges(PICTURE[:0]), "image"),
        (lambda: picture_sources.edges(PICTURE, -1), "edge_sigma"),
        (lambda: picture_sources.edges(PICTURE, float("nan")), "edge_sigma"),
        (lambda: picture_sources.canny(PICTURE, 200, 100), "canny_low"),
        (lambda: picture_sources.detail(PICTURE, 0), "detail_radius"),
        (lambda: picture_sources.detail(PICTURE, 1.5), "detail_radius"),
        (lambda: picture_sources.from_point(0, 4), "size"),
        (lambda: picture_sources.from_point(4, 4, float("nan")), "point_x"),
        (lambda: picture_sources.from_point(4, 4, 0, 11), "point_y"),
        (lambda: picture_sources.from_border(4, 0), "size"),
        (lambda: picture_sources.difference(PICTURE, PICTURE[1:]), "other_image"),
        (lambda: picture_sources.difference(PICTURE, PICTURE / 255), "other_image"),
        (lambda: picture_sources.alpha(PICTURE), "image"),
        (lambda: picture_sources.foreground(PICTURE), "box"),
        (lambda: picture_sources.foreground(PICTURE, (0, 0, 1, 1)), "box"),
        (lambda: picture_sources.foreground(PICTURE, (0.5, 0, 0.4, 1)), "box"),
        (lambda: picture_sources.foreground(PICTURE, (0.5, 0.5, 0.501, 0.501)), "box"),
        (lambda: picture_sources.foreground(PICTURE, (0, 0, float("nan"), 1)), "box"),
        (lambda: picture_sources.foreground(PICTURE, (0, 0, 1)), "box"),
        (lambda: picture_sources.foreground(PICTURE, inside=strokes(1)), "box"),
        (lambda: picture_sources.foreground(PICTURE, outside=strokes(1)), "outside"),
        (lambda: picture_sources.foreground(PICTURE, inside=strokes(1, (9, 9))), "inside"),
        (lambda: picture_sources.foreground(PICTURE, (0, 0, 0.5, 0.5), rounds=0), "rounds"),
    ],
)
def test_bad_input_names_its_field(call, field):
    with pytest.raises(FieldError) as caught:
        call()
    assert caught.value.field == field
