"""Soft inpaint mode on the stand-in of the host: what it is given, and that it gets it all back."""

import base64
import io
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.settings.schema import fields, parse

SOFT = {"mode": "soft inpaint", "soften_radius": 4}


def masked(p, box=(16, 8, 40, 24), **settings):
    """The job with an inpaint mask: white in a box (left, top, right, bottom)."""
    m = np.zeros((p.init_images[0].height, p.init_images[0].width), np.uint8)
    m[box[1] : box[3], box[0] : box[2]] = 255
    p.image_mask = Image.fromarray(m)
    for name, value in settings.items():
        setattr(p, name, value)
    return p


def of(p, *names):
    return {name: getattr(p, name) for name in names}


def test_the_job_gets_its_settings_back(host, job, run):
    p = masked(job(), inpainting_fill=0, inpainting_mask_invert=1)
    names = [n for n in vars(p) if n not in ("diffdiff", "init_latent", "nmask", "comments")]
    before = of(p, *names)
    run(p, SOFT)
    assert p.inpainting_fill == 1 and p.mask_blur_x == 0 and p.image_mask is not None
    host.script.DifferentialDiffusion().postprocess(p, None)
    after = of(p, *names)
    del before["extra_generation_params"], after["extra_generation_params"], after["paste_to"]
    assert all(after[name] is before[name] for name in after)


def test_several_jobs_on_one_object_as_in_the_batch_tab(host, job, run):
    """Without the host's last callback too: a failed job's changes end when the next begins."""
    p = masked(job())
    first = run(p, SOFT)
    p.sampler, p.nmask = type(p.sampler)(), None
    assert torch.equal(run(p, SOFT), first)
    p.sampler, p.nmask = type(p.sampler)(), None
    masked(p, (40, 24, 56, 40))  # the tab puts the next picture's mask
    third = run(p, SOFT)
    assert not torch.equal(third, first)
    alone = run(masked(job(), (40, 24, 56, 40)), SOFT)
    assert torch.equal(third, alone)


def test_the_mask_is_the_region_that_ever_changes(host, job, run):
    p = masked(job(), inpainting_mask_invert=1)
    p.image_mask = Image.fromarray(255 - np.array(p.image_mask))
    out = run(p, SOFT)
    want = run(masked(job()), SOFT)
    assert torch.equal(out, want)
    support = np.array(p.image_mask) == 0  # the host will invert it
    assert (support == (p.diffdiff.shaped[0] > 0)).all()
    assert support.sum() > 1.5 * 24 * 16


@pytest.mark.parametrize("content", [0, 2, 3])
def test_masked_content_starts_the_run_and_the_rim_is_held_on_the_original(host, job, run, content):
    p = masked(job(strength=1.0), inpainting_fill=content)
    seen = {}
    denoiser = p.sampler.model_wrap_cfg
    plain = type(denoiser).forward

    def forward(x, sigma, **kw):
        seen.setdefault("x", (x.clone(), sigma[0]))
        return plain(denoiser, x, sigma, **kw)

    denoiser.forward = forward
    run(p, SOFT)
    x, sigma = seen["x"]
    began = (x - p.noise * sigma)[0]
    inside = np.s_[:, 1:3, 2:5]  # the latent cells of the mask
    outside = torch.ones(began.shape[1:], dtype=bool)
    outside[1:3, 2:5] = False
    assert torch.allclose(began[:, outside], p.x[0][:, outside], atol=1e-4)
    if content == 3:
        assert began[inside].abs().max() < 1e-4
    else:
        assert (began[inside] - p.x[0][inside]).abs().mean() > 0.1


def test_the_hosts_own_soft_inpainting_is_switched_off_for_the_job(host, job, run):
    p = masked(job())
    builtin = SimpleNamespace(title=lambda: "Soft Inpainting", args_from=1)
    other = SimpleNamespace(title=lambda: "Other", args_from=0)
    p.scripts = SimpleNamespace(alwayson_scripts=[other, builtin])
    given = p.script_args_value = ("mine", True, 0.5)
    run(p, SOFT)
    assert p.script_args_value == ("mine", False, 0.5)
    assert any("is disabled" in c for c in p.comments)
    host.script.DifferentialDiffusion().postprocess(p, None)
    assert p.script_args_value is given
    # switched off already: nothing to say
    p = masked(job())
    p.scripts, p.script_args_value = SimpleNamespace(alwayson_scripts=[builtin]), ("", False)
    run(p, SOFT)
    assert not any("is disabled" in c for c in p.comments)


def test_mask_blur_is_said_to_be_unused(host, job, run):
    p = masked(job())
    run(p, SOFT)
    assert any("replaces the mask blur (4)" in c for c in p.comments)
    p = masked(job(), mask_blur_x=0, mask_blur_y=0)
    run(p, SOFT)
    assert not any("mask blur" in c for c in p.comments)


