"""The page: its handlers, without a browser."""

import base64
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from page_files import decode_rgb, png
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.images.data_url import map_url, sixteen_bits
from diffdiff.images.read import decode
from diffdiff.maps import shapes
from diffdiff.page import actions, incoming, sourced
from diffdiff.page.under_way import Run
from diffdiff.pipelines import prompts
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import EditArgs, fields
from diffdiff.settings.source_registry import title_of

gr = pytest.importorskip("gradio", reason="no Gradio")
page_module = pytest.importorskip("diffdiff.page.page")
handlers = pytest.importorskip("diffdiff.page.handlers")


def edit(engine, sent, folder, **changed):
    return actions.edit(engine, {**sent, **changed}, folder, None)


def test_a_run_gives_pictures_with_their_settings(engine, sent, tmp_path):
    done = edit(engine, sent, tmp_path, count=2, seed=5, gamma=2.0, scheduler="", guidance=None)
    assert [Path(file).name for file in done.files] == ["diffdiff-5.png", "diffdiff-6.png"]
    for file, text, seed in zip(done.files, done.texts, (5, 6)):
        assert Image.open(file).text["parameters"] == text
        assert f"Seed: {seed}," in text and "DD gamma: 2" in text
    assert "untouched, pixel for pixel" in done.report and "20 model calls" in done.report
    assert done.captions == ["seed 5", "seed 6"]
    assert np.array_equal(np.asarray(Image.open(done.before[0])), decode_rgb(sent["image"]))
    assert Image.open(actions.change_of(done.before[0], done.files[0], tmp_path)).width >= 480
    brought = incoming.brought(
        json.dumps({"settings": Image.open(file).text["diffdiff"], "map": carried(file)})
    )
    assert (brought["seed"], brought["gamma"], brought["scheduler"]) == (6, 2.0, "DDIM")
    assert np.array_equal(decode(brought["map"]), decode(sent["map"]))
    assert engine.seen.run.scheduler is None and engine.seen.run.guidance is None


def carried(file: str) -> str:
    return Image.open(file).text["diffdiff_map"]


def test_the_picture_before_has_the_size_of_the_result(engine, sent, tmp_path):
    done = edit(engine, sent, tmp_path, width=32, height=24, own_size=False)
    assert Image.open(done.before[0]).size == Image.open(done.files[0]).size == (32, 24)


def test_at_its_own_size_what_is_kept_is_the_picture_itself(engine, sent, tmp_path):
    original = decode_rgb(sent["image"])
    kept = decode(sent["map"]) == 0
    kept[:6] = True
    sent["map"] = map_url(np.where(kept, 0, decode(sent["map"])).astype(np.float32))
    done = edit(engine, sent, tmp_path, width=8, height=8)
    assert Image.open(done.before[0]).size == Image.open(done.files[0]).size == (16, 12)
    result = np.asarray(Image.open(done.files[0]))
    assert (result[kept] == original[kept]).all() and (result[~kept] != original[~kept]).any()
    assert "untouched" in done.report


def test_a_wrong_format_is_named_with_what_to_do(sent):
    heic = b"\0\0\0\x18ftypheic" + bytes(40)
    with pytest.raises(FieldError, match="HEIC, which is not read"):
        incoming.picture({"image": heic})
    with pytest.raises(FieldError, match="1x1 pixels"):
        incoming.picture({"image": png(np.zeros((1, 1, 3), np.uint8))})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"map": "DD1 x"}', '{"settings": "[1]"}'])
def test_what_brings_nothing_back_changes_nothing(text):
    assert incoming.brought(text) == {}


def test_settings_that_do_not_fit_are_left_out():
    wrong = {"seed": -5, "dd_mode": "paint", "steps": "20", "prompt": 7, "dd_gamma": 2}
    values = incoming.brought(json.dumps({"settings": wrong}))
    assert values["gamma"] == 2 and not {"seed", "mode", "steps", "prompt"} & set(values)


