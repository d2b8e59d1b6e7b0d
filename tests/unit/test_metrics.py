import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from diffdiff.errors import FieldError
from diffdiff.metrics.adherence import (
    adherence,
    by_strength,
    cam,
    dam,
    edit_map,
    mean_change,
    outside,
    pearson,
    pixel_change,
)

values = arrays(np.float64, (5, 7), elements=st.floats(-100, 100, width=32))
strengths = arrays(np.float32, (6, 5), elements=st.floats(0, 1, width=32))
pictures = arrays(np.uint8, (6, 5, 3))
RAMP = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)


def flat(value, shape=(2, 2, 3)):
    return np.full(shape, value, np.uint8)


@given(values, values)
def test_pearson_is_scipys(a, b):
    assume(np.ptp(a) > 1e-3 and np.ptp(b) > 1e-3)
    expected = stats.pearsonr(a.ravel(), b.ravel()).statistic
    assert pearson(a, b) == pytest.approx(expected, abs=1e-9)


@given(values, values, st.floats(0.01, 100), st.floats(-10, 10))
def test_pearson_bounds_symmetry_and_scale(a, b, scale, offset):
    assume(np.ptp(a) > 1e-3 and np.ptp(b) > 1e-3)
    r = pearson(a, b)
    assert -1 <= r <= 1
    assert pearson(b, a) == pytest.approx(r, abs=1e-12)
    assert pearson(a * scale + offset, b) == pytest.approx(r, abs=1e-6)
    assert pearson(-a, b) == pytest.approx(-r, abs=1e-12)


def test_tiny_and_huge_values_correlate_too():
    ramp = RAMP.astype(np.float64)
    assert pearson(ramp * 1e-200, ramp * 1e200) == pytest.approx(1)


def test_a_constant_has_no_correlation():
    assert pearson(np.full((3, 3), 0.1), np.eye(3)) is None
    assert cam(np.ones((3, 3)), np.eye(3)) is None


def test_an_edit_that_follows_the_map_is_perfect():
    edit = 0.2 * RAMP - 0.1
    assert cam(RAMP, edit) == pytest.approx(1)
    assert dam(RAMP, edit) == pytest.approx(0, abs=1e-6)
    assert cam(RAMP, -edit) == pytest.approx(-1)


def test_dam_of_an_edit_that_is_flat_is_the_maps_own_spread():
    assert dam(np.array([[0.0, 1], [0, 1]]), np.full((2, 2), 0.3)) == pytest.approx(1.0)


@given(values, values)
def test_dam_is_the_least_squares_distance(m, edit):
    design = np.stack([edit.ravel(), np.ones(edit.size)], 1)
    best, *_ = np.linalg.lstsq(design, m.ravel(), rcond=None)
    expected = np.linalg.norm(m.ravel() - design @ best)
    assume(np.ptp(edit) == 0 or np.ptp(edit) > 1e-3)
    assert dam(m, edit) == pytest.approx(expected, abs=1e-6)
    assert dam(m, edit) <= np.linalg.norm(m - edit) + 1e-9


def test_cam_and_dam_agree():
    edit = RAMP**3
    spread = np.linalg.norm(RAMP - RAMP.mean())
    assert dam(RAMP, edit) == pytest.approx(spread * np.sqrt(1 - cam(RAMP, edit) ** 2), rel=1e-6)


def test_the_papers_convention_gives_the_same_figures():
    change, full = RAMP**2, np.full_like(RAMP, 0.9)
    edit = edit_map(change, full)
    assert edit.max() <= 0.1 + 1e-6
    assert cam(1 - RAMP, -edit) == pytest.approx(cam(RAMP, edit))
    assert dam(1 - RAMP, -edit) == pytest.approx(dam(RAMP, edit))


def test_changes_exactly():
    before, after = flat(10), flat(10)
    after[0, 0] = (10, 40, 0)
    np.testing.assert_allclose(pixel_change(before, after), [[40 / 765, 0], [0, 0]])
    assert mean_change(before, after) == pytest.approx(40 / 12)
    assert pixel_change(flat(0), flat(255)).tolist() == [[1, 1], [1, 1]]
    assert mean_change(flat(255), flat(0)) == 255


