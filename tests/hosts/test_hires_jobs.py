"""Hires fix on a running WebUI: the map is of the second pass of text to image."""

import json
import threading
import time

import numpy as np
import pytest
from PIL import Image

from benchmarks.webui import NAME, Refused, decode, difference, encode

pytestmark = pytest.mark.host


class Text:
    """Jobs of text to image, enlarged twice."""

    def __init__(self, webui):
        self.webui = webui
        self.base = {name: value for name, value in webui.base.items()}
        self.base |= {"enable_hr": True, "hr_scale": 2.0, "denoising_strength": 0.6}
        # Forge and Forge Neo take no request without these
        self.base |= {"hr_additional_modules": ["Use same choices"], "hr_cfg": 7.0}
        names = [one["name"] for one in webui.call("/sdapi/v1/upscalers")]
        self.resampling = "Lanczos" if "Lanczos" in names else "None"  # which is Pillow's too
        self.base["hr_upscaler"] = self.resampling
        modes = webui.call("/sdapi/v1/latent-upscale-modes")
        self.latent = modes[0]["name"] if modes else None

    def run(self, edit=None, **settings):
        """Pictures (int arrays) and the reply's info."""
        body = {**self.base, **settings}
        if edit is not None:
            body["alwayson_scripts"] = {NAME: {"args": [edit]}}
        reply = self.webui.call("/sdapi/v1/txt2img", body)
        return [decode(i).astype(int) for i in reply["images"]], json.loads(reply["info"])

    def picture(self, edit=None, **settings):
        return self.run(edit, **settings)[0][0]

    def first(self, **settings):
        return self.picture(enable_hr=False, **settings).astype(np.uint8)

    def enlarged(self, **settings):
        first = Image.fromarray(self.first(**settings))
        size = (2 * first.width, 2 * first.height)
        return np.asarray(first.resize(size, Image.LANCZOS)).astype(int)


@pytest.fixture(scope="module")
def text(webui):
    made = Text(webui)
    for upscaler in filter(None, (made.resampling, made.latent)):
        made.picture(hr_upscaler=upscaler)  # warm up
    return made


@pytest.fixture(scope="module", params=["picture", "latent"])
def upscaler(request, text):
    found = text.resampling if request.param == "picture" else text.latent
    return found or pytest.skip("this host enlarges no latents")


