"""A map is obeyed on each of the four hosts, bit for bit, whatever model is loaded."""

import sys

import numpy as np
import pytest
import torch
from kind_runs import api, columns, flat, png
from PIL import Image

EXACT = ("Euler", "DPM++ 2M")  # one that remembers nothing, one that remembers its last answer


def equal(a, b):
    return a.shape == b.shape and torch.equal(a, b)


def init_latent(kind, **settings):
    p = kind.job(**settings)
    api(p)
    return p.init_latent


def box(*rectangle, size=(64, 48), white=255):
    """An inpaint mask, white in a rectangle (left, top, right, bottom)."""
    mask = Image.new("L", size)
    mask.paste(white, rectangle)
    return mask


def test_nothing_is_missing(kind):
    assert sys.modules["diffdiff.webui.selfcheck"].missing() == {}


@pytest.mark.parametrize("sampler", [*EXACT, "Euler a"])
def test_black_is_the_init_latent_and_white_the_plain_run(kind, sampler):
    plain = kind.run(sampler_name=sampler)
    asked = len(kind.model.core.batches)
    p = kind.job({"map": flat(0)}, sampler_name=sampler)
    black = api(p)
    assert len(kind.model.core.batches) == asked, "black needs no model"
    assert equal(black.samples[0], init_latent(kind))
    assert (np.asarray(black.images[0]) == np.asarray(p.init_images[0])).all()
    kept = kind.samples({"map": flat(0), "skip": False}, sampler_name=sampler)
    assert equal(kept, init_latent(kind))
    assert equal(kind.samples({"map": flat(1)}, sampler_name=sampler), plain.samples[0])
    assert not equal(plain.samples[0], init_latent(kind))
    assert kind.reported == []


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("value", [0.3, 0.6])
@pytest.mark.parametrize("sampler", EXACT)
def test_a_constant_map_is_the_plain_run_at_that_strength(kind, sampler, value, skip):
    edit = {"map": flat(value), "skip": skip}
    got = kind.samples(edit, denoising_strength=1.0, sampler_name=sampler)
    assert equal(got, kind.samples(denoising_strength=value, sampler_name=sampler))


@pytest.mark.parametrize("sampler", ["Euler", "DDIM"])
def test_extra_noise_reaches_a_pixel_where_it_begins(kind, sampler):
    """The hosts scale it with their timestep samplers alone, and with no flow model."""
    kind.opts.img2img_extra_noise = 0.2
    settings = {"sampler_name": sampler, "steps": 10}
    want = kind.samples(denoising_strength=0.6, **settings)
    assert equal(kind.samples({"map": flat(1)}, denoising_strength=0.6, **settings), want)
    for skip in (True, False):
        edit = {"map": flat(0.6), "levels": "steps", "skip": skip}
        got = kind.samples(edit, denoising_strength=1.0, **settings)
        assert torch.allclose(got, want, atol=1e-5)
    kind.opts.img2img_extra_noise = 0.0
    assert not torch.allclose(kind.samples(denoising_strength=0.6, **settings), want, atol=1e-3)


def test_two_parts(kind):
    """Kept pixels are the input's, in the latent and in the picture; the others the plain run's."""
    plain = kind.samples(sampler_name="Euler a")
    p = kind.job({"map": columns(0, 1), "feather": 0}, sampler_name="Euler a")
    done = api(p)
    assert equal(done.samples[0][..., :4], p.init_latent[..., :4])
    assert equal(done.samples[0][..., 4:], plain[..., 4:])
    picture, before = (np.asarray(image) for image in (done.images[0], p.init_images[0]))
    assert (picture[:, :32] == before[:, :32]).all()
    assert (picture[:, 32:] != before[:, 32:]).any()


def test_each_part_is_the_plain_run_at_its_own_strength(kind):
    strengths = (0, 0.3, 0.6, 1)
    for sampler in (*EXACT, *([] if kind.flow else ["DDIM"]), *kind.cfg_pp):
        settings = {"sampler_name": sampler}
        got = kind.samples({"map": columns(*strengths)}, denoising_strength=1.0, **settings)
        for i, strength in enumerate(strengths):
            own = (..., slice(2 * i, 2 * i + 2))
            plain = kind.samples(denoising_strength=strength, **settings)
            want = plain if i else init_latent(kind)
            assert equal(got[own], want[own]), (sampler, strength)


