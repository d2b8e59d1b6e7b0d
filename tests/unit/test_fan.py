import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffdiff.edit.fan import LAYOUTS, NONE, fan, needed
from diffdiff.errors import FieldError
from diffdiff.sampling.start_steps import DIFFUSERS, NEVER, WEBUI
from diffdiff.settings.strength_list import MOST, PRESETS, listed, preset, spread

counts = st.integers(2, MOST)
drawn = st.sampled_from([layout for layout in LAYOUTS if layout != "map"])

# levels of the authors' maps from left to right (white = keep), read from their page's pictures
PUBLISHED = {
    ("full", 2): [0, 1],
    ("full", 3): [0, 0.5, 1],
    ("full", 4): [0, 1 / 3, 2 / 3, 1],
    ("full", 5): [0, 0.25, 0.5, 0.75, 1],
    ("dark", 5): [0, 0.125, 0.25, 0.375, 0.5],
    ("light", 5): [0.5, 0.625, 0.75, 0.875, 1],
    ("central", 5): [0.4, 0.5, 0.6, 0.7, 0.8],
}


@pytest.mark.parametrize(("name", "count"), PUBLISHED)
def test_presets_are_the_papers_stripes(name, count):
    strengths = preset(name, count)
    np.testing.assert_allclose(strengths, 1 - np.array(PUBLISHED[name, count]), atol=5e-7)
    keep = 1 - fan(64, 60, strengths, cell=1).map  # the paper's own map
    levels = np.repeat(PUBLISHED[name, count], 60 // count)
    np.testing.assert_allclose(keep[0], levels, atol=1e-6)
    assert (keep == keep[0]).all()


def test_even_steps_from_low_to_high():
    assert spread(5) == (0, 0.25, 0.5, 0.75, 1)
    assert spread(3, 0.2, 0.6) == (0.2, 0.4, 0.6)
    assert spread(4, *PRESETS["full"]) == (0, 0.333333, 0.666667, 1)


@given(counts, st.integers(0, 99), st.integers(1, 100))
def test_spread_rises_and_keeps_its_ends(count, a, b):
    low, high = sorted((a / 100, b / 100))
    if low == high:
        high += 0.01
    values = spread(count, low, high)
    assert len(values) == count
    assert values[0] == round(low, 6) and values[-1] == round(high, 6)
    assert all(a < b for a, b in zip(values, values[1:]))


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: spread(1), "fan_count"),
        (lambda: spread(1000), "fan_count"),
        (lambda: spread(2.5), "fan_count"),
        (lambda: spread(True), "fan_count"),
        (lambda: spread(5, 0.8, 0.2), "fan_low"),
        (lambda: spread(5, 0.5, 0.5), "fan_low"),
        (lambda: spread(5, -0.1, 0.5), "fan_low"),
        (lambda: spread(5, 0.1, float("nan")), "fan_high"),
        (lambda: preset("bright"), "fan_preset"),
        (lambda: listed("0.5"), "fan_strengths"),
        (lambda: listed("0.5, high"), "fan_strengths"),
        (lambda: listed([0.5, 1.5]), "fan_strengths"),
        (lambda: listed([0.5, None]), "fan_strengths"),
        (lambda: listed([0.5, float("nan")]), "fan_strengths"),
        (lambda: listed([0.5] * 17), "fan_strengths"),
        (lambda: listed(3), "fan_strengths"),
        (lambda: fan(64, 64, (0, 1), "diagonal"), "fan_layout"),
        (lambda: fan(64, 64, spread(9)), "fan_count"),
        (lambda: fan(15, 64, (0, 1), "horizontal"), "fan_count"),
        (lambda: fan(8, 8, spread(5), "radial"), "fan_count"),
        (lambda: fan(16, 16, spread(6), "radial"), "fan_count"),
        (lambda: fan(0, 64, (0, 1)), "size"),
        (lambda: fan(64, 64, (0, 1), "map"), "map"),
        (lambda: fan(64, 64, (0, 1), "map", base=np.zeros((64, 64), np.float32)), "map"),
        (lambda: fan(64, 64, (0, 1), "map", base=np.ones((32, 64), np.float32)), "map"),
    ],
)
def test_bad_input_names_its_field(call, field):
    with pytest.raises(FieldError) as caught:
        call()
    assert caught.value.field == field


def test_a_map_too_narrow_for_its_stripes_is_refused():
    base = np.zeros((64, 64), np.float32)
    base[:, 20:24] = 1
    with pytest.raises(FieldError, match="narrower than a latent cell"):
        fan(64, 64, (0.2, 0.8), "map", base=base)


def test_text_and_numbers_list_the_same_strengths():
    assert listed("0.2, 0.4 0.9") == listed([0.2, 0.4, np.float32(0.9)]) == (0.2, 0.4, 0.9)


