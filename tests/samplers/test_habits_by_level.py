"""Functions that the probe or the replay gives up on: placed by level, and that is said."""

import math

import pytest
import torch

from diffdiff.sampling import probe
from tests.samplers.tricky import ask, edited, euler, habits, latents, steps


@pytest.fixture(autouse=True)
def fresh():
    probe.forget()


def raising(model, x, sigmas):
    raise KeyError("no such thing")


def endless(model, x, sigmas):
    while True:
        ask(model, x, sigmas[0])


def hanging(model, x, sigmas):
    for _, s, _ in steps(sigmas):
        try:
            ask(model, x, s)
        except Exception:
            continue
    return x * math.nan


def smaller(model, x, sigmas):
    return euler(model, x, sigmas)[..., :1]


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (raising, "no such thing"),
        (endless, "does not come to an end"),
        (hanging, "not finite"),
        (smaller, "another shape"),
    ],
)
def test_a_function_that_fails_is_placed_by_level_and_said(function, why):
    found = habits(function)
    assert found.by_level and found.memory == 0 and why in found.why


def striding(model, x, sigmas):
    """Other steps for another range."""
    n = len(sigmas) - 1
    levels = torch.cat([torch.linspace(float(sigmas[0]), float(sigmas[-2]), n), torch.zeros(1)])
    return euler(model, x, levels)


def test_other_steps_are_placed_by_level_and_said():
    found = habits(striding)
    assert found.by_level and "other steps" in found.why
    out, hold = edited(striding)
    assert "approximate" in hold.remark
    assert torch.equal(out[..., -1], latents()[0][..., -1]) and torch.isfinite(out).all()


def astray(model, x, sigmas):
    """In the run itself it draws nothing any more: the replay finds no noise."""
    old = 0
    for _, s, s_next in steps(sigmas):
        answer = ask(model, x, s) + 0.1 * old
        noise = torch.randn_like(x) if x.shape[1] == 1 or x.shape[-2] == 1 else 0
        x, old = answer + (x - answer) * s_next / s + 0.3 * s_next * noise, answer
    return x


def test_a_replay_that_goes_astray_is_dropped_and_said():
    out, hold = edited(astray)
    assert "approximate" in hold.remark and "more noise" in hold.remark
    assert torch.equal(out[..., -1], latents()[0][..., -1]) and torch.isfinite(out).all()
