"""Pictures of any size: the result has it, and what is kept is the input's own pixels."""

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.pipelines import PIPELINES
from diffdiff.pipelines import diffedit_edit
from diffdiff.pipelines.frame import Frame
from diffdiff.pipelines.model_maps import find
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse
from diffdiff.settings.sources import DiffEditArgs

WHOLE = [name for name in PIPELINES if not name.startswith("if")]  # the others know one size only
SIZE = 61, 45
RUN = RunArgs(steps=3, seed=4)


def noise(size=SIZE):
    rng = np.random.default_rng(2)
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), np.uint8))


def halves(size=SIZE):
    m = np.zeros(size[::-1], np.float32)
    m[:, size[0] // 2 :] = 1
    return m


def edit(name, image, change_map, run=RUN, **request):
    tiny = PIPELINES[name]
    return tiny.engine().edit(image, change_map, parse(request), run, **tiny.prompt())


@pytest.mark.parametrize("name", WHOLE)
def test_the_size_stays_and_kept_pixels_are_exact(name):
    image = noise()
    result = edit(name, image, halves(), feather=0)
    (picture,) = result.pictures
    assert picture.size == SIZE and result.settings["size"] == list(SIZE)
    assert result.change_map.shape == SIZE[::-1]
    before, after = np.asarray(image), np.asarray(picture)
    half = SIZE[0] // 2
    assert np.array_equal(after[:, :half], before[:, :half])
    assert (after[:, half:] != before[:, half:]).any(2).mean() > 0.9
    (black,) = edit(name, image, halves() * 0).pictures
    assert np.array_equal(np.asarray(black), before)


def test_it_is_the_run_of_the_filled_picture():
    image, frame = noise(), Frame.around(SIZE, 8)
    assert frame.worked == (64, 48)
    filled = frame.filled_picture(image)
    assert np.array_equal(np.asarray(filled)[:45, 61:], np.asarray(image)[:, -1:].repeat(3, 1))
    for m in (np.full(SIZE[::-1], 0.6, np.float32), halves()):
        (got,) = edit("sd", image, m).pictures
        (want,) = edit("sd", filled, frame.filled(m)).pictures
        assert np.array_equal(np.asarray(got), np.asarray(want)[:45, :61])


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (8, 8), (9, 130)])
def test_the_smallest_and_the_narrowest(size):
    (picture,) = edit("sd", noise(size), np.ones((2, 2), np.float32)).pictures
    assert picture.size == size


@pytest.mark.parametrize(("width", "height"), [(33, None), (None, 50), (40, 48), (50, 35)])
def test_a_size_that_was_asked_for_is_had(width, height):
    run = RunArgs(steps=2, width=width, height=height)
    (picture,) = edit("sd", noise(), halves(), run).pictures
    assert picture.size == (width or 61, height or 45)


def test_fans_and_sheets():
    image = noise((125, 77))
    fan = edit("sd", image, None, mode="fan", fan_strengths="0, 0.5, 1")
    assert fan.pictures[0].width == 125
    assert fan.pictures[0].height == 77 + fan.settings["bar"]
    left, top, right, bottom = fan.settings["boxes"][0]
    kept = np.asarray(fan.pictures[0])[top:bottom, left:right]
    plain = np.asarray(image)[:, left:right]
    assert np.array_equal(kept[:, :-8], plain[:, :-8])  # strength 0, beyond the seam
    assert max(box[2] for box in fan.settings["boxes"]) == 125
    result = edit("sd", image, None, mode="sheet", fan_strengths="0, 1")
    assert [p.size for p in result.pictures[1:]] == [(125, 77)] * 2
    assert np.array_equal(np.asarray(result.pictures[1]), np.asarray(image))


@pytest.mark.parametrize("more", [{"area": "changed"}, {"mode": "soft inpaint"}])
def test_other_ways_of_working(more):
    image, m = noise((125, 77)), np.zeros((77, 125), np.float32)
    m[40:, 90:] = 1
    (picture,) = edit("sd", image, m, **more).pictures
    assert picture.size == image.size
    assert np.array_equal(np.asarray(picture)[:20, :40], np.asarray(image)[:20, :40])


def test_inverted_edits_and_found_maps():
    from tests.standalone.test_inverted import worded

    engine, image = worded("sd")[0], noise()
    run = RunArgs(prompt="b", steps=4, strength=0.5)
    result = diffedit_edit.edit(engine, image, "diffedit", "a", parse({}), run, None, halves())
    assert result.pictures[0].size == SIZE and result.change_map.shape == SIZE[::-1]
    assert np.array_equal(np.asarray(result.pictures[0])[:, :20], np.asarray(image)[:, :20])
    found = find(engine, image, "", "b", DiffEditArgs(diffedit_noises=2))
    assert found.shape == SIZE[::-1] and 0 <= found.min() <= found.max() <= 1
