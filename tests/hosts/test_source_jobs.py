"""Maps that make themselves, on a running host: sources, DiffEdit, layers, the inverted picture."""

import re

import numpy as np
import pytest

from benchmarks.webui import Refused, difference, encode
from diffdiff.maps import layers
from diffdiff.maps.source_maps import source_map
from diffdiff.settings.infotext import fingerprint
from diffdiff.settings.source_registry import OF_PICTURE
from diffdiff.settings.sources import SourceArgs

pytestmark = pytest.mark.host

READ = [kind for kind in OF_PICTURE if kind not in ("difference", "alpha", "foreground")]
PROMPTS = {"reference": "a cat on a red sofa", "query": "a dog on a green lawn"}


def mark(reply) -> str:
    """The fingerprint of the map that a job used."""
    return re.search(r"DD map: ([0-9a-f]{10})", reply["info"]["infotexts"][0]).group(1)


@pytest.mark.parametrize("source", READ)
def test_a_source_is_the_map_that_the_core_reads_off_the_picture(webui, plain, source):
    pictures, reply = webui.img2img({"source": source})
    expected = source_map(source, webui.photograph, SourceArgs())
    assert mark(reply) == fingerprint([expected])
    # sent as a picture, the same map does the same
    sent = encode(np.round(expected * 65535).astype(np.uint16))
    assert difference(webui.picture({"map": sent}), pictures[0])[0] < 0.5