@pytest.fixture
def half(webui):
    m = np.zeros((webui.size, webui.size), np.uint8)
    m[:, webui.size // 2 :] = 255
    return encode(m)


def near(a, b, tolerance):
    return a.shape == b.shape and abs(a - b).max() <= tolerance


def test_white_is_plain_hires_fix(text, webui, upscaler, tolerance):
    white = text.picture({"map": webui.constant(255)}, hr_upscaler=upscaler)
    assert near(white, text.picture(hr_upscaler=upscaler), tolerance)
    off = text.picture({"enabled": False}, hr_upscaler=upscaler)
    assert near(off, text.picture(hr_upscaler=upscaler), tolerance)


def test_black_is_the_enlarged_picture(text, webui, tolerance):
    """So the first pass is that of a job without hires fix."""
    black = text.picture({"map": webui.constant(0)})
    assert near(black, text.enlarged(), 2 * tolerance)


def test_a_constant_is_hires_fix_at_that_strength(text, webui, upscaler, tolerance):
    count = text.base["steps"]
    grey = next(g for g in range(200, 100, -1) if int((g * count // 255 + 1) * 255 / g) == count)
    edit = {"map": webui.constant(grey), "levels": "steps", "paste_back": False}
    found = text.picture(edit, denoising_strength=1.0, hr_upscaler=upscaler)
    own = {"denoising_strength": grey / 255, "hr_second_pass_steps": grey * count // 255 + 1}
    assert near(found, text.picture(hr_upscaler=upscaler, **own), tolerance)


def test_the_kept_half_is_exact(text, webui, half, upscaler, tolerance):
    found = text.picture({"map": half}, hr_upscaler=upscaler)
    black = text.picture({"map": webui.constant(0)}, hr_upscaler=upscaler)
    kept = webui.size - 8
    assert near(found[:, :kept], black[:, :kept], tolerance)
    assert difference(found[:, kept + 16 :], black[:, kept + 16 :])[0] > 2


def test_settings_of_the_second_pass(text, webui, half, tolerance):
    own = {
        "hr_sampler_name": "DPM++ 2M",
        "hr_scheduler": "Karras",
        "hr_second_pass_steps": 5,
        "hr_prompt": "a dog",
        "hr_negative_prompt": "sharp",
    }
    plain = text.picture(**own)
    assert near(text.picture({"map": webui.constant(255)}, **own), plain, tolerance)
    assert difference(plain, text.picture())[1] > 0
    found, kept = text.picture({"map": half}, **own), webui.size - 8
    assert near(found[:, :kept], text.enlarged()[:, :kept], 2 * tolerance)


def test_another_checkpoint(text, webui, half, tolerance):
    models = [one["title"] for one in webui.call("/sdapi/v1/sd-models")]
    loaded = webui.call("/sdapi/v1/options")["sd_model_checkpoint"]
    other = next((m for m in models if "inpaint" in m and m != loaded), None)
    if other is None:
        pytest.skip("this host has no second checkpoint of the same latents")
    own = {"hr_checkpoint_name": other}
    plain = text.picture(**own)
    assert near(text.picture({"map": webui.constant(255)}, **own), plain, tolerance)
    found, kept = text.picture({"map": half}, **own), webui.size - 8
    assert near(found[:, :kept], text.enlarged()[:, :kept], 2 * tolerance)
    edit = {"source": "diffedit", "reference": "a cat", "query": "a dog"}
    with pytest.raises(Refused, match="Hires checkpoint"):
        text.run(edit, **own)
    assert near(text.picture(), text.picture({"map": webui.constant(255)}), tolerance)


def test_every_picture_of_a_batch_has_its_own_map(text, webui, upscaler, tolerance):
    edit = {"source": "luminance"}
    found, info = text.run(edit, batch_size=2, n_iter=2, hr_upscaler=upscaler)
    marks = [told.split("DD map: ")[1].split(",")[0] for told in info["infotexts"][-4:]]
    assert len(set(marks)) == 4
    alone, _ = text.run(edit, seed=text.base["seed"] + 3, hr_upscaler=upscaler)
    assert near(found[-1], alone[0], 2 + tolerance)  # a batch rounds otherwise


def mark(info):
    return info["infotexts"][0].split("DD map: ")[1].split(",")[0]


def test_a_source_reads_the_first_picture(text, webui, tolerance):
    found, info = text.run({"source": "luminance"})
    first = text.first()
    request = {"image": encode(first), "args": {"source": "luminance"}}
    made = webui.call("/diffdiff/v1/map/preview", request)
    sent, told = text.run({"map": made["map"]})
    if not tolerance:
        assert mark(info) == mark(told)
    # an answer's map has 16 bits: at the edge of a step, a cell of it may fall to the other side
    assert difference(found[0], sent[0])[0] <= 0.05 + tolerance
    other = text.picture({"map": made["map"], "invert": True})
    assert difference(found[0], other)[0] > 1


def test_diffedit_between_the_passes(text, webui, tolerance):
    """As its map of the first pass's picture, sent; and the job goes on as it would."""
    edit = {"source": "diffedit", "reference": "a cat", "query": "a dog", "diffedit_noises": 2}
    found, info = text.run(edit)
    asked = {
        "image": encode(text.first()),
        "reference": "a cat",
        "query": "a dog",
        "diffedit_noises": 2,
    }
    made = webui.call("/diffdiff/v1/map/diffedit", asked)
    sent, told = text.run({"map": made["map"]})
    assert near(found[0], sent[0], 2 * tolerance), (mark(info), mark(told))
    assert near(text.picture(edit), found[0], tolerance), "what is known leaves the job the same"


def test_another_shape_is_cut_or_stretched_as_the_picture_is(text, webui, upscaler, tolerance):
    side = 2 * webui.size
    own = {"hr_resize_x": side, "hr_resize_y": side - 64, "hr_upscaler": upscaler}
    m = np.zeros((webui.size, webui.size), np.uint8)
    m[webui.size // 2 :] = 255
    found = text.picture({"map": encode(m)}, **own)
    black = text.picture({"map": webui.constant(0)}, **own)
    assert found.shape[:2] == (side - 64, side)
    middle = (side - 64) // 2
    assert near(found[: middle - 8], black[: middle - 8], tolerance)
    assert difference(found[middle + 8 :], black[middle + 8 :])[0] > 2
    if upscaler == text.resampling:
        stretched = Image.fromarray(text.first()).resize((side, side - 64), Image.LANCZOS)
        wanted = text.enlarged()[32:-32], np.asarray(stretched).astype(int)  # Forge Neo stretches
        assert any(near(black, one, 2 * tolerance) for one in wanted)


def test_sizes_that_are_no_multiple_of_8(text, webui, half, upscaler, tolerance):
    own = {"hr_scale": 1.3, "hr_upscaler": upscaler}
    plain = text.picture(**own)
    assert near(text.picture({"map": webui.constant(255)}, **own), plain, tolerance)
    found, black = (text.picture({"map": m}, **own) for m in (half, webui.constant(0)))
    kept = found.shape[1] // 2 - 8  # hosts round the size, each in its own way
    assert found.shape == plain.shape and near(found[:, :kept], black[:, :kept], tolerance)


@pytest.mark.parametrize(
    ("edit", "settings", "field"),
    [
        ({}, {"enable_hr": False}, "enable_hr"),
        ({}, {}, "map"),
        ({"mode": "fan"}, {}, "mode"),
        ({"mode": "sheet"}, {}, "mode"),
        ({"mode": "soft inpaint"}, {}, "mode"),
        ({"area": "changed"}, {}, "area"),
        ({"source": "mask"}, {}, "source"),
        ({"anchor": "inverted"}, {}, "anchor"),
    ],
)
def test_what_cannot_be_done_is_said(text, webui, edit, settings, field):
    if field != "map":
        edit = {"map": webui.constant(255), **edit}
    with pytest.raises(Refused) as refused:
        text.run(edit, **settings)
    assert refused.value.status == 422
    assert refused.value.body.get("field", field) == field and field in str(refused.value.body)


def test_an_axis_of_ours(text, plotted, tolerance):
    axis = "[Differential Diffusion] Gamma", "0.5, 2", ()
    edit = {"source": "luminance"}
    found, _ = text.run(edit, **plotted(axis, tab="txt2img"))
    for cell, gamma in zip(found[1:], (0.5, 2), strict=True):
        assert near(cell, text.picture({**edit, "gamma": gamma}), tolerance)


@pytest.mark.parametrize("late", [False, True])
def test_interrupted(text, webui, half, late, tolerance):
    """In the first pass, or in the second one; the job after it is as ever."""
    plain, answers = text.picture(), []
    steps = {"steps": 10, "hr_second_pass_steps": 400} if late else {"steps": 400}
    job = threading.Thread(target=lambda: answers.append(text.run({"map": half}, **steps)))
    job.start()
    for _ in range(600):
        time.sleep(0.05)
        state = webui.call("/sdapi/v1/progress?skip_current_image=true")["state"]
        if state["sampling_step"] > 2 and state["sampling_steps"] >= 200:
            break
    webui.call("/sdapi/v1/interrupt", {})
    job.join(300)
    assert len(answers) == 1
    side = 2 * webui.size if late else webui.size
    assert answers[0][0][0].shape[:2] == (side, side)
    assert near(text.picture(), plain, tolerance)
