import pytest

from diffdiff.errors import FieldError
from diffdiff.settings.schema import EditArgs, changed, fields, parse, remedy

NAMES = (
    "enabled mode source map invert scale black white gamma soften_radius soften_direction "
    "soften_falloff transition paste_back feather skip combine linear_light colour_match "
    "mask_channel fan_count fan_low fan_high fan_preset fan_strengths fan_layout sheet_batch "
    "reference query other_image annotator layers anchor edge_sigma canny_low canny_high "
    "detail_radius point_x point_y box rounds diffedit_noises diffedit_level diffedit_outliers "
    "diffedit_amount diffedit_cut diffedit_grow diffedit_seed diffedit_batch response "
    "levels extra_calls area area_padding diffedit_with diffedit_words words words_level "
    "words_noises words_seed words_edges"
).split()
NAMES += "move outpaint outpaint_fill outpaint_edge untouched sketch_radius anchor_guidance".split()
NAMES += "points points_level points_noises points_seed points_edges".split()


def test_the_fields_and_their_order():
    assert list(fields()) == NAMES


def test_every_field_is_described():
    for name, info in fields().items():
        assert info["title"] and info["help"].endswith("."), name
        assert (
            info["choices"]
            or info["low"] is not None
            or name
            in (
                "enabled",
                "map",
                "invert",
                "paste_back",
                "skip",
                "linear_light",
                "colour_match",
                "fan_strengths",
                "reference",
                "query",
                "other_image",
                "annotator",
                "layers",
                "box",
                "response",
                "diffedit_words",
                "words",
                "words_edges",
                "move",
                "outpaint",
                "untouched",
                "points",
                "points_edges",
            )
        )


def test_an_empty_request_is_all_defaults():
    assert parse({}) == EditArgs()
    assert changed(parse({})) == {}


def test_changed_settings_only():
    assert changed(parse({"gamma": 2, "skip": False, "scale": "relative"})) == {
        "gamma": 2,
        "skip": False,
    }


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"gama": 1}, "gama"),
        ({"gamma": 0}, "gamma"),
        ({"gamma": "strong"}, "gamma"),
        ({"gamma": float("nan")}, "gamma"),
        ({"soften_radius": -2}, "soften_radius"),
        ({"soften_radius": -0.5}, "soften_radius"),
        ({"soften_radius": float("inf")}, "soften_radius"),
        ({"scale": "both"}, "scale"),
        ({"black": 0.5, "white": 0.5}, "black"),
        ({"black": float("nan")}, "black"),
        ({"transition": 1.5}, "transition"),
        ({"skip": "perhaps"}, "skip"),
        ({"mode": "fan of strengths"}, "mode"),
        ({"combine": "add"}, "combine"),
        ({"soften_radius": 257}, "soften_radius"),
        ({"mask_channel": 9}, "mask_channel"),
        ({"feather": None}, "feather"),
        ({"fan_count": 1}, "fan_count"),
        ({"fan_count": 1000}, "fan_count"),
        ({"fan_low": -0.1}, "fan_low"),
        ({"mode": "fan", "fan_low": 0.5, "fan_high": 0.4}, "fan_low"),
        ({"mode": "sheet", "fan_low": 0.5, "fan_high": 0.5}, "fan_low"),
        ({"fan_preset": "bright"}, "fan_preset"),
        ({"fan_layout": "spiral"}, "fan_layout"),
        ({"fan_strengths": [0.5]}, "fan_strengths"),
        ({"fan_strengths": [0.5, "x"]}, "fan_strengths"),
        ({"fan_strengths": 0.5}, "fan_strengths"),
        ({"mode": "sheet", "fan_strengths": "0.5; 0.7"}, "fan_strengths"),
        ({"sheet_batch": 17}, "sheet_batch"),
    ],
)
def test_a_refusal_names_the_field_and_the_remedy(request_, field):
    with pytest.raises(FieldError) as refused:
        parse(request_)
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}: ")
    assert refused.value.remedy
    assert vars(refused.value)["status_code"] == 422


@pytest.mark.parametrize(
    ("request_", "radius", "direction"),
    [
        ({}, 0, "both"),
        ({"mode": "soft inpaint"}, 32, "outward"),
        ({"mode": "soft inpaint", "soften_radius": 0}, 0, "outward"),
        ({"mode": "soft inpaint", "soften_radius": 8, "soften_direction": "both"}, 8, "both"),
        ({"soften_radius": 8, "soften_direction": "inward"}, 8, "inward"),
    ],
)
def test_what_is_left_out_of_the_softening_depends_on_the_mode(request_, radius, direction):
    args = parse(request_)
    assert (args.radius((768, 512)), args.direction) == (radius, direction)
    assert changed(args) == request_  # infotexts carry only what was given


@pytest.mark.parametrize("left_out", [{}, {"soften_radius": None}, {"soften_radius": -1}])
def test_an_automatic_radius_follows_the_size_that_is_worked_at(left_out):
    soft = parse({"mode": "soft inpaint", **left_out})
    assert [soft.radius(size) for size in ((512, 512), (128, 64), (1024, 1536))] == [32, 4, 64]
    assert parse(left_out).radius((512, 512)) == 0
    assert changed(soft) == {"mode": "soft inpaint"}
    assert changed(parse({"soften_radius": 0})) == {}


@pytest.mark.parametrize(
    ("request_", "strengths"),
    [
        ({"mode": "fan"}, (0, 0.25, 0.5, 0.75, 1)),
        ({"mode": "sheet", "fan_count": 3, "fan_low": 0.2, "fan_high": 0.6}, (0.2, 0.4, 0.6)),
        ({"mode": "fan", "fan_preset": "light", "fan_low": 0.9}, (0.5, 0.375, 0.25, 0.125, 0)),
        ({"mode": "sheet", "fan_strengths": [0.7, 0.3], "fan_preset": "full"}, (0.7, 0.3)),
        ({"mode": "sheet", "fan_strengths": "0.7 0.3,0.1"}, (0.7, 0.3, 0.1)),
    ],
)
def test_strengths_of_a_fan_or_a_sheet(request_, strengths):
    assert parse(request_).several == strengths


def test_a_fans_settings_do_not_matter_elsewhere():
    assert parse({"fan_low": 0.8, "fan_high": 0.2}).needs_map
    assert not parse({"mode": "fan"}).needs_map and not parse({"mode": "sheet"}).needs_map
    assert parse({"mode": "fan", "fan_layout": "map"}).needs_map


def test_a_list_of_strengths_is_kept_as_text():
    args = parse({"mode": "sheet", "fan_strengths": [0.123456, 1]})
    assert changed(args) == {"mode": "sheet", "fan_strengths": "0.123456, 1"}
    assert parse(changed(args)) == args


@pytest.mark.parametrize("request_", [None, [], "map", 3])
def test_a_request_must_be_an_object(request_):
    with pytest.raises(FieldError, match="args"):
        parse(request_)


def test_the_remedy_says_what_is_allowed():
    assert remedy("gamma") == "Use a number from 0.1 to 10."
    assert remedy("scale") == "Use one of: relative, absolute."
    assert remedy("skip") == "Use true or false."


@pytest.mark.parametrize("name", ["", " ", "\n"])
def test_a_blank_name_of_a_field_is_refused_by_one_that_is_seen(name):
    with pytest.raises(FieldError) as caught:
        parse({name: None})
    assert caught.value.field == "args"
