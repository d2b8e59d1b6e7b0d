"""The size of a draft, and what shrinks with it."""

import pytest

from diffdiff.edit.draft import check, on_grid, sized
from diffdiff.errors import FieldError
from diffdiff.settings.schema import EditArgs


def test_sizes_that_models_work_at():
    runs = [(512, 512), (512, 768), (1024, 1024), (1152, 896), (832, 1216), (300, 900)]
    small = [(256, 256), (256, 384), (512, 512), (576, 448), (416, 608), (256, 768)]
    assert [on_grid(*size) for size in runs] == small
    assert on_grid(256, 512) == (256, 512), "as small as it gets"
    assert on_grid(203, 999) == (203, 999)


def test_a_size_keeps_the_proportions_and_is_never_larger():
    for width in range(64, 2049, 56):
        for height in range(64, 2049, 40):
            wide, high = size = on_grid(width, height)
            assert wide <= width and high <= height
            assert size == (width, height) or (wide % 8, high % 8) == (0, 0)
            assert wide / high == pytest.approx(width / height, rel=0.015)


def test_pixels_of_the_run_are_fewer_in_a_draft():
    args = EditArgs(mode="soft inpaint", soften_radius=30, feather=5, area_padding=33)
    half = sized(args, 0.5)
    assert (half.soften_radius, half.feather, half.area_padding) == (15, 2.5, 16)
    assert sized(args, 0.5, pasted=False).feather == 5
    assert sized(args, 1.0) == args
    for other in (EditArgs(soften_radius=30), EditArgs(mode="soft inpaint")):
        assert sized(other, 0.5).soften_radius == other.soften_radius


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"mode": "fan"}, "mode"), ({"mode": "sheet"}, "mode"), ({"outpaint": "left 8"}, "outpaint")],
)
def test_one_picture_of_the_same_shape(settings, field):
    with pytest.raises(FieldError) as problem:
        check(EditArgs(**settings))
    assert problem.value.field == field and "Generate" in problem.value.remedy
