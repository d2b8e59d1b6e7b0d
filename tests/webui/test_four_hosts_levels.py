"""Levels between steps on the four hosts: a grey begins at its own noise."""

import sys

import numpy as np
import pytest
import torch
from kind_runs import api, columns, flat

from diffdiff.errors import FieldError
from tests.webui.test_four_hosts import equal, init_latent

STEPS = 4
FINE = {"levels": "fine", "scale": "absolute"}
AUTO = {"levels": "auto", "scale": "absolute"}


def samplers(kind):
    return ("Euler", "DPM++ 2M", *([] if kind.flow else ["DDIM"]), *kind.cfg_pp)


def started(kind, done):
    """What the parameters say of where strengths have begun: (percent, percent of noise)."""
    text = done.infotexts[0].split("DD starts: ")[1].split(",")[0].strip('"')
    rows = [row.replace("% noise", "").split("% at ") for row in text.split("; ")]
    return [tuple(map(float, row)) for row in rows]


def exact_run(kind, monkeypatch, first, level, **settings):
    """Plain img2img of a schedule whose step `first` is replaced by a level."""
    module = sys.modules["modules.sd_samplers_kdiffusion"]
    for name, rising in (("get_sigmas", False), ("get_timesteps", True)):
        owner = module.CompVisSampler if rising else module.KDiffusionSampler
        plain = getattr(owner, name)

        def altered(self, p, steps, plain=plain, rising=rising):
            levels = plain(self, p, steps).clone()
            if steps == STEPS:
                levels[STEPS - 2 - first if rising else first] = level
                if rising:  # noised to the level that it is asked at
                    levels[STEPS - 1 - first] = level
            return levels

        monkeypatch.setattr(owner, name, altered)
    strength = (STEPS - 1 - first + 0.5) / STEPS
    try:
        return kind.samples(steps=STEPS, denoising_strength=strength, **settings)
    finally:
        monkeypatch.undo()


def planned(kind, monkeypatch, edit, **settings):
    """The plan of a run and its result."""
    plans = []
    adapter = kind.host.adapter if hasattr(kind.host, "adapter") else None
    adapter = adapter or sys.modules["diffdiff.webui.job.sampler_hook"]
    plain = adapter.hold_sampler

    def hold_sampler(sampler, planner, report):
        plain(sampler, lambda *about: plans.append(planner(*about)) or plans[-1], report)

    with monkeypatch.context() as patched:
        patched.setattr(adapter, "hold_sampler", hold_sampler)
        done = kind.run(edit, steps=STEPS, **settings)
    return plans[0], done


@pytest.mark.parametrize("value", [0.1, 0.47, 0.7])
def test_a_constant_map_is_the_run_that_begins_there(kind, monkeypatch, value):
    for sampler in samplers(kind):
        edit = {"map": flat(value), **FINE}
        plan, done = planned(kind, monkeypatch, edit, sampler_name=sampler, denoising_strength=1.0)
        if plan.ladder.top is None:
            assert sampler.startswith("DDIM"), "these begin lower than asked at most strengths"
            continue
        want = exact_run(kind, monkeypatch, plan.first, plan.ladder.top, sampler_name=sampler)
        assert equal(done.samples[0], want), sampler
        assert len(started(kind, done)) == 1


def test_parts_of_a_map_are_the_constant_runs(kind):
    strengths = (0, 0.12, 0.55, 0.9)
    for sampler in samplers(kind):
        settings = {"sampler_name": sampler, "steps": STEPS, "denoising_strength": 1.0}
        done = kind.run({"map": columns(*strengths), **FINE}, **settings)
        for i, strength in enumerate(strengths):
            own = (..., slice(2 * i, 2 * i + 2))
            if not i:
                want = init_latent(kind)
            else:
                want = kind.samples({"map": flat(strength), **FINE}, **settings)
            assert equal(done.samples[0][own], want[own]), (sampler, strength)
        assert "approximate" not in done.infotexts[0]


