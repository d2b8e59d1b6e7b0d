"""Soft inpainting: masks, crops, scales, linear light; and the inputs nobody wants."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffdiff.errors import FieldError
from diffdiff.maps import inpaint_mask
from diffdiff.maps.shaping import level, shape, softened
from diffdiff.maps.soften import reach, soften
from diffdiff.settings.schema import parse

fixed = settings(max_examples=80, deadline=None, derandomize=True)
DIRECTIONS, FALLOFFS = ("both", "outward", "inward"), ("gaussian", "linear", "smooth")


@st.composite
def jobs(draw):
    """A random mask of rectangles, a job and a softening."""
    width, height = draw(st.integers(8, 160)), draw(st.integers(8, 160))
    hard = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(1, 3))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        w, h = draw(st.integers(1, 40)), draw(st.integers(1, 40))
        hard[y : y + h, x : x + w] = True
    job = draw(st.sampled_from([64, 96, 128])), draw(st.sampled_from([64, 96, 128]))
    request = {
        "mode": "soft inpaint",
        "soften_radius": draw(st.sampled_from([0, 0.5, 3, 8, 32, 256])),
        "soften_direction": draw(st.sampled_from(DIRECTIONS)),
        "soften_falloff": draw(st.sampled_from(FALLOFFS)),
        "linear_light": draw(st.booleans()),
    }
    return hard, job, draw(st.sampled_from([0, 4, 32])), parse(request)


@fixed
@given(jobs())
def test_the_crop_encloses_the_softened_mask(case):
    hard, (width, height), padding, args = case
    size = hard.shape[::-1]
    beyond = reach(args.radius((width, height)), args.direction, args.soften_falloff)
    box = inpaint_mask.box_of(hard)
    scale = inpaint_mask.crop_scale(box, beyond, padding, size, width, height)
    soft = softened(hard.astype(np.float32), args, scale)
    support = inpaint_mask.box_of(soft > 0)
    if support is None:  # a wide blur of a little mask
        return
    # the host crops around the mask that it is given, which is the support
    left, top, right, bottom = inpaint_mask.crop_region(support, padding, size, width, height)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    inside = np.zeros_like(hard)
    inside[top:bottom, left:right] = True
    assert (inside | (soft == 0)).all()
    # and the radius is what was asked for in the job's pixels, unless the picture ends
    got = max((right - left) / width, (bottom - top) / height)
    region = inpaint_mask.crop_region(
        inpaint_mask.grown(box, beyond * scale, size), padding, size, width, height
    )
    assert got <= scale * 1.01 + 2 / min(width, height)
    assert max((region[2] - region[0]) / width, (region[3] - region[1]) / height) <= scale * 1.01


@fixed
@given(jobs())
def test_nothing_beyond_its_reach(case):
    hard, _, _, args = case
    soft = softened(hard.astype(np.float32), args)
    beyond = reach(args.radius(hard.shape), args.direction, args.soften_falloff)
    box = inpaint_mask.grown(inpaint_mask.box_of(hard), beyond, hard.shape[::-1])
    outside = np.ones_like(hard)
    outside[box[1] : box[3], box[0] : box[2]] = False
    assert (soft[outside] == 0).all()
    if args.direction == "outward":
        assert (soft[hard] == 1).all(), "the masked core has full strength"
    if args.direction == "inward":
        assert (soft[~hard] == 0).all()


def test_crops_by_hand():
    # padded to 20x12, then as tall as wide; the picture has room
    assert inpaint_mask.crop_region((10, 30, 26, 38), 2, (100, 100), 64, 64) == (8, 24, 28, 44)
    # moved inside of the picture, then cut
    assert inpaint_mask.crop_region((0, 90, 40, 100), 0, (100, 100), 64, 64) == (0, 60, 40, 100)
    assert inpaint_mask.crop_region((0, 0, 100, 10), 0, (100, 40), 64, 64) == (0, 0, 100, 40)
    assert inpaint_mask.crop_region((5, 5, 6, 25), 0, (100, 100), 64, 32) == (0, 5, 40, 25)


def test_scales_by_hand():
    assert inpaint_mask.picture_scale(0, (200, 100), 100, 100) == pytest.approx(math.sqrt(2))
    assert inpaint_mask.picture_scale(1, (200, 100), 100, 100) == 1
    assert inpaint_mask.picture_scale(2, (200, 100), 100, 100) == 2
    # nothing is added: the crop of the mask alone
    box = (468, 468, 532, 532)
    assert inpaint_mask.crop_scale(box, 0, 0, (1000, 1000), 128, 128) == 0.5
    # side = 64 + 2 * 16 * side / 128, so 85.3 pixels for 128
    assert inpaint_mask.crop_scale(box, 16, 0, (1000, 1000), 128, 128) == pytest.approx(
        2 / 3, rel=0.03
    )
    # 64 pixels on each side of 128 never fit: the whole picture
    assert inpaint_mask.crop_scale(box, 64, 0, (1000, 1000), 128, 128) == 1000 / 128


def test_grown_boxes_end_at_the_picture():
    assert inpaint_mask.grown((2, 3, 9, 9), 2.2, (10, 20)) == (0, 0, 10, 12)
    assert inpaint_mask.box_of(np.zeros((4, 5), bool)) is None


def test_masks_are_binary_as_the_hosts_round_them():
    mask = np.array([[0, 127, 128, 255]], np.uint8)
    assert inpaint_mask.hard(mask).tolist() == [[False, False, True, True]]
    assert inpaint_mask.hard(mask, 1).tolist() == [[True, True, False, False]]


def test_combinations():
    a, b = np.float32([[0.2, 0.8]]), np.float32([[0.5, 0.5]])
    assert inpaint_mask.combine(a, b, "max").tolist() == np.float32([[0.5, 0.8]]).tolist()
    assert inpaint_mask.combine(a, b, "min").tolist() == np.float32([[0.2, 0.5]]).tolist()
    np.testing.assert_allclose(inpaint_mask.combine(a, b, "multiply"), [[0.1, 0.4]])
    with pytest.raises(FieldError, match="combine"):
        inpaint_mask.combine(a, b, "add")


def half_plane(size=64):
    m = np.zeros((size, size), np.float32)
    m[:, size // 2 :] = 1
    return m


def test_linear_light_keeps_more_as_in_the_authors_examples():
    m = half_plane()
    plain, light = soften(m, 6), soften(m, 6, linear_light=True)
    middle = np.s_[32, 31:33]
    assert plain[middle].mean() == pytest.approx(0.5, abs=1e-3)
    assert (1 - light[middle]).mean() * 255 == pytest.approx(188, abs=1.5)  # their edge value
    assert (light <= plain + 1e-6).all()
    assert (light[:, :8] == 0).all() and (light[:, -8:] == 1).all()
    np.testing.assert_allclose(soften(m * 0.3, 0, linear_light=True), m * 0.3)
    grey = np.full((16, 16), 0.3, np.float32)
    np.testing.assert_allclose(soften(grey, 4, linear_light=True), grey, atol=1e-5)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("falloff", FALLOFFS)
def test_linear_light_in_every_direction(direction, falloff):
    light = soften(half_plane(), 5, direction, falloff, True)
    assert light.dtype == np.float32 and light.min() == 0 and light.max() == 1
    assert (np.diff(light[0]) >= 0).all()


# --- bad input ---------------------------------------------------------------------------------


def soft_map(hard, **more):
    return softened(hard.astype(np.float32), parse({"mode": "soft inpaint", **more}))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_empty_and_full_masks(direction):
    for value in (0, 1):
        out = soft_map(np.full((20, 30), bool(value)), soften_direction=direction)
        assert (out == value).all()


def test_one_pixel():
    dot = np.zeros((65, 65), bool)
    dot[32, 32] = True
    out = soft_map(dot, soften_radius=8)
    assert out[32, 32] == 1 and 0 < out[32, 40] < 1 and out[0, 0] == 0
    assert inpaint_mask.crop_scale(inpaint_mask.box_of(dot), 0, 0, (65, 65), 64, 64) == 1 / 64


def test_a_mask_touching_every_border():
    frame = np.ones((64, 64), bool)
    frame[8:-8, 8:-8] = False
    out = soft_map(frame, soften_radius=2)
    assert (out[frame] == 1).all() and out[32, 32] == 0
    assert inpaint_mask.crop_region(inpaint_mask.box_of(frame), 32, (64, 64), 96, 64) == (
        0,
        0,
        64,
        64,
    )


def test_a_radius_larger_than_the_picture():
    dot = np.zeros((16, 16), bool)
    dot[8, 8] = True
    out = soft_map(dot, soften_radius=256)
    assert out[8, 8] == 1 and (out > 0.9).all()


def test_radius_zero_is_the_mask_itself():
    hard = np.random.default_rng(0).random((40, 40)) < 0.3
    assert (soft_map(hard, soften_radius=0) == hard).all()
    assert reach(0, "outward") == 0


def test_a_painted_map_is_levelled_but_not_softened():
    args = parse({"mode": "soft inpaint", "invert": True})
    m = half_plane()
    assert (level(m, args) == 1 - m).all()
    assert not (shape(m, args) == 1 - m).all()
