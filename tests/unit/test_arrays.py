"""Pictures that were an array in between keep their place where nothing has moved, only there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diffdiff.images.arrays import through_arrays
from diffdiff.images.placed import Place, pasting, place_of, put

RNG = np.random.default_rng(0)
OLD = RNG.integers(0, 256, (24, 40, 3)).astype(np.uint8)


def padded(left, right, top, bottom):
    """The old picture on a larger canvas, as a script makes it."""
    old = put(Image.fromarray(OLD), Place("origin", (40, 24)))
    canvas = Image.new("RGB", (40 + left + right, 24 + top + bottom))
    canvas.paste(old, (left, top))
    return canvas


def around(change, sides):
    """What is left of a place after an array was changed in between."""
    with pasting(), through_arrays():
        canvas = padded(*sides)
        made = Image.fromarray(change(np.asarray(canvas).copy()))
        assert np.asarray(made).shape[:2] == (24 + sum(sides[2:]), 40 + sum(sides[:2]))
        assert place_of(canvas) is not None
        return place_of(made), place_of(canvas)


SIDES = st.tuples(*[st.sampled_from([0, 8, 16])] * 4).filter(any)


@given(SIDES, st.integers(0, 5))
def test_new_area_and_a_rim_may_change(sides, rim):
    left, _, top, _ = sides

    def noise(array):
        seen = np.zeros(array.shape[:2], bool)
        rims = [rim if side else 0 for side in sides]
        seen[
            top + rims[2] : top + 24 - rims[3],
            left + rims[0] : left + 40 - rims[1],
        ] = True
        other = RNG.integers(0, 256, array.shape).astype(np.uint8)
        # as scripts do it: to 0..1 and back, cut
        mixed = np.where(seen[..., None], array / 255.0, other / 255.0)
        return np.clip(mixed * 255.0, 0, 255).astype(np.uint8)

    made, canvas = around(noise, sides)
    assert made is not None and made.same(canvas)


@given(st.tuples(*[st.sampled_from([0, 8])] * 4), st.sampled_from(["roll", "flip", "other"]))
def test_what_moves_or_is_another_picture_has_no_place(sides, how):
    change = {
        "roll": lambda array: np.roll(array, 3, 1),
        "flip": lambda array: array[:, ::-1].copy(),
        "other": lambda array: RNG.integers(0, 256, array.shape).astype(np.uint8),
    }[how]
    assert around(change, sides)[0] is None


def test_a_change_in_the_middle_has_no_place():
    def dot(array):
        array[12, 20] ^= 255
        return array

    assert around(dot, (0, 0, 0, 0))[0] is None
    assert around(lambda array: array, (0, 0, 0, 0))[0] is not None


def test_pillow_is_as_before_outside():
    before = Image.fromarray
    with through_arrays():
        assert Image.fromarray is not before
    assert Image.fromarray is before
    placed = put(Image.fromarray(OLD), Place("origin", (40, 24)))
    assert place_of(Image.fromarray(np.asarray(placed))) is None


@pytest.mark.parametrize("mode", ["I", "F", "1"])
def test_other_modes_are_left_alone(mode):
    with through_arrays():
        placed = put(Image.fromarray(OLD).convert(mode), Place("origin", (40, 24)))
        assert place_of(Image.fromarray(np.asarray(placed))) is None
