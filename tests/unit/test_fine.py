"""Where strengths begin between steps, and which levels are worth a call."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffdiff.sampling.fine_levels import DENSE, Exact, fine
from diffdiff.sampling.level_report import starts, summary
from diffdiff.sampling.start_steps import DIFFUSERS, NEVER, WEBUI


def flow(steps, shift=3.0):
    u = np.linspace(1, 0, steps + 1)
    return (shift * u / (1 + (shift - 1) * u)).tolist()


def karras(steps, low=0.03, high=14.6):
    ramp = np.linspace(0, 1, steps) if steps > 1 else np.zeros(1)
    return [*((high ** (1 / 7) + ramp * (low ** (1 / 7) - high ** (1 / 7))) ** 7), 0.0]


def timesteps(steps):
    times = [*range(1, 1001, 1000 // steps)]
    return [float(times[i]) for i in range(steps - 2, -1, -1)]


KINDS = {"flow": flow, "karras": karras, "timesteps": timesteps}
strengths = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.array)


def planned(strength, kind="flow", steps=4, full=1.0, rule=WEBUI, **options):
    schedule, exact = KINDS[kind](steps), Exact(KINDS[kind](DENSE), rule)
    last = len(schedule) - 2
    ladder, first = fine(strength, schedule, exact, steps, last, full, **options)
    return ladder, first, schedule, exact


def begins(ladder, first, schedule):
    """The coordinate at which each pixel begins; 0 for those that are kept."""
    at = np.array([*schedule, schedule[-1]])[np.minimum(ladder.start, len(schedule))]
    if ladder.top is not None:
        at = np.where((ladder.start == first) & (ladder.fine == 0), ladder.top, at)
    for number, level in enumerate(ladder.between, 1):
        at = np.where(ladder.fine == number, level.coordinate, at)
    return np.where(ladder.start == NEVER, 0.0, at)


@settings(max_examples=150, deadline=None)
@given(
    strengths,
    st.sampled_from([*KINDS]),
    st.integers(3, 12),
    st.floats(0.05, 1),
    st.integers(0, 6),
    st.sampled_from([0, 0.5, 1]),
    st.booleans(),
)
def test_more_strength_never_begins_at_less_noise(
    strength, kind, steps, full, extra, transition, skip
):
    strength = np.sort(strength) * full
    ladder, first, schedule, _ = planned(
        strength, kind, steps, full, transition=transition, extra=extra, skip=skip
    )
    at = begins(ladder, first, schedule)
    assert (np.diff(at) >= 0).all()
    assert len(ladder.between) <= extra
    if ladder.weight is not None:  # within a level, more strength obeys more
        for level in np.unique(at):
            assert (np.diff(ladder.weight[at == level]) >= -1e-6).all()
        assert ((ladder.weight > 0) & (ladder.weight <= 1)).all()
    for level in ladder.between:
        assert schedule[level.step] < level.coordinate
        assert level.step == len(schedule) - 1 or schedule[level.step - 1] > level.coordinate
    released = strength[ladder.start == NEVER]
    assert (released <= 1e-4 + (5 / 1000 if kind == "timesteps" else 0)).all(), "only black is kept"


@pytest.mark.parametrize("rule", [WEBUI, DIFFUSERS])
def test_where_a_strength_begins(rule):
    """At infinitely many steps a strength begins at that part of the schedule."""
    exact = Exact(flow(DENSE), rule)
    for s in (0.05, 0.25, 0.5, 0.9, 1.0):
        want = 3 * s / (1 + 2 * s)
        assert float(exact.coordinate(np.array(s))) == pytest.approx(want, abs=5e-4)
        assert exact.strength(want) == pytest.approx(s, abs=5e-4)
    assert exact.coordinate(np.array(0.0)) == 0


def test_flat_greys_are_exact():
    """A map of two or three flat greys with soft edges between them: each has its own level."""
    greys = (0.15, 0.62, 0.4)
    edges = np.linspace(0.15, 0.62, 30)
    strength = np.concatenate([np.repeat(greys, 400), edges])
    ladder, first, schedule, exact = planned(strength, extra=2)
    at = begins(ladder, first, schedule)
    for i, grey in enumerate(greys):
        want = float(exact.coordinate(np.array(grey)))
        assert at[400 * i] == pytest.approx(want, rel=1e-6), grey


def test_a_constant_map_needs_no_extra_level():
    ladder, first, _, exact = planned(np.full(9, 0.3), extra=4)
    assert ladder.between == () and first == 2
    assert ladder.top == pytest.approx(float(exact.coordinate(np.array(0.3))))
    assert (ladder.start == first).all()


def test_white_begins_where_plain_img2img_does():
    for full in (0.3, 0.6, 0.75, 1.0):
        ladder, first, _, _ = planned(np.array([0.1, full]), full=full)
        assert ladder.top is None and ladder.start[1] == first
        assert first == WEBUI(np.array(full), 4, 3).start


def test_the_chosen_levels_are_the_best():
    """Against all choices, for small maps."""
    rng = np.random.default_rng(2)
    for _ in range(12):
        strength = np.round(rng.random(7), 3)
        values = np.append(strength, 1.0)
        ladder, _, schedule, exact = planned(values, extra=2)
        own = [exact.strength(c) for c in schedule[:-1]] + [1.0]
        chosen = [exact.strength(level.coordinate) for level in ladder.between]
        best = min(_cost(values, [*own, *pair]) for pair in itertools.combinations(strength, 2))
        assert _cost(values, [*own, *chosen]) == pytest.approx(best, rel=0.02, abs=2e-5)


def _cost(values, levels):
    return (np.abs(values[:, None] - np.array(levels)[None]).min(1) ** 2).sum()


def test_levels_go_where_the_response_is_steep():
    ramp = np.linspace(0, 1, 400)
    steep = lambda s: 1 / (1 + np.exp(-25 * (s - 0.35)))  # noqa: E731
    even, *_ = planned(ramp, extra=3)
    told, *_ = planned(ramp, extra=3, amount=steep)
    at = lambda ladder: [Exact(flow(DENSE)).strength(b.coordinate) for b in ladder.between]  # noqa: E731
    near = lambda ladder: sum(0.2 < s < 0.5 for s in at(ladder))  # noqa: E731
    assert near(told) > near(even)


def test_fewer_levels_than_allowed_where_no_more_help():
    ladder, *_ = planned(np.array([0.2, 0.2, 0.8, 0.8]), extra=16)
    assert len(ladder.between) <= 2


def test_one_step_and_nothing():
    ladder, first, schedule, _ = planned(np.array([0.0, 0.2, 1.0]), steps=1, extra=2)
    assert first == 0 and ladder.start[0] == NEVER
    assert begins(ladder, first, schedule)[1] < 0.6
    ladder, first, *_ = planned(np.zeros(4))
    assert first is None and (ladder.start == NEVER).all()


def test_a_schedule_that_has_only_its_own_steps():
    exact = Exact.of_steps(flow(4))
    for i, c in enumerate(flow(4)[:-1]):
        assert exact.strength(c) == pytest.approx(1 - i / 4, abs=1e-3)


def test_what_is_told_of_the_levels():
    strength = np.array([0.0, 0.1, 0.1, 0.5, 1.0])
    ladder, first, schedule, _ = planned(strength, extra=2)
    begun = starts(strength, ladder, first, schedule, lambda c: c)
    assert [round(s.highest, 2) for s in begun] == [1.0, 0.5, 0.1]
    assert [s.extra for s in begun] == [False, False, True]
    assert [s.steps for s in begun] == [4, 2, 1]
    assert begun[2].share == pytest.approx(0.4) and str(begun[2]) == "10% at 25% noise"
    assert summary(begun).endswith("3 levels, 5 model steps")
    assert summary([]) == ""