def test_the_end_of_a_prompt_that_is_not_read_is_known():
    class Words:
        model_max_length = 5

        def __call__(self, text, **_):
            return SimpleNamespace(input_ids=["<", *text.split(), ">"])

        def decode(self, words):
            return " ".join(words)

    engine = SimpleNamespace(pipe=SimpleNamespace(components={"tokenizer": Words()}))
    assert prompts.left_out(engine, "one two three") == ""
    assert prompts.left_out(engine, "one two three four five") == "four five"
    assert prompts.left_out(SimpleNamespace(), "anything") == ""


def test_maps_make_themselves_from_the_picture_and_in_layers(engine, sent):
    luminance = {**sent, "source": title_of("luminance")}
    found = sourced.find(engine, luminance)
    assert found.shape == (12, 16) and len(np.unique(found)) > 10
    preset = {"layers": [{"source": "painted"}, {"source": "luminance", "blend": "min"}]}
    layered = {**sent, "source": title_of("layers"), "layers": json.dumps(preset)}
    assert np.allclose(sourced.find(engine, layered), np.minimum(found, decode(sent["map"])))
    with pytest.raises(FieldError, match="there is no other picture"):
        sourced.find(engine, {**sent, "source": title_of("difference")})
    with pytest.raises(FieldError) as refused:
        sourced.find(engine, {**luminance, "image": None})
    assert refused.value.field == "image"


def test_a_preset_of_layers_sets_the_anchor(engine, tmp_path):
    page = page_module.Page(engine, tmp_path)
    page.build()
    do = page.handlers
    assert "anchor" in do.taking
    preset = {"layers": [{"source": "edges"}], "settings": {"anchor": "friendly"}}
    own, *values, words = do.layers(json.dumps(preset))
    assert json.loads(own) == {"layers": preset["layers"]}
    taken = dict(zip(do.taking, values))
    assert taken["anchor"] == "friendly" and "Anchor: friendly" in words
    assert all(v != "friendly" for name, v in taken.items() if name != "anchor")
    assert len(do.layers(own)) == len(values) + 2


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"image": None}, "image"),
        ({"map": ""}, "map"),
        ({"image": b"x"}, "image"),
        ({"map": "x"}, "map"),
        ({"width": 3}, "width"),
        ({"seed": 0.5}, "seed"),
        ({"black": 1}, "black"),
    ],
)
def test_a_refusal_names_the_field(changed, field, engine, sent, tmp_path):
    with pytest.raises(FieldError) as refused:
        edit(engine, sent, tmp_path, **changed)
    assert refused.value.field == field
    assert list(tmp_path.iterdir()) == []


def test_what_lies_above_a_fan_is_not_compared():
    result = Image.new("RGB", (16, 20), "black")
    result.paste("white", (0, 0, 16, 8))
    before = np.asarray(actions.below(Image.new("RGB", (32, 24), "red"), result, 8))
    assert before.shape == (20, 16, 3)
    assert (before[:8] == 255).all() and (before[8:] == (255, 0, 0)).all()


def test_the_strengths_are_seen_before_a_run(engine, sent, tmp_path):
    shown = Image.open(actions.look(engine, sent, tmp_path))
    assert shown.width >= 480
    assert actions.look(engine, {**sent, "image": None}, tmp_path) is None
    assert actions.look(engine, {**sent, "map": ""}, tmp_path) is None
    again = actions.look(engine, {**sent, "soften_radius": 3}, tmp_path)
    assert again != actions.look(engine, sent, tmp_path)
    fan = {**sent, "mode": "fan", "map": "", "width": 64, "height": 48}
    assert actions.look(engine, fan, tmp_path) != actions.look(engine, sent, tmp_path)
    assert "not used" in actions.about(engine, fan)
    assert actions.about(engine, {**sent, "width": 8, "height": 8}).startswith(
        "16 × 12 pixels; the model works at 8 × 8"
    )
    large = {**sent, "image": png(np.zeros((40, 3000, 3), np.uint8))}
    assert Image.open(actions.look(engine, large, tmp_path)).width == actions.LOOK