@given(pictures, pictures)
def test_change_is_a_distance(a, b):
    assert mean_change(a, b) == mean_change(b, a) >= 0
    assert (mean_change(a, b) == 0) == np.array_equal(a, b)
    assert 0 <= pixel_change(a, b).min() and pixel_change(a, b).max() <= 1
    assert pixel_change(a, b).mean() * 255 == pytest.approx(mean_change(a, b), abs=1e-3)


def test_ranges_of_strength_exactly():
    m = np.array([[0, 0.1, 0.5], [0.50001, 1.0, 0]])
    change = np.array([[5, 1, 3], [7, 9, 0]])
    assert [tuple(b) for b in by_strength(m, change, 2)] == [
        (0.0, 0.0, 2, 2.5),
        (0.0, 0.5, 2, 2.0),
        (0.5, 1.0, 2, 8.0),
    ]
    assert by_strength(np.ones((2, 2)), np.ones((2, 2)), 3)[1].change is None


@given(strengths, st.integers(1, 20))
def test_every_pixel_is_in_one_range(m, bins):
    counted = by_strength(m, m, bins)
    assert len(counted) == bins + 1
    assert sum(b.pixels for b in counted) == m.size
    for b in counted:
        assert b.change is None or b.low - 1e-6 <= b.change <= b.high + 1e-6


def test_a_float32_edge_falls_where_its_decimal_does():
    assert by_strength(np.full((1, 1), 0.7, np.float32), np.ones((1, 1)))[7].pixels == 1


def test_changes_outside_the_map():
    before, after = flat(10), flat(10)
    after[0, 0, 1], after[1, 1] = 13, 255
    m = np.array([[0, 0.2], [0, 0.2]])
    assert tuple(outside(before, after, m)) == (2, 1, 3)
    assert tuple(outside(before, after, np.ones((2, 2)))) == (0, 0, 0)


def test_everything_at_once_is_json():
    before = flat(100, (3, 4, 3))
    after = (before + 100 * RAMP[..., None]).astype(np.uint8)
    report = json.loads(json.dumps(adherence(before, after, RAMP, bins=4)))
    assert report["cam"] > 0.999 and report["dam_rms"] < 0.01
    assert report["dam"] == pytest.approx(report["dam_rms"] * np.sqrt(12))
    assert report["outside"] == {"pixels": 1, "changed": 0, "most": 0}
    changes = [b["change"] for b in report["by_strength"]]
    assert changes == sorted(changes)
    assert report["mean_change"] == mean_change(before, after)
    own = adherence(before, before, RAMP, edit=RAMP)
    assert own["cam"] == pytest.approx(1) and own["mean_change"] == 0
    assert adherence(before, before, RAMP)["cam"] is None


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: mean_change(flat(0), flat(0, (2, 3, 3))), "after"),
        (lambda: mean_change(flat(0), np.zeros((2, 2, 3))), "after"),
        (lambda: pixel_change(flat(0)[0], flat(0)[0]), "after"),
        (lambda: pixel_change(flat(0)[:0], flat(0)[:0]), "after"),
        (lambda: outside(flat(0), flat(0), np.ones((3, 2))), "map"),
        (lambda: adherence(flat(0), flat(0), np.ones((3, 2))), "map"),
        (lambda: adherence(flat(0), flat(0), np.full((2, 2), 1.5)), "map"),
        (lambda: adherence(flat(0), flat(0), np.ones((2, 2)), np.ones((3, 3))), "edit"),
        (lambda: by_strength(RAMP, RAMP, 0), "bins"),
        (lambda: by_strength(RAMP, RAMP.T), "change"),
        (lambda: by_strength(RAMP * np.nan, RAMP), "map"),
        (lambda: pearson(RAMP, RAMP + np.inf), "edit"),
        (lambda: dam(np.ones((0, 3)), np.ones((0, 3))), "edit"),
        (lambda: edit_map(RAMP, RAMP.T), "full"),
    ],
)
def test_bad_input_names_its_field(call, field):
    with pytest.raises(FieldError) as caught:
        call()
    assert caught.value.field == field
