"""Hires fix on each of the four hosts: the map is of the second pass, the first one is plain."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from kind_hires import text
from kind_runs import api, columns, flat, page, png
from PIL import Image

from diffdiff.errors import FieldError

UPSCALERS = ("Doubler", "Latent")


@pytest.fixture(params=UPSCALERS)
def upscaler(request):
    return request.param


def run(kind, edit=None, **settings):
    """The job after its run, with what it answered as `done`."""
    p = text(kind, edit, **settings)
    p.done = api(p)
    return p


def second(p):
    return p.seconds[-1]


def shown(p, i=0):
    return np.asarray(p.done.images[i]).astype(int)


def test_nothing_is_missing(kind):
    assert sys.modules["diffdiff.webui.selfcheck"].missing() == {}


@pytest.mark.parametrize("sampler", ["Euler", "DPM++ 2M", "DDIM"])
def test_white_is_plain_hires_fix(kind, upscaler, sampler):
    if kind.flow and sampler == "DDIM":
        pytest.skip("the host has no such sampler for this model")
    given = {"hr_upscaler": upscaler, "sampler_name": sampler}
    plain, white = run(kind, **given), run(kind, {"map": flat(1)}, **given)
    assert torch.equal(white.firsts[0], plain.firsts[0])
    assert torch.equal(second(white), second(plain))
    assert (shown(white) == shown(plain)).all()
    assert kind.reported == []


def test_black_is_the_enlarged_picture(kind, upscaler):
    asked = len(kind.model.core.batches)
    plain = run(kind, hr_upscaler=upscaler, steps=6)
    spent = len(kind.model.core.batches) - asked
    black = run(kind, {"map": flat(0)}, hr_upscaler=upscaler, steps=6)
    assert len(kind.model.core.batches) - asked - spent == 6, "the first pass alone"
    assert torch.equal(black.firsts[0], plain.firsts[0])
    assert torch.equal(second(black), plain.begun)
    if upscaler == "Doubler":
        assert (shown(black) == np.moveaxis(plain.upscaled[0], 0, 2)).all()
    else:
        assert (shown(black) == decoded(kind, plain.begun)).all()


def decoded(kind, latents):
    picture = ((kind.model.decode_first_stage(latents)[0] + 1) / 2).clamp(0, 1)
    return (picture.movedim(0, -1).numpy() * 255).astype(np.uint8).astype(int)


@pytest.mark.parametrize(("count", "value", "own"), [(8, 0.6, 5), (5, 0.7, 4)])
def test_a_constant_is_hires_fix_at_that_strength(kind, upscaler, count, value, own):
    """At 1.0, n hires steps are a schedule of n; plain hires fix with `own` steps has the same."""
    given = {"hr_upscaler": upscaler, "steps": 8}
    edit = {"map": flat(value)}
    found = run(kind, edit, denoising_strength=1.0, hr_second_pass_steps=count % 8, **given)
    want = run(kind, denoising_strength=value, hr_second_pass_steps=own, **given)
    assert int(own / value) == count and torch.equal(second(found), second(want))


def test_half_is_kept(kind, upscaler):
    found = run(kind, {"map": columns(0, 1)}, hr_upscaler=upscaler)
    half = second(found).shape[-1] // 2  # the map rises over the cell before it
    assert torch.equal(second(found)[..., : half - 1], found.begun[..., : half - 1])
    assert (second(found)[..., half:] != found.begun[..., half:]).any()
    plain = run(kind, hr_upscaler=upscaler)
    want = plain.upscaled[0].transpose(1, 2, 0) if upscaler == "Doubler" else None
    if want is not None:
        assert (shown(found)[:, :60] == want[:, :60]).all()


def test_the_second_pass_has_settings_of_its_own(kind):
    own = {"hr_sampler_name": "DPM++ 2M", "hr_second_pass_steps": 5, "hr_prompt": "a dog"}
    plain, white = run(kind, **own), run(kind, {"map": flat(1)}, **own)
    assert torch.equal(second(white), second(plain))
    kept = run(kind, {"map": columns(0, 1)}, **own)
    half = second(kept).shape[-1] // 2 - 1
    assert torch.equal(second(kept)[..., :half], plain.begun[..., :half])


def test_every_picture_has_its_own_map(kind, upscaler):
    found = run(kind, {"source": "luminance"}, batch_size=2, n_iter=2, hr_upscaler=upscaler)
    marks = {text.split("DD map: ")[1].split(",")[0] for text in found.done.infotexts}
    assert len(found.done.images) == 4 and len(marks) == 4
    assert found.diffdiff.shaped[0].shape == (96, 128)


def test_a_source_reads_the_first_picture(kind, upscaler):
    """As if its map had been painted on that picture."""
    found = run(kind, {"source": "luminance"}, hr_upscaler=upscaler)
    first = decoded(kind, found.firsts[0]).astype(np.uint8)
    from diffdiff.maps.source_maps import source_map
    from diffdiff.settings.schema import EditArgs

    m = source_map("luminance", first, EditArgs(source="luminance"))
    sent = run(kind, {"map": png(m)}, hr_upscaler=upscaler)
    assert abs(second(found) - second(sent)).max() < 0.1
    assert abs(found.diffdiff.shaped[0] - sent.diffdiff.shaped[0]).max() <= 1 / 65535


def test_maps_of_a_batch(kind):
    found = run(kind, {"map": [flat(0), flat(1)]}, batch_size=2)
    plain = run(kind, batch_size=2)
    assert torch.equal(second(found)[0], plain.begun[0])
    assert torch.equal(second(found)[1], second(plain)[1])
    with pytest.raises(FieldError) as refused:
        run(kind, {"map": [flat(0)] * 3}, batch_size=2)
    assert refused.value.field == "map"


def test_another_shape_is_cut_or_stretched_as_the_picture_is(kind, upscaler):
    """64x48 to 128x64: the picture becomes 128x96, and its middle is taken; Forge Neo stretches."""
    given = {"hr_upscaler": upscaler, "hr_resize_x": 128, "hr_resize_y": 64}
    rows = np.zeros((48, 64))
    rows[24:] = 1
    found = run(kind, {"map": png(rows)}, **given)
    assert found.begun.shape[-2:] == (8, 16)
    assert torch.equal(second(found)[..., :3, :], found.begun[..., :3, :])
    assert (second(found)[..., 4:, :] != found.begun[..., 4:, :]).any()
    painted = np.zeros((64, 128))  # on the result
    painted[32:] = 1
    again = run(kind, {"map": png(painted)}, **given)
    assert torch.equal(second(again), second(found))


def test_a_host_that_would_cut_the_wrong_sides_is_refused(kind):
    """It counts rows and columns from the front, where latents of a video have their frames."""
    from diffdiff.webui.job.checks import check_cut

    p = SimpleNamespace(truncate_x=0, truncate_y=2)
    check_cut(p, torch.zeros(1, 4, 8, 16))
    with pytest.raises(FieldError) as refused:
        check_cut(p, torch.zeros(1, 4, 1, 8, 16))
    assert refused.value.field == "hr_resize_x"
    check_cut(SimpleNamespace(truncate_x=0, truncate_y=0), torch.zeros(1, 4, 1, 8, 16))


@pytest.mark.parametrize("scale", [1.3, 1.71])
def test_sizes_that_are_no_multiple_of_8(kind, upscaler, scale):
    found = run(kind, {"map": flat(0)}, hr_upscaler=upscaler, hr_scale=scale)
    size = found.done.images[0].size
    assert size == (int(64 * scale) // 8 * 8, int(48 * scale) // 8 * 8)
    if upscaler == "Doubler":
        want = np.moveaxis(found.upscaled[0], 0, 2)[: size[1], : size[0]]
        assert (shown(found) == want).all()


def test_an_existing_picture(kind, upscaler):
    """The button above the gallery: there is no first pass."""
    rng = np.random.default_rng(3)
    given = {
        "firstpass_image": Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)),
        "hr_upscaler": upscaler,
    }
    plain, white = run(kind, **given), run(kind, {"map": flat(1)}, **given)
    assert torch.equal(second(white), second(plain))
    kept = run(kind, {"source": "luminance"}, **given)
    assert len(kept.diffdiff.raw) == 1 and second(kept).shape == second(plain).shape
    black = run(kind, {"map": flat(0)}, **given)
    assert torch.equal(second(black), plain.begun)


BAD = {
    "hires off": ({"map": flat(1)}, {"enable_hr": False}, "enable_hr"),
    "no strength": ({"map": flat(1)}, {"denoising_strength": None}, "denoising_strength"),
    "no map": ({}, {}, "map"),
    "soft inpaint": ({"mode": "soft inpaint", "map": flat(1)}, {}, "mode"),
    "fan": ({"mode": "fan"}, {}, "mode"),
    "sheet": ({"mode": "sheet"}, {}, "mode"),
    "area": ({"area": "changed", "map": flat(1)}, {}, "area"),
    "mask": ({"source": "mask"}, {}, "source"),
    "inverted": ({"anchor": "inverted", "map": flat(1)}, {"hr_sampler_name": "Euler"}, "anchor"),
}


@pytest.mark.parametrize(("edit", "settings", "field"), BAD.values(), ids=BAD)
def test_what_cannot_be_done_is_said(kind, edit, settings, field):
    with pytest.raises(FieldError) as refused:
        run(kind, edit, **settings)
    assert refused.value.field == field
    pictures, told = page(text(kind, edit, **settings))
    assert pictures == [] and refused.value.problem in told
    assert kind.reported == []
    assert (shown(run(kind)) == shown(run(kind, {"map": flat(1)}))).all()


def test_a_source_that_asks_a_model_that_is_gone(kind):
    edit = {"source": "diffedit", "reference": "a cat", "query": "a dog"}
    with pytest.raises(FieldError) as refused:
        run(kind, edit, hr_checkpoint_name="another")
    assert refused.value.field == "source" and "Hires checkpoint" in str(refused.value)


def test_diffedit_of_the_first_picture(kind, upscaler):
    """It runs a small job between the passes, which leaves the big one as it was."""
    edit = {"source": "diffedit", "reference": "a cat", "query": "a dog", "diffedit_noises": 2}
    found = run(kind, edit, hr_upscaler=upscaler)
    again = run(kind, edit, hr_upscaler=upscaler)
    assert torch.equal(second(found), second(again))
    sent = run(kind, {"map": png(found.diffdiff.raw[0])}, hr_upscaler=upscaler)
    assert torch.equal(sent.firsts[0], found.firsts[0]) and torch.equal(sent.begun, found.begun)
    assert abs(found.diffdiff.shaped[0] - sent.diffdiff.shaped[0]).max() <= 1 / 65535
    assert kind.reported == []


def test_interrupted_in_the_first_pass(kind, upscaler):
    p = text(kind, {"map": flat(1)}, hr_upscaler=upscaler)
    kind.model.core.before = lambda: setattr(kind.state, "interrupted", True)
    done = api(p)
    assert done.images[0].size == (64, 48) and p.seconds == []


def test_interrupted_in_the_second_pass(kind, upscaler):
    p = text(kind, {"map": columns(0, 1)}, hr_upscaler=upscaler)
    kind.model.core.before = lambda: setattr(kind.state, "interrupted", p.is_hr_pass)
    done = api(p)
    half = second(p).shape[-1] // 2 - 1
    assert done.images[0].size == (128, 96)
    assert torch.equal(second(p)[..., :half], p.begun[..., :half])


def test_a_first_pass_that_failed(kind):
    def broken():
        raise RuntimeError("out of memory")

    kind.model.core.before = broken
    with pytest.raises(RuntimeError, match="out of memory"):
        run(kind, {"map": flat(1)})
    kind.model.core.before = lambda: None
    assert (shown(run(kind, {"map": flat(1)})) == shown(run(kind))).all()


def test_the_job_is_left_as_it_was(kind):
    p = run(kind, {"map": columns(0, 1)})
    own = ("sample", "sample_hr_pass", "img2img_image_conditioning", "init")
    assert not set(own) & set(vars(p))


def test_parameters(kind):
    done = run(kind, {"map": columns(0, 1), "gamma": 2}).done
    told = done.infotexts[0]
    assert "DD enabled: True" in told and "DD pass: hires" in told and "DD gamma: 2.0" in told
    assert "DD map: " in told and "the map keeps 49% of the picture" in done.comments


def test_an_edit_that_never_attached(kind):
    """A host, or a script, that makes the second pass without its sampler."""
    p = text(kind, {"map": flat(1)})
    plain = p.sample_hr_pass
    p.sample_hr_pass = lambda *args: (setattr(p.sampler, "sample_img2img", None), args[1])[1]
    assert plain is not None
    with pytest.raises(FieldError, match="without the sampler that follows the map"):
        api(p)
