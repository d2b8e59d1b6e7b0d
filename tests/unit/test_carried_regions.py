"""The painter's regions beside a map, in its PNG."""

import base64
import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from diffdiff.images.read import decode
from diffdiff.maps.carried_regions import HEAD, KEY, MOST, regions_of, with_regions

MAP = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 21


def png(text=None, key=KEY):
    data, info = io.BytesIO(), PngImagePlugin.PngInfo()
    if text is not None:
        info.add_text(key, text)
    Image.fromarray(MAP).save(data, "PNG", pnginfo=info)
    return base64.b64encode(data.getvalue()).decode()


@pytest.mark.parametrize("head", ["", HEAD])
@pytest.mark.parametrize("length", [1, 5000, MOST])
def test_what_is_put_in_comes_out_and_the_map_is_the_same(head, length):
    text = "r" * length
    url = with_regions(HEAD + png(), text)
    assert regions_of(head + url[len(HEAD) :]) == text == regions_of(png(text))
    assert (decode(url) == decode(png())).all()
    file = Image.open(io.BytesIO(base64.b64decode(url[len(HEAD) :])))
    file.load()
    assert file.text[KEY] == text


@pytest.mark.parametrize(
    "sent",
    [
        None,
        3,
        "",
        "%",
        "abc",
        png(),
        png("x", "other"),
        png("x" * (MOST + 1)),
        png("not ASCII: \u00e4"),
        png("x")[:60],
        base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\xff" * 40).decode(),
    ],
)
def test_what_is_none_is_none(sent):
    assert regions_of(sent) is None