def test_the_difference_of_two_pictures(webui, plain, tolerance):
    other = webui.photograph.copy()
    other[: webui.size // 2, : webui.size // 2] = 255 - other[: webui.size // 2, : webui.size // 2]
    result = webui.picture({"source": "difference", "other_image": encode(other)})
    kept = np.ones((webui.size, webui.size), bool)
    kept[: webui.size // 2, : webui.size // 2] = False
    assert (result[kept] == webui.photograph[kept]).all()
    assert difference(result[~kept], webui.photograph[~kept])[0] > 5


def test_the_alpha_channel(webui, plain):
    alpha = np.zeros((webui.size, webui.size, 1), np.uint8)
    alpha[:, webui.size // 2 :] = 255
    init = encode(np.concatenate([webui.photograph, alpha], 2))
    _, reply = webui.img2img({"source": "alpha"}, init_images=[init])
    assert mark(reply) == fingerprint([(alpha[..., 0] == 255).astype(np.float32)])


def test_the_inpaint_mask_as_a_map(webui, plain):
    mask = np.zeros((webui.size, webui.size), np.uint8)
    mask[:, webui.size // 2 :] = 255
    job = {"mask": encode(mask), "mask_blur": 0, "inpainting_fill": 1}
    result, reply = webui.img2img({"source": "mask"}, **job)
    assert mark(reply) == fingerprint([mask / np.float32(255)])
    left = np.s_[:, : webui.size // 2 - 8]
    assert (result[0][left] == webui.photograph[left]).all()


def test_two_prompts_drive_an_edit(webui, plain, tolerance):
    pictures, reply = webui.img2img({"source": "diffedit", **PROMPTS})
    again, second = webui.img2img({"source": "diffedit", **PROMPTS})
    assert mark(reply) == mark(second) and difference(again[0], pictures[0])[1] <= tolerance
    assert difference(pictures[0], webui.photograph)[0] > 1
    _, other = webui.img2img({"source": "diffedit", **PROMPTS, "query": "a tree in the snow"})
    assert mark(other) != mark(reply)
    # the prompt of the run is the query where there is no other
    alone = {"source": "diffedit", "reference": PROMPTS["reference"]}
    _, prompted = webui.img2img(alone, prompt=PROMPTS["query"])
    assert mark(prompted) == mark(reply)
    text = reply["info"]["infotexts"][0]
    assert "DD source: diffedit" in text and f"DD query: {PROMPTS['query']}" in text


def test_a_cut_map_keeps_the_rest_exactly(webui, plain):
    edit = {"source": "diffedit", **PROMPTS, "diffedit_cut": 0.5, "feather": 0}
    result = webui.picture(edit)
    same = (result == webui.photograph).all(2)
    assert 0.02 < same.mean() < 0.98  # some cells are kept whole, some change
    blocks = same.reshape(webui.size // 8, 8, webui.size // 8, 8).all((1, 3))
    assert blocks.mean() > 0.8 * same.mean()


def test_two_words_drive_an_edit(webui, plain, tolerance):
    edit = {"source": "words", "words": "sofa 0.9, cat 0.2, rest 0"}
    pictures, reply = webui.img2img(edit)
    again, second = webui.img2img(edit)
    assert mark(reply) == mark(second) and difference(again[0], pictures[0])[1] <= tolerance
    assert difference(pictures[0], webui.photograph)[0] > 1
    text = reply["info"]["infotexts"][0]
    assert "DD source: words" in text and "sofa 0.9, cat 0.2, rest 0" in text
    # the endpoint's map is the job's, sent as a picture too
    found = webui.call(
        "/diffdiff/v1/map/words",
        {
            "image": encode(webui.photograph),
            "words": edit["words"],
            "width": webui.size,
            "height": webui.size,
        },
    )
    sent = webui.picture({"map": found["map"]})
    assert difference(sent, pictures[0])[0] < 0.5
    _, other = webui.img2img({**edit, "words": "sofa 0.2, cat 0.9"})
    assert mark(other) != mark(reply)


def test_two_clicks_drive_an_edit(webui, plain, tolerance):
    edit = {"source": "click", "points": "50%,40%; -5%,95%"}
    pictures, reply = webui.img2img(edit)
    again, second = webui.img2img(edit)
    assert mark(reply) == mark(second) and difference(again[0], pictures[0])[1] <= tolerance
    assert difference(pictures[0], webui.photograph)[0] > 1
    text = reply["info"]["infotexts"][0]
    assert "DD source: click" in text and "50%,40%; -5%,95%" in text
    asked = {
        "image": encode(webui.photograph),
        "points": edit["points"],
        "width": webui.size,
        "height": webui.size,
    }
    found = webui.call("/diffdiff/v1/map/click", asked)
    sent = webui.picture({"map": found["map"]})
    assert difference(sent, pictures[0])[0] < 0.5
    other = webui.call("/diffdiff/v1/map/click", {**asked, "points": "5%,95%; -50%,40%"})
    assert other["calls"] == 0 and other["map"] != found["map"]


def test_words_multiply_a_difference(webui, plain):
    edit = {"source": "diffedit", **PROMPTS}
    _, alone = webui.img2img(edit)
    _, both = webui.img2img({**edit, "diffedit_with": "words"})
    _, named = webui.img2img({**edit, "diffedit_with": "words", "diffedit_words": "cat 1, sofa 0"})
    assert len({mark(reply) for reply in (alone, both, named)}) == 3
    assert "DD diffedit with: words" in both["info"]["infotexts"][0]


def test_a_layer_reads_words(webui, plain):
    alone = webui.img2img({"source": "words", "words": "sofa 1"})[1]
    told = {"layers": [{"source": "words", "words": "sofa 1"}]}
    layered = webui.img2img({"source": "layers", "layers": told})[1]
    assert mark(layered) == mark(alone)


def test_layers_are_what_the_core_makes_of_them(webui, plain):
    told = {
        "layers": [
            {"source": "constant", "value": 0.25},
            {"source": "edges", "blend": "max", "opacity": 0.5, "soften_radius": 3},
            {"source": "painted", "blend": "subtract"},
        ]
    }
    painted = np.zeros((webui.size, webui.size), np.uint8)
    painted[: webui.size // 3] = 255
    _, reply = webui.img2img({"source": "layers", "layers": told, "map": encode(painted)})

    def make(layer):
        if layer.source == "painted":
            return painted / np.float32(255)
        return source_map(layer.source, webui.photograph, layer.reading)

    expected = layers.render(layers.read(told), webui.size, webui.size, make)
    assert mark(reply) == fingerprint([expected])


@pytest.mark.parametrize("fraction", [0.5, 1.0])
def test_the_inverted_picture_is_found_again(webui, plain, fraction):
    """Without a prompt and without guidance, decoding an inverted picture gives it back, as its
    autoencoder gives it back; from the run's own noise it does not."""
    job = {
        "sampler_name": "DDIM",
        "prompt": "",
        "negative_prompt": "",
        "cfg_scale": 1.0,
        "denoising_strength": 0.6 * fraction,
        "steps": 20,
    }
    # nothing changes, and nothing is pasted: a random autoencoder is far from the picture
    encoded = webui.picture({"map": webui.constant(0), "paste_back": False}, **job)
    errors = {}
    for anchor in ("inverted", "noised"):
        result = webui.picture({"source": "constant", "anchor": anchor}, **job)
        errors[anchor] = difference(result, encoded)[0]
    assert errors["inverted"] < 0.6 * errors["noised"]


def test_diffedit_proper(webui, plain):
    edit = {"source": "diffedit", **PROMPTS, "diffedit_cut": 0.5, "anchor": "inverted"}
    pictures, reply = webui.img2img(edit, sampler_name="DDIM")
    noised = webui.picture({**edit, "anchor": "noised"}, sampler_name="DDIM")
    assert "DD anchor: inverted" in reply["info"]["infotexts"][0]
    assert difference(pictures[0], noised)[0] > 0.5
    same = (pictures[0] == webui.photograph).all(2)
    assert 0.02 < same.mean() < 0.98


@pytest.mark.parametrize(
    ("edit", "job", "field"),
    [
        ({"source": "diffedit", "reference": "a", "query": " a "}, {}, "query"),
        ({"source": "diffedit", "reference": "a"}, {"prompt": " "}, "query"),
        ({"source": "diffedit", "query": "a", "diffedit_level": 0}, {}, "diffedit_level"),
        ({"source": "words"}, {}, "words"),
        ({"source": "words", "words": "cat"}, {}, "words"),
        ({"source": "words", "words": ", ".join(f"w{i} 1" for i in range(200))}, {}, "words"),
        (
            {"source": "words", "words": ", ".join(f"embroidered {i} 1" for i in range(32))},
            {},
            "words",
        ),
        (
            {"source": "diffedit", **PROMPTS, "diffedit_with": "words", "diffedit_words": "cat"},
            {},
            "diffedit_words",
        ),
        ({"source": "mask"}, {}, "source"),
        ({"source": "alpha"}, {}, "image"),
        ({"source": "difference"}, {}, "other_image"),
        ({"source": "difference", "other_image": "/etc/passwd"}, {}, "other_image"),
        ({"source": "annotator"}, {}, "annotator"),
        ({"source": "annotator", "annotator": "no such one"}, {}, "annotator"),
        ({"source": "layers"}, {}, "layers"),
        ({"source": "layers", "layers": "[]"}, {}, "layers"),
        ({"source": "layers", "layers": {"layers": [{"source": "painted"}]}}, {}, "layers"),
        (
            {
                "source": "layers",
                "layers": {"layers": [{"source": "upload", "file": "/etc/passwd"}]},
            },
            {},
            "layers",
        ),
        ({"source": "foreground", "box": "1,2"}, {}, "box"),
        ({"source": "constant", "anchor": "inverted"}, {"sampler_name": "Euler"}, "anchor"),
        (
            {"source": "constant", "anchor": "inverted", "mode": "sheet"},
            {"sampler_name": "DDIM"},
            "anchor",
        ),
        (
            {"source": "constant", "anchor": "inverted"},
            {"sampler_name": "DDIM", "eta": 0.5},
            "anchor",
        ),
        ({"source": "sky"}, {}, "source"),
    ],
)
def test_what_cannot_be_made_is_refused(webui, plain, edit, job, field):
    with pytest.raises(Refused) as refused:
        webui.img2img(edit, **job)
    assert refused.value.status == 422
    assert refused.value.body["detail"].startswith(f"{field}: ")
