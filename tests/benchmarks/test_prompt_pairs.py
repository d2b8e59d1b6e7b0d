"""The pairs of the DiffEdit benchmark, and how a map is compared with a known region."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.diffedit import METHODS, STRENGTHS, goals, sdedit_at
from benchmarks.prompt_pairs import KINDS, SIZE, auc, cells, iou, pairs
from benchmarks.tradeoff_sheet import INKS, NAMES, sheet
from diffdiff.toyworld.paint import paint

MADE = pairs(94_000_000, 12)
GROUND = slice(100, 128)  # rows that are land in every scene, below the lakes


def test_pairs_differ_in_one_word_and_where_it_says():
    assert [pair.kind for pair in MADE] == list(KINDS) * 4
    for pair in MADE:
        before, after = pair.scene.attributes(), pair.wanted.attributes()
        assert [n for n in before if before[n] != after[n]] == [KINDS[pair.kind]]
        assert pair.reference != pair.query
        assert 0 < pair.region.mean() < 0.9
        sky, ground = pair.region[:20], pair.region[GROUND]
        if pair.kind == "sky":
            assert sky.mean() > 0.5 and not ground.any()
        elif pair.kind == "ground":
            assert ground.mean() > 0.5 and not sky.any()
        else:
            assert pair.region.mean() < 0.2


def test_pairs_are_the_same_every_time_and_look_like_the_toy_world():
    again = pairs(94_000_000, 12)
    assert all(np.array_equal(a.before, b.before) for a, b in zip(MADE, again))
    steady = [pair for pair in MADE if pair.scene.sky == "overcast"] or MADE
    for pair in steady:
        assert pair.before.shape == paint(pair.scene).shape
        assert np.abs(pair.before.astype(int) - paint(pair.scene)).mean() < 40


def test_a_cell_is_in_a_region_by_half():
    region = np.zeros((4, 4), bool)
    region[:2, 0], region[3, 2:] = True, True
    region[2, 2] = True
    assert cells(region, 2).tolist() == [[True, False], [False, True]]


@given(
    st.lists(st.booleans(), min_size=9, max_size=9), st.lists(st.booleans(), min_size=9, max_size=9)
)
def test_iou_is_between_nothing_and_all(a, b):
    a, b = np.array(a), np.array(b)
    assert iou(a, a) == 1 and iou(a, b) == iou(b, a) and 0 <= iou(a, b) <= 1
    if a.any():
        assert iou(a, ~a) == 0


def test_auc_is_the_chance_to_be_in_order():
    region = np.array([True, True, False, False])
    assert auc(np.array([3, 4, 1, 2.0]), region) == 1
    assert auc(np.array([1, 2, 3, 4.0]), region) == 0
    assert auc(np.array([1, 4, 2, 3.0]), region) == 0.5
    assert auc(np.array([1, 2, 1, 0.0]), region) == pytest.approx(3.5 / 4)
    assert np.isnan(auc(region.astype(float), region & False))


CURVE = [{"success": s, "outside": o} for s, o in ((0.2, 5.0), (0.6, 9.0), (0.8, 19.0))]


def test_sdedit_is_read_off_its_curve():
    assert sdedit_at(CURVE, 0.4) == pytest.approx(7)
    assert sdedit_at(CURVE, 0.8) == pytest.approx(19)
    assert sdedit_at(CURVE, 0.1) == 5
    assert sdedit_at(CURVE, 0.9) is None


def test_goals_can_be_missed():
    measures = {"pixels": {"all": 0.61}, "cells": {"all": 0.59}}
    table = {"ours": measures, "ours, noise level 0.7": measures}
    table["diffusers"] = {"pixels": {"all": 0.7}}
    better = [{"success": 0.7, "outside": 3.0}]
    worse = [{"success": 0.7, "outside": 15.0}]
    curves = {"sdedit": CURVE, "diffedit": better, "continuous": worse, "differential": better}
    held = goals(table, curves)
    assert [ok for goal, ok in held.items() if "IoU >=" in goal] == [True, False] * 2
    assert [ok for goal, ok in held.items() if "diffusers" in goal] == [False]
    assert [ok for goal, ok in held.items() if "outside" in goal] == [True, False, True]


def test_the_sheet_shows_every_method(tmp_path):
    assert set(NAMES) == set(INKS) == set(METHODS)
    curves = {
        name: [{"success": 0.1 * i + 0.3, "outside": i + 4.0 * k} for i in range(len(STRENGTHS))]
        for k, name in enumerate(METHODS)
    }
    tiles = {
        name: [np.full((SIZE, SIZE, 3), 50 * k, np.uint8)] * len(STRENGTHS)
        for k, name in enumerate(METHODS)
    }
    answers = [(np.zeros((SIZE, SIZE), np.float32), tiles)] * 3
    sheet(curves, MADE, answers, STRENGTHS, tmp_path / "new" / "sheet.png", rows=(0, 2))
    drawn = np.asarray(Image.open(tmp_path / "new" / "sheet.png"))
    colours = {tuple(colour) for colour in drawn[400:].reshape(-1, 3)}
    assert {(50 * k,) * 3 for k in range(len(METHODS))} <= colours
    inks = {tuple(int(ink[i : i + 2], 16) for i in (1, 3, 5)) for ink in INKS.values()}
    assert inks <= {tuple(colour) for colour in drawn[:400].reshape(-1, 3).tolist()}
