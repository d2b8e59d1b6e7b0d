"""The rectangle that changes, for runs that work on that alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diffdiff.edit.area import STEP, changed_area
from diffdiff.errors import FieldError
from diffdiff.settings.schema import parse

sides = st.integers(1, 400)


@given(sides, sides, st.data())
def test_it_holds_what_changes_with_its_padding(width, height, data):
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right = data.draw(st.integers(left + 1, width))
    bottom = data.draw(st.integers(top + 1, height))
    padding = data.draw(st.integers(0, 100))
    changes = np.zeros((height, width), bool)
    changes[top, left] = changes[bottom - 1, right - 1] = True
    area = changed_area(changes, padding)
    if area is None:
        return
    assert area.whole == (width, height) and area.share < 1
    for (low, high), near, far, limit in (
        (area.box[::2], left, right, width),
        (area.box[1::2], top, bottom, height),
    ):
        assert 0 <= low <= max(near - padding, 0) and min(far + padding, limit) <= high <= limit
        assert (high - low) % STEP == 0 or (low, high) == (0, limit)
        assert low % 8 == 0 or high == limit  # on the cells of the whole picture
    assert area.cut(changes).sum() == changes.sum()


def test_nothing_or_all_of_it_is_no_part():
    assert changed_area(np.zeros((200, 200), bool), 8) is None
    assert changed_area(np.ones((200, 200), bool), 0) is None
    assert changed_area(np.ones((1, 1), bool), 0) is None


def test_one_pixel_is_the_smallest_part():
    changes = np.zeros((512, 512), bool)
    changes[300, 200] = True
    area = changed_area(changes, 0)
    assert area.size == (STEP, STEP) and area.share == (STEP / 512) ** 2
    assert "64x64 of 512x512" in area.about()


def test_a_finished_part_goes_back_in_its_place():
    changes = np.zeros((192, 256), bool)
    changes[100:120, 140:150] = True
    area = changed_area(changes, 16)
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (192, 256, 3), np.uint8))
    part = Image.new("RGB", area.size, "red")
    part.info["parameters"] = "text"
    whole = area.put(part, picture)
    assert whole.info["parameters"] == "text"
    left, top, right, bottom = area.box
    found, want = np.array(whole), np.array(picture)
    assert (found[top:bottom, left:right] == (255, 0, 0)).all()
    found[top:bottom, left:right] = want[top:bottom, left:right]
    assert (found == want).all()


@pytest.mark.parametrize("mode", ["soft inpaint", "fan", "sheet"])
def test_other_modes_work_on_the_whole_picture(mode):
    with pytest.raises(FieldError) as refused:
        parse({"area": "changed", "mode": mode})
    assert refused.value.field == "area"