@pytest.mark.parametrize("full_res", [False, True])
def test_beyond_the_softened_mask_the_picture_is_the_original(host, job, run, full_res):
    p = job(size=(64, 48))
    rng = np.random.default_rng(1)
    picture = Image.fromarray(rng.integers(0, 256, (96, 128, 3)).astype(np.uint8))
    p.init_images = [picture if full_res else p.init_images[0]]
    masked(p, inpaint_full_res=full_res, inpaint_full_res_padding=4)
    run(p, SOFT)
    size = p.init_images[0].size
    edited = Image.new("RGB", size, "red")
    out = np.array(p.diffdiff.composite(p, edited, 0))
    original, change = np.array(p.init_images[0]), p.diffdiff.shaped[0]
    assert (out[change == 0] == original[change == 0]).all()
    assert (out[12:20, 22:34] == [255, 0, 0]).all(), "the masked core is the model's own"
    assert p.diffdiff.skips_host_overlay(p) == (not full_res)


def test_inpainting_checkpoints_see_what_is_released(host, job, run):
    p = masked(job(strength=1.0))
    denoiser, masks = p.sampler.model_wrap_cfg, []
    plain = type(denoiser).forward
    condition = torch.cat([torch.ones(1, 1, 6, 8), torch.zeros(1, 4, 6, 8)], 1)

    def forward(x, sigma, **kw):
        masks.append(kw["image_cond"])
        return plain(denoiser, x, sigma, **kw)

    def func(model, x, sigmas, **kw):
        for s, s_next in zip(sigmas[:-1], sigmas[1:]):
            answer = model(x, s * x.new_ones(len(x)), image_cond=condition)
            x = x + (x - answer) / s * (s_next - s)
        return x

    denoiser.forward, p.sampler.func = forward, func
    func.__name__ = "sample_euler"
    run(p, {**SOFT, "mask_channel": "step"})
    parts = [float(m[:, 0].mean()) for m in masks]
    assert parts == sorted(parts) and parts[0] < parts[-1]
    held = masks[0][0, 0] == 0
    assert torch.equal(masks[0][0, 1:][:, held], p.x[0][:, held])
    masks.clear()
    p = masked(job(strength=1.0))
    denoiser, p.sampler.func = p.sampler.model_wrap_cfg, func
    denoiser.forward = forward
    run(p, SOFT)
    assert all(m is condition for m in masks)


def test_colours_are_matched_before_the_paste(host, job, run):
    p = masked(job())
    p.init_images = [Image.fromarray(np.array(p.init_images[0]) // 2 + 64)]
    run(p, {**SOFT, "colour_match": True})
    source = np.array(p.init_images[0]).astype(int)
    shifted = Image.fromarray((source + np.array([9, -5, 3])).clip(0, 255).astype(np.uint8))
    out = np.array(p.diffdiff.recolor(p, shifted, 0)).astype(int)
    assert abs(out - source).max() <= 1
    p.diffdiff.args = parse(SOFT)
    assert p.diffdiff.recolor(p, shifted, 0) is shifted


def test_without_mask_and_map_the_job_is_refused(host, job, run):
    with pytest.raises(FieldError, match="Paint one in an inpaint tab") as refused:
        run(job(), {"mode": "soft inpaint"})
    assert refused.value.field == "mode"


def test_empty_boxes_of_the_page_are_values_left_out(host, job, run):
    values = [info["default"] for info in fields().values()]
    values[0], values[1] = True, "soft inpaint"
    values[list(fields()).index("soften_radius")] = ""
    values[list(fields()).index("map")] = ""
    p = masked(job())
    run(p, *values)
    assert p.diffdiff.inpaint.radius == 48 / 16
    values[list(fields()).index("soften_radius")] = "6"
    p = masked(job())
    run(p, *values)
    assert p.diffdiff.inpaint.radius == 6


def test_an_empty_mask_calls_no_model(host, job, run):
    p = masked(job(), (0, 0, 0, 0))
    assert torch.equal(run(p, SOFT), p.x)
    assert p.sampler.model_wrap_cfg.step == 0
    assert any("empty" in c for c in p.comments)


def test_a_painted_map_joins_and_a_bad_one_is_refused(host, job, run):
    p = masked(job())
    data = io.BytesIO()
    Image.new("L", (64, 48), 0).save(data, "PNG")
    black = base64.b64encode(data.getvalue()).decode()
    assert torch.equal(run(p, {**SOFT, "map": black, "combine": "min"}), p.x)
    with pytest.raises(FieldError, match="map"):
        run(masked(job()), {**SOFT, "map": "%%%"})
