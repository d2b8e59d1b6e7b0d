"""Soft inpainting with a mask file as the map, without any WebUI."""

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks import parity
from benchmarks.pipelines import PIPELINES
from diffdiff.cli import main
from diffdiff.images import color_match
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

RUN, TINY = RunArgs(steps=8), PIPELINES["sd"]


def edit(mask, picture=None, run=RUN, **request):
    engine = TINY.engine()
    picture = picture or parity.picture(TINY)
    args = parse({"mode": "soft inpaint", **request})
    return engine.edit(picture, mask.astype(np.float32), args, run, **TINY.prompt())


@pytest.fixture
def mask():
    size = TINY.size
    m = np.zeros((size, size), bool)
    m[size // 4 : size // 2, size // 4 : size // 2] = True
    return m


def test_a_mask_gets_a_soft_rim_and_keeps_its_core(mask):
    result = edit(mask, soften_radius=4)
    assert (result.change_map[mask] == 1).all()
    rim = (result.change_map > 0) & ~mask
    assert rim.any() and (result.change_map == 0).any()
    source = np.asarray(parity.picture(TINY))
    out = np.asarray(result.pictures[0])
    beyond = result.change_map == 0
    assert np.array_equal(out[beyond], source[beyond])
    assert abs(out.astype(int) - source)[mask].mean() > 5


def test_the_radius_is_in_pixels_of_the_size_worked_at(mask):
    picture = parity.picture(TINY)
    small = edit(mask, soften_radius=4).change_map
    big = picture.resize((picture.width * 4, picture.height * 4))
    large_mask = np.kron(mask, np.ones((4, 4)))
    run = RunArgs(steps=8, width=picture.width, height=picture.height)
    large = edit(large_mask, big, run, soften_radius=4).change_map
    np.testing.assert_allclose(large, small, atol=0.06)


def test_radius_zero_is_the_mask(mask):
    assert (edit(mask, soften_radius=0).change_map == mask).all()


def test_colours_are_matched_before_the_paste(mask, monkeypatch):
    seen = []
    monkeypatch.setattr(color_match, "match", lambda edited, *_: seen.append(1) or edited)
    edit(mask)
    assert not seen
    edit(mask, colour_match=True)
    assert seen


def test_the_command_offers_it_without_what_only_a_webui_has(capsys):
    with pytest.raises(SystemExit):
        main.parser().parse_args(["edit", "--help"])
    text = capsys.readouterr().out
    assert "--mode {edit,soft inpaint,fan,sheet}" in text and "--colour-match" in text
    assert "--combine" not in text and "--mask-channel" not in text