def test_each_level_costs_one_call(kind):
    asked = kind.model.core.batches
    settings = {"steps": STEPS, "denoising_strength": 1.0}
    kind.run({"map": columns(1, 0.12, 0.6, 0.4), **FINE, "extra_calls": 0}, **settings)
    asked.clear()
    kind.run({"map": columns(1, 0.12, 0.6, 0.4), **FINE, "extra_calls": 0}, **settings)
    without = len(asked)
    for extra in (1, 2, 3):
        asked.clear()
        kind.run({"map": columns(1, 0.12, 0.6, 0.4), **FINE, "extra_calls": extra}, **settings)
        assert len(asked) == without * (STEPS + extra) // STEPS


@pytest.mark.parametrize("edit", [AUTO, FINE])
def test_white_stays_plain_and_black_the_input(kind, edit):
    settings = {"steps": STEPS, "denoising_strength": 0.6}
    edit = {**edit, "scale": "relative"}
    assert equal(kind.samples({"map": flat(1), **edit}, **settings), kind.samples(**settings))
    assert equal(kind.samples({"map": flat(0), **edit}, **settings), init_latent(kind))
    got = kind.samples({"map": columns(0, 1, 0.3, 0.3), **edit}, **settings)
    assert equal(got[..., :2], init_latent(kind)[..., :2])


def test_many_steps_are_as_they_were(kind):
    settings = {"steps": 10, "denoising_strength": 1.0}
    done = kind.run({"map": columns(0.33, 0.5), **AUTO}, **settings)
    assert equal(done.samples[0], kind.samples({"map": columns(0.33, 0.5)}, **settings))
    assert "DD starts" not in done.infotexts[0]


def test_gentle_greys_are_told_apart(kind):
    """At four steps the host's rule begins both at one step."""
    settings = {"steps": STEPS, "denoising_strength": 1.0}

    def run(value, edit):
        return kind.run({"map": flat(value), "scale": "absolute", **edit}, **settings)

    coarse = [run(value, {"levels": "steps"}).samples[0] for value in (0.05, 0.2)]
    assert equal(*coarse)
    fine = [run(value, FINE) for value in (0.05, 0.2)]
    assert not equal(fine[0].samples[0], fine[1].samples[0])
    (low, little), (high, more) = (started(kind, done)[0] for done in fine)
    assert (low, high) == (5, 20) and little < more


def test_a_sampler_that_plans_its_own_steps(kind, monkeypatch):
    """Named where fine levels were asked for, else by the host's steps."""
    probe = sys.modules["diffdiff.sampling.probe"]
    monkeypatch.setattr(probe.Probe, "tried", lambda self, whole: None)
    probe.forget()
    settings = {"steps": STEPS, "denoising_strength": 1.0}
    try:
        with pytest.raises(FieldError, match=r"levels: .*Euler cannot start between its steps"):
            kind.run({"map": columns(0.2, 0.7), **FINE}, **settings)
        got = kind.run({"map": columns(0.2, 0.7), **AUTO}, **settings)
        want = kind.run({"map": columns(0.2, 0.7), **AUTO, "levels": "steps"}, **settings)
        assert equal(got.samples[0], want.samples[0])
        assert "DD starts" not in got.infotexts[0]
    finally:
        probe.forget()


def test_a_batch_shares_the_levels(kind):
    maps = [columns(0.2, 0.7), flat(0.45)]
    settings = {"steps": STEPS, "denoising_strength": 1.0, "sampler_name": "DPM++ 2M"}
    done = kind.run({"map": maps, **FINE}, batch_size=2, **settings)
    own = kind.samples({"map": maps[1], **FINE}, seed=2, **settings)
    assert equal(done.samples[0][1:], own)
    alone = kind.samples({"map": maps[0], **FINE}, **settings)
    assert equal(done.samples[0][:1], alone)


def test_a_ramp_is_even_and_pasted_where_it_is_black(kind):
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (48, 1))
    p = kind.job(
        {"map": columns(*ramp[0]), **FINE, "transition": 1.0}, steps=STEPS, denoising_strength=1.0
    )
    done = api(p)
    assert torch.isfinite(done.samples[0]).all()
    before, after = (np.asarray(i) for i in (p.init_images[0], done.images[0]))
    assert (before[:, 0] == after[:, 0]).all()
    begun = [strength for strength, _ in started(kind, done)]
    assert begun == sorted(begun, reverse=True) and len(begun) >= STEPS
