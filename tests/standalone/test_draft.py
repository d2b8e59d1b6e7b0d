"""The page's draft: few steps, small, and nothing of it is kept."""

import base64
import json

import pytest
from page_files import decode_rgb

from diffdiff.edit import draft as small
from diffdiff.errors import FieldError
from diffdiff.page import draft

pytest.importorskip("gradio", reason="no Gradio")
page_module = pytest.importorskip("diffdiff.page.page")


@pytest.fixture(autouse=True)
def of_any_size(engine):
    engine.native = None


def test_half_the_size_but_not_below_256_and_never_larger():
    sizes = [small.size_of(*size) for size in ((1024, 768), (512, 512), (400, 600), (128, 200))]
    assert sizes == [(512, 384), (256, 256), (256, 384), (128, 200)]
    for width in range(64, 2049, 64):
        for height in range(64, 2049, 64):
            size = small.size_of(width, height)
            assert min(size) >= min(256, width, height) and size <= (width, height)
            assert size[0] / size[1] == pytest.approx(width / height, rel=0.01)


def test_few_steps_of_the_same_edit(engine, sent, monkeypatch):
    picture, words = draft.draft(engine, {**sent, "steps": 30, "count": 3, "seed": 7}, None)
    run = engine.seen.run
    assert (run.steps, run.count, run.seed) == (6, 1, 7) and words == "6 steps, 16 × 12"
    assert picture.size == (16, 12)
    assert draft.draft(engine, {**sent, "steps": 1}, None)[1].startswith("1 step,")
    monkeypatch.setattr(small, "LEAST", 8)
    assert draft.draft(engine, sent, None)[0].size == (11, 8)


def test_what_is_in_pixels_of_the_run_shrinks_with_it(engine, sent, monkeypatch):
    """A draft of 11 x 8 pixels of 16 x 12."""
    told = {"soften_radius": 4, "feather": 8, "area_padding": 64, "mode": "soft inpaint"}
    whole = draft.draft(engine, {**sent, **told}, None) and engine.seen.args
    assert (whole.soften_radius, whole.feather, whole.area_padding) == (4, 8, 64)
    monkeypatch.setattr(small, "LEAST", 8)
    half = draft.draft(engine, {**sent, **told}, None) and engine.seen.args
    part = (11 * 8 / (16 * 12)) ** 0.5
    assert (half.soften_radius, half.feather) == pytest.approx((4 * part, 8 * part))
    assert half.area_padding == round(64 * part)
    edit = draft.draft(engine, {**sent, **told, "mode": "edit"}, None) and engine.seen.args
    assert edit.soften_radius == 4, "in the mode edit it is of the image"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"mode": "fan"}, "mode"),
        ({"mode": "sheet"}, "mode"),
        ({"outpaint": "left 64"}, "outpaint"),
        ({"steps": 0}, "steps"),
        ({"image": None}, "image"),
        ({"map": ""}, "map"),
    ],
)
def test_a_refusal_names_the_field(changed, field, engine, sent):
    with pytest.raises(FieldError) as problem:
        draft.draft(engine, {**sent, **changed}, None)
    assert problem.value.field == field and problem.value.remedy


def test_the_page_hands_it_to_the_painter_and_keeps_nothing(engine, sent, tmp_path):
    page = page_module.Page(engine, tmp_path)
    page.build()
    do, values = page.handlers, {page.controls[name]: sent.get(name) for name in page.controls}
    before = sorted(tmp_path.rglob("*"))
    text, _ = do.draft(values, None, lambda *at, **more: None)
    told = json.loads(text)
    kind, data = told["image"].split(",")
    assert kind == "data:image/png;base64" and told["words"].startswith("6 steps")
    assert decode_rgb(base64.b64decode(data)).shape == (12, 16, 3)
    assert sorted(tmp_path.rglob("*")) == before and do.runs == {}
    again = json.loads(do.draft(values, None, lambda *at, **more: None)[0])
    assert again["image"] == told["image"] and again["draft"] != told["draft"], "shown once more"
    values[page.controls["mode"]] = "sheet"
    text, line = do.draft(values, None, lambda *at, **more: None)
    assert text == "" and "draft" in line
