"""The friendly anchor on each of the four hosts."""

import sys

import numpy as np
import pytest
import torch
from kind_runs import api, columns, flat
from PIL import Image

from diffdiff.errors import FieldError

DRAWS = ("Euler a", "DPM++ 2M SDE")
SAME = {"anchor": "friendly", "reference": "a cat"}


def equal(a, b):
    return a.shape == b.shape and torch.equal(a, b)


@pytest.fixture(autouse=True)
def forgotten(kind):
    sys.modules["diffdiff.webui.job.friendly"].known.clear()


def calls(kind):
    return len(kind.model.core.batches)


@pytest.mark.parametrize("sampler", DRAWS)
def test_the_reference_prompt_returns_the_original_under_any_map(kind, sampler):
    for change_map in (flat(1), columns(0.3, 1), flat(0.4)):
        p = kind.job({"map": change_map, **SAME}, sampler_name=sampler, denoising_strength=0.9)
        assert equal(api(p).samples[0], p.init_latent[0:1].expand_as(api(p).samples[0]))


@pytest.mark.parametrize("sampler", DRAWS)
def test_another_prompt_changes_what_is_white_and_keeps_what_is_black(kind, sampler):
    edit = {"map": columns(0, 1), "feather": 0, **SAME}
    p = kind.job(edit, sampler_name=sampler, prompt="a dog")
    done = api(p)
    assert equal(done.samples[0][..., :4], p.init_latent[..., :4])
    assert not torch.allclose(done.samples[0][..., 4:], p.init_latent[..., 4:], atol=1e-3)
    before, after = np.asarray(p.init_images[0].convert("RGB")), np.asarray(done.images[0])
    assert (before[:, :32] == after[:, :32]).all()


def test_a_preset_sets_the_anchor(kind):
    preset = {"layers": [{"source": "constant", "value": 1}], "settings": {"anchor": "friendly"}}
    asked = {"source": "layers", "layers": preset, "reference": SAME["reference"]}
    p = kind.job(asked, sampler_name="Euler a", denoising_strength=0.9)
    assert equal(api(p).samples[0], p.init_latent[0:1].expand_as(api(p).samples[0]))
    assert p.extra_generation_params["DD anchor"] == "friendly"
    if not kind.flow:
        with pytest.raises(FieldError, match="anchor: friendly does not work with Euler"):
            api(kind.job(asked, sampler_name="Euler"))
    with pytest.raises(FieldError, match="anchor: it is 'noised' here, and 'friendly' in the"):
        api(kind.job({**asked, "anchor": "noised"}, sampler_name="Euler a"))


def test_one_inversion_serves_further_edits(kind):
    job = {"sampler_name": "Euler a", "denoising_strength": 1.0}
    start = calls(kind)
    api(kind.job({"map": flat(1), **SAME}, **job))
    first = calls(kind) - start
    for edit, more in (
        ({"map": flat(1)}, {"prompt": "a dog"}),
        ({"map": columns(0, 0.5)}, {}),
        ({"map": flat(1)}, {"denoising_strength": 0.6}),
    ):
        start = calls(kind)
        api(kind.job({**SAME, **edit}, **{**job, **more}))
        assert calls(kind) - start <= first // 2
    for own, more in (
        ({}, {"seed": 5}),
        ({"reference": "a bird"}, {}),
        ({"anchor_guidance": 1.5}, {}),
        ({}, {"steps": 9}),
        ({}, {"negative_prompt": "blue"}),
        ({}, {"sampler_name": "DPM++ 2M SDE"}),
    ):
        start = calls(kind)
        api(kind.job({"map": flat(1), **SAME, **own}, **{**job, **more}))
        assert calls(kind) - start > first * 0.9, (own, more)


def test_without_a_reference_the_model_has_no_prompt(kind):
    edit = {"map": flat(1), "anchor": "friendly"}
    p = kind.job(edit, sampler_name="Euler a", prompt="", negative_prompt="")
    assert equal(api(p).samples[0], p.init_latent)
    other = kind.samples(edit, sampler_name="Euler a", prompt="a dog")
    assert not torch.allclose(other, p.init_latent, atol=1e-3)


def test_pictures_of_a_batch_are_those_of_jobs_alone(kind):
    edit = {"map": flat(1), **SAME}
    job = {"sampler_name": "Euler a", "prompt": "a dog"}
    both = torch.cat(api(kind.job(edit, batch_size=2, **job)).samples)
    for i in range(2):
        alone = kind.samples(edit, seed=1 + i, **job)
        assert torch.allclose(both[i : i + 1], alone, atol=1e-4)


def test_nothing_is_left_behind(kind):
    plain = kind.samples(sampler_name="Euler a")
    kind.samples({"map": flat(1), **SAME}, sampler_name="Euler a", prompt="a dog")
    assert equal(kind.samples(sampler_name="Euler a"), plain)


def test_a_sampler_without_noise_is_refused_but_for_flow_models(kind):
    job = {"sampler_name": "Euler"}
    edit = {"map": flat(1), **SAME}
    if kind.flow:
        p = kind.job(edit, **job)
        assert equal(api(p).samples[0], p.init_latent)
        return
    with pytest.raises(FieldError, match="friendly does not work with Euler: it draws no noise"):
        api(kind.job(edit, **job))
    with pytest.raises(FieldError, match="Set its eta to 1"):
        api(kind.job(edit, sampler_name="DDIM"))


def test_what_is_refused(kind):
    edit = {"map": flat(1), **SAME}
    with pytest.raises(FieldError, match="refiner"):
        api(kind.job(edit, sampler_name="Euler a", refiner_checkpoint="other"))
    for own in ({"mode": "sheet"}, {"levels": "fine"}):
        with pytest.raises(FieldError, match="friendly"):
            api(kind.job({**edit, **own}, sampler_name="Euler a"))
    mask = Image.new("L", (64, 48), 255)
    with pytest.raises(FieldError, match="Masked content"):
        api(
            kind.job(
                {"mode": "soft inpaint", **SAME},
                sampler_name="Euler a",
                mask=mask,
                inpainting_fill=2,
            )
        )


def test_an_interrupted_inversion_leaves_the_original(kind):
    p = kind.job({"map": flat(1), **SAME}, sampler_name="Euler a", prompt="a dog")
    core = kind.model.core
    seen = len(core.batches)

    def stop(*_):
        if len(core.batches) - seen >= 3:
            kind.state.interrupted = True

    kind.state.interrupted = False
    plain = core.apply_model

    def apply_model(*args, **kwargs):
        stop()
        return plain(*args, **kwargs)

    core.apply_model = apply_model
    try:
        done = api(p)
    finally:
        del core.apply_model
        kind.state.interrupted = False
    assert not sys.modules["diffdiff.webui.job.friendly"].known._kept
    assert equal(done.samples[0], p.init_latent)


def test_the_parameters_name_the_reference_prompt(kind):
    p = kind.job({"map": flat(1), **SAME, "anchor_guidance": 2.5}, sampler_name="Euler a")
    api(p)
    written = p.extra_generation_params
    assert written["DD anchor"] == "friendly"
    assert written["DD reference"] == "a cat"
    assert written["DD anchor guidance"] == 2.5
    p = kind.job({"map": flat(1), "reference": "a cat"}, sampler_name="Euler a")
    api(p)
    assert "DD reference" not in p.extra_generation_params
