"""What a preset of layers sets beside its map: where it holds, and what is refused."""

import json

import pytest

from diffdiff.edit.request import read
from diffdiff.errors import FieldError
from diffdiff.maps import layers
from diffdiff.settings import preset
from diffdiff.settings.schema import AUTO, fields
from diffdiff.ui.layers import taken_over

FRIENDLY = {"anchor": "friendly", "anchor_guidance": 3.5}


def text(settings=FRIENDLY, **more):
    own = {"name": "one", "layers": [{"source": "constant", "value": 0.5}], **more}
    return json.dumps(own | ({"settings": settings} if settings else {}))


def request(settings=FRIENDLY, **more):
    return {"source": "layers", "layers": text(settings), **more}


def test_a_preset_sets_what_a_request_leaves_out():
    args, _ = read(request(gamma=2.0))
    assert (args.anchor, args.anchor_guidance, args.gamma) == ("friendly", 3.5, 2.0)
    args, _ = read(request(anchor="friendly"))
    assert args.anchor == "friendly"
    as_object = {"source": "layers", "layers": json.loads(text())}
    assert read(as_object)[0].anchor == "friendly"
    assert read({**request(), "source": "luminance"})[0].anchor == "noised", "no layers, no preset"
    assert read(request({}))[0].anchor == "noised"


def test_two_values_for_one_field_are_refused():
    with pytest.raises(FieldError, match="anchor: it is 'noised' here, and 'friendly' in the lay"):
        read(request(anchor="noised"))
    with pytest.raises(FieldError, match="anchor_guidance: it is 7 here"):
        read(request(anchor_guidance=7))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"anchor": "fast"}, "layers: settings, anchor: 'fast' is not allowed"),
        ({"anchor_guidance": -1}, "layers: settings, anchor_guidance: -1 is not allowed"),
        ({"map": "x"}, "layers: a preset cannot set 'map'"),
        ({"source": "edges"}, "layers: a preset cannot set 'source'"),
        ({"nothing": 1}, "layers: a preset cannot set 'nothing'"),
        ({"anchor": "friendly", "mode": "sheet"}, "layers: settings, anchor: friendly does not"),
        (["anchor"], "layers: its settings are"),
        ("friendly", "layers: its settings are 'friendly'"),
    ],
)
def test_settings_that_are_wrong_are_named(settings, words):
    for call in (lambda: layers.loads(text(settings)), lambda: read(request(settings))):
        with pytest.raises(FieldError) as caught:
            call()
        assert str(caught.value).startswith(words)


def test_layers_keep_their_settings():
    made = layers.loads(text())
    assert made.settings == FRIENDLY
    assert layers.loads(layers.dumps(made)) == made
    assert "settings" not in json.loads(layers.dumps(layers.loads(text({}))))


def test_what_a_map_is_made_of_cannot_be_set():
    for name in ("map", "source", "layers", "words", "points", "move", "reference", "enabled"):
        assert name in fields() and name not in preset.ALLOWED
    assert set(preset.SAVED) <= set(preset.ALLOWED)


def test_parts_come_apart_and_together():
    own, settings = preset.split(text())
    assert settings == FRIENDLY and json.loads(own) == json.loads(text({}))
    assert json.loads(preset.joined(own, settings)) == json.loads(text())
    for nothing in ("", "{", "7", "[]", text({}), None):
        assert preset.split(nothing) == (nothing, {})
    for nothing in ("", "{", "7", "[]"):
        assert preset.joined(nothing, FRIENDLY) == nothing
    assert json.loads(preset.joined(text(), {"anchor": "noised"}))["settings"] == FRIENDLY


def test_a_page_takes_over_what_its_controls_can_have():
    own, settings, words = taken_over(text(), ("anchor", "anchor_guidance"))
    assert json.loads(own) == json.loads(text({})) and settings == FRIENDLY
    assert words == "The preset has also set Anchor: friendly, Reference CFG scale: 3.5."
    own, settings, _ = taken_over(text(), ("anchor",))
    assert settings == {"anchor": "friendly"}
    assert json.loads(own)["settings"] == {"anchor_guidance": 3.5}
    assert taken_over(text({"soften_radius": None}), ("soften_radius",))[1] == {
        "soften_radius": AUTO
    }
    assert taken_over(text({"skip": False}), ("skip",))[2].endswith(": off.")
    for nothing in ("", None, "{", text({})):
        assert taken_over(nothing, ("anchor",)) is None
    assert taken_over(text(), ()) is None
    with pytest.raises(FieldError, match="a preset cannot set 'x'"):
        taken_over(text({"x": 1}), ("anchor",))


def test_numbers_of_one_and_zero_are_shown_as_numbers():
    text = json.dumps({"layers": [], "settings": {"gamma": 1.0, "black": 0.0, "invert": True}})
    _, settings, words = taken_over(text, {"gamma", "black", "invert"})
    assert settings == {"gamma": 1.0, "black": 0.0, "invert": True}
    assert "Gamma: 1.0" in words and "0.0" in words and "on" in words and "off" not in words
