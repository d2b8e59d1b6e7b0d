"""Maps that make themselves, with a stand-in host: what is asked, what is kept, what is refused."""

import importlib
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.images.data_url import map_url
from diffdiff.settings.infotext import fingerprint
from diffdiff.settings.schema import parse


@pytest.fixture
def finder(host, monkeypatch):
    """The finder with a model that is counted and knows a box."""
    module = importlib.import_module("diffdiff.webui.diffedit_job")
    host.opts.data = {"sd_model_checkpoint": "one"}
    host.shared.prompt_styles = SimpleNamespace(styles={})
    module.known.clear()
    asked = []

    def find(what, args):
        asked.append((what, args))
        stack = torch.zeros(args.diffedit_noises, what.size[1] // 8, what.size[0] // 8)
        stack[:, :, -3:] = 1
        return stack

    monkeypatch.setattr(module, "_find", find)
    module.asked = asked
    return module


DIFFEDIT = {"source": "diffedit", "reference": "summer", "query": "winter"}


def test_the_model_is_asked_once_and_settings_after_it_cost_nothing(finder, job, run):
    p = job()
    p.prompt, p.styles, p.override_settings = "a prompt", [], {}
    for more in ({}, {"diffedit_cut": 0.5}, {"diffedit_grow": 8, "gamma": 2.0}, {}):
        run(p, {**DIFFEDIT, **more})
    assert len(finder.asked) == 1
    for more in ({"diffedit_seed": 1}, {"query": "night"}, {"diffedit_level": 0.4}):
        run(p, {**DIFFEDIT, **more})
    assert len(finder.asked) == 4
    sys.modules["modules.shared"].opts.data["sd_model_checkpoint"] = "another"
    run(p, DIFFEDIT)
    p.init_images = [p.init_images[0].transpose(Image.FLIP_LEFT_RIGHT)]
    run(p, DIFFEDIT)
    assert len(finder.asked) == 6


def test_what_is_kept_has_an_end(finder, job, run):
    p = job()
    p.prompt, p.styles, p.override_settings = "a prompt", [], {}
    for seed in range(finder.KEPT + 5):
        run(p, {**DIFFEDIT, "diffedit_seed": seed})
    assert len(finder.known) == finder.KEPT


def test_the_prompt_of_the_run_is_the_query_and_its_styles_go_along(finder, job, run):
    p = job()
    p.prompt, p.styles, p.override_settings = "a prompt", ["oil"], {"sd_model_checkpoint": "x"}
    run(p, {"source": "diffedit", "reference": "summer"})
    what, _ = finder.asked[0]
    assert (what.query, what.styles) == ("a prompt", ("oil",))
    assert what.override_settings == {"sd_model_checkpoint": "x"}
    run(p, DIFFEDIT)
    assert finder.asked[1][0][2:] == ("winter", 64, 48, (), {"sd_model_checkpoint": "x"}, {})


def test_the_model_sees_the_pictures_shape_at_the_runs_size(finder):
    picture = Image.new("RGB", (3000, 1000))
    width, height = finder.DiffEditQuery(picture, "", "a", 512, 512).size
    assert width % 8 == height % 8 == 0
    assert abs(width / height - 3) < 0.1 and abs(width * height / 512**2 - 1) < 0.05


def test_each_picture_has_its_own_map(finder, job, run):
    p = job(batch=2)
    p.prompt, p.styles, p.override_settings = "a prompt", [], {}
    p.init_images = [*p.init_images, Image.new("RGB", p.init_images[0].size, "red")]
    run(p, {"source": "luminance"})
    red = np.full(p.init_images[1].size[::-1], 76 / 255, np.float32)
    maps = [m for m in p.diffdiff.raw]
    assert len(maps) == 2 and np.abs(maps[1] - red).max() < 0.01 and maps[0].std() > 0.1


def test_a_fan_of_its_own_stripes_makes_no_map(finder, job, run):
    p = job()
    p.prompt, p.styles, p.override_settings = "a prompt", [], {}
    run(p, {**DIFFEDIT, "mode": "fan"})
    assert not finder.asked


def test_settings_of_other_sources_are_not_told(finder, job, run):
    p = job()
    p.prompt, p.styles, p.override_settings = "a prompt", [], {}
    left = {"reference": "summer", "annotator": "canny", "edge_sigma": 4.0, "diffedit_cut": 0.5}
    run(p, {"source": "edges", **left})
    told = p.extra_generation_params
    assert told["DD edge sigma"] == 4.0
    assert not {"DD reference", "DD annotator", "DD diffedit cut"} & set(told)


def test_the_map_of_a_source_is_told_by_its_fingerprint(finder, job, run):
    p = job()
    p.prompt, p.styles, p.override_settings = "a prompt", [], {}
    run(p, {"source": "constant"})
    told = p.extra_generation_params
    ones = np.ones((p.height, p.width), np.float32)
    assert told["DD source"] == "constant" and told["DD map"] == fingerprint([ones])


@pytest.fixture
def annotators(host):
    return importlib.import_module("diffdiff.webui.controlnet")


class Preprocessor:
    """Forge's, in short: its sliders have defaults, and it wants them."""

    def __init__(self, answer):
        self.answer = answer
        self.slider_1 = SimpleNamespace(gradio_update_kwargs={"value": 100})

    def __call__(self, picture, resolution, slider_1=None, slider_2=None, slider_3=None):
        assert slider_1 == 100 and slider_2 is None and resolution >= 64
        return self.answer


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (np.full((20, 30), 51, np.uint8), 0.2),
        (np.full((20, 30, 3), 51, np.uint8), 0.2),
        (np.full((20, 30, 1), 0.2, np.float32), 0.2),
        (SimpleNamespace(display_images=[np.full((20, 30, 3), 51, np.uint8)]), 0.2),
    ],
)
def test_a_preprocessors_picture_is_a_map(annotators, monkeypatch, answer, value):
    known = SimpleNamespace(supported_preprocessors={"depth": Preprocessor(answer), "None": None})
    monkeypatch.setitem(sys.modules, "modules_forge.shared", known)
    m = annotators.annotate("depth", np.zeros((40, 60, 3), np.uint8))
    np.testing.assert_allclose(m, np.full((20, 30), value), atol=0.01)
    assert annotators.names() == ["depth"]


