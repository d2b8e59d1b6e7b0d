"""The painter's tool Click on the img2img page of a running WebUI, by the host's own model."""

import json
import os

import pytest
from img2img_page import BOX, PANEL, SIDE, painted, shot, text_picture, tick, upload_init
from painter_desk import expect

from benchmarks.webui import photograph

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif("WEBUI_URL" not in os.environ, reason="WEBUI_URL is not set"),
]
TEXT = "#script_txt2img_differential_diffusion_"
LARGEST = 4  # times its size, that the painter shows a fitted picture


def at(page, panel, x, y):
    """A place of the picture, as parts of its sides, in the window."""
    box = page.locator(f"{panel}map_painter .diffdiff-stage").bounding_box()
    side = min(0.8 * min(box["width"], box["height"]), LARGEST * SIDE)
    return (
        box["x"] + box["width"] / 2 + (x - 0.5) * side,
        box["y"] + box["height"] / 2 + (y - 0.5) * side,
    )


def click(page, place, panel=PANEL, timeout=120_000):
    """Click and wait for the answer: (question, answer)."""
    tab = "txt2img" if panel == TEXT else "img2img"
    with page.expect_response(
        lambda response: f"run/diffdiff_click_{tab}" in response.url, timeout=timeout
    ) as got:
        page.mouse.click(*at(page, panel, *place))
    answer = json.loads(got.value.json()["data"][0])
    question = json.loads(json.loads(got.value.request.post_data)["data"][0])
    page.wait_for_function(
        f"document.querySelector('{panel}map_painter [aria-label=Click]').ariaBusy !== 'true'"
    )
    return question, answer


def take_tool(page, panel):
    """Take the tool Click; its line below the canvas."""
    stage = page.locator(f"{panel}map_painter .diffdiff-stage")
    stage.scroll_into_view_if_needed()
    stage.hover()
    page.keyboard.press("w")
    hint = page.locator(f"{panel}map_painter [aria-label=Click] .diffdiff-move-hint")
    hint.wait_for()
    return hint


def test_clicks_become_a_map(page):
    upload_init(page, photograph(SIDE, SIDE))
    tick(page)
    hint = take_tool(page, PANEL)
    first, answer = click(page, (0.5, 0.5))
    assert first["picture"] and (first["width"], first["height"]) == (SIDE, SIDE)
    assert answer["map"] and len(answer["id"]) == 64, answer
    second, answer = click(page, (0.15, 0.2))
    assert second["id"] == answer["id"] and "picture" not in second
    expect(hint).to_contain_text("2 points.")
    page.wait_for_timeout(400)
    shot(page, "click-page")
    assert page.evaluate(BOX) == ""
    page.keyboard.press("Enter")
    page.wait_for_function(f"{BOX} !== ''")
    m = painted(page)
    assert m.shape == (SIDE, SIDE)
    assert m[SIDE // 2, SIDE // 2] > 0.5 < m[int(0.2 * SIDE), int(0.15 * SIDE)]
    page.keyboard.press("Control+z")
    page.wait_for_function(f"{BOX} === ''")


def test_clicks_on_what_txt2img_has_made(page):
    """For hires fix: the map is painted on the first pass's picture."""
    text_picture(page, TEXT, steps=2)
    page.wait_for_timeout(1500)  # the picture takes the empty canvas's place
    hint = take_tool(page, TEXT)
    first, answer = click(page, (0.5, 0.5), TEXT)
    assert first["picture"] and (first["width"], first["height"]) == (SIDE, SIDE)
    assert answer.get("map"), answer
    expect(hint).to_contain_text("1 point.")
    page.wait_for_timeout(400)
    shot(page, "click-txt2img")
    page.keyboard.press("Enter")
    page.wait_for_function(f"{BOX.replace(PANEL, TEXT)} !== ''")
