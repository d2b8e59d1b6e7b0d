"""What a host hands over: read, refused, and never a name that is opened."""

import base64
import io
import os
import sys

import numpy as np
import pytest
from PIL import Image

from diffdiff.edit import request as intake
from diffdiff.errors import FieldError
from diffdiff.images.read import decode_picture
from diffdiff.maps import build, geometry, layers
from diffdiff.settings.schema import fields

EVENTS = ("open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "urllib.Request")
opened: list | None = None


def watch(event: str, args: tuple) -> None:
    if opened is None or event not in EVENTS:
        return
    if not str(args[0]).endswith((".py", ".pyc")):  # Python imports a part when it is needed
        opened.append((event, args[:1]))


sys.addaudithook(watch)  # it cannot be taken off again: `opened` switches it


@pytest.fixture
def guard():
    """Lists what is opened meanwhile."""
    global opened
    opened = []
    yield opened
    opened = None


def text_of(array) -> str:
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


GREY = text_of(np.tile(np.arange(32, dtype=np.uint8) * 8, (24, 1)))
NAMES = (
    "/etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1:9/a.png",
    "https://example.org/a.png",
    "\\\\host\\share\\a.png",
    "C:\\a.png",
    "../a.png",
    "~/a.png",
    "data:image/png,/etc/passwd",
    "ftp://127.0.0.1/a",
    "|id",
    "$(id)",
)


def made(request: dict) -> np.ndarray:
    """A request as the WebUI treats it, up to the map."""
    args, given = intake.read(request)
    what = build.Given(
        np.zeros((24, 32, 3), np.uint8),
        geometry.decode,
        lambda text, name: np.asarray(decode_picture(text, name).convert("RGB")),
        painted=given[0] if given else None,
    )
    return build.render(args, what) if build.wanted(args) else given[0]


@pytest.mark.parametrize("name", NAMES)
def test_no_argument_makes_the_process_open_anything(guard, name):
    texts = [n for n, info in fields().items() if info["type"] is str and not info["choices"]]
    requests = [{field: name} for field in texts]
    requests += [{"map": [name, name]}, {"source": "difference", "other_image": name}]
    requests += [
        {"source": "layers", "layers": {"layers": [layer]}}
        for layer in (
            {"source": "upload", "file": name},
            {"source": "difference", "other_image": name},
            {"source": "foreground", "inside": name},
            {"source": "foreground", "outside": name},
            {"source": "annotator", "annotator": name},
            {"source": "diffedit", "query": name, "reference": name},
        )
    ]
    requests += [{"source": "layers", "layers": name}, {"source": "annotator", "annotator": name}]
    for request in requests:
        with pytest.raises(FieldError):
            made({"map": name, **request} if "source" not in request else request)
    assert guard == []


def test_the_guard_sees_an_open(guard):
    with open(os.devnull, "rb"):
        pass
    assert guard and guard[0][0] == "open"


def test_good_requests_open_nothing_either(guard):
    assert made({"map": GREY}).shape == (24, 32)
    assert made({"map": "data:image/png;base64," + GREY}).max() > 0.9
    layered = {"layers": [{"source": "upload", "file": GREY}, {"source": "border"}]}
    assert made({"source": "layers", "layers": layered}).shape == (24, 32)
    assert guard == []


def test_the_values_of_a_panel_are_a_request():
    values = [info["default"] for info in fields().values()]
    at = {name: i for i, name in enumerate(fields())}
    values[at["map"]], values[at["fan_strengths"]], values[at["other_image"]] = GREY, "", b"\x89PNG"
    request = intake.request_of(tuple(values))
    assert "fan_strengths" not in request and request["map"] == GREY
    assert base64.b64decode(request["other_image"]) == b"\x89PNG"
    assert intake.request_of(({"gamma": 2},)) == {"gamma": 2}
    assert intake.request_of((True, "edit")) == {"enabled": True, "mode": "edit"}


def test_off_is_off():
    assert intake.read({"enabled": False, "map": "anything"}) is None
    assert intake.read({"enabled": "false"}) is None


def test_a_source_says_what_it_lacks_before_there_is_a_picture():
    for source, field in (
        ("difference", "other_image"),
        ("annotator", "annotator"),
        ("layers", "layers"),
    ):
        with pytest.raises(FieldError) as caught:
            intake.read({"source": source})
        assert caught.value.field == field


def test_a_painted_map_serves_layers_and_strokes():
    layered = {"layers": [{"source": "painted", "invert": True}]}
    m = made({"source": "layers", "layers": layered, "map": GREY})
    np.testing.assert_allclose(m, 1 - geometry.decode(GREY), atol=1e-6)
    with pytest.raises(FieldError, match="layer 1, painted: nothing is painted"):
        made({"source": "layers", "layers": layered})
    assert layers.loads('{"layers": [{"source": "mask"}]}').layers[0].source == "mask"
    with pytest.raises(FieldError, match="source: there is no inpaint mask"):
        made({"source": "mask"})
    with pytest.raises(FieldError, match="source: there is no diffedit here"):
        made({"source": "diffedit", "query": "a"})
    assert (made({"source": "constant"}) == 1).all()
