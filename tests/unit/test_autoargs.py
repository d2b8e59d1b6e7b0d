"""Named sources: each is the function of its name, with its own settings."""

import inspect

import numpy as np
import pytest

from diffdiff.errors import FieldError
from diffdiff.maps import diffedit, picture_sources
from diffdiff.maps.source_maps import READERS, source_map
from diffdiff.settings.click import ClickArgs
from diffdiff.settings.schema import fields, parse
from diffdiff.settings.source_registry import OF_PICTURE, REGISTRY, SOURCES
from diffdiff.settings.sources import DiffEditArgs, SourceArgs, WordsArgs, check_prompts

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (24, 32, 4), np.uint8)
OTHER = RNG.integers(0, 256, (24, 32, 3), np.uint8)
ARGS = parse(
    {
        "edge_sigma": 2,
        "canny_low": 20,
        "canny_high": 60,
        "detail_radius": 2,
        "point_x": 0.1,
        "point_y": 0.9,
        "box": "0.2,0.2,0.8,0.8",
        "rounds": 2,
    },
    SourceArgs,
)


@pytest.mark.parametrize("kind", OF_PICTURE)
def test_a_source_is_the_function_of_its_name(kind):
    expected = {
        "luminance": lambda: picture_sources.luminance(PICTURE),
        "saturation": lambda: picture_sources.saturation(PICTURE),
        "edges": lambda: picture_sources.edges(PICTURE, 2),
        "canny": lambda: picture_sources.canny(PICTURE, 20, 60),
        "detail": lambda: picture_sources.detail(PICTURE, 2),
        "point": lambda: picture_sources.from_point(24, 32, 0.1, 0.9),
        "border": lambda: picture_sources.from_border(24, 32),
        "difference": lambda: picture_sources.difference(PICTURE, OTHER),
        "alpha": lambda: picture_sources.alpha(PICTURE),
        "foreground": lambda: picture_sources.foreground(PICTURE, (0.2, 0.2, 0.8, 0.8), rounds=2),
    }[kind]()
    found = source_map(kind, PICTURE, ARGS, OTHER)
    assert found.dtype == np.float32 and found.shape == (24, 32)
    np.testing.assert_array_equal(found, expected)


def test_strokes_reach_the_foreground():
    inside, outside = np.zeros((24, 32)), np.zeros((24, 32))
    inside[10:14, 14:18], outside[:3] = 1, 1
    args = SourceArgs()
    found = source_map("foreground", PICTURE, args, None, inside, outside)
    np.testing.assert_array_equal(found, picture_sources.foreground(PICTURE, None, inside, outside))
    assert (found[10:14, 14:18] == 1).all() and (found[:3] == 0).all()


def test_every_setting_belongs_to_one_source():
    used = [name for source in REGISTRY for name in source.settings]
    own = [*fields(SourceArgs), *fields(WordsArgs), *fields(ClickArgs), "sketch_radius"]
    assert sorted([*used, "words", "points"]) == sorted(own)


def test_every_source_of_a_picture_has_a_function():
    assert set(READERS) == set(OF_PICTURE)


def test_defaults_are_those_of_the_functions():
    for function in (
        picture_sources.edges,
        picture_sources.canny,
        picture_sources.detail,
        picture_sources.from_point,
    ):
        parameters = inspect.signature(function).parameters.values()
        own = [p.default for p in parameters if p.default is not inspect.Parameter.empty]
        (kind,) = [k for k in OF_PICTURE if function.__name__.endswith(k)]
        assert [getattr(SourceArgs(), name) for name in SOURCES[kind].settings] == own
    args = DiffEditArgs()
    assert inspect.signature(diffedit.settle).parameters["outliers"].default == (
        args.diffedit_outliers
    )
    assert diffedit.OUTLIERS == tuple(fields(DiffEditArgs)["diffedit_outliers"]["choices"])
    assert (args.diffedit_noises, args.diffedit_level) == (10, 0.5)  # the paper's


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: source_map("depth", PICTURE, ARGS), "source"),
        (lambda: source_map("difference", PICTURE, ARGS), "other_image"),
        (lambda: source_map("alpha", OTHER, ARGS), "image"),
        (lambda: source_map("foreground", PICTURE, SourceArgs(box="a,b")), "box"),
        (lambda: source_map("canny", PICTURE, SourceArgs(canny_low=300)), "canny_low"),
        (lambda: parse({"edge_sigma": 99}, SourceArgs), "edge_sigma"),
        (lambda: parse({"diffedit_level": 0}, DiffEditArgs), "diffedit_level"),
        (lambda: parse({"diffedit_outliers": "x"}, DiffEditArgs), "diffedit_outliers"),
        (lambda: check_prompts("", "  "), "query"),
        (lambda: check_prompts("a house", "a house "), "query"),
    ],
)
def test_bad_input_names_its_field(call, field):
    with pytest.raises(FieldError) as caught:
        call()
    assert caught.value.field == field
    assert caught.value.remedy.startswith(("Use", "Name", "Send", "Say", "Draw"))
