"""A draft on each of the four hosts: asked for by a word of the page, which counts once."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from kind_hires import text
from kind_runs import api, columns, flat, page, process_images
from kinds import KINDS
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.settings.schema import fields

COUNT, FRESH = iter(range(10**9)), object()
BIG = {"width": 128, "height": 128, "steps": 20}
TALL = {"sampler_name": "Euler", "width": 64, "height": 48, "steps": 8, "hr_scale": 4.0}


HOSTS = [KINDS[name] for name in ("a1111", "forge", "neo", "reforge")]
pytestmark = pytest.mark.parametrize("running", HOSTS, indirect=True, scope="module")


@pytest.fixture(autouse=True)
def small(request, monkeypatch):
    """Pictures of a quarter of the size, so that a draft is half of them."""
    if "kind" in request.fixturenames:
        request.getfixturevalue("kind")
    monkeypatch.setattr("diffdiff.edit.draft.LEAST", 64)


def word():
    return f"draft-{next(COUNT):032x}"


def asking(p, edit, asked):
    """A job as a page sends it: every control, and the hidden box last."""
    values = {name: info["default"] for name, info in fields().items()}
    values |= {"enabled": True, "levels": "steps", **edit}
    p.scripts.alwayson_scripts[0].args_to = 2 + len(values)
    p.script_args_value = (p.script_args_value[0], *values.values(), asked)
    return p


@pytest.fixture
def new(kind):
    def make(edit=None, asked=FRESH, **settings):
        asked = word() if asked is FRESH else asked
        edit = {"map": flat(0.5), **(edit or {})}
        p = kind.job(edit, **{**BIG, **settings})
        return asking(p, edit, asked)

    return make


def run(p):
    p.done = process_images(p)
    return p


def is_draft(p):
    told = "DD draft: 6 steps at 64x64" in p.done.infotexts[0]
    facts = (p.width, p.height, p.steps, p.do_not_save_samples) == (64, 64, 6, True)
    assert told == facts
    assert told or (p.width, p.height, p.steps, p.do_not_save_samples) == (128, 128, 20, False)
    return told


def test_a_word_makes_the_job_short_and_small_and_saves_nothing(kind, new):
    p = run(new(batch_size=3, n_iter=2, seed=11))
    assert is_draft(p) and (p.batch_size, p.n_iter, p.seed) == (1, 1, 11)
    assert p.do_not_save_grid and len(p.done.images) == 1
    assert p.done.images[0].size == (64, 64) and kind.reported == []


def test_a_draft_is_the_small_run_of_the_same_settings(kind, new):
    """Bit for bit, what the tab would make with 6 steps at that size."""
    draft = run(new())
    small = {"width": 64, "height": 64, "steps": 6}
    own = run(new(asked="", picture=(128, 128), **small))
    assert (np.asarray(draft.done.images[0]) == np.asarray(own.done.images[0])).all()
    few = run(new(steps=3))
    assert few.steps == 3 and "DD draft: 3 steps at" in few.done.infotexts[0]
    assert "DD draft: 1 step at" in run(new(steps=1)).done.infotexts[0]


def test_parameters_are_those_of_the_run_that_it_is_a_draft_of(kind, new):
    edit = {"feather": 8.0, "mode": "edit"}
    shown = run(new(edit)).done.infotexts[0]
    assert "Steps: 20, " in shown and "Size: 128x128, " in shown
    assert "DD feather: 8" in shown, "not the draft's 4"
    assert shown.count("Steps: ") == shown.count("Size: ") == 1
    assert "DD draft" not in run(new(edit, asked="")).done.infotexts[0]


def test_a_word_counts_once(new):
    again = word()
    assert is_draft(run(new(asked=again)))
    for _ in range(3):
        assert not is_draft(run(new(asked=again)))
    assert is_draft(run(new())) and is_draft(run(new()))


def test_nothing_else_makes_one(new):
    others = ("", "true", True, 1, None, {"draft": 1}, "draft-", "draft-../x", "draft-" + "a" * 99)
    for asked in others:
        assert not is_draft(run(new(asked=asked))), asked


def test_the_api_cannot_ask_for_one(kind, new):
    asked = word()
    p = new(asked=asked)
    p.done = api(p)
    assert not is_draft(p)
    with_object = kind.job({"map": flat(0.5), "draft": asked}, **BIG)
    with pytest.raises(FieldError, match="draft"):
        api(with_object)
    later = run(new(asked=asked))
    assert is_draft(later), "what the API sent has not used it up"


@pytest.mark.parametrize("enabled", [True, False])
def test_a_job_without_a_map_can_be_one(new, enabled):
    p = run(new({"enabled": enabled, "map": flat(1)}))
    assert is_draft(p) and ("DD enabled" in p.done.infotexts[0]) == enabled


def test_a_failed_draft_leaves_nothing(kind, new):
    asked = word()
    pictures, told = page(new({"map": ""}, asked))
    assert pictures == [] and "map" in told.lower()
    assert not is_draft(run(new(asked=asked)))
    core = kind.model.core
    core.before = lambda: (_ for _ in ()).throw(RuntimeError("out of memory"))
    asked = word()
    assert page(new(asked=asked))[0] == []
    core.before = lambda: None
    assert not is_draft(run(new(asked=asked)))


def test_an_interrupted_draft_says_so(kind, new):
    core = kind.model.core
    begun = len(core.batches)
    core.before = lambda: setattr(kind.state, "interrupted", len(core.batches) > begun)
    p = run(new())
    kind.state.interrupted, core.before = False, lambda: None
    assert "DD draft: 6 steps at 64x64 and interrupted" in p.done.infotexts[0]
    assert not is_draft(run(new(asked="")))


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"mode": "fan"}, "Mode"),
        ({"mode": "sheet"}, "Mode"),
        ({"outpaint": "left 64"}, "Outpaint"),
    ],
)
def test_what_one_small_picture_cannot_show_is_refused(new, edit, field):
    pictures, told = page(new(edit))
    assert pictures == [] and field in told and "draft" in told and "Generate" in told


def test_every_picture_of_the_batch_tab_is_refused(kind, new):
    """One object runs all of them, and an error of one may be caught."""
    picture = Image.new("RGB", (128, 128))
    picture.info["diffdiff_file"] = "/pictures/one.png"
    p = new(init_images=[picture])
    for _ in range(2):
        pictures, told = page(p)
        assert pictures == [] and "a draft is of one image" in told
    assert (p.steps, p.width) == (20, 128)


def test_a_chosen_script_is_refused_before_it_runs(kind, new):
    drafts = sys.modules["diffdiff.webui.drafts"]
    ran = []
    own = SimpleNamespace(run=lambda p: ran.append(p), title=lambda: "X/Y/Z plot")
    p = new(own_script=own)
    values = p.script_args_value[1:]
    with pytest.raises(FieldError, match="X/Y/Z plot is chosen"):
        drafts.refuse_script(p, values)
    assert ran == []
    drafts.refuse_script(p, values)  # its word has counted
    drafts.refuse_script(new(asked="", own_script=own), ())
    drafts.refuse_script(p, None)


def test_sizes_in_pixels_of_the_run_shrink_with_it(kind, new):
    edit = {"mode": "soft inpaint", "soften_radius": 10.0, "feather": 6.0, "map": ""}
    mask = Image.new("L", (128, 128))
    mask.paste(255, (32, 32, 96, 96))
    p = run(new(edit, mask=mask))
    assert is_draft(p)
    session = p.diffdiff
    assert (session.args.soften_radius, session.args.feather) == (5, 3)
    assert session.requested.soften_radius == 10
    whole = run(new(edit, asked="", mask=mask)).diffdiff
    assert abs(whole.shaped[0] - session.shaped[0]).max() < 1e-6, "the same map of the picture"


def test_only_masked_pastes_at_the_size_of_the_picture(new):
    mask = Image.new("L", (128, 128))
    mask.paste(255, (32, 32, 96, 96))
    edit = {"mode": "soft inpaint", "soften_radius": 10.0, "feather": 6.0, "map": ""}
    p = run(new(edit, mask=mask, inpaint_full_res=True))
    assert (p.diffdiff.args.soften_radius, p.diffdiff.args.feather) == (5, 6)
    assert p.done.images[0].size == (128, 128)


def test_the_changed_area_is_that_of_the_run(new):
    edit = {"area": "changed", "area_padding": 64, "map": columns(0, 0, 0, 1, size=(512, 512))}
    settings = {"width": 512, "height": 512, "picture": (512, 512), "steps": 7}
    p, whole = run(new(edit, **settings)), run(new(edit, asked="", **settings))
    assert p.diffdiff.args.area_padding == 32
    parts = [one.diffdiff.part.area for one in (p, whole)]
    assert [part.whole for part in parts] == [(256, 256), (512, 512)]
    assert all(0 < part.box[0] <= 0.75 * part.whole[0] for part in parts)
    shown = p.done.infotexts[0]
    assert "DD draft: 6 steps at 256x256" in shown and "Size: 512x512" in shown


def hires(kind, edit=None, asked=None, **settings):
    edit = {"map": flat(0.5), **(edit or {})}
    return asking(text(kind, edit, **{**TALL, **settings}), edit, asked or word())


def test_hires_fix_keeps_its_first_pass(kind):
    """Another first pass would make another picture than the one that was painted on."""
    p, whole = run(hires(kind)), run(hires(kind, asked="none"))
    assert (p.firsts[0] == whole.firsts[0]).all()
    assert (p.hr_upscale_to_x, p.hr_upscale_to_y) == (128, 96) and p.hr_second_pass_steps == 6
    assert (whole.hr_upscale_to_x, whole.hr_upscale_to_y) == (256, 192)
    assert p.do_not_save_samples and p.done.images[0].size == (128, 96)
    shown = p.done.infotexts[0]
    assert "DD draft: 6 steps at 128x96" in shown and "Hires steps" not in shown
    assert "Hires upscale: 4.0" in shown and kind.reported == []


def test_hires_fix_is_not_made_smaller_than_its_first_pass(kind):
    p = run(hires(kind, hr_scale=1.5))
    assert (p.hr_upscale_to_x, p.hr_upscale_to_y) == (96, 72)
    drafts = sys.modules["diffdiff.webui.host_hires"]
    p = text(kind, None, width=512, height=768, hr_scale=1.25, hr_second_pass_steps=4)
    drafts.shrink(p, 6, lambda w, h: (w // 2, h // 2))
    assert (int(p.width * p.hr_scale), int(p.height * p.hr_scale)) == (512, 768)
    assert p.hr_second_pass_steps == 4


@pytest.mark.parametrize(
    ("resize", "small"), [((1024, 0), (512, 0)), ((1024, 1024), (0, 0)), ((1024, 1536), (512, 768))]
)
def test_hires_fix_to_a_size(kind, resize, small):
    own = sys.modules["diffdiff.webui.host_hires"]
    x, y = resize
    p = text(kind, None, width=512, height=512, hr_resize_x=x, hr_resize_y=y)
    whole, shown = own.shrink(p, 6, lambda w, h: (w // 2, h // 2))
    assert whole == (1024, y or 1024) and shown["Hires resize"] == f"{x}x{y}"
    if small[1]:
        assert (p.hr_resize_x, p.hr_resize_y) == small
    else:  # of the first pass's shape: by a factor
        assert (p.hr_resize_x, p.hr_resize_y) == (0, 0) and int(512 * p.hr_scale) == 512


@pytest.mark.parametrize("enabled", [True, False])
def test_txt2img_without_hires_fix_has_no_draft(kind, enabled):
    p = hires(kind, {"enabled": enabled}, enable_hr=False)
    pictures, told = page(p)
    assert pictures == [] and "Hires. fix" in told and "Switch it on" in told
