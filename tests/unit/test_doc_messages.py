"""The messages that the docs quote are those that the code raises."""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from diffdiff.edit.fan import fan
from diffdiff.errors import FieldError
from diffdiff.images.read import decode
from diffdiff.maps import build, diffedit, geometry
from diffdiff.sampling.finite import PIXELS, Finite
from diffdiff.sampling.noise_levels import ve
from diffdiff.settings.schema import EditArgs, parse
from diffdiff.settings.sources import check_prompts
from tests import doc_messages

API = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def png(**how) -> bytes:
    file = io.BytesIO()
    Image.new("L", how.pop("size", (8, 8))).save(file, "PNG", **how)
    return file.getvalue()


def many_chunks() -> bytes:
    data = png()
    return data[:33] + b"\0\0\0\0tEXt\0\0\0\0" * 200_000 + data[33:]


def no_mask():
    given = build.Given(np.zeros((8, 8, 3), np.uint8), read_map=None, read_picture=None)
    build.render(EditArgs(source="mask"), given)


def no_difference():
    init = torch.ones(1, 4, 2, 2)
    noises = torch.ones(2, 4, 2, 2)
    diffedit.differences(lambda x: (x, x), init, ve(1.0), noises)


def failed(where):
    notes = Finite()
    notes.see(where, torch.tensor([1.0, float("nan")]))
    notes.check(20, "Use float32", "Use another VAE")


RAISED = {
    "map: the text is not base64": lambda: decode("????"),
    "map: the picture is 16400x8 pixels": lambda: decode(png(size=(16400, 8))),
    "map: the picture is truncated": lambda: decode(png(size=(64, 64))[:60]),
    "map: the picture is damaged (it has too many chunks)": lambda: decode(many_chunks()),
    "map: this is HEIC, which is not read": lambda: decode(b"\0\0\0\x18ftypheic" + bytes(40)),
    "map: TIFF is not read here": lambda: decode(base64.b64encode(b"II*\0" + bytes(40)).decode()),
    "model: it answered with NaN or infinite values": lambda: failed(3),
    "vae: the picture that it decoded has NaN or infinite values": lambda: failed(PIXELS),
    "map: its floats lie in 0..255": lambda: decode(np.array([[0.0, 255.0]] * 2)),
    "source: there is no inpaint mask": no_mask,
    "query: both prompts are the same, so there is no map": lambda: check_prompts("a", "a "),
    "query: the model predicts the same for both prompts, so there is no map": no_difference,
    "fan_count: 16 stripes over 64 pixels are narrower than a latent cell (8 pixels)": lambda: fan(
        64, 64, tuple(np.arange(1, 17) / 16)
    ),
    "resize_mode: the picture becomes 8192x67108864 pixels when resized": lambda: geometry.follow(
        np.zeros((16384, 2), np.float32), 1, (2, 16384), 8192, 8192
    ),
    "args: expected an object": lambda: parse([1]),
    "gama: there is no such field": lambda: parse({"gama": 2}),
    "feather: 800 is not allowed": lambda: parse({"feather": 800}),
}


@pytest.mark.parametrize("message", RAISED)
def test_a_quoted_message_is_the_raised_one(message):
    with pytest.raises(FieldError) as raised:
        RAISED[message]()
    assert str(raised.value).startswith(message)


def test_every_quoted_message_is_tested():
    assert sorted(doc_messages.quoted()) == sorted([*RAISED, *doc_messages.HOST])


def test_the_error_bodies_of_the_api_page_are_real():
    bodies = [json.loads(b) for b in re.findall(r"```json\n(.*?)```", API, re.S) if '"error"' in b]
    assert len(bodies) == 2
    with pytest.raises(FieldError) as raised:
        parse({"feather": 800})
    assert bodies[0]["detail"] == bodies[0]["errors"] == raised.value.detail
    with pytest.raises(FieldError) as raised:
        decode(base64.b64encode(b"").decode() + "????")
    own = raised.value
    assert bodies[1] == {
        "error": "FieldError",
        "detail": own.detail,
        "field": own.field,
        "problem": own.problem,
        "remedy": own.remedy,
    }