def test_a_preprocessor_runs_once_for_a_picture(annotators, monkeypatch):
    one = Preprocessor(np.full((20, 30), 51, np.uint8))
    runs = []
    known = SimpleNamespace(
        supported_preprocessors={
            "depth": lambda *a, **k: runs.append(1) or one.answer,
        }
    )
    monkeypatch.setitem(sys.modules, "modules_forge.shared", known)
    picture = np.zeros((40, 60, 3), np.uint8)
    assert annotators.annotate("depth", picture, ask=False) is None and not runs
    first = annotators.annotate("depth", picture)
    assert (annotators.annotate("depth", picture, ask=False) == first).all()
    assert len(runs) == 1
    for value in range(1, annotators.KEPT + 3):
        annotators.annotate("depth", picture + np.uint8(value))
    assert len(annotators.known) == annotators.KEPT


def test_without_controlnet_it_is_said(annotators):
    with pytest.raises(FieldError, match="no ControlNet in this WebUI"):
        annotators.annotate("depth", np.zeros((40, 60, 3), np.uint8))


@pytest.mark.parametrize("answer", [None, "text", np.zeros(3), {"pose": 1}])
def test_a_preprocessor_without_a_picture_is_said(annotators, monkeypatch, answer):
    known = SimpleNamespace(supported_preprocessors={"odd": Preprocessor(answer)})
    monkeypatch.setitem(sys.modules, "modules_forge.shared", known)
    with pytest.raises(FieldError, match="annotator: odd"):
        annotators.annotate("odd", np.zeros((40, 60, 3), np.uint8))


def test_a_preview_asks_the_model_and_a_live_change_does_not(finder, host):
    preview = importlib.import_module("diffdiff.webui.panel.preview")
    host.shared.state.begin, host.shared.state.end = (lambda job: None), (lambda: None)
    from diffdiff.settings.schema import fields

    def values(**own):
        given = {n: ("" if i["default"] is None else i["default"]) for n, i in fields().items()}
        return tuple({**given, **own}.values())

    picture = map_url(np.linspace(0, 1, 64 * 48, dtype=np.float32).reshape(48, 64))
    sent = {
        "picture": picture,
        "mask": "",
        "prompt": "winter",
        "width": 64,
        "height": 48,
        "denoising": 0.5,
        "styles": [],
    }
    asked = {"source": "diffedit", "reference": "summer"}
    seen, shown, told, url = preview.show(sent, values(**asked))
    assert len(finder.asked) == 1 and shown.size == (64, 48) and "of full strength" in told
    assert url.startswith("data:image/png;base64,")
    shown, told = preview.refresh(seen, values(**asked, diffedit_cut=0.5))
    assert shown is not None and len(finder.asked) == 1
    shown, told = preview.refresh(seen, values(source="diffedit", reference="spring"))
    assert shown is None and "needs the model" in told and len(finder.asked) == 1
    assert preview.refresh(None, values(**asked)) is None
    assert "image: there is no picture" in preview.show({**sent, "picture": ""}, values())[2]
    assert "map: nothing is painted" in preview.show(sent, values())[2]


def test_presets_are_saved_loaded_and_deleted(host, tmp_path, monkeypatch):
    presets = importlib.import_module("diffdiff.webui.panel.presets")
    shipped = presets.listed()
    assert {"edges stay", "the sky only", "LEDITS++", "Edit-friendly"} <= set(shipped)
    for name in shipped:
        presets.load(name)
    for name in ("LEDITS++", "Edit-friendly"):
        assert json.loads(presets.load(name))["settings"] == {"anchor": "friendly"}
    monkeypatch.setattr(presets, "FOLDER", tmp_path)
    name = presets.save('{"name": "../My sky!", "layers": [{"source": "border"}]}')
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.json")] == [
        "own/my-sky.json"
    ]
    assert parse({"source": "layers", "layers": presets.load(name)}).layers
    (tmp_path / "own" / "broken.json").write_text("{")
    assert list(presets.listed()) == [name]
    presets.delete(name)
    assert not list(tmp_path.rglob("my*.json"))
    for call in (presets.load, presets.delete):
        with pytest.raises(FieldError, match="preset"):
            call(name)
    with pytest.raises(FieldError, match="needs a name"):
        presets.save('{"layers": [{"source": "border"}]}')
