"""Moves, new sides and sketches over the API of a running WebUI."""

import numpy as np
import pytest

from benchmarks.webui import NAME, Refused, encode
from diffdiff.edit.coarse import coarse_of
from diffdiff.settings.schema import parse

pytestmark = pytest.mark.host


def move_of(size, **more):
    q = size // 8
    return [{"region": [q, q, 3 * q, 3 * q], "by": [4 * q, 3 * q], "keep": 0, "ring": q, **more}]


def test_a_moved_object_is_kept_and_the_rest_is_the_pictures_own(webui, plain):
    args = {"move": move_of(webui.size)}
    (made, *_), reply = webui.img2img(args)
    source = webui.photograph
    coarse = coarse_of(source, parse(args))
    kept = coarse.map == 0
    assert 0.3 < kept.mean() < 0.95
    np.testing.assert_array_equal(made[kept], coarse.picture[kept])
    q = webui.size // 8
    inside = made[4 * q + q // 2 : 6 * q - q // 2, 5 * q + q // 2 : 7 * q - q // 2]
    there = source[q + q // 2 : 3 * q - q // 2, q + q // 2 : 3 * q - q // 2]
    np.testing.assert_array_equal(inside, there)
    assert (made[q : 3 * q, q : 3 * q] != source[q : 3 * q, q : 3 * q]).any()
    text = reply["info"]["infotexts"][0]
    assert "DD moves: 1" in text and "DD map:" in text


def test_a_map_joins_and_a_copy_leaves_its_original(webui, plain):
    painted = np.zeros((webui.size, webui.size), np.uint8)
    painted[-webui.size // 4 :] = 255
    (made, *_), _ = webui.img2img({"map": encode(painted), "move": move_of(webui.size, copy=True)})
    source, q = webui.photograph, webui.size // 8
    np.testing.assert_array_equal(made[q : 3 * q, q : 3 * q], source[q : 3 * q, q : 3 * q])
    assert (made[-q:] != source[-q:]).any()


def test_new_sides_make_the_picture_larger(webui, plain):
    half = webui.size // 2
    (made, *_), reply = webui.img2img({"outpaint": {"right": half}, "outpaint_edge": 8})
    assert made.shape == (webui.size, webui.size + half, 3)
    kept = made[:, : webui.size - 16]
    np.testing.assert_array_equal(kept, webui.photograph[:, : webui.size - 16])
    assert f"Size: {webui.size + half}x{webui.size}" in reply["info"]["infotexts"][0]


def test_a_sketch_makes_its_map(webui, plain):
    untouched = webui.photograph
    painted, q = untouched.copy(), webui.size // 8
    painted[q : 2 * q, q : 4 * q] = (250, 30, 30)
    args = {"source": "sketch", "untouched": encode(untouched), "sketch_radius": 4}
    (made, *_), _ = webui.img2img(args, init_images=[encode(painted)])
    assert (made[q : 2 * q, q : 4 * q] != painted[q : 2 * q, q : 4 * q]).any()
    np.testing.assert_array_equal(made[3 * q :], painted[3 * q :])


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"move": "10,10,20,20 by 9000,0"}, "leaves the picture"),
        ({"move": [{"region": [0, 0, 99999, 99999], "by": [1, 1]}]}, "whole picture"),
        ({"move": [{"region": encode(np.zeros((8, 8), np.uint8)), "by": [1, 1]}]}, "nothing"),
        ({"move": "10,10,20,20 by 9,0", "mode": "fan"}, "mode fan"),
        ({"outpaint": "up 3"}, "side"),
        ({"source": "sketch"}, "untouched"),
    ],
)
def test_what_cannot_be_done_is_said(webui, plain, args, words):
    with pytest.raises(Refused) as refused:
        webui.img2img(args)
    assert refused.value.status == 422 and words in str(refused.value)


def test_txt2img_has_nothing_to_move(webui, plain):
    request = {
        "prompt": "",
        "steps": 2,
        "width": webui.size,
        "height": webui.size,
        "alwayson_scripts": {NAME: {"args": [{"move": "10,10,20,20 by 9,0"}]}},
    }
    with pytest.raises(Refused) as refused:
        webui.call("/sdapi/v1/txt2img", request)
    assert "img2img" in str(refused.value)