def test_vertical_stripes_exactly():
    f = fan(2, 6, (0.0, 0.5, 1.0), cell=1)
    np.testing.assert_array_equal(f.map, [[0, 0, 0.5, 0.5, 1, 1]] * 2)
    np.testing.assert_array_equal(f.labels, [[0, 0, 1, 1, 2, 2]] * 2)
    assert [s.box for s in f.stripes] == [(0, 0, 2, 2), (2, 0, 4, 2), (4, 0, 6, 2)]
    assert f.map.dtype == np.float32


def test_horizontal_is_vertical_on_its_side():
    a, b = fan(40, 80, spread(5), "horizontal"), fan(80, 40, spread(5), "vertical")
    np.testing.assert_array_equal(a.labels, b.labels.T)


def test_wedges_go_clockwise_from_the_top():
    f = fan(4, 4, spread(4), "radial", cell=1)
    np.testing.assert_array_equal(f.labels, np.kron([[3, 0], [2, 1]], np.ones((2, 2))))


def test_wedges_have_equal_parts():
    labels = fan(512, 512, spread(8), "radial").labels
    np.testing.assert_allclose(np.bincount(labels.ravel()) / labels.size, 1 / 8, atol=0.01)


def test_inside_a_map_the_shape_is_scaled():
    base = np.zeros((4, 8), np.float32)
    base[1:3, 2:6] = [[0.5, 1, 1, 0.5], [1, 0, 1, 1]]
    f = fan(4, 8, (0.5, 1.0), "map", cell=1, base=base)
    expected = base.copy()
    expected[:, 2:4] *= 0.5
    np.testing.assert_array_equal(f.map, expected)
    np.testing.assert_array_equal(
        f.labels[1:3], [[-1, -1, 0, 0, 1, 1, -1, -1]] * 1 + [[-1, -1, 0, -1, 1, 1, -1, -1]]
    )
    assert (f.labels[[0, 3]] == NONE).all()
    assert [s.box for s in f.stripes] == [(2, 1, 4, 3), (4, 1, 6, 3)]
    assert f.at(3, 2) is None


def test_a_gap_in_the_map_leaves_a_stripe_without_a_point():
    base = np.zeros((8, 24), np.float32)
    base[:, :8] = base[:, 16:] = 1
    stripes = fan(8, 24, spread(3), "map", base=base).stripes
    assert [s.point is None for s in stripes] == [False, True, False]


@given(st.integers(128, 300), st.integers(128, 300), counts, drawn, st.sampled_from([1, 4, 8]))
def test_every_pixel_belongs_to_one_stripe_and_shows_its_strength(h, w, count, layout, cell):
    strengths = spread(count, 0.1, 0.9)
    f = fan(h, w, strengths, layout, cell)
    assert f.map.shape == f.labels.shape == (h, w)
    assert set(np.unique(f.labels).tolist()) == set(range(count))
    np.testing.assert_array_equal(f.map, np.float32(strengths)[f.labels])
    for i, stripe in enumerate(f.stripes):
        left, top, right, bottom = stripe.box
        ys, xs = np.nonzero(f.labels == i)
        assert (left, top, right, bottom) == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        assert f.at(*stripe.point) == i
        if layout != "radial":  # rectangles: nothing else is in the box
            assert (f.labels[top:bottom, left:right] == i).all()


@given(st.integers(16, 40), st.integers(16, 40), counts, drawn)
def test_no_latent_cell_mixes_two_strengths(h, w, count, layout):
    f = fan(8 * h, 8 * w, spread(count), layout)
    cells = f.labels.reshape(h, 8, w, 8)
    assert (cells == cells[:, :1, :, :1]).all()


@given(st.floats(-5, 140), st.floats(-5, 140), drawn)
def test_a_hit_is_the_label_under_the_point(x, y, layout):
    f = fan(128, 136, spread(7), layout)
    hit = f.at(x, y)
    if 0 <= x < 136 and 0 <= y < 128:
        assert hit == f.labels[int(y), int(x)]
    else:
        assert hit is None


def test_a_hit_outside_is_none():
    f = fan(64, 64, (0, 1))
    assert f.at(float("nan"), 3) is None
    assert f.at(64, 0) is None and f.at(63.9, 0) == 1 and f.at(-0.1, 0) is None


def test_the_rim_of_a_stripe_is_where_the_next_begins():
    assert [fan(8, 512, spread(5)).stripes[i].box[2] for i in range(5)] == [104, 208, 304, 408, 512]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=16), st.integers(1, 60), st.booleans())
def test_a_picture_of_a_sheet_needs_what_its_plain_run_makes(strengths, steps, webui):
    rule = WEBUI if webui else DIFFUSERS
    calls = needed(strengths, steps, steps - 1, rule)
    assert calls == tuple(needed([s], steps, steps - 1, rule)[0] for s in strengths)
    for s, own in zip(strengths, calls):
        start = int(rule(np.array([s]), steps, steps - 1).start[0])
        assert own == (0 if start == NEVER else steps - start)


def test_the_numbers_of_a_known_sheet():
    assert needed((0.25, 0.75, 0.0, 1.0, 0.5), 20, 19) == (6, 16, 0, 20, 11)


def test_calls_follow_the_sampler():
    assert needed((0.5, 0.0), 20, 19, per_step=2) == (22, 0)
