"""The messages and response bodies that the docs quote, on stand-in hosts."""

from types import SimpleNamespace

import numpy as np
import pytest
from kind_runs import columns, flat, png, process_images
from kinds import KINDS, PID
from test_four_hosts_ends import OwnSampler

from diffdiff import __version__
from diffdiff.errors import FieldError
from diffdiff.metrics.adherence import adherence
from tests import doc_messages
from tests.doc_messages import body, keys

SHEET = {"mode": "sheet"}


class Arrays:
    def title(self):
        return "My script"

    def run(self, p):
        from diffdiff.webui.pieces import Root

        p.diffdiff_roots = [Root(p.init_images[0], None)]  # as `pieces.followed` notes it
        p.init_images = [p.init_images[0].transpose(0)]
        return process_images(p)


class Tile:
    """SD upscale, on a host that rounds the sides of a job."""

    def title(self):
        return "SD upscale"

    def run(self, p):
        from diffdiff.images.placed import Place, pasting, put
        from diffdiff.webui.pieces import Root

        root = Root(p.init_images[0], None)
        place = Place(root, root.picture.size)
        p.diffdiff_roots = [root]
        with pasting():
            p.init_images = [put(root.picture.copy(), place).crop((0, 0, 48, 32))]
        p.width, p.height = 48, 32
        p.sd_model.fix_dimensions = lambda width, height: (64, 64)
        try:
            return process_images(p)
        finally:
            del p.sd_model.fix_dimensions


def no_preprocessor():
    from diffdiff.webui import controlnet

    controlnet.annotate("depth", np.zeros((8, 8, 3), np.uint8))


RAISED = {
    "map: there is no change map": ({}, {}),
    "mode: soft inpaint needs a mask": ({"mode": "soft inpaint"}, {}),
    "mode: a sheet does not work with a refiner": (SHEET, {"refiner_checkpoint": "other"}),
    "anchor: inverted needs the sampler DDIM, not Euler": (
        {"map": flat(1), "anchor": "inverted"},
        {"sampler_name": "Euler"},
    ),
    "anchor: friendly does not work with Euler: it draws no noise": (
        {"map": flat(1), "anchor": "friendly"},
        {"sampler_name": "Euler"},
    ),
    "script: My script passes on a picture that it made itself": (
        {"map": flat(1)},
        {"own_script": Arrays()},
    ),
    "width: this script cuts tiles of 48x32, and this WebUI would work on them at 64x64": (
        {"map": flat(1)},
        {"own_script": Tile()},
    ),
    "script: this job made its images without the sampler that follows the map": (
        {"map": flat(1)},
        {"own_script": OwnSampler()},
    ),
    "map: 3 maps for a batch of 4": ({"map": [flat(1)] * 3}, {"batch_size": 4}),
}


@pytest.fixture
def a1111(start):
    return start(KINDS["a1111"])


@pytest.mark.parametrize("message", RAISED)
def test_a_quoted_message_is_the_raised_one(a1111, message):
    edit, settings = RAISED[message]
    with pytest.raises(FieldError) as raised:
        a1111.run(edit, **settings)
    assert str(raised.value).startswith(message)


def test_a_host_without_controlnet(host):
    with pytest.raises(FieldError) as raised:
        no_preprocessor()
    assert str(raised.value).startswith("annotator: there is no ControlNet in this WebUI")


def test_a_model_that_starts_from_noise(start):
    with pytest.raises(FieldError) as raised:
        start(PID).run({"map": flat(1)})
    assert str(raised.value).startswith("model: PiD starts from noise and a small image")


def test_every_quoted_message_is_tested():
    elsewhere = {m for m in doc_messages.HOST if m.startswith(("annotator", "model"))}
    assert {*RAISED, *elsewhere} == set(doc_messages.HOST)


def test_the_bodies_of_the_api_page_have_the_real_fields(a1111, monkeypatch):
    from diffdiff.sampling.level_report import Start
    from diffdiff.webui.api import routes
    from diffdiff.webui.api.schemas import PreviewRequest

    assert keys(body("## Endpoints")) == keys(routes.version())
    assert body("## Endpoints") == {"version": __version__, "api": routes.VERSION}
    # where pixels really start needs a loaded model
    start = Start(0.4, 0.8, 0.5, 4, 1.0, False)
    monkeypatch.setattr(routes.preview, "starts_of", lambda *args: [start])
    image = png(np.zeros((64, 64)))
    asked = {"args": {"map": columns(0, 0.5, 1)}, "image": image, "steps": 6}
    found = routes.map_preview(PreviewRequest(**asked))
    assert keys(body("### map/preview")) == keys(found)
    monkeypatch.setattr(routes.preview, "on_the_model", lambda work: (None, 20))
    monkeypatch.setattr(routes.diffedit, "finished", lambda *args: np.ones((64, 64)))
    request = SimpleNamespace(image=image, reference="a", query="b", width=None, height=None)
    monkeypatch.setattr(routes, "fields", lambda model: {})
    assert keys(body("### map/diffedit")) == keys(routes.map_diffedit(request))
    black = np.zeros((8, 8, 3), np.uint8)
    ramp = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    assert keys(body("### metrics/adherence")) == keys(adherence(black, black + 9, ramp))
