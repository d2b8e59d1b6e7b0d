"""What soft inpainting keeps: untouched pixels, colors, the mask channel, the paste's rim."""

import math

import numpy as np
import pytest
import torch

from diffdiff.edit.plan import EditPlan
from diffdiff.errors import FieldError
from diffdiff.images import color_match
from diffdiff.images.paste_back import paste_back
from diffdiff.sampling.conditioning import released_conditioning
from diffdiff.sampling.start_steps import DIFFUSERS, NEVER, WEBUI, DiffusersRule
from diffdiff.settings.schema import parse


def plan_of(strength, steps, last, **more):
    """The plan of a map that holds strengths."""
    return EditPlan(strength, parse({"scale": "absolute"}), 1.0, steps, last, **more)


@pytest.mark.parametrize("rule", [WEBUI, DIFFUSERS, DiffusersRule(ceil=True)])
@pytest.mark.parametrize("steps", [1, 4, 20, 50, 150])
def test_kept_is_what_the_rule_never_releases(rule, steps):
    strength = np.linspace(0, 1, 20011)
    never = rule(strength, steps, steps - 1).start == NEVER
    assert (plan_of(strength, steps, steps - 1, rule=rule).untouched == never).all()
    lowest = rule.smallest(steps, steps - 1)
    assert rule(np.array([lowest, lowest - 1e-6]), steps, steps - 1).start[0] != NEVER


def test_no_strength_is_enough_when_no_step_calls_the_model():
    assert WEBUI.smallest(20, -1) == math.inf
    assert plan_of(np.ones(3), 20, -1).untouched.all()


def test_colour_match_undoes_gain_and_offset():
    rng = np.random.default_rng(3)
    original = rng.integers(40, 210, (96, 128, 3), np.uint8)
    shift = np.array([1.05, 0.94, 1.0]), np.array([-6, 7, 2])
    edited = np.rint(original * shift[0] + shift[1]).clip(0, 255).astype(np.uint8)
    kept_ = np.ones((96, 128), bool)
    kept_[20:60, 30:80] = False
    edited[20:60, 30:80] = 128
    out = color_match.match(edited, original, kept_)
    assert abs(out.astype(int) - original)[kept_].max() <= 1
    assert (out[30, 40] != 128).any(), "the changed part is corrected with the rest"


def test_colour_match_leaves_alone_what_it_cannot_measure():
    rng = np.random.default_rng(4)
    a, b = (rng.integers(0, 256, (32, 32, 3), np.uint8) for _ in range(2))
    few = np.zeros((32, 32), bool)
    few[0, :20] = True
    assert color_match.match(a, b, few) is a
    flat = np.full((32, 32, 3), 100, np.uint8)
    assert (color_match.match(flat, flat + 7, ~few) == 107).all()
    with pytest.raises(FieldError, match="edited"):
        color_match.match(a, b[:16], few)


def test_a_white_noise_picture_cannot_blow_up_the_gain():
    rng = np.random.default_rng(5)
    a, b = (rng.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(2))
    out = color_match.match(a, b, np.ones((64, 64), bool)).astype(float)
    assert out.std() >= 0.79 * a.astype(float).std()


def test_the_mask_channel_shows_what_is_released():
    init = torch.randn(2, 4, 3, 5)
    condition = torch.cat([torch.ones(2, 1, 3, 5), torch.zeros(2, 4, 3, 5)], 1)
    held = torch.zeros(1, 1, 3, 5, dtype=torch.bool)
    held[..., :2] = True
    out = released_conditioning(condition, held, init)
    assert (out[:, 0, :, :2] == 0).all() and (out[:, 0, :, 2:] == 1).all()
    assert torch.equal(out[:, 1:, :, :2], init[..., :2]) and (out[:, 1:, :, 2:] == 0).all()
    dummy = torch.zeros(2, 5, 1, 1)
    assert released_conditioning(dummy[:, :4], held, init) is not None
    assert released_conditioning(dummy, held, init) is dummy


def test_a_limited_paste_is_exact_at_both_ends():
    rng = np.random.default_rng(8)
    original, edited = (rng.integers(0, 256, (40, 60, 3), np.uint8) for _ in range(2))
    limit = np.tile(np.linspace(-0.2, 1.2, 60, dtype=np.float32).clip(0, 1), (40, 1))
    touched = np.ones((40, 60), bool)
    touched[:5] = False
    out = paste_back(original, edited, touched, 0, limit)
    assert (out[~touched | (limit == 0)] == original[~touched | (limit == 0)]).all()
    assert (out[touched & (limit == 1)] == edited[touched & (limit == 1)]).all()
    mix = original + (edited.astype(float) - original) * (limit * touched)[..., None]
    assert abs(out - mix).max() <= 0.51


@pytest.mark.parametrize("full", [0.05, 0.3, 0.75, 1.0])
def test_the_rim_fades_and_the_core_shows(full):
    strength = np.linspace(0, full, 500)
    plan = EditPlan(strength / full, parse({}), full, 20, 19)
    weight = plan.paste_limit
    assert weight[-1] == 1 and (np.diff(weight) >= 0).all()
    assert (weight[plan.untouched] == 0).all()
    assert weight.dtype == np.float32
