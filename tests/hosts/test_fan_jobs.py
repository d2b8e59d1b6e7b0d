"""Strength fans and sheets on a running host."""

import re
import threading
import time

import numpy as np
import pytest
from PIL import Image

from benchmarks.webui import Refused, difference, encode
from diffdiff.edit.fan import fan
from diffdiff.metrics.adherence import mean_change
from diffdiff.settings.response import measured, points_of, reading
from diffdiff.settings.response import text as written
from diffdiff.settings.strength_list import spread

pytestmark = pytest.mark.host
SAMPLERS = ("Euler", "Heun", "DPM++ 2M", "DDIM", "Euler a", "DPM++ 2M SDE")
STRENGTHS = (0.3, 0.55, 0.8)


def places(info: dict, key: str) -> list[tuple[float, list[int]]]:
    rows = [row.split() for row in info["extra_generation_params"][key].split("; ")]
    return [(float(s), [int(v) for v in box]) for s, *box in rows]


def sheet(webui, edit=None, **settings):
    pictures, reply = webui.img2img({"mode": "sheet", **(edit or {})}, **settings)
    return pictures, reply["info"]


# fan


def test_a_fan_is_one_run_and_its_stripes_are_listed(webui, plain):
    (picture,), reply = webui.img2img({"mode": "fan"}, denoising_strength=0.4)
    info = reply["info"]
    params = info["extra_generation_params"]
    assert params["DD calls"] == webui.base["steps"]
    stripes, bar = places(info, "DD stripes"), params["DD bar"]
    want = fan(webui.size, webui.size, spread(5))
    assert [s for s, _ in stripes] == [0, 0.25, 0.5, 0.75, 1]
    for (_, (left, top, right, bottom)), stripe in zip(stripes, want.stripes):
        assert (left, top - bar, right, bottom - bar) == stripe.box
    assert picture.shape == (webui.size + bar, webui.size, 3)
    assert params["DD frame"] == f"{webui.size}x{webui.size + bar}"
    text = info["infotexts"][0]
    assert f"DD stripes: {params['DD stripes']}," in text and "DD mode: fan" in text
    assert "Denoising strength: 0.4" in text  # the user's own, though the fan does not use it


def test_a_fan_is_the_edit_of_its_map(webui, plain):
    """Below the bar: what a map of the same strengths makes, pixel by pixel."""
    (picture,), reply = webui.img2img({"mode": "fan", "fan_low": 0.2, "fan_high": 0.8})
    bar = reply["info"]["extra_generation_params"]["DD bar"]
    levels = fan(webui.size, webui.size, spread(5, 0.2, 0.8)).map
    edit = {"map": encode(np.round(levels * 65535).astype(np.uint16)), "scale": "absolute"}
    assert (picture[bar:] == webui.picture(edit)).all()


@pytest.mark.parametrize("layout", ["horizontal", "radial"])
def test_other_layouts(webui, plain, layout):
    edit = {"mode": "fan", "fan_strengths": [0, 0.9], "fan_layout": layout}
    (picture,), reply = webui.img2img(edit)
    params = reply["info"]["extra_generation_params"]
    kept = fan(webui.size, webui.size, (0, 0.9), layout).labels == 0
    same = (picture[params["DD bar"] :] == webui.photograph).all(-1)
    assert same[kept].all() and not same[~kept].all()
    assert f"DD fan layout: {layout}" in reply["info"]["infotexts"][0]