def test_a_host_mask_limits_the_map(kind):
    plain = kind.samples()
    p = kind.job({"map": flat(1)}, mask=box(16, 8, 48, 40), mask_blur=0)
    got = api(p).samples[0]
    shape = (kind.model.channels, *[1] * (kind.rank - 4), 6, 8)
    assert p.nmask.shape == ((1, *shape) if kind.neo else shape)
    inside = torch.zeros(6, 8, dtype=torch.bool)
    inside[1:5, 2:6] = True
    assert equal(got[..., inside], plain[..., inside])
    assert equal(got[..., ~inside], p.init_latent[..., ~inside])
    # the host's own blends are in the map already, and some of them draw noise
    assert p.sampler.model_wrap_cfg.blends == p.sampler.model_wrap_cfg.own_noises == 0
    without = kind.job(mask=box(16, 8, 48, 40), mask_blur=0)
    api(without)
    assert without.sampler.model_wrap_cfg.blends > 0


def test_a_grey_host_mask_is_part_of_the_strength(kind):
    mask = box(0, 0, 64, 48, white=128)
    settings = {"mask": mask, "mask_blur": 0, "mask_round": False, "denoising_strength": 1.0}
    p = kind.job({"map": columns(1, 0.5)}, **settings)
    held = {}
    sample = p.sample

    def unblended(**named):  # the host mixes what comes out of the sampler with the original
        held["hidden"], p.mask = p.mask, None
        return sample(**named)

    p.sample = unblended
    got = api(p).samples[0]
    for own, part in ((slice(0, 4), 1), (slice(4, 8), 0.5)):
        plain = kind.samples(denoising_strength=128 / 255 * part)
        assert equal(got[..., own], plain[..., own])


def test_pictures_of_a_batch_have_their_own_maps_and_noise(kind):
    maps = [flat(0), columns(0.3, 1)]
    done = kind.run({"map": maps}, batch_size=2, denoising_strength=1.0, sampler_name="DPM++ 2M")
    own = kind.samples({"map": maps[1]}, denoising_strength=1.0, sampler_name="DPM++ 2M", seed=2)
    assert equal(done.samples[0], torch.cat([init_latent(kind), own]))
    assert len(done.images) == 2
    one = kind.samples(
        {"map": maps[1]}, batch_size=2, denoising_strength=1.0, sampler_name="DPM++ 2M"
    )
    assert equal(one[1:], own) and not equal(one[:1], own)


def test_iterations_go_on_with_the_same_map(kind, monkeypatch):
    held, hold = [], kind.host.adapter.hold_sampler
    monkeypatch.setattr(kind.host.adapter, "hold_sampler", lambda *a: held.append(1) or hold(*a))
    p = kind.job({"map": columns(0, 0.6)}, n_iter=2, denoising_strength=1.0)
    first, second = api(p).samples
    assert held == [1], "the sampler is the same one"
    assert equal(second, kind.samples({"map": columns(0, 0.6)}, denoising_strength=1.0, seed=2))
    assert equal(first[..., :4], second[..., :4]) and not equal(first, second)


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ 2M SDE"])
def test_noise_of_steps_is_the_host_s_and_drawn_once(kind, sampler):
    """Some samplers draw through what the host has put in the place of torch."""
    plain = kind.job(sampler_name=sampler, denoising_strength=1.0)
    want = api(plain).samples[0]
    p = kind.job({"map": columns(0, 0.3, 0.6, 1)}, sampler_name=sampler, denoising_strength=1.0)
    got = api(p).samples[0]
    assert not any("approximate" in comment for comment in p.comments)
    assert p.rng.draws == plain.rng.draws > 2
    assert equal(got[..., 6:], want[..., 6:]), "what begins with the run has its noise"
    assert not equal(got[..., 2:6], want[..., 2:6])
    assert "next" not in vars(p.rng)


def test_a_size_that_is_no_multiple_of_a_cell(kind):
    """The VAE drops a rest of less than a cell, and Forge Neo makes the picture smaller; kept
    pixels are the input's all the same."""
    p = kind.job({"map": png(np.zeros((53, 70)))}, width=70, height=53)
    (picture,) = api(p).images
    before = p.init_images[0]
    before = before.resize((64, 48), Image.LANCZOS) if kind.neo else before.crop((0, 0, 64, 48))
    assert picture.size == (64, 48) and picture.tobytes() == before.tobytes()


def test_an_interrupted_job_returns_the_held_picture(kind):
    p = kind.job({"map": columns(0, 1)})
    core = kind.model.core
    core.before = lambda: setattr(kind.state, "interrupted", len(core.batches) == 3)
    got = api(p).samples[0]
    assert len(core.batches) == 4
    assert equal(got[..., :4], p.init_latent[..., :4])
    assert not equal(got[..., 4:], p.init_latent[..., 4:])
    assert equal(kind.state.current_latent, got)
