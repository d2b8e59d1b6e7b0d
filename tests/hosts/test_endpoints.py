"""`/diffdiff/v1/...` on a running host, and the map that travels with its picture."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from benchmarks.webui import Refused, decode, encode
from diffdiff import __version__
from diffdiff.images.read import decode as decode_map
from diffdiff.maps import embedded
from diffdiff.metrics import adherence
from diffdiff.sampling.start_steps import NEVER, WEBUI
from diffdiff.settings.schema import fields

pytestmark = pytest.mark.host
ROOT = "/diffdiff/v1"


@pytest.fixture
def ramp(webui):
    """Kept on the left, changed on the right."""
    row = np.linspace(0, 255, webui.size).astype(np.uint8)
    return np.tile(row, (webui.size, 1))


def test_version_and_schema(webui):
    assert webui.call(f"{ROOT}/version") == {"version": __version__, "api": 1}
    schema = webui.call(f"{ROOT}/schema")
    assert list(schema["properties"]) == list(fields())
    paths = webui.call("/openapi.json")["paths"]
    assert {p for p in paths if p.startswith(ROOT)} == {
        f"{ROOT}/{name}"
        for name in (
            *("version", "schema", "metrics/adherence"),
            *("map/preview", "map/diffedit", "map/words", "map/click"),
        )
    }


def test_a_preview_tells_what_a_run_would_do(webui, ramp):
    args = {"map": encode(ramp), "soften_radius": 4, "invert": True}
    body = {"args": args, "steps": 10, "denoising_strength": 0.6}
    told = webui.call(f"{ROOT}/map/preview", body)
    shaped = decode_map(told["map"])
    assert shaped[0, 0] > 0.9 and shaped[0, -1] < 0.1 and told["size"] == [webui.size] * 2
    start = WEBUI(shaped * 0.6, 10, 9).start
    steps = sorted(set(start[start != NEVER].tolist()))
    assert [rung["step"] for rung in told["ladder"]] == steps and told["levels"] == len(steps)
    assert abs(sum(r["share"] for r in told["ladder"]) + told["kept"] - 1) < 1e-6
    assert decode(told["release"]).shape == (webui.size, webui.size, 3) and "overlay" not in told
    seen = webui.call(f"{ROOT}/map/preview", {**body, "image": encode(webui.photograph)})
    kept = decode_map(seen["map"]) == 0
    assert (decode(seen["overlay"])[kept] == webui.photograph[kept]).all()


def test_a_preview_of_a_source(webui):
    body = {"args": {"source": "border", "gamma": 2.0}, "image": encode(webui.photograph)}
    told = webui.call(f"{ROOT}/map/preview", body)
    assert told["highest"] > 0.9 and told["lowest"] < 0.2


def test_the_map_of_two_prompts_is_that_of_a_job_and_known_the_second_time(webui, tolerance):
    prompts = {"reference": "a cat on a red sofa", "query": "a bird in the rain"}
    body = {"image": encode(webui.photograph), **prompts}
    first = webui.call(f"{ROOT}/map/diffedit", body)
    second = webui.call(f"{ROOT}/map/diffedit", {**body, "diffedit_cut": 0.5})
    assert first["calls"] in (0, 20) and second["calls"] == 0  # a job may have asked before
    assert set(np.unique(decode_map(second["map"]))) == {0.0, 1.0}
    sent = webui.picture({"map": first["map"]})
    own = webui.picture({"source": "diffedit", **prompts})
    assert np.abs(sent.astype(int) - own).mean() < 0.5


def test_adherence_is_the_cores(webui, plain, ramp):
    after = webui.picture({"map": encode(ramp)})
    body = {"before": encode(webui.photograph), "after": encode(after), "map": encode(ramp)}
    told = webui.call(f"{ROOT}/metrics/adherence", body)
    expected = adherence.adherence(webui.photograph, after, ramp / np.float32(255))
    assert told["cam"] == pytest.approx(expected["cam"], abs=1e-5)
    assert told["dam"] == pytest.approx(expected["dam"], rel=1e-4)
    assert told["outside"]["changed"] == 0 and len(told["by_strength"]) == 11


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("map/preview", {}, "map"),
        ("map/preview", {"args": 3}, "args"),
        ("map/preview", {"args": {"map": "/etc/passwd"}}, "map"),
        ("map/preview", {"args": {"map": "http://127.0.0.1/x.png"}}, "map"),
        ("map/preview", {"args": {"gamma": 99}}, "gamma"),
        ("map/preview", {"args": {"source": "luminance"}}, "image"),
        (
            "map/preview",
            {"args": {"source": "mask"}, "image": "PICTURE", "mask": "BLACK"},
            "source",
        ),
        ("map/preview", {"args": {"response": "2 1"}}, "response"),
        ("map/preview", {"steps": 0}, "steps"),
        ("map/preview", {"colour": 1}, "colour"),
        ("map/diffedit", {}, "image"),
        ("map/diffedit", {"image": "no picture", "query": "a"}, "image"),
        ("map/diffedit", {"image": "PICTURE"}, "query"),
        ("map/diffedit", {"image": "PICTURE", "query": "a", "reference": "a"}, "query"),
        (
            "map/diffedit",
            {"image": "PICTURE", "query": "a", "diffedit_noises": 0},
            "diffedit_noises",
        ),
        ("metrics/adherence", {"before": "PICTURE", "after": "PICTURE"}, "map"),
        (
            "metrics/adherence",
            {"before": "PICTURE", "after": "MAP", "map": "PICTURE", "bins": 0},
            "bins",
        ),
        ("metrics/adherence", [], "args"),
    ],
)
def test_a_wrong_body_is_refused_by_name(webui, path, body, field):
    known = {"PICTURE": encode(webui.photograph), "MAP": encode(webui.photograph)}
    known["BLACK"] = encode(np.zeros_like(webui.photograph))
    if isinstance(body, dict):
        body = {k: known.get(v, v) if isinstance(v, str) else v for k, v in body.items()}
    with pytest.raises(Refused) as refused:
        webui.call(f"{ROOT}/{path}", body)
    told = refused.value.body
    assert refused.value.status == 422 and told["field"] == field and told["remedy"]
    assert told["detail"].startswith(f"{field}: ")


def picture_of(reply) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(reply["images"][0].split(",", 1)[-1])))


def test_the_map_travels_with_its_picture(webui, plain, ramp):
    first, reply = webui.img2img({"map": encode(ramp), "soften_radius": 6})
    text = picture_of(reply).info["diffdiff_map"]
    assert len(text) <= embedded.LIMIT
    assert (embedded.unpack(text) == ramp / np.float32(255)).all()
    # the text itself is a map, and the picture made again is the same
    again = webui.picture(
        {
            "map": encode(np.round(embedded.unpack(text) * 65535).astype(np.uint16)),
            "soften_radius": 6,
        }
    )
    assert (again == first[0]).all()
    told = webui.call("/sdapi/v1/png-info", {"image": reply["images"][0]})
    assert "DD map: " in told["info"] and "diffdiff_map" not in told["items"]
    # Forge lists only options that somebody has changed
    assert webui.call("/sdapi/v1/options").get("diffdiff_embed_map", True) is True
    webui.call("/sdapi/v1/options", {"diffdiff_embed_map": False})
    try:
        _, bare = webui.img2img({"map": encode(ramp)})
    finally:
        webui.call("/sdapi/v1/options", {"diffdiff_embed_map": True})
    assert "diffdiff_map" not in picture_of(bare).info


def test_loopback_keeps_what_is_kept(webui, plain, ramp):
    half = (ramp > 127).astype(np.uint8) * 255
    args = [2, 0.75, "Linear", "None"]
    pictures, _ = webui.img2img({"map": encode(half)}, script_name="loopback", script_args=args)
    left = np.s_[:, : webui.size // 2 - 1]
    assert (pictures[-1][left] == webui.photograph[left]).all()
    assert (pictures[-1][:, -8:] != webui.photograph[:, -8:]).any()
