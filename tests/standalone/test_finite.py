"""A model that answers NaN or infinity is an error with its step, never a picture."""

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks import parity
from benchmarks.pipelines import PIPELINES
from diffdiff.errors import FieldError
from diffdiff.pipelines import diffedit_edit
from diffdiff.pipelines.model_maps import find
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse
from diffdiff.settings.sources import DiffEditArgs

BAD = {"nan": float("nan"), "inf": float("inf")}


def denoiser(engine):
    pipe = getattr(engine.pipe, "decoder_pipe", engine.pipe)
    return getattr(pipe, "unet", None) or pipe.transformer


def spoil(module, value, call=1):
    """From a call on, one number of what a module answers is bad."""
    calls = 0

    def bad(_, __, answer):
        nonlocal calls
        calls += 1
        if calls >= call:
            (answer if torch.is_tensor(answer) else answer[0]).view(-1)[-1] = value

    module.register_forward_hook(bad)


def halves(size):
    m = np.zeros((size, size), np.float32)
    m[:, size // 2 :] = 1
    return m


def edit(tiny, engine, change_map, steps=6, **request):
    run = RunArgs(steps=steps, seed=4)
    return engine.edit(parity.picture(tiny), change_map, parse(request), run, **tiny.prompt())


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
@pytest.mark.parametrize("name", PIPELINES)
def test_the_first_step_that_is_not_finite_is_named(name, value):
    tiny = PIPELINES[name]
    engine = tiny.engine()
    spoil(denoiser(engine), value, call=3)
    with pytest.raises(FieldError) as told:
        edit(tiny, engine, halves(tiny.size), levels="steps", colour_match=True)
    assert told.value.field == "model"
    assert "first at step 3 of 6" in told.value.problem
    assert "--dtype float32" in told.value.remedy


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
@pytest.mark.parametrize("name", [name for name in PIPELINES if not name.startswith("if")])
def test_a_vae_that_fails_is_told_from_a_model_that_fails(name, value):
    tiny = PIPELINES[name]
    engine = tiny.engine()
    pipe = getattr(engine.pipe, "decoder_pipe", engine.pipe)
    vae = getattr(pipe, "vae", None) or pipe.movq
    spoil(vae.decoder, value)
    with pytest.raises(FieldError) as told:
        edit(tiny, engine, halves(tiny.size))
    assert told.value.field == "vae"
    assert not vae.decoder._forward_hooks or len(vae.decoder._forward_hooks) == 1  # ours is gone


def test_an_input_that_the_vae_cannot_encode_is_told():
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    spoil(engine.pipe.vae.encoder, float("nan"))
    with pytest.raises(FieldError) as told:
        edit(tiny, engine, halves(tiny.size))
    assert (told.value.field, "input picture" in told.value.problem) == ("vae", True)


@pytest.mark.parametrize("mode", ["fan", "sheet"])
@pytest.mark.parametrize("levels", ["steps", "auto"])
def test_fans_and_sheets_measure_nothing_on_it(mode, levels):
    tiny = PIPELINES["sd"]
    for part in ("unet", "vae"):
        engine = tiny.engine()
        spoil(getattr(engine.pipe, part) if part == "unet" else engine.pipe.vae.decoder, BAD["nan"])
        with pytest.raises(FieldError) as told:
            edit(tiny, engine, None, mode=mode, levels=levels)
        assert told.value.field == {"unet": "model", "vae": "vae"}[part]


def test_levels_between_steps_are_watched_too():
    tiny = PIPELINES["sd"]
    ramp = np.tile(np.linspace(0, 1, tiny.size, dtype=np.float32), (tiny.size, 1))
    engine = tiny.engine()
    spoil(engine.pipe.unet, float("nan"), call=4)
    with pytest.raises(FieldError, match="NaN or infinite values, first at step"):
        edit(tiny, engine, ramp, levels="fine")


def test_what_is_kept_may_be_anything():
    """NaN where the map is black is not in the picture."""
    tiny = PIPELINES["sd"]
    want = edit(tiny, tiny.engine(), halves(tiny.size))

    def bad(_, __, answer):
        (answer if torch.is_tensor(answer) else answer[0])[..., :2] = float("nan")

    engine = tiny.engine()
    engine.pipe.unet.register_forward_hook(bad)
    got = edit(tiny, engine, halves(tiny.size))
    assert np.array_equal(np.asarray(got.pictures[0]), np.asarray(want.pictures[0]))


@pytest.mark.parametrize("method", ["diffedit", "encode-decode"])
def test_inverted_edits_and_found_maps(method, monkeypatch):
    from tests.standalone.test_inverted import worded

    engine = worded("sd")[0]
    image = Image.new("RGB", (64, 64), "teal")
    spoil(engine.pipe.unet, float("nan"), call=3)
    run = RunArgs(prompt="b", steps=4, strength=0.5)
    change_map = halves(64) if method == "diffedit" else None
    with pytest.raises(FieldError) as told:
        diffedit_edit.edit(engine, image, method, "a", parse({}), run, None, change_map)
    assert told.value.field == "model"
    with pytest.raises(FieldError) as told:
        find(engine, image, "a", "b", DiffEditArgs())
    assert told.value.field == "model"
