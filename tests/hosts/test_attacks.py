"""Text that was written to break out of its place, sent to a running host."""

import base64
import json
import struct
import zlib

import numpy as np
import pytest

from benchmarks.webui import Refused, encode
from diffdiff.settings.schema import fields

pytestmark = pytest.mark.host
OUT = 'x", Steps: 1, Seed: 2\nNegative prompt: y\n<img src=x onerror=alert(1)>, Size: 8x8'
NAMES = [
    OUT,
    "../../../etc/passwd",
    "</script><script>alert(1)</script>",
    "{{7*7}} ${7*7} %s %n",
    "__proto__",
    "\\u0000\u2028\u202etxt.exe",
    "a" * 5000,
]


def kept(parameters: dict, base: dict) -> bool:
    """Whether the parameters are still those of the job."""
    names = {"Steps": "steps", "Seed": "seed", "Size-1": "width", "Size-2": "height"}
    return all(str(parameters.get(told)) == str(base[name]) for told, name in names.items())


def read_back(webui, image: str) -> dict:
    return webui.call("/sdapi/v1/png-info", {"image": image})["parameters"]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_layers_stays_a_name(webui, name):
    layers = {"name": name, "layers": [{"source": "luminance"}]}
    _, reply = webui.img2img({"source": "layers", "layers": layers})
    parameters = read_back(webui, reply["images"][0])
    assert kept(parameters, webui.base), parameters
    assert json.loads(parameters["DD layers"])["layers"], "what a page takes back"


@pytest.mark.parametrize(
    "layers",
    [
        '{"name": "n", "layers": [{"source": "luminance", "__proto__": {"enabled": false}}]}',
        '{"name": "n", "layers": [{"source": "__class__"}]}',
        '{"name": "n", "layers": [{"source": "../luminance"}]}',
        '{"name": {"a": 1}, "layers": {"source": "luminance"}}',
        "[" * 20000,
        '{"name": "n", "layers": [' + ",".join(['{"source": "luminance"}'] * 5000) + "]}",
        "\x00",
        "NaN",
    ],
)
def test_layers_that_are_none_are_refused_by_name(webui, layers):
    with pytest.raises(Refused) as refused:
        webui.img2img({"source": "layers", "layers": layers})
    assert refused.value.status == 422 and "layers" in str(refused.value.body)


def with_chunk(png: str, text: bytes) -> str:
    """A map whose file carries regions."""
    data = base64.b64decode(png)
    body = b"tEXtdiffdiff_regions\0" + text
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return base64.b64encode(data[:-12] + chunk + data[-12:]).decode()


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_region_is_nothing_but_text(webui, name):
    half = np.zeros((webui.size, webui.size), np.uint8)
    half[:, webui.size // 2 :] = 255
    text = json.dumps({"regions": [{"name": name, "__proto__": {"polluted": 1}}]})
    pictures, reply = webui.img2img({"map": with_chunk(encode(half), text.encode())})
    parameters = read_back(webui, reply["images"][0])
    assert kept(parameters, webui.base) and "onerror" not in str(parameters)
    assert (pictures[0] == webui.picture({"map": encode(half)})).all(), "it changes no pixel"


@pytest.mark.parametrize("word", ["draft-" + "a" * 32, True, {"draft": True}])
def test_the_api_cannot_ask_for_a_draft(webui, word):
    """Neither as a setting, which does not exist, nor as the value of the page's hidden box."""
    with pytest.raises(Refused) as refused:
        webui.img2img({"map": webui.constant(128), "draft": word})
    assert refused.value.status == 422
    info = webui.call("/sdapi/v1/script-info")
    own = next(one for one in info if one["name"] == "differential diffusion" and one["is_img2img"])
    values = [control["value"] for control in own["args"]]
    names = list(fields())
    values[names.index("enabled")] = True
    values[names.index("map")] = webui.constant(128)
    values[len(names)] = word
    _, reply = webui.img2img(values)
    assert kept(read_back(webui, reply["images"][0]), webui.base)
    assert "DD draft" not in reply["info"]["infotexts"][0]
