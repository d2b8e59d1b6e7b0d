"""The response: how far each strength moves a picture, and maps that mean amounts of change."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffdiff.edit.plan import for_fan, make_fan, strengths
from diffdiff.errors import FieldError
from diffdiff.settings.response import MOST, measured, points_of, reading, text
from diffdiff.settings.schema import changed, parse

TOY = "0.2 26; 0.4 39; 0.6 74; 0.8 82; 1 85"
ROOT = Path(__file__).parents[2]


@st.composite
def responses(draw):
    """Rising points, as a sheet of any strengths might measure them."""
    count = draw(st.integers(1, 12))
    places = draw(st.lists(st.integers(1, 1000), min_size=count, max_size=count, unique=True))
    steps = draw(st.lists(st.integers(1, 500), min_size=count, max_size=count))
    return tuple(zip((p / 1000 for p in sorted(places)), np.cumsum(steps).astype(float).tolist()))


values = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20).map(np.float64)
fulls = st.floats(0, 1)


@given(responses(), values, fulls)
def test_black_is_kept_white_is_full_and_more_is_never_less(points, m, full):
    read = reading(points)
    assert read(np.zeros(1), full) == 0
    assert read(np.ones(1), full) == pytest.approx(full, abs=1e-9)
    strength = read(np.sort(m), full)
    assert (np.diff(strength) >= 0).all() and (0 <= strength).all()
    assert (strength <= full + 1e-9).all()


@given(responses(), values, fulls)
def test_the_change_is_in_proportion_to_the_map(points, m, full):
    """Put the strengths back through the response: even in the map."""
    xs, ys = (np.array([0, *column]) for column in zip(*points))
    full = min(full, float(xs[-1]))
    change = np.interp(reading(points)(m, full), xs, ys)
    np.testing.assert_allclose(change, m * np.interp(full, xs, ys), atol=1e-6 * ys[-1])


@given(responses(), values, fulls)
def test_the_unit_of_the_change_does_not_matter(points, m, full):
    scaled = tuple((s, 7 * c) for s, c in points)
    np.testing.assert_allclose(reading(scaled)(m, full), reading(points)(m, full), atol=1e-9)


@given(st.lists(st.integers(1, 999), max_size=8, unique=True), values, fulls)
def test_a_straight_response_changes_nothing(places, m, full):
    points = [(p / 1000, 85 * p / 1000) for p in sorted(places)] or [(0.5, 3.0)]
    np.testing.assert_allclose(reading(points)(m, full), m * full, atol=1e-9)


@given(responses())
def test_text_says_what_was_measured(points):
    again = points_of(text(points))
    np.testing.assert_allclose(again, points, rtol=5e-4)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 255)), max_size=100))
def test_what_is_measured_can_always_be_used(pairs):
    points = measured([s for s, _ in pairs], [c for _, c in pairs])
    if any(s > 1e-5 and c > 0 for s, c in pairs):
        assert 1 <= len(points) <= MOST and points_of(text(points)) == points
    elif not any(c > 0 for _, c in pairs):
        assert points == ()


def test_measured_small_cases():
    assert measured([0, 0.5, 1], [0, 10, 30]) == ((0.5, 10), (1, 30))
    assert measured([1, 0.5], [30, 10]) == ((0.5, 10), (1, 30))
    # what does not rise is one point, in the middle of both
    assert measured([0.2, 0.4, 0.6, 1], [10, 30, 20, 50]) == ((0.2, 10), (0.5, 25), (1, 50))
    assert measured([0.4, 1], [30, 30]) == ((0.7, 30),)
    assert measured([0.3, 0.6], [0, 0]) == measured([], []) == measured([0], [9]) == ()
    # strengths without any change keep next to none
    assert measured([0.05, 0.1, 0.5], [0, 0, 10]) == ((0.1, 0.02), (0.5, 10))
    assert reading(measured([0.05, 0.1, 0.5], [0, 0, 10]))(0.01, 0.5) > 0.1
    many = np.linspace(0.001, 1, 999)
    points = measured(many, many**2)
    assert len(points) <= MOST and points[-1] == (1, 1)


def test_the_toy_worlds_response():
    read = reading(points_of(TOY))
    assert read(39 / 85, 1) == pytest.approx(0.4)
    assert read(0.5, 0.6) == pytest.approx(0.2 + 0.2 * 11 / 13)  # half of 74
    assert read(26 / 82, 0.8) == pytest.approx(0.2)
    # beyond the last point as before it
    assert reading([(0.5, 10.0)])(0.5, 1) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "0 points"),
        (";", "0 points"),
        ("0.2", "not a list"),
        ("0.2 26 3", "not a list"),
        ("a b", "not a list"),
        ("0.4 26; 0.2 39", "rise"),
        ("0.2 39; 0.4 39", "rise"),
        ("0 5", "rise"),
        ("0.5 0", "rise"),
        ("1.2 9", "not a point"),
        ("0.5 inf", "not a point"),
        ("0.5 nan", "not a point"),
        ("nan 5", "not a point"),
        ([1, 2], "not a list"),
        ([[0.5, None]], "not a list"),
        ([[k / 100, k] for k in range(1, 70)], "69 points"),
    ],
)
def test_what_is_refused(value, words):
    with pytest.raises(FieldError, match=words) as error:
        parse({"response": value})
    assert error.value.field == "response" and "0.2 26; 0.4 39; 1 85" in str(error.value)


def test_ways_to_write_it():
    want = points_of(TOY)
    assert points_of("0.2:26;0.4:39;0.6:74;0.8:82;1:85;") == want
    assert points_of("0.2, 26; 0.4, 39; 0.6, 74; 0.8, 82; 1, 85") == want
    args = parse({"response": [[0.2, 26], [0.4, 39], [0.6, 74], [0.8, 82], [1, 85]]})
    assert changed(args) == {"response": TOY}
    assert not set(TOY) & set(':,"\n')  # the hosts quote parameters that have one


def test_strengths_of_a_map_and_of_a_fan():
    m = np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(32, 0)
    args, plain = parse({"response": TOY}), parse({})
    got = strengths(m, args, 0.6)
    assert got.dtype == np.float64 and got[0, 0] == 0 and got[0, -1] == pytest.approx(0.6)
    assert (got != strengths(m, plain, 0.6)).any()
    absolute = parse({"response": TOY, "scale": "absolute"})
    np.testing.assert_array_equal(strengths(m, absolute, 0.3), strengths(m, args, 1.0))
    # stripes are strengths themselves; within a map its greys are read by the response
    stripes = make_fan(parse({"mode": "fan", "response": TOY}), 64, 32)
    assert (stripes.map == make_fan(parse({"mode": "fan"}), 64, 32).map).all()
    request = {"mode": "fan", "fan_layout": "map", "fan_strengths": [0.4, 0.8], "response": TOY}
    mapped = make_fan(parse(request), 64, 32, np.full((32, 64), 0.5, np.float32))
    read = reading(points_of(TOY))
    np.testing.assert_allclose(mapped.map[0, [0, -1]], [read(0.5, 0.4), read(0.5, 0.8)], rtol=1e-6)
    assert for_fan(parse(request)).response is None


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_legend_reads_it_alike():
    """javascript/painter/strength/response.mjs against this, on many values."""
    texts = [TOY, "0.5 10", "0.05 0.1; 0.3 7; 0.9 11.5", "0.2 39; 0.4 39", "", "x"]
    asked = [[t, m / 40, f / 8] for t in texts for m in range(41) for f in range(9)]
    code = (
        'import { reading } from "./javascript/painter/strength/response.mjs";'
        f"const asked = {json.dumps(asked)};"
        "console.log(JSON.stringify(asked.map(([t, m, f]) => reading(t)(m, f))));"
    )
    run = [shutil.which("node"), "--input-type=module", "-e", code]
    got = json.loads(subprocess.run(run, cwd=ROOT, capture_output=True, check=True).stdout)

    def expected(t, m, f):
        try:
            return reading(points_of(t))(m, f)
        except FieldError:
            return m * f

    np.testing.assert_allclose(got, [expected(*row) for row in asked], rtol=0, atol=1e-12)
