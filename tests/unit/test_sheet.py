import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffdiff.edit.contact_sheet import (
    INK,
    PAPER,
    SMALLEST,
    contact_sheet,
    strength_sheet,
    text_mask,
    text_width,
    with_bar,
)
from diffdiff.edit.fan import LAYOUTS, fan
from diffdiff.errors import FieldError
from diffdiff.settings.strength_list import MOST, spread


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def ink(part):
    """Pixels that are clearly written on."""
    return int((part < 128).all(-1).sum())


@given(
    st.integers(16, 40),
    st.integers(16, 40),
    st.integers(2, MOST),
    st.sampled_from([layout for layout in LAYOUTS if layout != "map"]),
)
def test_the_bar_stands_outside_the_picture_and_covers_the_width(h, w, count, layout):
    image, f = picture(8 * h, 8 * w), fan(8 * h, 8 * w, spread(count), layout)
    bar = with_bar(image, f)
    assert bar.picture.shape == (8 * h + bar.height, 8 * w, 3) and bar.picture.dtype == np.uint8
    np.testing.assert_array_equal(bar.picture[bar.height :], image)
    lefts, rights = [b[0] for b in bar.boxes], [b[2] for b in bar.boxes]
    assert len(bar.boxes) == count
    assert lefts == [0, *rights[:-1]] and rights[-1] == 8 * w
    assert all(a < b for a, b in zip(lefts, rights))
    assert bar.labelled[0] == 0 and bar.labelled[-1] == count - 1
    if layout == "vertical":
        assert lefts == [s.box[0] for s in f.stripes]


@pytest.mark.parametrize("base", [0, 255])
@pytest.mark.parametrize("width", [128, 256, 512, 1024])
def test_sixteen_numbers_are_legible_or_fewer(width, base):
    image = np.full((32, width, 3), base, np.uint8)
    bar = with_bar(image, fan(32, width, spread(16)))
    assert len(bar.labelled) >= 5
    line = np.flatnonzero((bar.picture == INK).all((1, 2)))[0]  # above the swatches
    numbers = bar.picture[:line]
    assert numbers.max() == PAPER and numbers.min() < 80  # dark on white, whatever the picture
    written = np.flatnonzero((numbers < 128).all(-1).any(0))
    # a blank of 3 pixels or more between numbers: as many groups as numbers
    assert np.count_nonzero(np.diff(written) >= 3) + 1 >= len(bar.labelled)


def test_few_stripes_have_all_their_numbers_and_many_pixels_larger_ones():
    small, large = (with_bar(picture(32, w), fan(32, w, spread(5))) for w in (128, 1024))
    assert small.labelled == large.labelled == (0, 1, 2, 3, 4)
    assert large.height > small.height