def test_a_fan_within_the_map(webui, plain):
    m = np.zeros((webui.size, webui.size), np.uint8)
    m[webui.size // 4 :, : webui.size // 2] = 255
    edit = {"mode": "fan", "fan_layout": "map", "map": encode(m), "fan_strengths": "0.4, 0.8"}
    (picture,), reply = webui.img2img(edit)
    params = reply["info"]["extra_generation_params"]
    same = (picture[params["DD bar"] :] == webui.photograph).all(-1)
    assert same[m == 0].all() and same[m > 0].mean() < 0.5
    (_, left), (_, right) = places(reply["info"], "DD stripes")
    assert left[0] == 0 and left[2] == right[0] and right[2] == webui.size // 2
    assert re.search(r"DD map: [0-9a-f]{10}", reply["info"]["infotexts"][0])


def test_a_fan_in_the_inpaint_tab_only_masked(webui, plain):
    """The host works on a part; the bar stands above the whole, the stripes are where it is."""
    size = webui.size
    m = np.zeros((size, size), np.uint8)
    m[size // 2 :, size // 2 :] = 255
    inpaint = {"mask": encode(m), "inpaint_full_res": True, "inpainting_fill": 1}
    pictures, reply = webui.img2img({"mode": "fan", "fan_strengths": [0.3, 0.9]}, **inpaint)
    bar = reply["info"]["extra_generation_params"]["DD bar"]
    boxes = [box for _, box in places(reply["info"], "DD stripes")]
    assert boxes[0][0] >= size // 4 and boxes[0][1] - bar >= size // 4
    assert boxes[0][2] == boxes[1][0] and boxes[1][2] <= size
    assert pictures[0].shape == (size + bar, size, 3)
    assert difference(pictures[0][bar:][: size // 4], webui.photograph[: size // 4])[1] <= 1


def test_a_batch_of_fans(webui, plain):
    pictures, reply = webui.img2img({"mode": "fan"}, batch_size=2)
    bar = reply["info"]["extra_generation_params"]["DD bar"]
    assert [p.shape for p in pictures] == [(webui.size + bar, webui.size, 3)] * 2
    assert not (pictures[0] == pictures[1]).all()


# sheet


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_sheets_pictures_are_those_of_plain_runs(webui, plain, tolerance, sampler):
    edit = {"fan_strengths": list(STRENGTHS), "sheet_batch": 1}
    pictures, info = sheet(webui, edit, sampler_name=sampler)
    assert len(pictures) == 1 + len(STRENGTHS)
    assert info["index_of_first_image"] == 1
    for picture, strength in zip(pictures[1:], STRENGTHS):
        want = webui.picture(sampler_name=sampler, denoising_strength=strength)
        assert difference(picture, want)[1] <= tolerance, strength


def test_a_sheet_in_one_batch_is_the_same_to_a_level(webui, plain, tolerance):
    alone, _ = sheet(webui, {"fan_strengths": list(STRENGTHS), "sheet_batch": 1})
    batch, _ = sheet(webui, {"fan_strengths": list(STRENGTHS), "sheet_batch": 16})
    for a, b in zip(alone[1:], batch[1:]):
        assert difference(a, b)[1] <= tolerance + 2


def test_a_sheet_costs_the_sum_of_its_runs(webui, plain):
    steps = webui.base["steps"]
    _, info = sheet(webui, {"fan_strengths": list(STRENGTHS)})
    assert info["extra_generation_params"]["DD calls"] == sum(int(s * steps) + 1 for s in STRENGTHS)


def test_a_sheets_tiles_are_listed(webui, plain):
    pictures, info = sheet(webui, {"fan_strengths": list(STRENGTHS)})
    tiles = places(info, "DD tiles")
    assert tuple(s for s, _ in tiles) == STRENGTHS
    for (_, (left, top, right, bottom)), picture in zip(tiles, pictures[1:]):
        small = Image.fromarray(picture).resize((right - left, bottom - top), Image.BOX)
        assert difference(np.array(small), pictures[0][top:bottom, left:right])[0] < 2
    width, height = info["extra_generation_params"]["DD frame"].split("x")
    assert pictures[0].shape == (int(height), int(width), 3)
    texts = info["infotexts"]
    assert "DD tiles" in texts[0] and len(texts) == len(pictures)
    for text, strength in zip(texts[1:], STRENGTHS):
        assert f"Denoising strength: {strength}" in text and "DD mode: sheet" in text


def test_a_sheet_measures_the_response(webui, plain, tolerance):
    """What it says goes into the next edit: a grey of half is that part of the change."""
    pictures, info = sheet(webui, {"fan_strengths": list(STRENGTHS)})
    told = info["extra_generation_params"]["DD changes"]
    changes = [mean_change(webui.photograph, p) for p in pictures[1:]]
    assert told == written(measured(STRENGTHS, changes))
    half = encode(np.full((webui.size, webui.size), 128, np.uint8))
    got, reply = webui.img2img({"map": half, "response": told}, denoising_strength=0.75)
    assert f"DD response: {told}," in reply["info"]["infotexts"][0]
    strength = float(reading(points_of(told))(128 / 255, 0.75))
    want = webui.picture(denoising_strength=strength)
    assert difference(got[0], want)[1] <= tolerance


def test_a_sheet_of_a_map_is_the_edits_of_that_map(webui, plain, tolerance):
    m = np.zeros((webui.size, webui.size), np.uint8)
    m[:, webui.size // 2 :] = 255
    m[:, : webui.size // 4] = 120
    edit = {"map": encode(m), "soften_radius": 6}
    pictures, _ = sheet(webui, {**edit, "fan_strengths": list(STRENGTHS), "sheet_batch": 1})
    for picture, strength in zip(pictures[1:], STRENGTHS):
        want = webui.picture(edit, denoising_strength=strength)
        assert difference(picture, want)[1] <= tolerance, strength


def test_sheets_of_batches_and_iterations(webui, plain, tolerance):
    edit = {"fan_strengths": [0.4, 0.8], "sheet_batch": 1}
    pictures, info = sheet(webui, edit, batch_size=2, n_iter=2)
    assert info["index_of_first_image"] == 4 and len(pictures) == 4 + 8
    seeds = [info["seed"] + i for i in range(4)]
    assert info["all_seeds"] == [*seeds[:2] * 2, *seeds[2:] * 2]
    alone, _ = webui.img2img(denoising_strength=0.8, seed=seeds[3])
    assert difference(pictures[4 + 7], alone[0])[1] <= tolerance + 1
    for text, seed in zip(info["infotexts"][:4], seeds):
        assert f"Seed: {seed}," in text


def test_a_sheet_in_the_inpaint_tab(webui, plain):
    m = np.zeros((webui.size, webui.size), np.uint8)
    m[webui.size // 2 :] = 255
    inpaint = {"mask": encode(m), "inpainting_fill": 1, "mask_blur": 0}
    pictures, info = sheet(webui, {"fan_strengths": [0.4, 0.8]}, **inpaint)
    for picture in pictures[1:3]:
        assert difference(picture[: webui.size // 4], webui.photograph[: webui.size // 4])[1] <= 1
    assert info["extra_generation_params"]["DD tiles"]


def test_an_interrupted_sheet_gives_what_there_is(webui, plain):
    found = {}

    def job():
        edit = {"fan_strengths": list(STRENGTHS), "sheet_batch": 1}
        found["pictures"], found["info"] = sheet(webui, edit, steps=60)

    thread = threading.Thread(target=job)
    thread.start()
    for _ in range(600):
        state = webui.call("/sdapi/v1/progress?skip_current_image=true")["state"]
        if state["sampling_step"] >= 3 and state["job_count"]:
            break
        time.sleep(0.02)
    assert state["sampling_steps"] == sum(int(s * 60) + 1 for s in STRENGTHS)
    webui.call("/sdapi/v1/interrupt", {})
    thread.join(300)
    tiles = places(found["info"], "DD tiles")
    assert 1 <= len(tiles) <= len(STRENGTHS)
    assert STRENGTHS[-1] in [s for s, _ in tiles]  # the strongest begins first
    assert found["info"]["extra_generation_params"]["DD calls"] < 60


# both


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"fan_low": 0.7, "fan_high": 0.3}, "fan_low"),
        ({"fan_count": 1}, "fan_count"),
        ({"fan_count": 1000}, "fan_count"),
        ({"fan_strengths": [0.2]}, "fan_strengths"),
        ({"fan_strengths": [0.2, 1.4]}, "fan_strengths"),
        ({"fan_strengths": "some"}, "fan_strengths"),
        ({"fan_preset": "bright"}, "fan_preset"),
    ],
)
@pytest.mark.parametrize("mode", ["fan", "sheet"])
def test_bad_settings_are_refused(webui, plain, mode, edit, field):
    with pytest.raises(Refused) as refused:
        webui.img2img({"mode": mode, **edit})
    assert refused.value.status == 422
    assert field in str(refused.value.body)


def test_a_fan_that_does_not_fit_is_refused(webui, plain):
    with pytest.raises(Refused) as refused:
        webui.img2img({"mode": "fan", "fan_count": 16}, width=64, height=64)
    assert refused.value.status == 422
    assert "narrower than a latent cell" in str(refused.value.body)
    with pytest.raises(Refused) as refused:
        webui.img2img({"mode": "fan", "fan_layout": "map"})
    assert refused.value.status == 422


def test_labels_on_a_small_picture(webui, plain):
    (picture,), _ = webui.img2img({"mode": "fan", "fan_count": 8}, width=64, height=64)
    assert picture.shape[1] == 64 and picture.shape[0] > 64
    pictures, _ = sheet(webui, {"fan_strengths": [0.5, 1]}, width=64, height=64)
    assert [p.shape[:2] for p in pictures[1:]] == [(64, 64)] * 2
