"""Jobs that work on the changed part of their picture alone, on each of the four hosts."""

from types import SimpleNamespace

import numpy as np
import pytest
from kind_jobs import Script
from kind_runs import api, flat, png
from PIL import Image

from diffdiff.errors import FieldError

SIZE = (256, 192)


def patch(left=160, top=80, right=180, bottom=100):
    m = np.zeros(SIZE[::-1])
    m[top:bottom, left:right] = 1
    return m


def run(kind, edit, **more):
    kind.model.core.sizes.clear()
    return kind.run(edit, width=SIZE[0], height=SIZE[1], **more)


def test_the_model_sees_the_part_and_the_picture_is_whole(kind):
    m = patch()
    edit = {"map": png(m), "area": "changed", "area_padding": 16}
    done = run(kind, edit)
    (size,) = kind.model.core.sizes
    assert size == (8, 8), "64 x 64 pixels"
    before = np.asarray(kind.job(edit, width=SIZE[0], height=SIZE[1]).init_images[0])
    after = np.asarray(done.images[0])
    assert after.shape == before.shape and (after[m == 0] == before[m == 0]).all()
    assert (after[m == 1] != before[m == 1]).any(1).mean() > 0.9
    assert "Size: 256x192" in done.infotexts[0] and "DD area: changed" in done.infotexts[0]
    assert "worked on 64x64 of 256x192 pixels (8% of the image)" in done.comments
    assert f"the map keeps {(m == 0).mean():.0%} of the picture" in done.comments


def test_the_job_gets_its_pictures_back(kind):
    p = kind.job({"map": png(patch()), "area": "changed"}, width=SIZE[0], height=SIZE[1])
    picture = p.init_images[0]
    api(p)
    assert p.init_images == [picture] and (p.width, p.height) == SIZE and p.resize_mode == 0
    assert "Size" not in p.extra_generation_params


@pytest.mark.parametrize("edit", [{"map": flat(1)}, {"map": flat(0)}], ids=["white", "black"])
def test_all_or_nothing_is_the_whole_picture(kind, edit):
    want, got = run(kind, edit), run(kind, {**edit, "area": "changed"})
    np.testing.assert_array_equal(np.asarray(got.images[0]), np.asarray(want.images[0]))


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_it_follows_the_resize_mode(kind, mode):
    if kind.name == "neo" and kind.rank == 5:
        pytest.skip("its sizes are multiples of 16, one resize is enough")
    edit = {"map": png(patch()), "area_padding": 8}
    settings = {"picture": SIZE, "width": 320, "height": 192, "resize_mode": mode}
    black = kind.run({"map": flat(0)}, **settings)
    whole = kind.run(edit, **settings)
    part = kind.run({**edit, "area": "changed"}, **settings)
    base = np.asarray(black.images[0])
    moved, own = (np.asarray(done.images[0]) != base for done in (whole, part))
    assert moved.any() and own.any()
    rows, columns = np.nonzero(moved.any(2))
    own_rows, own_columns = np.nonzero(own.any(2))
    assert abs(rows.min() - own_rows.min()) <= 8 and abs(rows.max() - own_rows.max()) <= 8
    assert abs(columns.min() - own_columns.min()) <= 8
    assert abs(columns.max() - own_columns.max()) <= 8


def test_a_batch_works_on_what_any_of_its_maps_changes(kind):
    if kind.rank == 5:
        pytest.skip("its batches are frames")
    maps = [patch(8, 8, 20, 20), patch(40, 40, 60, 60)]
    pictures = [
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (*SIZE[::-1], 3), np.uint8))
        for i in range(2)
    ]
    edit = {"map": [png(m) for m in maps], "area": "changed", "area_padding": 0}
    done = run(kind, edit, init_images=pictures, batch_size=2)
    assert kind.model.core.sizes == {(8, 8)}
    for picture, before, m in zip(done.images, pictures, maps):
        after, before = np.asarray(picture), np.asarray(before)
        assert (after[m == 0] == before[m == 0]).all() and (after[m == 1] != before[m == 1]).any()


def test_an_inpaint_mask_is_cut_too(kind):
    mask = Image.new("L", SIZE, 0)
    mask.paste(255, (150, 70, 200, 110))
    edit = {"map": flat(1), "area": "changed", "area_padding": 8}
    done = run(kind, edit, mask=mask, mask_blur=0)
    (size,) = kind.model.core.sizes
    assert size < (SIZE[1] // 8, SIZE[0] // 8)
    before = np.asarray(kind.job(edit, width=SIZE[0], height=SIZE[1]).init_images[0])
    after, outside = np.asarray(done.images[0]), np.asarray(mask) == 0
    assert (after[outside] == before[outside]).all()
    assert (after[~outside] != before[~outside]).any(1).mean() > 0.8


class ControlNet(Script):
    args_from, args_to = 2, 4

    def title(self):
        return "ControlNet"


def with_units(kind, *units, **edit):
    edit = {"map": png(patch()), "area": "changed", **edit}
    p = kind.job(edit, width=SIZE[0], height=SIZE[1])
    p.scripts.alwayson_scripts.append(ControlNet())
    p.script_args_value = (*p.script_args_value, *units)
    return p


OWN = np.zeros((8, 8, 3), np.uint8)
UNIT = {"enabled": True, "module": "canny", "model": "a model"}


@pytest.mark.parametrize(
    "unit",
    [
        {**UNIT, "image": "iVBORw0KGgo="},
        {**UNIT, "input_image": "iVBORw0KGgo="},
        SimpleNamespace(enabled=True, image=OWN),
        SimpleNamespace(enabled=True, image={"image": OWN, "mask": OWN}),
    ],
)
def test_a_unit_with_an_image_of_its_own_is_refused(kind, unit):
    with pytest.raises(FieldError, match="ControlNet unit 2 has an image of its own") as refused:
        api(with_units(kind, UNIT, unit))
    assert refused.value.field == "area"
    assert api(with_units(kind, UNIT, unit, area="whole")).images


@pytest.mark.parametrize(
    "unit",
    [
        UNIT,
        {**UNIT, "enabled": False, "image": "iVBORw0KGgo="},
        {**UNIT, "image": ""},
        SimpleNamespace(enabled=True, image=None),
        SimpleNamespace(enabled=False, image=OWN),
        None,
    ],
)
def test_other_units_read_the_part(kind, unit):
    got = api(with_units(kind, unit, unit))
    want = kind.run({"map": png(patch()), "area": "changed"}, width=SIZE[0], height=SIZE[1])
    np.testing.assert_array_equal(np.asarray(got.images[0]), np.asarray(want.images[0]))
