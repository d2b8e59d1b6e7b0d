"""Pictures that carry their place along, through what scripts do to pictures with Pillow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter, ImageOps

from diffdiff.images.placed import Place, Placed, enlarging, pasting, place_of, put
from diffdiff.maps import geometry

COLUMNS, ROWS = 40, 24
X, Y = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
PICTURE = np.stack([X, Y, np.zeros_like(X)], -1).astype(np.uint8)  # each pixel says where it is


def whole(mode="RGB"):
    picture = Image.fromarray(PICTURE).convert(mode)
    return put(picture, Place("origin", picture.size))


def shown(picture):
    """Where the picture's pixels are by their colors, and by its place."""
    place = place_of(picture)
    array = np.asarray(picture.convert("RGB"))
    left, top = (round(at) for at in place.offset)
    own = np.arange(picture.width) + left, np.arange(picture.height) + top
    return (array[0, :, 0], array[:, 0, 1]), own


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 4), min_size=1, max_size=4))
def test_cuts_of_cuts_know_their_place(cuts):
    picture = whole()
    for left, top, right, bottom in cuts:
        box = (
            left,
            top,
            max(picture.width - right, left + 1),
            max(picture.height - bottom, top + 1),
        )
        if box[2] > picture.width or box[3] > picture.height:
            continue
        picture = picture.crop(box)
    by_color, by_place = shown(picture)
    for a, b in zip(by_color, by_place):
        np.testing.assert_array_equal(a, b)
    assert place_of(picture).whole == (COLUMNS, ROWS)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.copy(),
        lambda p: p.convert("RGBA"),
        lambda p: p.convert("L").convert("RGB"),
        lambda p: p.filter(ImageFilter.GaussianBlur(1)),
        lambda p: p.point(lambda v: v),
    ],
)
def test_what_moves_no_pixel_keeps_the_place(change):
    before = whole().crop((3, 2, 30, 20))
    assert place_of(change(before)).same(place_of(before))


def test_a_resized_picture_is_at_its_scale():
    large = whole().resize((4 * COLUMNS, 2 * ROWS))
    assert place_of(large).is_whole(large.size)
    tile = large.crop((80, 10, 120, 40))
    assert place_of(tile).whole == (4 * COLUMNS, 2 * ROWS) and place_of(tile).offset == (80, 10)
    small = tile.resize((20, 15))
    assert place_of(small).whole == (2 * COLUMNS, ROWS) and place_of(small).offset == (40, 5)
    boxed = whole().resize((20, 20), box=(10, 4, 20, 14))
    assert place_of(boxed).whole == (2 * COLUMNS, 2 * ROWS)
    assert place_of(boxed).offset == (20, 8)
    thumb = whole()
    thumb.thumbnail((20, 20))
    assert place_of(thumb).is_whole(thumb.size)


def test_a_canvas_takes_the_place_of_what_is_pasted():
    picture = whole("RGBA")
    with pasting():
        flat = Image.new("RGBA", picture.size, "white")
        flat.paste(picture, mask=picture)  # as hosts flatten transparency
        assert place_of(flat.convert("RGB")).same(place_of(picture))
        canvas = Image.new("RGB", (COLUMNS + 16, ROWS + 8))
        canvas.paste(picture, (16, 4))
        assert place_of(canvas).offset == (-16, -4)
        grid = Image.new("RGB", (2 * COLUMNS, ROWS))
        grid.paste(picture, (0, 0))
        grid.paste(picture, (COLUMNS, 0))
        assert place_of(grid) is None
        tiles = Image.new("RGB", picture.size)
        for left in (0, COLUMNS // 2):
            tiles.paste(picture.crop((left, 0, left + COLUMNS // 2, ROWS)), (left, 0))
        assert place_of(tiles).is_whole(tiles.size)
    plain = Image.new("RGB", picture.size)
    plain.paste(picture)
    assert place_of(plain) is None and type(plain) is Image.Image


@pytest.mark.parametrize(
    "change", [ImageOps.mirror, lambda p: p.rotate(180), lambda p: p.transpose(4)]
)
def test_what_moves_pixels_otherwise_loses_it(change):
    assert place_of(change(whole())) is None


def test_what_goes_through_an_array_loses_it_but_in_an_upscaler():
    picture = whole()
    assert place_of(Image.fromarray(np.asarray(picture))) is None
    double = enlarging(lambda p, scale: Image.fromarray(np.asarray(p).repeat(2, 0).repeat(2, 1)))
    assert place_of(double(picture, 2)).is_whole((2 * COLUMNS, 2 * ROWS))
    assert place_of(double(Image.fromarray(PICTURE), 2)) is None


def test_a_file_is_copied_with_its_text(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "a.png")
    read = Image.open(tmp_path / "a.png")
    read.info["name"] = "a"
    placed = put(read, Place("origin", read.size))
    assert isinstance(placed, Placed) and not isinstance(read, Placed)
    assert placed.copy().info["name"] == "a"
    np.testing.assert_array_equal(np.asarray(placed), PICTURE)


@given(st.integers(0, 20), st.integers(0, 12), st.integers(1, 3))
def test_pieces_of_a_map_agree_where_they_overlap(left, top, scale):
    m = np.random.default_rng(0).random((ROWS, COLUMNS), np.float32)
    size = COLUMNS * scale, ROWS * scale
    all_of_it = geometry.part(m, size, (0, 0), *size)
    np.testing.assert_array_equal(all_of_it, geometry.resize(m, *size))
    piece = geometry.part(m, size, (left, top), 16, 10)
    np.testing.assert_array_equal(piece, all_of_it[top : top + 10, left : left + 16])


def test_beyond_the_picture_all_is_new():
    m = np.zeros((ROWS, COLUMNS), np.float32)
    found = geometry.part(m, (COLUMNS, ROWS), (-8, 0), COLUMNS + 8, ROWS, edge=4)
    assert (found[:, :8] == 1).all() and (found[:, 12:] == 0).all()
    assert (np.diff(found[0, 7:13]) <= 0).all() and 0 < found[0, 9] < 1
    hard = geometry.part(m, (COLUMNS, ROWS), (-8, 0), COLUMNS + 8, ROWS)
    assert (hard[:, 8:] == 0).all()


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
@given(st.tuples(*[st.integers(8, 60)] * 2), st.tuples(*[st.integers(8, 60)] * 2))
def test_a_fitted_picture_has_the_map_that_follows_it(mode, size, job):
    m = np.random.default_rng(1).random((size[1], size[0]), np.float32)
    want = geometry.follow(m, mode, size, *job)
    place = Place("origin", size).fitted(size, mode, *job)
    got = geometry.part(m, place.whole, place.offset, *job, continued=place.continued)
    np.testing.assert_array_equal(got, want)