def test_swatches_are_as_grey_as_the_map():
    f = fan(16, 320, (0.0, 0.5, 1.0, 0.25))
    bar = with_bar(picture(16, 320), f)
    middles = [(b[0] + b[2]) // 2 for b in bar.boxes]
    assert [int(bar.picture[bar.height - 4, x, 0]) for x in middles] == [0, 128, 255, 64]
    assert (bar.picture[bar.height - 1] == INK).all()


def test_no_room_for_two_numbers_leaves_the_swatches():
    bar = with_bar(picture(16, 16), fan(16, 16, (0.25, 0.75)))
    assert bar.labelled == () and len(bar.boxes) == 2


def test_swatches_of_a_fan_inside_a_map_share_the_width():
    base = np.zeros((64, 128), np.float32)
    base[16:48, 32:64] = 1
    f = fan(64, 128, spread(4), "map", base=base)
    assert [b[0] for b in with_bar(picture(64, 128), f).boxes] == [0, 32, 64, 96]


@given(st.text("0123456789.abcxyz ", min_size=1, max_size=30), st.integers(SMALLEST, 40))
@settings(max_examples=20)
def test_text_has_the_size_it_says(text, height):
    mask = text_mask(text, height)
    assert mask.shape == (height, text_width(text, height))
    assert mask.min() >= 0 and mask.max() <= 1


def test_text_differs_and_is_there():
    assert text_mask("0.5", 11).max() > 0.5
    assert not np.array_equal(text_mask("5", 20), text_mask("7", 20))


@given(st.integers(1, 20), st.integers(1, 90), st.integers(1, 90), st.integers(0, 3))
@settings(max_examples=30)
def test_tiles_lie_inside_and_apart(count, height, width, lines):
    images = [picture(height, width, i) for i in range(count)]
    sheet = contact_sheet(images, [["strength 0.5"] * lines] * count)
    covered = np.zeros(sheet.picture.shape[:2], int)
    for i, (left, top, right, bottom) in enumerate(sheet.boxes):
        np.testing.assert_array_equal(sheet.picture[top:bottom, left:right], images[i])
        covered[top:bottom, left:right] += 1
        assert lines == 0 or ink(sheet.picture[bottom : bottom + 14, left : left + 60]) > 10
    assert covered.max() == 1 and covered.sum() == count * height * width
    for single, image in zip(sheet.singles, images):
        assert single is image


@pytest.mark.parametrize(
    ("count", "size", "shape"),
    [(2, (64, 64), (1, 2)), (5, (64, 64), (2, 3)), (9, (64, 64), (3, 3)), (16, (64, 96), (4, 4))],
)
def test_grids_are_chosen_by_the_shape(count, size, shape):
    boxes = contact_sheet([picture(*size)] * count, [[]] * count).boxes
    assert (len({b[1] for b in boxes}), len({b[0] for b in boxes})) == shape


def test_columns_can_be_said():
    boxes = contact_sheet([picture(8, 8)] * 4, [[]] * 4, columns=4).boxes
    assert len({b[1] for b in boxes}) == 1


@given(st.integers(1, 16), st.integers(64, 400), st.integers(64, 400), st.integers(600, 1200))
@settings(max_examples=20)
def test_a_sheet_is_no_larger_than_it_may_be(count, height, width, limit):
    sheet = contact_sheet([picture(height, width)] * count, [["0.5"]] * count, max_side=limit)
    assert max(sheet.picture.shape) <= limit
    ratios = [(b[2] - b[0]) / (b[3] - b[1]) for b in sheet.boxes]
    assert ratios == pytest.approx([width / height] * count, rel=0.05)


def test_a_caption_too_long_is_cut_and_stays_in_its_cell():
    sheet = contact_sheet([picture(32, 32)], [["m" * 300]])
    assert sheet.picture.shape[1] < 260
    assert sheet.captions == (("m" * 300,),)
    assert (sheet.picture[:, -2:] == PAPER).all()


def test_a_strength_sheet_says_strength_and_change():
    original = np.full((64, 64, 3), 100, np.uint8)
    images = [original, original + 10, original + 55]
    sheet = strength_sheet(images, (0.0, 0.125, 1 / 3), original)
    assert sheet.captions == (
        ("strength 0", "change 0.0"),
        ("strength 0.125", "change 10.0"),
        ("strength 0.333", "change 55.0"),
    )
    assert strength_sheet(images, (0, 0.1, 1)).captions[2] == ("strength 1",)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: with_bar(picture(8, 32), fan(16, 32, (0, 1))), "picture"),
        (lambda: with_bar(picture(16, 32).astype(float), fan(16, 32, (0, 1))), "picture"),
        (lambda: contact_sheet([], []), "pictures"),
        (lambda: contact_sheet([picture(8, 8), picture(8, 9)], [[], []]), "pictures"),
        (lambda: contact_sheet([picture(8, 8)[..., 0]], [[]]), "pictures"),
        (lambda: contact_sheet([picture(8, 8) / 255], [[]]), "pictures"),
        (lambda: contact_sheet([picture(8, 8)], []), "captions"),
        (lambda: contact_sheet([picture(8, 8)], [[]], columns=0), "columns"),
        (lambda: contact_sheet([picture(8, 8)], [[]], max_side=0), "max_side"),
        (lambda: contact_sheet([picture(8, 8)] * 16, [["a"]] * 16, max_side=20), "max_side"),
        (lambda: strength_sheet([picture(8, 8)], (0.1, 0.2)), "fan_strengths"),
        (lambda: strength_sheet([picture(8, 8)], (0.1,), picture(9, 9)), "after"),
    ],
)
def test_bad_input_names_its_field(call, field):
    with pytest.raises(FieldError) as caught:
        call()
    assert caught.value.field == field
