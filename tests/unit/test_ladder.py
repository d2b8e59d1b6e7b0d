import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffdiff.sampling.start_steps import DIFFUSERS, NEVER, WEBUI, DiffusersRule, reference_start

strengths = st.floats(0, 1, allow_nan=False)
steps = st.integers(1, 150)


def encode_steps(strength, n):
    """`t_enc`, as `setup_img2img_steps` of A1111 v1.10.1 and Forge has it ("fix steps" off)."""
    return int(min(strength, 0.999) * n)


def start(strength, n, last=None, **kw):
    return WEBUI(np.array([strength]), n, n - 1 if last is None else last, **kw).start[0]


@pytest.mark.parametrize(
    ("strength", "n", "expected"),
    [(1.0, 20, 0), (0.75, 20, 4), (0.5, 20, 9), (0.3, 20, 13), (0.05, 20, 18), (0.01, 20, 19)],
)
def test_start_is_where_plain_img2img_starts(strength, n, expected):
    assert start(strength, n) == expected


def test_strength_zero_never_starts():
    assert start(0.0, 20) == NEVER


@given(st.integers(1, 1000), st.integers(1, 150))
def test_every_slider_value_obeys_the_hosts_rule(thousandth, n):
    strength = thousandth / 1000
    assert start(strength, n) == n - 1 - encode_steps(strength, n)


@given(st.integers(1, 100), st.integers(1, 150))
def test_a_float32_map_means_the_decimal_it_shows(hundredth, n):
    assert start(np.float32(hundredth / 100), n) == start(hundredth / 100, n)


@given(strengths, strengths, steps, st.floats(0, 1))
def test_a_larger_strength_never_starts_later(a, b, n, transition):
    low, high = sorted((a, b))
    ladder = WEBUI(np.array([low, high]), n, n - 1, transition)
    assert ladder.start[1] <= ladder.start[0]
    if ladder.weight is not None and ladder.start[0] == ladder.start[1] != NEVER:
        assert ladder.weight[1] >= ladder.weight[0] - 1e-6


@given(strengths, steps)
def test_transition_is_continuous_with_the_hard_ladder(strength, n):
    hard = WEBUI(np.array([strength]), n, n - 1)
    soft = WEBUI(np.array([strength]), n, n - 1, 1.0)
    assert soft.start[0] in (hard.start[0], hard.start[0] - 1)
    assert 0 <= soft.weight[0] <= 1


def test_transition_weight_is_the_part_of_a_rung_above_it():
    ladder = WEBUI(np.array([0.625, 0.6, 0.649]), 20, 19, 1.0)
    np.testing.assert_allclose(ladder.weight, [0.5, 1.0, 0.98], atol=1e-5)
    assert ladder.start.tolist() == [6, 7, 6]
    half = WEBUI(np.array([0.62, 0.64]), 20, 19, 0.5)
    np.testing.assert_allclose(half.weight, [1.0, 0.6], atol=1e-5)
    assert half.start.tolist() == [7, 6]


def test_nothing_starts_before_the_floor():
    ladder = WEBUI(np.array([1.0, 0.62]), 20, 19, 1.0, floor=7)
    assert ladder.start.tolist() == [7, 7]
    assert ladder.weight.tolist() == [1.0, 1.0]


def test_a_pixel_whose_plain_run_calls_no_model_is_kept():
    # DDIM of 20 steps calls the model for t_enc >= 2 only: 18 steps
    assert start(0.09, 20, last=17) == NEVER
    assert start(0.10, 20, last=17) == 17


def test_first_is_the_earliest_start():
    assert WEBUI(np.array([0.0, 0.5, 0.2]), 20, 19).first == 9
    assert WEBUI(np.zeros(3), 20, 19).first is None


@given(st.floats(0, 1), st.integers(1, 100))
def test_reference_start_replays_the_authors_loop(keep, n):
    keep = np.float32(keep)
    masks = keep > np.arange(n, dtype=np.float32) / np.float32(n)  # True: overwritten before i
    begins = 0
    for i, overwritten in enumerate(masks):
        if overwritten:
            begins = i
    assert reference_start(np.array(keep), n) == begins


@given(st.integers(1, 400), st.data())
def test_the_arguments_solve_the_hosts_own_arithmetic(n, data):
    first = data.draw(st.integers(0, n - 1))
    requested, strength = WEBUI.img2img_args(first, n)
    assert int(requested / min(strength, 0.999)) == n
    assert requested - 1 == n - 1 - first  # t_enc


@pytest.mark.parametrize("ceil", [False, True])
@given(n=st.integers(1, 400), data=st.data())
def test_diffusers_arguments_begin_at_their_step(ceil, n, data):
    first = data.draw(st.integers(0, n - 1))
    steps, strength = DiffusersRule(ceil).img2img_args(first, n)
    runs = math.ceil(strength * steps) if ceil else int(strength * steps)
    assert (steps, runs) == (n, n - first)


@pytest.mark.parametrize("rule", [WEBUI, DIFFUSERS, DiffusersRule(ceil=True)])
@given(strength=strengths, n=steps)
def test_first_is_where_plain_img2img_begins(rule, strength, n):
    strength = round(strength, 2)
    runs = encode_steps(strength, n) + 1 if rule is WEBUI else strength * n
    runs = math.ceil(round(runs, 9)) if rule == DiffusersRule(ceil=True) else int(runs)
    assert rule.first(strength, n) == n - runs
