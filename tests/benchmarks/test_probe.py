"""The toy world's judge: its measures on small exact cases, its shapes, its training."""

import dataclasses

import numpy as np
import pytest
import torch

from benchmarks import probe, toyworld
from benchmarks.recipe.train import Recipe
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import VALUES, Scene, caption


@pytest.fixture(scope="module")
def untrained():
    torch.manual_seed(0)
    return probe.Probe().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def pictures():
    return np.stack([paint(Scene(seed=seed, place="left"), 128) for seed in range(3)])


def test_interval_is_wilsons():
    # Wilson 1927, as in Newcombe 1998: 81 of 263
    assert probe.interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_interval_stays_in_range_at_the_ends():
    low, high = probe.interval(200, 200)
    assert high == pytest.approx(1) and high <= 1
    assert low == pytest.approx(200 / (200 + 1.959964**2))
    assert probe.interval(0, 10)[0] == 0


def test_bins_are_means_of_equal_parts():
    at = np.array([0, 0.2, 0.25, 0.49, 0.5, 0.75, 1.0])
    values = np.array([1.0, 3, 2, 4, 5, 6, 8])
    np.testing.assert_allclose(probe.binned(at, values, 4), [2, 3, 5, 7])


def test_smallest_step():
    assert probe.smallest_step(np.array([0.0, 1, 1.5, 4])) == 0.5
    assert probe.smallest_step(np.array([0.0, 2, 1])) == -1


def test_pearson():
    x = np.array([0.0, 1, 2, 3])
    assert probe.pearson(x, 3 * x + 1) == pytest.approx(1)
    assert probe.pearson(x, -x) == pytest.approx(-1)
    assert probe.pearson(x, np.array([1.0, 3, 2, 4])) == pytest.approx(0.8)
    assert probe.pearson(x, np.ones(4)) == 0


def test_probe_answers_every_attribute(untrained, pictures):
    said = untrained(probe.batch_of(pictures))
    assert {name: tuple(logits.shape) for name, logits in said.items()} == {
        name: (3, len(values)) for name, values in VALUES.items()
    }
    found = probe.answers(untrained, pictures)
    assert found.shape == (3, len(VALUES))
    assert [f.shape[2] for f in untrained.features(probe.batch_of(pictures))] == [64, 32, 16, 8]


def test_labels_follow_the_order_of_the_world():
    scene = Scene("winter", "noon", "lake", "overcast", "tent", "purple", "right")
    assert probe.labels([scene]).tolist() == [[3, 0, 3, 2, 2, 4, 2]]


def test_distance_is_zero_for_the_same_and_lies_where_pictures_differ(untrained, pictures):
    assert not probe.distance(untrained, pictures, pictures).any()
    other = pictures.copy()
    other[:, :, 96:] = 255 - other[:, :, 96:]
    found = probe.distance(untrained, pictures, other)
    assert found.shape == (3, 128, 128) and found.dtype == np.float32
    # four stages see at most 38 of 128 pixels around, the upsampling of the last adds 16
    assert not found[:, :, :32].any()
    assert (found[:, :, 96:] > 0).all()


def test_mirrored_pictures_change_sides_in_the_labels():
    x = torch.arange(4.0).view(1, 1, 1, 4).expand(2, 3, 4, 4)
    y = torch.from_numpy(probe.labels([Scene(place="left"), Scene(place="left")]))
    flipped, told = probe.mirrored(x, y, torch.tensor([True, False]))
    assert flipped[0, 0, 0].tolist() == [3, 2, 1, 0] and flipped[1, 0, 0].tolist() == [0, 1, 2, 3]
    assert [VALUES["place"][i] for i in told[:, -1]] == ["right", "left"]
    assert torch.equal(told[:, :-1], y[:, :-1])


def test_worn_pictures_are_still_near(pictures):
    x = probe.batch_of(pictures)
    found = probe.worn(x, torch.Generator().manual_seed(0))
    assert found.shape == x.shape and torch.isfinite(found).all()
    assert (found - x).abs().mean() < 0.25


def test_training_is_repeatable_and_the_cache_knows_its_recipe(pictures):
    recipe = probe.Recipe(epochs=1, batch=2)
    scenes = [Scene(seed=seed) for seed in range(3)]
    first, second = (probe.train(recipe, pictures, scenes).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert probe.key(recipe) == probe.key(probe.Recipe(epochs=1, batch=2))
    assert probe.key(recipe) != probe.key(probe.Recipe())


def test_probe_and_prompts_share_no_scene_with_the_model():
    recipe = Recipe()
    trained = range(recipe.seed * 10**6, recipe.seed * 10**6 + recipe.pictures)
    ours = probe.Recipe()
    parts = [
        range(probe.SEEDS["train"], probe.SEEDS["train"] + ours.pictures),
        range(probe.SEEDS["test"], probe.SEEDS["test"] + ours.tests),
        range(toyworld.FIRST, toyworld.FIRST + 10_000),
    ]
    spans = sorted([trained, *parts], key=lambda span: span.start)
    assert all(a.stop <= b.start for a, b in zip(spans, spans[1:]))


def test_edits_want_something_else_that_can_be_said():
    for scene, wanted in toyworld.EDITS:
        target = dataclasses.replace(scene, **wanted)
        assert target != scene and target.season in caption(target)


def test_goals_name_what_is_missed():
    judged = {"test": {"season": 0.99, "sky": 0.98}}
    rows = {"season": {"part": 0.95}, "sky": {"part": 0.89}}
    one = {"smallest": 0.0, "pearson": 0.95, "series_smallest": 0.1}
    moved = {"pixels": one, "probe": one | {"pearson": 0.8}}
    held = toyworld.goals(judged, {"runs": [{"attributes": rows}]}, moved)
    assert [goal for goal, ok in held.items() if not ok] == ["attributes >= 90%", "Pearson >= 0.9"]
