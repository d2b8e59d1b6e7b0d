"""Layers: what the blends do; presets come back as they were saved, or say what is wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from diffdiff.errors import FieldError
from diffdiff.maps.layers import BLENDS, MOST, combine, dumps, join, loads, read, render
from diffdiff.settings.source_registry import LAYER

values = st.floats(0, 1, width=32)
planes = arrays(np.float32, (3, 4), elements=values)
opacities = st.floats(0, 1)
blends = st.sampled_from(BLENDS)
EXAMPLES = Path(__file__).parents[2] / "presets"
ZERO, ONE = np.zeros((3, 4), np.float32), np.ones((3, 4), np.float32)


@given(planes, planes, blends, opacities)
def test_a_join_lies_between_what_was_below_and_the_blend(below, m, blend, opacity):
    mixed, full = join(below, m, blend, opacity), join(below, m, blend)
    assert mixed.dtype == np.float32 and mixed.shape == below.shape
    assert (mixed >= np.minimum(below, full)).all() and (mixed <= np.maximum(below, full)).all()
    assert mixed.min() >= 0 and mixed.max() <= 1


@given(planes, planes, blends)
def test_both_ends_of_the_opacity_are_exact(below, m, blend):
    exact = {
        "replace": m,
        "max": np.maximum(below, m),
        "min": np.minimum(below, m),
        "multiply": below * m,
        "add": np.clip(below + m, 0, 1),
        "subtract": np.clip(below - m, 0, 1),
    }
    assert np.array_equal(join(below, m, blend, 0), below)
    assert np.array_equal(join(below, m, blend, 1), exact[blend])


@given(planes, planes, st.sampled_from(["max", "min", "multiply", "add"]))
def test_some_blends_do_not_care_what_lies_below(a, b, blend):
    assert np.array_equal(join(a, b, blend), join(b, a, blend))


@given(planes, planes, planes, st.sampled_from(["max", "min"]))
def test_max_and_min_may_be_grouped_and_repeated(a, b, c, blend):
    left, right = join(join(a, b, blend), c, blend), join(a, join(b, c, blend), blend)
    assert np.array_equal(left, right)
    assert np.array_equal(join(left, b, blend), left)


@given(planes, opacities)
def test_layers_that_change_nothing(m, opacity):
    for blend, neutral in (
        ("max", ZERO),
        ("add", ZERO),
        ("subtract", ZERO),
        ("min", ONE),
        ("multiply", ONE),
        ("replace", m),
        ("max", m),
        ("min", m),
    ):
        assert np.array_equal(join(m, neutral, blend, opacity), m)


@given(planes, planes, planes, blends, opacities)
def test_more_below_is_nowhere_less_above(a, b, m, blend, opacity):
    low, high = (join(below, m, blend, opacity) for below in (np.minimum(a, b), np.maximum(a, b)))
    assert (low <= high + 1e-6).all()


@given(planes, planes, planes)
def test_the_order_is_that_of_the_list(a, b, c):
    found = combine([(b, "replace", 0.5), (c, "subtract", 1)], a)
    assert np.array_equal(found, join(join(a, b, "replace", 0.5), c, "subtract", 1))
    assert combine([], a) is a


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: join(ZERO, ONE, "screen"), "blend"),
        (lambda: join(ZERO, ONE, "max", 1.1), "opacity"),
        (lambda: join(ZERO, ONE, "max", float("nan")), "opacity"),
        (lambda: join(ZERO, np.ones((4, 3), np.float32), "max"), "layers"),
    ],
)
def test_a_join_names_what_it_refuses(call, field):
    with pytest.raises(FieldError) as caught:
        call()
    assert caught.value.field == field


def preset(*layers, name="a name"):
    return read({"name": name, "layers": list(layers)})


def test_a_preset_is_rendered_from_the_bottom_up():
    made = preset(
        {"source": "constant", "value": 0.5},
        {"source": "painted", "blend": "max"},
        {"source": "edges", "blend": "subtract", "opacity": 0.5, "invert": True, "edge_sigma": 3},
    )
    asked = []

    def make(layer):
        asked.append((layer.source, layer.reading.edge_sigma))
        return np.array([[0.25, 1.0]], np.float32)

    found = render(made, 1, 2, make)
    np.testing.assert_array_equal(found, np.float32([[0.5 - 0.75 / 2 + 0.25 / 2, 1.0]]))
    assert asked == [("painted", 1.0), ("edges", 3.0)]


def test_a_layers_shaping_is_that_of_any_map():
    layer = {"source": "painted", "black": 0.2, "white": 0.6, "gamma": 2}
    found = render(preset(layer), 1, 3, lambda layer: np.float32([[0.1, 0.3, 0.7]]))
    np.testing.assert_allclose(found, [[0, 0.5, 1]], atol=1e-6)
    grey = np.zeros((9, 9), np.float32)
    grey[4, 4] = 1
    soft = render(preset({"source": "painted", "soften_radius": 1}), 9, 9, lambda layer: grey)
    assert 0 < soft[4, 3] < soft[4, 4] < 1


SOME = {
    "upload": {"file": "sky.png"},
    "difference": {"other_image": "after.png"},
    "diffedit": {"query": "winter", "reference": "", "diffedit_level": 0.7, "diffedit_cut": 0.5},
    "words": {"words": "house 0.2, sky 90%", "words_level": 0.3, "words_edges": False},
    "click": {"points": "25%,40%; -3,4", "points_level": 0.3, "points_edges": False},
    "foreground": {"inside": "in.png", "box": "0.1,0.1,0.9,0.9", "rounds": 3},
    "canny": {"canny_low": 20, "canny_high": 60},
    "constant": {"value": 0.25},
    "annotator": {"annotator": "depth_midas"},
}


@given(
    st.lists(
        st.tuples(st.sampled_from(LAYER), blends, opacities, st.booleans(), values),
        min_size=1,
        max_size=MOST,
    ),
    st.text(),
)
def test_a_saved_preset_is_the_preset(rows, name):
    layers = [
        {
            "source": source,
            "blend": blend,
            "opacity": opacity,
            "invert": invert,
            "black": black / 2,
            "soften_radius": 4,
            **SOME.get(source, {}),
        }
        for source, blend, opacity, invert, black in rows
    ]
    made = preset(*layers, name=name)
    assert loads(dumps(made)) == made
    assert loads(dumps(loads(dumps(made)))) == made


def test_what_is_as_by_default_is_not_saved():
    (layer,) = json.loads(dumps(preset({"source": "edges", "opacity": 1.0, "edge_sigma": 1})))[
        "layers"
    ]
    assert layer == {"source": "edges"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is not JSON"),
        ("[]", "there is no list of layers"),
        ('{"layers": {}}', "there is no list of layers"),
        ('{"layers": []}', "there are 0 layers"),
        ('{"layers": [{"source": "border"}], "nom": ""}', "'nom' is not a field of a preset"),
        ('{"layers": [{"source": "border"}], "name": 3}', "the name 3 is not text"),
    ],
)
def test_what_is_no_preset_is_told(text, words):
    with pytest.raises(FieldError) as caught:
        loads(text)
    assert caught.value.field == "layers" and words in caught.value.problem


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (3, "layer: 3 is not an object"),
        ({}, "source: there is none"),
        ({"source": "depth"}, "source: 'depth' is not known"),
        ({"source": ["edges"]}, "source: ['edges'] is not known"),
        ({"source": "edges", "blend": "screen"}, "blend: 'screen' is not known"),
        ({"source": "edges", "opacity": 2}, "opacity: 2 is not usable"),
        ({"source": "edges", "opacity": True}, "opacity: True is not usable"),
        ({"source": "edges", "opacity": float("nan")}, "opacity: nan is not usable"),
        ({"source": "constant", "value": "a"}, "value: 'a' is not usable"),
        ({"source": "edges", "value": 0.5}, "value: source edges has no such setting"),
        ({"source": "edges", "canny_low": 5}, "canny_low: source edges has no such setting"),
        ({"source": "edges", "paste_back": True}, "paste_back: source edges has no such"),
        ({"source": "edges", "edge_sigma": 99}, "edge_sigma: 99 is not allowed"),
        ({"source": "edges", "gamma": 99}, "gamma: 99 is not allowed"),
        ({"source": "edges", "black": 0.9, "white": 0.1}, "black: 0.9 is not below white"),
        ({"source": "upload"}, "file: source upload needs it"),
        ({"source": "upload", "file": ""}, "file: '' is not usable"),
        ({"source": "difference"}, "other_image: source difference needs it"),
        ({"source": "annotator"}, "annotator: source annotator needs it"),
        ({"source": "diffedit", "query": "a", "diffedit_level": 2}, "diffedit_level: 2 is not"),
    ],
)
def test_a_wrong_layer_is_named_by_its_number(layer, words):
    with pytest.raises(FieldError) as caught:
        preset({"source": "border"}, layer)
    assert caught.value.field == "layers"
    assert caught.value.problem.startswith(f"layer 2, {words}")


def test_what_a_source_refuses_is_told_of_its_layer():
    def make(layer):
        raise FieldError("image", "it has no alpha channel", "Send another")

    with pytest.raises(FieldError, match=r"layer 1, image: it has no alpha channel\. Send another"):
        render(preset({"source": "alpha"}), 2, 2, make)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_the_examples_are_presets(path):
    made = loads(path.read_text())
    m = render(made, 4, 6, lambda layer: np.full((4, 6), 0.5, np.float32))
    assert made.name and m.shape == (4, 6)


def test_there_are_examples():
    assert len(list(EXAMPLES.glob("*.json"))) >= 2
