"""How benchmarks.tradeoff compares two curves of success and change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.tradeoff import (
    BASE,
    ROWS,
    STRENGTHS,
    Curves,
    change_at,
    compared,
    interval,
    rising,
    structure_lost,
)

FRIENDLY = [row for row, (_, _, friendly, _) in ROWS.items() if friendly]


def curves(ours, other, success=None, count=6):
    """Every friendly row changes `ours`, the noised ones `other`, at each strength."""
    seen = np.tile(np.linspace(0, 1, count)[:, None] <= np.array(success or STRENGTHS), (1, 1))
    change = {row: np.tile(ours if row in FRIENDLY else other, (count, 1)) for row in ROWS}
    return Curves(np.zeros(count, bool), dict.fromkeys(ROWS, seen), change, np.zeros(count))


def test_structure_is_neither_brightness_nor_contrast():
    rng = np.random.default_rng(0)
    picture = rng.integers(60, 190, (48, 48, 3)).astype(np.uint8)
    assert structure_lost(picture, picture) == pytest.approx(0, abs=1e-9)
    assert structure_lost(picture, picture + np.uint8(40)) == pytest.approx(0, abs=1e-3)
    flatter = (picture * 0.7).astype(np.uint8)
    assert structure_lost(picture, flatter) < 0.02 < structure_lost(picture, picture[::-1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_a_rising_curve_is_the_nearest_one(values):
    found = rising(np.array(values))
    assert (np.diff(found) >= -1e-9).all() and found.mean() == pytest.approx(np.mean(values))
    if (np.diff(values) >= 0).all():
        np.testing.assert_allclose(found, values)


def test_a_fall_becomes_the_mean_of_both():
    np.testing.assert_allclose(rising(np.array([0, 0.6, 0.4, 1])), [0, 0.5, 0.5, 1])


def test_the_change_at_a_success_lies_between_two_strengths():
    success, change = np.array([0.0, 0.5, 0.5, 1.0]), np.array([0.0, 1.0, 3.0, 4.0])
    assert change_at(success, change, 0.25) == pytest.approx(0.5)
    assert change_at(success, change, 0.5) == pytest.approx(1), "the gentlest that reaches it"
    assert change_at(success, change, 0.75) == pytest.approx(3.5)
    assert change_at(success, change, 0) == 0


def test_half_the_change_at_every_success_is_half():
    other = np.linspace(0.1, 0.6, len(STRENGTHS))
    made = curves(other / 2, other)
    for row in FRIENDLY:
        found = compared(made, row)
        assert found.success == 1 and found.less == pytest.approx(0.5)
        low, high = interval(made, row)
        assert 0.4 < low <= high < 0.6
    assert set(BASE.values()) == set(ROWS) - set(FRIENDLY)


def test_what_one_row_never_reaches_is_not_compared():
    other = np.linspace(0.1, 0.6, len(STRENGTHS))
    made = curves(other, other)
    success = dict(made.success)
    success[FRIENDLY[0]] = np.zeros_like(success[FRIENDLY[0]])
    success[FRIENDLY[0]][:3, 1:] = True
    found = compared(made._replace(success=success), FRIENDLY[0])
    assert found.success == pytest.approx(0.5)
    assert found.ours == pytest.approx(other[1])
