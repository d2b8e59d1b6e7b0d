"""Jobs on a running host: geometry, batches, interrupts, refusals; and what they leave behind."""

import base64
import re
import threading
import time

import numpy as np
import pytest
from PIL import Image

from benchmarks.webui import Refused, decode, difference, encode

pytestmark = pytest.mark.host
GREY = {"levels": "steps"}  # as plain img2img, which rounds its strength to a step


@pytest.fixture
def half(webui):
    """Left half kept, right half changed."""
    m = np.zeros((webui.size, webui.size), np.uint8)
    m[:, webui.size // 2 :] = 255
    return m


def test_disabled_is_not_installed(webui, plain):
    assert (webui.picture({"enabled": False, "map": "not even a picture"}) == plain).all()
    assert (webui.picture([]) == plain).all()


def test_infotext_carries_the_settings_and_keeps_the_users_own(webui, plain, half):
    edit = {"map": encode(half // 2), "gamma": 2.0, "soften_radius": 8, "skip": True}
    _, reply = webui.img2img(edit, denoising_strength=0.75)
    text = reply["info"]["infotexts"][0]
    assert "Denoising strength: 0.75" in text and f"Steps: {webui.base['steps']}" in text
    assert "DD gamma: 2" in text and "DD soften radius: 8" in text
    assert "DD scale" not in text  # defaults are not written
    assert re.search(r"DD map: [0-9a-f]{10}", text)
    assert reply["parameters"]["denoising_strength"] == 0.75
    assert reply["parameters"]["steps"] == webui.base["steps"]


def test_infotext_restores_the_settings(webui, plain, half):
    edit = {"map": encode(half), "soften_radius": 24.0, "scale": "absolute"}
    first, reply = webui.img2img(edit)
    text = reply["info"]["infotexts"][0]
    try:
        again, second = webui.img2img(
            [{"map": encode(half), "soften_radius": 24.0, "scale": "absolute"}], infotext=text
        )
    except Refused as refused:
        pytest.skip(f"this host's API takes no infotext: {refused}")
    assert (again[0] == first[0]).all()
    assert second["info"]["infotexts"][0] == text


def test_positional_arguments_work_too(webui, plain, half):
    by_name = webui.picture({"map": encode(half), "invert": True})
    assert (webui.picture([True, "edit", "upload", encode(half), True]) == by_name).all()
    assert (by_name[:, webui.size // 2 :] == webui.photograph[:, webui.size // 2 :]).all()


def test_absolute_scale_ignores_the_slider(webui, plain):
    edit = {**GREY, "map": webui.constant(153), "scale": "absolute"}
    want = webui.picture(denoising_strength=0.6)
    for slider in (0.2, 0.9):
        got = webui.picture(edit, denoising_strength=slider)
        assert difference(got, want)[1] <= 2


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
def test_the_map_follows_the_pictures_geometry(webui, plain, mode):
    """A wide picture into a square: what the map keeps is what the host made of the picture."""
    wide = np.repeat(webui.photograph, 2, axis=1)
    m = np.zeros(wide.shape[:2], np.uint8)
    beside = 40 * webui.size // 256  # the middle
    m[:, webui.size + beside :] = 255
    settings = {"init_images": [encode(wide)], "resize_mode": mode}
    got = webui.picture({"map": encode(m)}, **settings)
    kept = webui.picture({"map": encode(m * 0)}, **settings)
    same = (got == kept).all(-1)
    column = same.mean(0)
    # the border between kept and changed lies where the host's geometry puts it
    size = webui.size
    border = size / 2 + (beside if mode == 1 else beside / 2)
    assert (column[: int(border) - 2] == 1).all()
    assert column[int(border) + 12 :].mean() < 0.6
    if mode == 0:
        want = Image.fromarray(wide).resize((size, size), Image.LANCZOS)
        assert (kept == np.array(want)).all()


def test_a_batch_with_different_seeds(webui, plain):
    settings = {"batch_size": 4, "denoising_strength": 0.6, "steps": 8}
    want, _ = webui.img2img(**settings)
    edit = {**GREY, "map": webui.constant(153), "skip": False}
    got, _ = webui.img2img(edit, **{**settings, "denoising_strength": 1.0})
    pictures = [p for p in want if p.shape == plain.shape][-4:]
    ours = [p for p in got if p.shape == plain.shape][-4:]
    assert len(pictures) == 4
    for a, b in zip(ours, pictures):
        assert difference(a, b)[1] <= 2
    assert all(difference(pictures[0], p)[0] > 1 for p in pictures[1:])


def test_a_map_for_every_picture_of_a_batch(webui, plain, half):
    edit = {"map": [encode(half), encode(255 - half)]}
    got, _ = webui.img2img(edit, batch_size=2, steps=8)
    first, second = [p for p in got if p.shape == plain.shape][-2:]
    middle = webui.size // 2
    assert (first[:, :middle] == webui.photograph[:, :middle]).all()
    assert (second[:, middle:] == webui.photograph[:, middle:]).all()
    with pytest.raises(Refused) as refused:
        webui.img2img(edit, batch_size=3)
    assert refused.value.status == 422


def test_batch_count(webui, plain, half):
    got, _ = webui.img2img({"map": encode(half)}, n_iter=2, steps=8)
    pictures = [p for p in got if p.shape == plain.shape][-2:]
    assert difference(*pictures)[0] > 0.5
    for p in pictures:
        assert (p[:, : webui.size // 2] == webui.photograph[:, : webui.size // 2]).all()


def test_every_checkpoint_of_the_host(webui, plain, option):
    """SD1, SD2, SDXL, inpainting models: whatever this host has."""
    option("sd_model_checkpoint", webui.call("/sdapi/v1/options")["sd_model_checkpoint"])
    for model in webui.call("/sdapi/v1/sd-models"):
        settings = {"override_settings": {"sd_model_checkpoint": model["title"]}, "steps": 8}
        # the first job draws the VAE's noise from a generator that the job before left somewhere
        webui.picture(denoising_strength=0.6, **settings)
        want = webui.picture(denoising_strength=0.6, **settings)
        edit = {**GREY, "map": webui.constant(153), "skip": False}
        got = webui.picture(edit, denoising_strength=1.0, **settings)
        assert difference(got, want)[1] <= 2, model["title"]
        nothing = webui.picture({"map": webui.constant(0)}, **settings)
        assert (nothing == webui.photograph).all()


def test_a_refiner_takes_over_as_in_a_plain_run(webui, plain):
    current = webui.call("/sdapi/v1/options")["sd_model_checkpoint"]
    models = [m["title"] for m in webui.call("/sdapi/v1/sd-models")]
    others = [m for m in models if "inpaint" not in m and "xl" not in m and m != current]
    if not others:
        pytest.skip("this host has no second checkpoint of the kind")
    settings = {"refiner_checkpoint": others[0], "refiner_switch_at": 0.5}
    try:
        want = webui.picture(denoising_strength=0.6, **settings)
    except Refused:
        pytest.skip(f"this host cannot go on with {others[0]}")
    edit = {**GREY, "map": webui.constant(153), "skip": False}
    got = webui.picture(edit, denoising_strength=1.0, **settings)
    assert difference(got, want)[1] <= 2
    assert difference(want, webui.picture(denoising_strength=0.6))[0] > 0.5


@pytest.fixture
def option(webui):
    """Sets a host option for one test. (A1111 does not restore an override of an option that its
    config file does not name.)"""
    before = webui.call("/sdapi/v1/options")
    changed = {}

    def choose(name, value):
        changed[name] = before[name]
        webui.call("/sdapi/v1/options", {name: value})

    yield choose
    webui.call("/sdapi/v1/options", changed)


def test_extra_noise_reaches_every_pixel_at_its_own_release(webui, plain, option):
    option("img2img_extra_noise", 0.2)
    want = webui.picture(denoising_strength=0.6)
    edit = {**GREY, "map": webui.constant(153), "skip": False}
    assert difference(webui.picture(edit, denoising_strength=1.0), want)[1] <= 2
    option("img2img_extra_noise", 0.0)
    assert difference(webui.picture(denoising_strength=0.6), want)[0] > 0.5


def test_fix_steps_runs_the_requested_steps(webui, plain, option, tolerance):
    option("img2img_fix_steps", True)
    want = webui.picture(denoising_strength=0.5)
    for skip in (True, False):
        edit = {"map": webui.constant(255), "skip": skip}
        assert difference(webui.picture(edit, denoising_strength=0.5), want)[1] <= tolerance
    half = webui.picture({"map": webui.constant(128)}, denoising_strength=0.5)
    # the steps that are run for a strength of 0.5 are the last of twice as many
    option("img2img_fix_steps", False)
    job = {"steps": 2 * webui.base["steps"], "denoising_strength": 0.5 * 128 / 255}
    assert difference(half, webui.picture(**job))[1] <= tolerance


def test_preview_and_interrupt_show_the_held_picture(webui, plain, half, option):
    option("show_progress_type", "Full")
    option("show_progress_every_n_steps", 1)
    middle, got, previews = webui.size // 2, [], {}
    edit = {"map": encode(half), "paste_back": False}
    job = threading.Thread(target=lambda: got.append(webui.picture(edit, steps=150)))
    job.start()
    deadline = time.time() + 120
    while time.time() < deadline and len(previews) < 2:
        progress = webui.call("/sdapi/v1/progress")
        step = progress["state"]["sampling_step"]
        if progress["state"]["sampling_steps"] < 100:  # the job before
            continue
        if (step in range(5, 15) or step >= 60) and progress["current_image"]:
            previews[step >= 60] = decode(progress["current_image"])
        time.sleep(0.02)
    webui.call("/sdapi/v1/interrupt", {})
    job.join(240)
    # previews may be rough and small, but the held half does not move
    early, late = previews[False], previews[True]
    half_way = early.shape[1] // 2
    assert difference(early[:, : half_way - 1], late[:, : half_way - 1])[0] < 2
    assert difference(early[:, half_way + 1 :], late[:, half_way + 1 :])[0] > 2
    # what the VAE makes of the untouched latents; its decoder sees a little of the other half
    through = webui.picture({"map": webui.constant(0), "paste_back": False})
    assert difference(got[0][:, : middle - 8], through[:, : middle - 8])[0] < 2
    assert difference(got[0][:, middle + 8 :], through[:, middle + 8 :])[0] > 10


def refusals():
    grey = np.full((64, 64), 128, np.uint8)
    png = base64.b64decode(encode(grey))
    return {
        "missing": {},
        "empty": {"map": ""},
        "text": {"map": base64.b64encode(b"hello, I am not a picture").decode()},
        "not base64": {"map": "%%%"},
        "a path": {"map": "/etc/passwd"},
        "an address": {"map": "http://127.0.0.1:9/map.png"},
        "truncated": {"map": base64.b64encode(png[: len(png) // 2]).decode()},
        "one pixel": {"map": encode(np.zeros((1, 1), np.uint8))},
        "a number": {"map": 7},
        "levels": {"map": encode(grey), "black": 0.6, "white": 0.4},
        "unknown": {"map": encode(grey), "strenght": 1},
        "range": {"map": encode(grey), "gamma": -1},
        "type": {"map": encode(grey), "soften_radius": "wide"},
    }


@pytest.mark.parametrize("case", refusals())
def test_bad_input_is_refused_and_the_next_job_is_clean(webui, plain, case):
    edit = refusals()[case]
    field = {"levels": "black", "unknown": "strenght", "range": "gamma", "type": "soften_radius"}
    with pytest.raises(Refused) as refused:
        webui.img2img(edit)
    assert refused.value.status == 422
    told = str(refused.value.body)
    assert field.get(case, "map") + ":" in told


def test_a_decompression_bomb_is_refused_unopened(webui, plain):
    bomb = encode(Image.new("1", (30000, 30000)))
    began = time.time()
    with pytest.raises(Refused) as refused:
        webui.img2img({"map": bomb})
    assert refused.value.status == 422 and "67 million" in str(refused.value.body)
    assert time.time() - began < 20


def test_sixteen_bits_and_colour_and_alpha(webui, plain):
    want = webui.picture({"map": webui.constant(128)}, steps=8)
    deep = np.full((webui.size, webui.size), 128 * 257, np.uint16)
    assert (webui.picture({"map": encode(deep)}, steps=8) == want).all()
    colour = np.full((webui.size, webui.size, 3), 128, np.uint8)
    assert (webui.picture({"map": encode(colour)}, steps=8) == want).all()
    alpha = np.full((webui.size, webui.size, 4), 255, np.uint8)
    alpha[..., 3] = 128
    assert (webui.picture({"map": encode(alpha)}, steps=8) == want).all()
    small = np.full((32, 32), 128, np.uint8)
    assert (webui.picture({"map": encode(small)}, steps=8) == want).all()


@pytest.mark.parametrize(("width", "height"), [(200, 133), (133, 200), (141, 141), (136, 136)])
def test_kept_pixels_are_exact_at_any_size(webui, width, height):
    """A host works in whole cells of 8 pixels, or rounds the size; what is kept stays exact."""
    picture = np.array(Image.fromarray(webui.photograph).resize((width, height)))
    half = np.zeros((height, width), np.uint8)
    half[:, width // 2 :] = 255
    size = {"init_images": [encode(picture)], "width": width, "height": height}
    for change_map, kept in ((half, width // 2), (np.zeros_like(half), width)):
        got = webui.picture({"map": encode(change_map)}, **size)
        h, w = got.shape[:2]
        if abs(h - height) >= 8 or abs(w - width) >= 8:
            pytest.skip(f"this host makes {w}x{h} of {width}x{height}")
        kept = min(kept, w)
        assert (got[:, :kept] == picture[:h, :kept]).all()
