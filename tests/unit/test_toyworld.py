"""The toy world: scenes, captions, pictures."""

import dataclasses

import numpy as np
import pytest

from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import VALUES, WORDS, Scene, caption, random_scene


def scenes(count: int, seed: int = 0) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [random_scene(rng) for _ in range(count)]


def test_a_wrong_value_is_told_with_what_is_allowed():
    with pytest.raises(ValueError, match="season: 'monsoon' is not known"):
        Scene(season="monsoon")


def test_attributes_are_even_and_independent():
    drawn = scenes(3000)
    for name, values in VALUES.items():
        share = [np.mean([getattr(s, name) == v for s in drawn]) for v in values]
        assert np.abs(np.array(share) - 1 / len(values)).max() < 0.04
    coded = np.array([[VALUES[n].index(getattr(s, n)) for n in VALUES] for s in drawn])
    correlation = np.corrcoef(coded.T) - np.eye(len(VALUES))
    assert np.abs(correlation).max() < 0.07


def test_no_way_of_saying_a_value_is_said_of_another():
    for values in WORDS.values():
        said = [way for ways in values.values() for way in ways]
        assert len(said) == len(set(said))


@pytest.mark.parametrize("keep", [0.0, 0.5, 1.0])
def test_a_caption_says_only_what_is_true(keep):
    rng = np.random.default_rng(4)
    for scene in scenes(60, 1):
        text = " " + caption(scene, rng, keep).replace(",", " ,") + " "
        for name, value in scene.attributes().items():  # take away what is true
            for way in sorted(WORDS[name][value], key=len, reverse=True):
                text = text.replace(f" {way} ", " ")
        for values in WORDS.values():
            for ways in values.values():
                assert not any(f" {way} " in text for way in ways), text


def test_the_plain_caption_names_everything_and_a_kept_one_too():
    rng = np.random.default_rng(5)
    for scene in scenes(30, 2):
        assert caption(scene) == caption(scene)
        for text in (caption(scene), caption(scene, rng, keep=1.0)):
            for name, value in scene.attributes().items():
                assert any(way in text for way in WORDS[name][value]), (text, name)


def test_a_picture_is_the_same_twice_and_the_seed_matters():
    scene = scenes(1, 3)[0]
    one = paint(scene)
    assert one.shape == (128, 128, 3) and one.dtype == np.uint8
    assert np.array_equal(one, paint(scene))
    assert not np.array_equal(one, paint(dataclasses.replace(scene, seed=scene.seed + 1)))


@pytest.mark.parametrize("name", VALUES)
def test_every_attribute_shows(name):
    """Two values of one attribute never give the same picture, all else being equal."""
    for scene in scenes(6, 7):
        pictures = [paint(dataclasses.replace(scene, **{name: v}), 64) for v in VALUES[name]]
        for i, a in enumerate(pictures):
            for b in pictures[:i]:
                assert np.abs(a.astype(int) - b).mean() > 0.5


def test_night_is_darker_and_winter_is_whiter():
    for scene in scenes(10, 8):
        noon, night = (paint(dataclasses.replace(scene, time=t), 64) for t in ("noon", "night"))
        assert night.mean() < noon.mean() - 30
        scene = dataclasses.replace(scene, time="noon", thing="balloon")
        summer, winter = (
            paint(dataclasses.replace(scene, season=s), 64)[-8:] for s in ("summer", "winter")
        )
        assert winter.min(-1).mean() > summer.min(-1).mean() + 50
