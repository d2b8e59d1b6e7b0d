"""Soft inpaint on each of the four hosts: what the job is lent, gets back, and starts from."""

import numpy as np
import pytest
import torch
from kind_jobs import Script, create_random_tensors, fill, only_masked
from kind_runs import api
from kinds import EDIT
from PIL import Image
from test_four_hosts import box, equal, init_latent

SOFT = {
    "mode": "soft inpaint",
    "soften_radius": 6,
    "soften_direction": "outward",
    "soften_falloff": "linear",
}
MASK = (16, 16, 40, 32)
NAMES = ("image_mask", "mask_blur_x", "mask_blur_y", "mask_round", "inpainting_fill")


class Looks(Script):
    """A neighbor that comes after ours, and sees the job as it is then."""

    def __init__(self):
        self.seen = {}

    def process_before_every_sampling(self, p, *args, x, noise, c, uc):
        self.seen = {name: getattr(p, name) for name in NAMES}
        self.nmask = p.nmask

    def postprocess_maskoverlay(self, p, args, *values):
        self.overlay = args.overlay_image


def inside(cells):
    """The cells that the mask covers."""
    return cells[..., 2:4, 2:5]


def watched(p):
    looks = Looks()
    p.scripts.alwayson_scripts.append(looks)
    return looks, api(p)


def begun_with(kind, latent, **settings):
    """The plain run of a job whose init latent is another one."""
    p = kind.job(**settings)
    init = p.init

    def other(*args):
        init(*args)
        p.init_latent = latent

    p.init = other
    return api(p).samples[0]


def test_the_job_is_lent_the_region_and_gets_its_settings_back(kind):
    given = {"mask": box(*MASK), "inpainting_fill": 0, "mask_round": False}
    p = kind.job(SOFT, **given)
    before = {name: getattr(p, name) for name in NAMES}
    looks, _ = watched(p)
    assert looks.seen["mask_blur_x"] == looks.seen["mask_blur_y"] == 0
    assert looks.seen["inpainting_fill"] == 1 and looks.seen["mask_round"] is True
    lent = np.asarray(looks.seen["image_mask"]) > 0
    assert lent.sum() > 1.3 * 24 * 16 and lent[16:32, 16:40].all()
    after = {name: getattr(p, name) for name in NAMES}
    assert all(after[name] is before[name] for name in NAMES)
    assert any("replaces the mask blur (4)" in comment for comment in p.comments)
    assert kind.reported == []


@pytest.mark.parametrize("content", [0, 1, 2, 3])
def test_the_masked_core_starts_from_its_content(kind, content):
    settings = {"sampler_name": "DPM++ 2M", "batch_size": 2}
    p = kind.job(SOFT, mask=box(*MASK), inpainting_fill=content, **settings)
    looks, done = watched(p)
    x = init_latent(kind, **settings)
    if content == 0:
        filled = fill(p.init_images[0], box(*MASK))
        start = init_latent(kind, init_images=[filled], **settings)
    elif content == 1:
        start = x
    elif content == 2:
        shape = (kind.model.channels, 6, 8)
        start = create_random_tensors(shape, [1, 2][: len(x)])
        start = start.unsqueeze(2) if kind.rank == 5 else start
    else:
        start = torch.zeros_like(x)
    want = begun_with(kind, start, **settings)
    got = done.samples[0]
    assert equal(inside(got), inside(want))
    outside = looks.nmask.reshape(-1, 6, 8)[0] == 0
    assert outside.any() and not inside(outside).any()
    assert equal(got[..., outside], x[..., outside].expand_as(got[..., outside]))
    assert p.sampler.model_wrap_cfg.blends == 0


def test_beyond_the_softened_mask_every_pixel_is_the_input_s(kind):
    for full_res in (False, True):
        picture = (128, 96) if full_res else (64, 48)
        mask = box(32, 16, 64, 40, size=picture) if full_res else box(*MASK)
        p = kind.job(
            SOFT, mask=mask, picture=picture, inpaint_full_res=full_res, inpaint_full_res_padding=4
        )
        looks, done = watched(p)
        lent = np.asarray(looks.seen["image_mask"]) > 0
        assert (looks.overlay is not None) == full_res, "the host's own paste is for crops only"
        before, after = np.asarray(p.init_images[0]), np.asarray(done.images[0])
        assert (after[~lent] == before[~lent]).all()
        assert (after[np.asarray(mask) > 0] != before[np.asarray(mask) > 0]).any(1).mean() > 0.9
        if full_res:
            region = only_masked(looks.seen["image_mask"].getbbox(), 4, picture, 64, 48)
            x, y, w, h = p.paste_to
            assert (x, y, x + w, y + h) == region
    assert kind.reported == []


def test_a_mask_that_is_not_softened_is_the_host_s(kind):
    p = kind.job({**SOFT, "soften_radius": 0}, mask=box(*MASK), sampler_name="DPM++ 2M")
    looks, done = watched(p)
    free = looks.nmask.reshape(-1, 6, 8)[0] > 0
    assert free.sum() == 6
    want = torch.where(free, kind.samples(sampler_name="DPM++ 2M"), init_latent(kind))
    assert equal(done.samples[0], want)


def test_an_inverted_mask(kind):
    turned = Image.fromarray(255 - np.asarray(box(*MASK)))
    got = kind.samples(SOFT, mask=turned, inpainting_mask_invert=1)
    assert equal(got, kind.samples(SOFT, mask=box(*MASK)))


def test_several_jobs_on_one_object(kind):
    p = kind.job(SOFT, mask=box(*MASK), inpainting_fill=3)
    first = api(p).samples[0]
    assert equal(api(p).samples[0], first)
    p.image_mask = box(40, 24, 64, 48)  # the batch tab gives the next picture's mask
    other = api(p).samples[0]
    assert equal(other, kind.samples(SOFT, mask=box(40, 24, 64, 48), inpainting_fill=3))


def test_the_built_in_soft_inpainting_is_switched_off_for_the_job(kind):
    class BuiltIn(Script):
        name, args_from, args_to = "soft inpainting", 2, 4
        seen = None

        def title(self):
            return "Soft Inpainting"

        def process_before_every_sampling(self, p, enabled, power, **others):
            self.seen = enabled

    p, script = kind.job(SOFT, mask=box(*MASK)), BuiltIn()
    p.scripts.alwayson_scripts.append(script)
    given = p.script_args_value = (*p.script_args_value, True, 1.0)
    api(p)
    assert script.seen is False and p.script_args_value is given


def test_what_is_encoded_on_the_way_is_no_reference(start):
    """An edit model keeps every picture that it encodes, for the prompt that comes next."""
    kind = start(EDIT)
    api(kind.job(mask=box(*MASK)))
    references, first = kind.dynamic_args.ref_latents, kind.model.ini_latent
    for content in (0, 1, 2, 3):
        kind.model.ref_latents = own = ["of a neighbor"]
        api(kind.job(SOFT, mask=box(*MASK), inpainting_fill=content))
        assert kind.dynamic_args.ref_latents == references == [1]
        assert kind.model.ini_latent is first is None
        assert kind.model.ref_latents is own and own == ["of a neighbor"]
    kind.dynamic_args.is_referencing = True  # now they are put into a list
    counted = []
    for edit in (None, SOFT):
        kind.model.ref_latents = own = ["of a neighbor"]
        api(kind.job(edit, mask=box(*MASK), inpainting_fill=0))
        assert kind.model.ref_latents is own
        counted.append(len(own))
    assert counted == [2, 2], "the init picture's, and that of the neighbor"
