"""The img2img page of a running WebUI, in a real browser: upload, tick, generate, look.

Needs WEBUI_URL, Playwright and Debian's Chromium (`pip install playwright`, no download). With
SCREENSHOTS=folder it leaves a picture of each stage there.
"""

import os
import re

import numpy as np
import pytest
from img2img_page import (
    PANEL,
    SIDE,
    STAGE,
    brush,
    generate,
    info,
    open_map,
    painted,
    shot,
    stroke,
    tick,
    upload_init,
)
from painter_desk import expect

from benchmarks.webui import photograph
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import Scene

pytestmark = [pytest.mark.host, pytest.mark.browser]


def test_tick_open_a_map_generate(page):
    init = photograph(SIDE, SIDE)
    upload_init(page, init)
    tick(page)
    half = SIDE // 2
    ramp = np.zeros((SIDE, SIDE), np.uint8)
    ramp[:, half:] = np.linspace(1, 255, half).astype(np.uint8)
    open_map(page, ramp)
    page.locator(PANEL + "enabled").scroll_into_view_if_needed()
    shot(page, "panel")
    result = generate(page)
    shot(page, "result")
    assert result.shape == init.shape
    assert (result[:, :half] == init[:, :half]).all(), "the kept half came out as it went in"
    change = np.abs(result.astype(int) - init).mean((0, 2))
    dark, bright = change[half + SIDE // 32 : half + SIDE * 3 // 16], change[-SIDE * 5 // 32 :]
    assert bright.mean() > dark.mean() > 0
    assert "DD enabled: True" in info(page)


def test_a_ticked_box_without_a_map_says_what_is_missing(page):
    upload_init(page, photograph(SIDE, SIDE))
    tick(page)
    page.locator("#img2img_generate").click()
    told = page.get_by_text("there is no change map").first
    told.wait_for(state="visible", timeout=60_000)
    shot(page, "refused")


def test_sixteen_bit_maps_keep_their_grey(page):
    """20000 of 65535 is strength 0.3 of the slider, not white: few of the 7 steps are run."""
    upload_init(page, photograph(SIDE, SIDE))
    tick(page)
    open_map(page, np.full((SIDE, SIDE), 20000, np.uint16))
    generate(page)
    told = page.locator("#html_log_img2img").first.inner_text()
    assert int(re.search(r"(\d+) of 7 steps were not needed", told).group(1)) >= 4


def test_pasted_parameters_restore_the_panel(page):
    """A picture's own text, put into the prompt and read by the host's button."""
    text = (
        "a cat\nSteps: 8, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 256x256, DD enabled: True, "
        "DD scale: absolute, DD soften radius: 24, DD soften direction: outward, DD skip: False"
    )
    page.locator("#img2img_prompt textarea").first.fill(text)
    page.locator("#img2img_tools #paste").first.click()
    radius = page.locator(f"{PANEL}soften_radius input[type=number]").first
    radius.wait_for(state="visible", timeout=30_000)  # the accordion opened by itself
    page.wait_for_timeout(1000)
    expect(radius).to_have_value("24")
    expect(page.locator(f"{PANEL}scale input[value=absolute]")).to_be_checked()
    expect(page.locator(f"{PANEL}soften_direction input[value=outward]")).to_be_checked()
    page.locator(f"{PANEL}advanced .label-wrap").first.click()
    expect(page.locator(f"{PANEL}skip input[type=checkbox]")).not_to_be_checked()
    expect(page.locator(f"{PANEL}paste_back input[type=checkbox]")).to_be_checked()
    shot(page, "restored")


def test_a_summer_noon_becomes_a_winter_night(page):
    """With the toy world's checkpoint, which draws something: the picture of the README."""
    options = os.environ["WEBUI_URL"] + "/sdapi/v1/options"
    offered = page.request.get(os.environ["WEBUI_URL"] + "/sdapi/v1/sd-models").json()
    ours = [model["title"] for model in offered if model["title"].startswith("toyworld.")]
    if not ours:
        pytest.skip("this host offers no checkpoint called toyworld")
    before = page.request.get(options).json()["sd_model_checkpoint"]
    page.request.post(options, data={"sd_model_checkpoint": ours[0]}, timeout=120_000)
    try:
        init = paint(Scene("summer", "noon", "mountains", "cloudy", "house", "red", seed=2026))
        upload_init(page, init)
        for field, value in (("steps", "20"), ("cfg_scale", "4"), ("denoising_strength", "1")):
            box = page.locator(f"#img2img_{field} input[type=number]").first
            box.fill(value)
            box.press("Tab")
        prompt = "a winter night, mountains, clear sky, a red house in the middle"
        page.locator("#img2img_prompt textarea").first.fill(prompt)
        tick(page)
        page.locator(STAGE).focus()
        page.keyboard.press("g")
        stroke(page, [(0.02, 0.5), (0.98, 0.5)], (128, 128))  # a gradient from 100 to 0 %
        page.keyboard.press("i")  # the other way round
        page.wait_for_timeout(1500)
        gradient = painted(page)
        page.keyboard.press("b")
        brush(page, 56)
        page.locator(STAGE).focus()
        page.keyboard.press("0")
        page.keyboard.press("0")
        stroke(page, [(0.36, 0.72), (0.6, 0.72)], (128, 128))  # the house is kept
        result = generate(page)
        change_map = painted(page)
        page.locator(f"{PANEL}enabled").scroll_into_view_if_needed()
        shot(page, "toyworld-painter")
        page.locator("#img2img_gallery").scroll_into_view_if_needed()
        shot(page, "toyworld")
    finally:
        page.request.post(options, data={"sd_model_checkpoint": before}, timeout=120_000)
    assert np.corrcoef(gradient.mean(0), np.arange(128))[0, 1] > 0.99
    house = change_map == 0
    assert house[80:100, 45:80].mean() > 0.9 and (result[house] == init[house]).all()
    change = np.abs(result.astype(int) - init).mean((0, 2))
    assert np.corrcoef(change, change_map.mean(0))[0, 1] > 0.85
    assert result[:40, 100:].mean() < init[:40, 100:].mean() - 40