def test_maps_are_made_at_the_size_of_the_picture(sent):
    made = actions.make("gradient", sent, angle=90)
    wanted = sixteen_bits(shapes.gradient(12, 16, angle=90))
    assert np.array_equal(sixteen_bits(decode(made)), wanted)
    assert decode(actions.make("radial", {"image": None})).shape == (512, 512)


def test_there_is_a_control_for_every_setting(engine, tmp_path):
    page = page_module.Page(engine, tmp_path)
    page.build()
    of_hosts = {"enabled", "combine", "mask_channel", "annotator", "untouched", "sketch_radius"}
    wanted = {*fields(RunArgs), *fields(EditArgs), "image", "own_size", "regions"} - of_hosts
    assert set(page.controls) == wanted
    for name, info in fields(EditArgs).items():
        if name in page.controls and name not in ("map", "soften_radius", "source", "layers"):
            assert page.controls[name].value == info["default"], name
    assert page.controls["soften_radius"].value == -1
    assert page.controls["guidance"].value is None
    assert page.controls["prompt"].value == actions.PROMPT


def test_errors_with_a_remedy_are_one_line_and_others_are_not_hidden():
    def fails(error):
        raise error

    safe = handlers.reporting(fails)
    with pytest.raises(gr.Error) as shown:
        safe(FieldError("map", "it is\nwrong", "Send another"))
    assert shown.value.message == "Change map: it is wrong. Send another."
    with pytest.raises(gr.Error, match="memory"):
        safe(RuntimeError("CUDA out of memory"))
    with pytest.raises(ZeroDivisionError):
        safe(ZeroDivisionError())


def test_a_run_can_be_stopped_by_its_own_session_only(engine, tmp_path, sent):
    page = page_module.Page(engine, tmp_path)
    page.build()
    do, values = page.handlers, {page.controls[name]: sent.get(name) for name in page.controls}
    one, two = SimpleNamespace(session_hash="one"), SimpleNamespace(session_hash="two")

    def stopped_by(who):
        return lambda at, **more: do.stop(who)

    assert len(do.edit(values, one, stopped_by(two))) == 8
    with pytest.raises(FieldError, match="stopped"):
        do.edit(values, one, stopped_by(one))
    assert do.runs == {}
    do.stop(one)  # nothing runs
    assert len(do.edit(values, one, lambda *at, **more: None)) == 8


def test_a_run_is_seen_while_it_works_by_its_own_session(engine, tmp_path, sent):
    page = page_module.Page(engine, tmp_path)
    page.build()
    do, values = page.handlers, {page.controls[name]: sent.get(name) for name in page.controls}
    one, two = SimpleNamespace(session_hash="one"), SimpleNamespace(session_hash="two")
    init = torch.rand(1, 4, 3, 4)
    seen = []

    def steps(at, **more):
        do.runs["one"].see(init * at[0], init)
        seen.append((do.live(one), do.live(two)))

    do.edit(values, one, steps)
    mine = [decode_rgb(base64.b64decode(url.split(",")[1])) for url, _ in seen]
    assert mine[0].shape == (3, 4, 3) and not (mine[0] == mine[1]).all()
    assert not any(other for _, other in seen) and do.live(one) == ""
    seen.clear()
    values[page.controls["area"]] = "changed"  # the model sees a part of the picture only
    do.edit(values, one, steps)
    assert seen and not any(url for url, _ in seen)


def test_nothing_is_drawn_while_nobody_looks(tmp_path):
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8))
    init = torch.rand(1, 4, 2, 2)
    with Run({}, None, None, picture) as run:
        run.see(init, init)
        first = run.seen
        run.see(init * 2, init)
        assert run.seen == first
        assert run.look() == first
        run.see(init * 2, init)
        assert run.look() != first
