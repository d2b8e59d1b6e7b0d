"""What the report measures with: maps, intervals, curves, sheets, kept figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_changes import FOLLOWS, SIZE, changes

from benchmarks import report
from benchmarks.results import (
    adherence,
    curves,
    plots,
    scenes,
    sheets,
    store,
    success,
    workers,
    write_adherence,
)
from benchmarks.results.methods import EVEN, METHODS
from diffdiff.errors import FieldError
from diffdiff.metrics import adherence as metrics


@pytest.mark.parametrize("kind", scenes.MAPS)
def test_maps_are_the_same_every_time_and_spread_like_the_papers(kind):
    m = scenes.MAPS[kind](128)
    assert m.shape == (128, 128) and m.dtype == np.float32
    assert m.min() == 0 and m.max() == pytest.approx(1, abs=0.02)
    assert m.std() == pytest.approx(scenes.SPREAD[kind], abs=0.025)
    np.testing.assert_array_equal(m, scenes.MAPS[kind](128))
    # at another size it is the same map
    halved = m.reshape(64, 2, 64, 2).mean((1, 3))
    assert metrics.pearson(halved, scenes.MAPS[kind](64)) > 0.97


def test_the_spreads_are_those_that_the_papers_figures_imply():
    for kind, (cam, dam) in adherence.PAPER.items():
        implied = dam / np.sqrt(1 - cam**2) / write_adherence.PAPER_SIDE
        assert implied == pytest.approx(scenes.SPREAD[kind], rel=0.1)


def test_asks_change_season_and_time_and_nothing_else():
    first, again = scenes.asks(3, SIZE), scenes.asks(2, SIZE)
    for a, b in zip(first, again):
        assert a.prompt == b.prompt and a.seed == b.seed
        np.testing.assert_array_equal(a.picture, b.picture)
    assert first[0].picture.shape == (SIZE, SIZE, 3)
    assert len({ask.seed for ask in first}) == 3


def test_figures_are_those_of_the_metrics_module():
    made = changes(FOLLOWS)
    found = adherence.table(made)["pixels"]
    edits = adherence.edit_maps(made, "pixels")
    for kind, make in scenes.MAPS.items():
        m = make(SIZE)
        for name, row in found[kind].items():
            assert row["cam"] == pytest.approx(metrics.cam(m, edits[kind][name]), abs=1e-6)
            assert row["dam"] == pytest.approx(metrics.dam(m, edits[kind][name]), rel=1e-5)
            assert row["cam_low"] < row["cam"] < row["cam_high"]
            assert row["dam_low"] < row["dam"] < row["dam_high"]
    held = adherence.goals(found)
    assert all(ok for goal, ok in held.items() if "apart" in goal or "DAM" in goal)


def test_equal_methods_do_not_hold_the_goal():
    found = adherence.table(changes(dict.fromkeys(METHODS, 0.6)))["pixels"]
    held = adherence.goals(found)
    assert not any(ok for goal, ok in held.items() if "apart" in goal)


def test_a_better_method_makes_ours_miss():
    follows = {**FOLLOWS, "N-run compositing": 0.99}
    held = adherence.goals(adherence.table(changes(follows))["pixels"])
    for kind in scenes.MAPS:
        assert not held[f"{kind}: CAM above N-run compositing, intervals apart"]
        assert not held[f"{kind}: lowest DAM"]
        assert held[f"{kind}: CAM above blurred mask, intervals apart"]


def test_intervals_narrow_with_more_pictures():
    def width(count):
        row = adherence.table(changes(FOLLOWS, count))["pixels"]["gradient"]["blurred mask"]
        return row["cam_high"] - row["cam_low"]

    assert width(48) < width(6)


def test_a_difference_is_known_better_than_what_it_is_of():
    """The same noise under two methods: their intervals overlap, their difference is sure."""
    rng = np.random.default_rng(3)
    m = scenes.gradient(SIZE)
    noise = rng.normal(0, 6, (24, SIZE, SIZE)) + rng.normal(0, 1, (24, 1, 1)) * m
    changes = {name: 0.8 * m**2 + noise for name in METHODS} | {adherence.EVEN: 0.8 * m + noise}
    rows = adherence.rows(m, changes, np.ones_like(noise))
    mine, other = rows[adherence.EVEN], rows["Algorithm 1"]
    assert other["lead"] == pytest.approx(mine["cam"] - other["cam"])
    assert mine["cam_low"] < other["cam_high"]  # apart they do not tell
    assert 0 < other["lead_low"] < other["lead"] < other["lead_high"]
    assert mine["lead"] == mine["lead_low"] == mine["lead_high"] == 0


def test_what_is_kept_is_where_the_map_is_black():
    m = scenes.triangle(SIZE)
    change = np.broadcast_to(0.25 + 0.5 * (m > 0), (4, SIZE, SIZE)).astype(float)
    row = adherence.row(m, change, np.ones_like(change), np.array([0.1, 0.2]))
    assert row["kept"] == pytest.approx(0.25)


@pytest.mark.parametrize("turn", range(scenes.TURNS))
def test_maps_lie_in_eight_ways_and_come_back(turn):
    m = np.arange(25.0).reshape(5, 5)
    ways = [scenes.turned(m, t) for t in range(scenes.TURNS)]
    assert len({w.tobytes() for w in ways}) == scenes.TURNS
    np.testing.assert_array_equal(scenes.turned_back(ways[turn], turn), m)


def test_work_of_several_processes_comes_in_order():
    for count in (1, 2):
        assert list(workers.each(_doubler, [3, 1, 2], count)) == [6, 2, 4]


def _doubler():
    return (2).__mul__


def test_cam_by_number_of_pictures_ends_at_that_of_all():
    made = changes(FOLLOWS, 16)
    found = adherence.by_pictures(made, "pixels")
    table = adherence.table(made)["pixels"]
    for kind, row in found.items():
        assert list(row) == ["2", "4", "8", "16"]
        assert row["16"] == pytest.approx(table[kind][EVEN]["cam"], abs=1e-6)
        assert row["2"] < row["16"]


def test_a_negative_correlation_has_a_dam_interval_too():
    m = scenes.gradient(SIZE)
    rng = np.random.default_rng(0)
    change = np.stack([-0.1 * m + rng.normal(0, 0.5, m.shape) for _ in range(8)])
    drawn = adherence.correlations(m, np.tensordot(adherence.draws(8), change - 1, 1))
    row = adherence.row(m, change, np.ones_like(change), drawn)
    assert row["cam"] < 0 and row["dam_low"] <= row["dam"] <= row["dam_high"]


@given(st.floats(0.01, 5), st.floats(-3, 3))
def test_an_edit_map_is_shown_in_the_maps_own_scale(a, b):
    m = scenes.triangle(16).astype(np.float64)
    np.testing.assert_allclose(sheets.fitted(m, a * m + b), m, atol=1e-9)
    # one that runs against the map is shown flat, not turned round
    np.testing.assert_allclose(sheets.fitted(m, -a * m + b), m.mean(), atol=1e-9)
    np.testing.assert_allclose(sheets.fitted(m, np.full_like(m, b)), m.mean(), atol=1e-9)


def test_kept_figures_come_back(tmp_path):
    arrays = {"edit/a/b": np.eye(3, dtype=np.float32), "shown/0/input": np.ones((2, 2), np.uint8)}
    store.save(tmp_path / "kept", "cost", {"x": [1, 2.5]}, arrays)
    figures, back = store.load(tmp_path / "kept", "cost")
    assert figures == {"x": [1, 2.5]} and list(back) == list(arrays)
    for name, value in arrays.items():
        np.testing.assert_array_equal(back[name], value)
    with pytest.raises(FieldError, match="curves"):
        store.load(tmp_path / "kept", "curves")


def test_distance_at_equal_success_is_read_off_the_curve():
    row = {"success": [0.0, 0.5, 1.0], "probe": [0.1, 0.2, 0.4]}
    assert curves.at_success(row, "probe", 0.75) == pytest.approx(0.3)
    assert curves.at_success(row, "probe", 0.5) == pytest.approx(0.2)
    assert curves.at_success(row, "probe", 0.0) == pytest.approx(0.1)
    assert curves.at_success(row | {"success": [0, 0, 0.4]}, "probe", 0.5) is None


def test_the_trade_off_goal_can_be_missed():
    rows = {
        "ours": {"success": [0.5, 1.0], "probe": [0.1, 0.3]},
        "nearer": {"success": [0.5, 1.0], "probe": [0.1, 0.2]},
        "never": {"success": [0.0, 0.1], "probe": [0.0, 0.1]},
    }
    held = curves.goals(rows, "probe")
    assert held == {
        "less change than nearer at equal success": False,
        "less change than never at equal success": True,
    }


def test_success_without_clip_downloads_nothing(monkeypatch):
    import transformers

    def refused(*args, local_files_only=False, **kwargs):
        assert local_files_only
        raise OSError("not here")

    monkeypatch.setattr(transformers.CLIPModel, "from_pretrained", refused)
    success.by_clip.cache_clear()
    assert success.by_clip() is None
    success.by_clip.cache_clear()


def test_every_method_has_an_ink_a_head_and_a_description():
    from benchmarks.results.methods import ABOUT

    assert set(METHODS) == set(ABOUT) == set(sheets.SHORT)
    assert {*METHODS, *curves.METHODS} <= set(plots.INKS)


@pytest.mark.parametrize(
    ("given_", "named"),
    [
        (["--pictures", "2"], "--pictures"),
        (["--size", "100"], "--size"),
        (["--parts", "speed"], "speed"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(given_, named, capsys):
    with pytest.raises(SystemExit):
        report.arguments(given_)
    assert named in capsys.readouterr().err
