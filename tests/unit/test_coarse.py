"""The fields move and outpaint, and source sketch: what is read, refused, and made of it."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diffdiff.edit.coarse import coarse_of, matrix_of, middle_of, prepared, selected, without
from diffdiff.edit.outpaint import outpaint
from diffdiff.errors import FieldError
from diffdiff.maps.sketch import sketch_map
from diffdiff.settings.moves import MoveRequest, parse_moves, parse_sides
from diffdiff.settings.schema import changed, parse

PICTURE = np.random.default_rng(1).integers(0, 256, (40, 64, 3), dtype=np.uint8)


def mask(left, top, right, bottom) -> str:
    m = np.zeros((40, 64), np.uint8)
    m[top:bottom, left:right] = 255
    out = io.BytesIO()
    Image.fromarray(m).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def test_a_rectangle_a_polygon_and_a_mask_are_one_region():
    same = ["8,6,20,18 by 30,10", "8,6,20,6,20,18,8,18 by 30,10"]
    same += [json.dumps([{"region": mask(8, 6, 20, 18), "by": [30, 10]}])]
    same += [json.dumps({"region": [[8, 6], [20, 6], [20, 18], [8, 18]], "by": [30, 10]})]
    same += [json.dumps([{"region": [8, 6, 20, 18], "matrix": [1, 0, 0, 1, 30, 10]}])]
    made = [coarse_of(PICTURE, parse({"move": text})) for text in same]
    for one in made[1:]:
        np.testing.assert_array_equal(one.picture, made[0].picture)
        np.testing.assert_array_equal(one.map, made[0].map)
    np.testing.assert_array_equal(made[0].picture[16:28, 38:50], PICTURE[6:18, 8:20])


def test_a_list_is_as_good_as_its_text():
    told = [{"region": [8, 6, 20, 18], "by": [3, 0], "copy": True, "keep": 0.3, "ring": 5}]
    args = parse({"move": told, "outpaint": {"left": 8}})
    assert json.loads(args.move) == told and json.loads(args.outpaint) == {"left": 8}
    (asked,) = parse_moves(args.move)
    assert asked == MoveRequest((8, 6, 20, 18), by=(3, 0), copy=True, keep=0.3, ring=5)


def test_what_a_person_types():
    told = "1, 2, 9, 8 by 3,-4 scale 1.5 rotate 10 mirror keep 0.2; 1,2,9,8 delete"
    first, second = parse_moves(told)
    assert first == MoveRequest(
        (1, 2, 9, 8), by=(3, -4), scale=(1.5, 1.5), rotate=10, mirror="horizontal", keep=0.2
    )
    assert second == MoveRequest((1, 2, 9, 8), delete=True)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-360, 360),
    st.floats(0.1, 8),
    st.floats(0.1, 8),
    st.floats(-99, 99),
    st.floats(-99, 99),
    st.sampled_from(["", "horizontal", "vertical", "both"]),
)
def test_a_matrix_turns_about_the_middle(rotate, sx, sy, x, y, mirror):
    asked = MoveRequest((10, 20, 30, 60), by=(x, y), scale=(sx, sy), rotate=rotate, mirror=mirror)
    middle = middle_of(asked, np.zeros((1, 1)))
    a, b, c, d, e, f = matrix_of(asked, middle)
    assert middle == (20, 40)
    assert a * 20 + c * 40 + e == pytest.approx(20 + x, abs=1e-6)
    assert b * 20 + d * 40 + f == pytest.approx(40 + y, abs=1e-6)
    sign = -1 if mirror in ("horizontal", "vertical") else 1
    assert a * d - b * c == pytest.approx(sign * sx * sy, rel=1e-9)


def test_soft_edges_of_a_region():
    drawn = selected(MoveRequest((8.25, 6, 20.5, 18)), 40, 64)
    assert drawn[10, 8] == np.float32(0.75) and drawn[10, 20] == np.float32(0.5)
    triangle = selected(MoveRequest((0, 0, 20, 0, 0, 20)), 40, 64)
    assert triangle[2, 2] == 1 and triangle[18, 18] == 0 and 0.3 < triangle[10, 9] < 0.7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "0 moves"),
        ("[]", "0 moves"),
        ("{", "not JSON"),
        ("1,2,3,4 by", "no value"),
        ("1,2,3 by 4,5", "3 numbers"),
        ("9,2,3,4 by 4,5", "no inside"),
        ("1,2,9,8 jump 3", "jump"),
        ("1,2,9,8 by 4", "2 numbers"),
        ("1,2,9,8 scale 0", "not above 0"),
        ("1,2,9,8 scale 0.0001", "vanish"),
        ("1,2,9,8 keep 2", "keep"),
        ("cat by 1,2", "cat"),
        ("1,2,9,8 copy delete", "copied too"),
        ('[{"by": [1, 2]}]', "region: there is none"),
        ('[{"region": [1,2,9,8], "to": 3}]', "'to'"),
        ("[3]", "not an object"),
        ('[{"region": [1,2,9,8], "matrix": [1,0,0,0,1,1]}]', "vanish"),
        ('[{"region": [1,2,9,8], "matrix": [1,0,0,1,1,1], "by": [1,1]}]', "by too"),
        ('[{"region": [[1,2],[3,4]]}]', "three corners"),
        ('[{"region": ""}]', "empty text"),
        ('[{"region": [1,2,9,8], "copy": 1}]', "copy"),
        ('[{"region": {}}]', "not a region"),
        ('[{"region": [1,2,9,8], "by": [NaN, 1]}]', "nan"),
        (";".join(["1,2,9,8"] * 33), "33 mov"),
        ('[{"region": [1,2,9,8], "mirror": "up"}]', "'up'"),
        ("1,2,9,8; 1,2 delete", "move 2"),
    ],
)
def test_moves_that_cannot_be_read(text, words):
    with pytest.raises(FieldError) as caught:
        parse_moves(text)
    assert caught.value.field == "move" and words in str(caught.value)


def test_a_request_is_refused_as_a_whole():
    for request, field in (
        ({"move": "1,2 by 3"}, "move"),
        ({"outpaint": "left"}, "outpaint"),
        ({"move": "1,2,9,8 by 3,3", "mode": "fan"}, "move"),
        ({"outpaint": "left 8", "mode": "sheet"}, "outpaint"),
        ({"move": {"region": {1, 2}}}, "move"),
        ({"outpaint_edge": -1}, "outpaint_edge"),
    ):
        with pytest.raises(FieldError) as caught:
            parse(request)
        assert caught.value.field == field
    wrong = parse({"move": [{"region": "bm90IGEgcGljdHVyZQ==", "by": [1, 1]}]})
    with pytest.raises(FieldError, match="move 1, region"):
        coarse_of(PICTURE, wrong)


def test_a_map_joins_and_the_run_knows_no_moves():
    image, args = Image.fromarray(PICTURE), parse({"move": "8,6,20,18 by 30,10"})
    painted = np.zeros((40, 64), np.float32)
    painted[30:] = 0.5
    made = prepared(image, painted, args)
    alone = coarse_of(PICTURE, args)
    np.testing.assert_array_equal(made.map, np.maximum(alone.map, painted))
    assert not made.args.move and changed(made.args) == {} and without(args).mode == "edit"
    np.testing.assert_array_equal(np.asarray(image), PICTURE)  # the given one is as it was
    same = prepared(image, painted, parse({}))
    assert same.image is image and same.map is painted


@pytest.mark.parametrize("fill", ["mirror", "smear", "noise"])
def test_outpainting_keeps_the_old_pixels(fill):
    made = outpaint(PICTURE, left=30, top=5, bottom=7, fill=fill, edge=8)
    assert made.picture.shape == (52, 94, 3) and made.map.shape == (52, 94)
    np.testing.assert_array_equal(made.picture[5:45, 30:], PICTURE)
    assert (made.map[:, :30] == 1).all() and (made.map[:5] == 1).all()
    assert made.map[25, 30] == pytest.approx(1 - 1 / 8) and made.map[25, 38] == 0
    assert made.map[25, 93] == 0  # a side that stays
    again = outpaint(PICTURE, left=30, top=5, bottom=7, fill=fill, edge=8)
    np.testing.assert_array_equal(again.picture, made.picture)


def test_outpainting_by_mirror_and_without_an_edge():
    made = outpaint(PICTURE, right=100, edge=0)  # more than the picture is wide
    np.testing.assert_array_equal(made.picture[:, 64:128], PICTURE[:, ::-1])
    np.testing.assert_array_equal(made.picture[:, 128:], PICTURE[:, :36])
    assert set(np.unique(made.map)) == {0, 1} and made.map[:, :64].max() == 0


@pytest.mark.parametrize(
    "text", ["", "left", "left x", "up 3", "left -1", "left 5000", "{", '{"left": 1.5}', "left 0"]
)
def test_sides_that_cannot_be_used(text):
    with pytest.raises(FieldError) as caught:
        parse_sides(text)
    assert caught.value.field == "outpaint"
    assert parse_sides("left 12px, top 3") == {"left": 12, "right": 0, "top": 3, "bottom": 0}


def test_moves_come_before_the_new_sides():
    args = parse({"move": "8,6,20,18 by 30,10", "outpaint": "left 16", "outpaint_edge": 0})
    made, moved = coarse_of(PICTURE, args), coarse_of(PICTURE, parse({"move": args.move}))
    np.testing.assert_array_equal(made.picture[:, 16:], moved.picture)
    np.testing.assert_array_equal(made.map[:, 16:], moved.map)


def test_a_sketch_is_what_was_painted():
    painted = PICTURE.copy()
    painted[10:20, 10:20] = painted[10:20, 10:20] ^ 0xFF
    m = sketch_map(PICTURE, painted, 6)
    assert (m[10:20, 10:20] == 1).sum() >= 90 and m[2, 2] == 0 and 0 < m[15, 22] < 1
    assert (sketch_map(PICTURE, painted, 0)[:, 30:] == 0).all()
    with pytest.raises(FieldError, match="nothing was painted"):
        sketch_map(PICTURE, PICTURE, 6)
    with pytest.raises(FieldError, match="painted on"):
        sketch_map(PICTURE[:20], painted, 6)
