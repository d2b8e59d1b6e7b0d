"""Moves, copies and deletions: small exact cases, and what holds for every picture."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffdiff.edit.compose import IDENTITY, KEEP, Move, compose, shift
from diffdiff.edit.rings import outer, within
from diffdiff.errors import FieldError

SIZE = 48


def picture(seed: int = 0, height: int = SIZE, width: int = SIZE) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def box(left, top, right, bottom, height: int = SIZE, width: int = SIZE) -> np.ndarray:
    m = np.zeros((height, width), np.float32)
    m[top:bottom, left:right] = 1
    return m


def shifted(x, y):
    return (1.0, 0.0, 0.0, 1.0, float(x), float(y))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(-20, 30),
    st.integers(-20, 30),
    st.booleans(),
    st.integers(0, 99),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_a_whole_shift_moves_the_very_pixels(x, y, copy, seed, softness):
    before, area = picture(seed), box(12, 14, 24, 30)
    area[10:12, 12:24] = softness * 0.4  # a soft rim is less than half: not part of the object
    one = Move(area, shifted(x, y), copy=copy, keep=0.1, ring=6, margin=0)
    made = compose(before, [one])
    rows, columns = np.nonzero(area == 1)
    there = (rows + y >= 0) & (rows + y < SIZE) & (columns + x >= 0) & (columns + x < SIZE)
    rows, columns = rows[there], columns[there]
    np.testing.assert_array_equal(made.picture[rows + y, columns + x], before[rows, columns])
    assert made.map.min() >= 0 and made.map.max() <= 1 and made.map.dtype == np.float32
    untouched = made.map == 0  # what is kept is what was there
    np.testing.assert_array_equal(made.picture[untouched], before[untouched])


def test_the_map_of_a_move():
    made = compose(picture(), [Move(box(4, 4, 14, 14), shifted(24, 22), ring=8, margin=0)])
    assert (made.map[4:14, 4:14] == 1).all()  # the hole
    assert made.map[31, 33] == np.float32(KEEP)  # the middle of the object
    assert made.map[26, 33] == 0.5  # its border
    assert made.map[25, 33] == pytest.approx(0.5 * (1 - 1 / 8))
    assert (np.diff(made.map[26:31, 33]) <= 0).all()
    assert (np.diff(made.map[17:26, 33]) >= 0).all() and made.map[17, 33] == 0
    assert made.map[40, 5] == 0


def test_the_margin_is_below():
    found = outer(box(20, 10, 30, 20) > 0, ring=2, margin=12)
    assert found[24, 25] == pytest.approx(0.5 * (1 - 5 / 12)) and found[33, 25] == 0
    assert found[6, 25] == 0 and found[15, 35] == 0  # neither above nor beside
    assert 0 < found[24, 32] < found[24, 25]


def test_a_deletion_fills_and_a_copy_leaves():
    before = np.full((SIZE, SIZE, 3), 90, np.uint8)
    before[20:28, 20:28] = 250
    area = box(20, 20, 28, 28)
    gone = compose(before, [Move(area, delete=True, ring=4, margin=0)])
    assert np.abs(gone.picture - 90.0).max() <= 4  # OpenCV rounds roughly
    assert (gone.map[20:28, 20:28] == 1).all() and gone.map[10, 10] == 0
    both = compose(before, [Move(area, shifted(-14, 0), copy=True, ring=4, margin=0)])
    assert (both.picture[20:28, 20:28] == 250).all() and (both.picture[20:28, 6:14] == 250).all()
    assert both.map[24, 24] == 0 and both.map[24, 10] == np.float32(KEEP)


def test_a_hole_is_like_what_is_around_it_at_any_size():
    for size in (24, 120):  # within the inpainting's reach, and reduced first
        before = np.full((256, 256, 3), (40, 120, 200), np.uint8)
        before[60 : 60 + size, 60 : 60 + size] = 255
        area = box(60, 60, 60 + size, 60 + size, 256, 256)
        made = compose(before, [Move(area, delete=True)])
        off = np.abs(made.picture.astype(int) - (40, 120, 200))[area == 1]
        assert off.mean() <= 3 and off.max() <= 12


def test_transforms_put_the_object_where_the_matrix_says():
    before = np.full((96, 96, 3), 20, np.uint8)
    before[30:50, 20:40] = (200, 60, 10)
    before[30:34, 20:40] = (10, 200, 60)  # its upper side
    area = box(20, 30, 40, 50, 96, 96)
    turned = (0.0, 1.0, -1.0, 0.0, 100.0, 0.0)  # (x, y) -> (100 - y, x)
    made = compose(before, [Move(area, turned)]).picture
    assert tuple(made[30, 68]) == (10, 200, 60) and tuple(made[30, 55]) == (200, 60, 10)
    larger = (2.0, 0.0, 0.0, 2.0, -20.0, -40.0)
    made = compose(before, [Move(area, larger)]).picture
    assert tuple(made[23, 40]) == (10, 200, 60) and tuple(made[50, 50]) == (200, 60, 10)
    smaller = (0.25, 0.0, 0.0, 0.25, 60.0, 60.0)
    made = compose(before, [Move(area, smaller)]).picture
    assert np.abs(made[70, 67].astype(int) - (200, 60, 10)).max() <= 3


def test_two_moves_are_carried_out_in_order():
    before = picture(3)
    first, second = box(4, 4, 12, 12), box(24, 4, 32, 12)
    there, back = Move(first, shifted(20, 0), ring=0), Move(second, shifted(0, 20), ring=0)
    made = compose(before, [there, back])
    np.testing.assert_array_equal(made.picture[24:32, 24:32], before[4:12, 4:12])
    alone = compose(before, [there])
    again = compose(alone.picture, [back])
    np.testing.assert_array_equal(again.picture, made.picture)
    assert (made.map[4:12, 24:32] == 1).all()  # what the second one left


def test_what_was_to_change_travels_along():
    before, hole, wide = picture(4), box(8, 8, 14, 14), box(4, 4, 20, 20)
    moves = [Move(hole, delete=True, ring=0, margin=0), Move(wide, shifted(24, 24), ring=0)]
    made = compose(before, moves)
    assert (made.map[32:38, 32:38] == 1).all() and made.map[42, 42] == np.float32(KEEP)


def test_an_identity_changes_no_pixel_of_a_copy():
    before = picture(5)
    made = compose(before, [Move(box(10, 10, 20, 20), IDENTITY, copy=True)])
    np.testing.assert_array_equal(made.picture, before)


@pytest.mark.parametrize(
    ("move", "words"),
    [
        (Move(np.zeros((SIZE, SIZE), np.float32)), "nothing is selected"),
        (Move(np.ones((SIZE, SIZE), np.float32), shifted(3, 0)), "whole picture"),
        (Move(np.ones((SIZE, SIZE), np.float32), delete=True), "whole picture"),
        (Move(box(2, 2, 9, 9), shifted(500, 0)), "leaves the picture"),
        (Move(box(2, 2, 9, 9), shifted(-9, 0)), "left inside"),
        (Move(box(2, 2, 9, 9), (1e-4, 0, 0, 1e-4, 20, 20)), "left inside"),
        (Move(np.ones((4, 4), np.float32)), "another size"),
    ],
)
def test_bad_moves_say_which_and_what_to_do(move, words):
    good = Move(box(30, 30, 36, 36), shifted(2, 2))
    with pytest.raises(FieldError) as caught:
        compose(picture(), [good, move])
    assert caught.value.field == "move" and "move 2" in str(caught.value)
    assert words in str(caught.value)


def test_nearly_everything_can_be_moved():
    before = picture(6)
    made = compose(before, [Move(box(1, 1, SIZE - 1, SIZE - 1), shifted(10, 0))])
    np.testing.assert_array_equal(made.picture[5:40, 12:46], before[5:40, 2:36])
    assert made.map[20, 3] == 1


def test_alpha_and_gray_travel_too():
    clear = np.dstack([picture(7), np.full((SIZE, SIZE), 130, np.uint8)])
    made = compose(clear, [Move(box(4, 4, 12, 12), (0.9, 0.1, -0.1, 0.9, 20.0, 20.0))])
    assert made.picture.shape == clear.shape and np.abs(made.picture[..., 3] - 130.0).max() <= 4
    gray = picture(8)[..., :1]
    assert compose(gray, [Move(box(4, 4, 12, 12), shifted(9, 9))]).picture.shape == gray.shape


def test_within_and_shift():
    there = box(10, 10, 30, 30) > 0
    assert within(there, 0.2, 16)[20, 20] == np.float32(0.2)
    assert within(there, 0.2, 16)[10, 20] == 0.5 and within(there, 0.8, 16)[10, 20] == np.float32(
        0.8
    )
    assert within(there, 0.2, 0)[10, 20] == np.float32(0.2)
    assert shift(shifted(3, -4)) == (3, -4) and shift(shifted(3.5, 0)) is None
    assert shift((-1.0, 0.0, 0.0, 1.0, 9.0, 0.0)) is None
