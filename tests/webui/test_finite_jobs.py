"""A model or a VAE that answers NaN or infinity ends the job with an error, on every host."""

import gc
import importlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from kind_hires import text
from kind_runs import api, columns, page

from diffdiff.errors import FieldError

HALF = {"map": columns(0, 1)}
BAD = {"nan": float("nan"), "inf": float("inf")}


def spoiled(plain, value, call=1):
    """From a call on, one number of what a function answers is bad."""
    calls = 0

    def bad(*args, **kwargs):
        nonlocal calls
        calls += 1
        answer = plain(*args, **kwargs)
        if calls >= call:
            answer = answer.clone()
            answer.view(-1)[-1] = value
        return answer

    return bad


def refused(kind, edit, **settings):
    """What the API is told; the page is told the same."""
    with pytest.raises(FieldError) as told:
        api(kind.job(edit, **settings))
    pictures, words = page(kind.job(edit, **settings))
    assert pictures == [] and words.startswith(f"Differential Diffusion: {told.value.field}:")
    assert kind.reported == []
    return told.value


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_the_first_step_that_is_not_finite_is_named(kind, value):
    core = kind.model.core
    core.apply_model = spoiled(core.apply_model, value, call=3)
    error = refused(kind, {**HALF, "colour_match": True}, denoising_strength=1.0)
    assert error.field == "model" and "--no-half" in error.remedy
    assert "of 8" in error.problem and "first at step" in error.problem


@pytest.mark.parametrize("edit", [{"mode": "fan"}, {"mode": "sheet"}, {"mode": "sheet", **HALF}])
def test_fans_and_sheets_measure_nothing_on_it(kind, edit):
    if kind.rank == 5 and edit["mode"] == "sheet":
        pytest.skip("a video model makes no sheet")
    core = kind.model.core
    core.apply_model = spoiled(core.apply_model, float("nan"))
    error = refused(kind, edit)
    assert error.field == "model" and "first at" in error.problem


def test_a_vae_that_fails_is_told_from_a_model_that_fails(kind):
    kind.model.decode_first_stage = spoiled(kind.model.decode_first_stage, float("nan"))
    error = refused(kind, HALF)
    assert error.field == "vae" and "--no-half-vae" in error.remedy


class Decoder(torch.nn.Module):
    bad = 0.5  # the last number of all that it answers

    def forward(self, pictures):
        pictures = pictures.clone()
        pictures.view(-1)[-1] = self.bad
        return pictures


def clipping(kind):
    """Let the host's VAE clip what its decoder answers, as Forge does: infinity becomes white."""
    model, plain = kind.model, kind.model.decode_first_stage
    vae = SimpleNamespace(first_stage_model=SimpleNamespace(decoder=Decoder()))
    if kind.forge:
        model.forge_objects.vae.first_stage_model = vae.first_stage_model
    else:
        model.first_stage_model = vae.first_stage_model

    def decode(latent):
        return vae.first_stage_model.decoder(plain(latent)).clamp(-1, 1)

    model.decode_first_stage = decode
    return vae.first_stage_model.decoder


def test_infinity_that_the_host_clips(kind):
    decoder = clipping(kind)
    decoder.bad = float("inf")
    error = refused(kind, HALF)
    assert error.field == "vae"
    decoder.bad = 0.5
    assert len(api(kind.job(HALF)).images) == 1
    assert not decoder._forward_hooks


def test_a_decoder_is_heard_for_one_job_only(kind):
    """Not after one that failed between its sampler and its pictures, either."""
    decoder = clipping(kind)
    plain = kind.model.decode_first_stage

    def fails(latent):
        assert len(decoder._forward_hooks) == 1
        raise RuntimeError("out of memory")

    kind.model.decode_first_stage = fails
    p = kind.job(HALF)
    with pytest.raises(RuntimeError, match="out of memory"):
        api(p)
    del p
    gc.collect()
    assert not decoder._forward_hooks
    kind.model.decode_first_stage = plain
    assert len(api(kind.job(HALF)).images) == 1 and not decoder._forward_hooks


def hires_refused(kind, edit=HALF, **settings):
    with pytest.raises(FieldError) as told:
        api(text(kind, edit, **settings))
    assert kind.reported == []
    return told.value


@pytest.mark.parametrize("upscaler", ["Doubler", "Latent"])
def test_infinity_that_the_host_clips_in_hires_fix(kind, upscaler):
    """There the host decodes before the job's latents are complete."""
    decoder = clipping(kind)
    decoder.bad = float("inf")
    assert hires_refused(kind, hr_upscaler=upscaler).field == "vae"
    assert hires_refused(kind, {"source": "luminance"}, hr_upscaler=upscaler).field == "vae"
    decoder.bad = 0.5
    assert len(api(text(kind, HALF, hr_upscaler=upscaler)).images) == 1
    gc.collect()
    assert not decoder._forward_hooks


@pytest.mark.parametrize("failing", [1, 2])
def test_one_pass_of_hires_fix_that_is_decoded_badly(kind, failing):
    """The first pass's picture is what the second begins with, so its decode counts as well."""
    decoder, calls, plain = clipping(kind), [], Decoder.forward

    def forward(pictures):
        calls.append(1)
        decoder.bad = float("inf") if len(calls) == failing else 0.5
        return plain(decoder, pictures)

    decoder.forward = forward
    assert hires_refused(kind).field == "vae" and len(calls) == failing


def test_live_previews_are_not_the_result(kind):
    """A decoder may fail on the noise of an early step."""
    decoder, core = clipping(kind), kind.model.core
    plain = core.apply_model

    def previewed(x, *args, **kwargs):
        decoder.bad = float("inf")
        kind.model.decode_first_stage(x)
        decoder.bad = 0.5
        return plain(x, *args, **kwargs)

    core.apply_model = previewed
    assert len(api(text(kind, HALF)).images) == 1
    assert len(api(kind.job(HALF)).images) == 1


def test_a_first_pass_that_is_not_finite(kind):
    core = kind.model.core
    core.apply_model = spoiled(core.apply_model, float("nan"))
    error = hires_refused(kind)
    assert error.field == "model" and "--no-half" in error.remedy


def test_a_map_that_is_found(kind):
    core = kind.model.core
    core.apply_model = spoiled(core.apply_model, float("nan"))
    error = refused(kind, {"source": "diffedit", "reference": "a", "query": "b"})
    assert error.field == "model"


def test_the_next_job_and_what_is_kept(kind):
    """NaN where the map is black is not in the picture."""
    core, plain = kind.model.core, kind.model.core.apply_model
    want = kind.samples(HALF)

    def left(x, *args, **kwargs):
        answer = plain(x, *args, **kwargs).clone()
        answer[..., :2] = float("nan")
        return answer

    core.apply_model = left
    assert torch.equal(kind.samples(HALF), want)
    core.apply_model = spoiled(plain, float("nan"))
    refused(kind, HALF)
    core.apply_model = plain
    assert torch.equal(kind.samples(HALF), want)


def test_a_preprocessor_that_makes_nan(host, monkeypatch):
    module = importlib.import_module("diffdiff.webui.controlnet")

    def broken(picture, side):
        return np.full(picture.shape[:2], np.nan, np.float32)

    monkeypatch.setattr(module, "_forge", lambda: {"depth": broken})
    with pytest.raises(FieldError, match="annotator"):
        module.annotate("depth", np.zeros((64, 64, 3), np.uint8))
