"""The painter's tool Click on the img2img page of a running WebUI, by the host's own model."""

import json
import os

import pytest
from img2img_page import BOX, PANEL, SIDE, STAGE, painted, shot, tick, upload_init
from painter_desk import expect

from benchmarks.webui import photograph

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif("WEBUI_URL" not in os.environ, reason="WEBUI_URL is not set"),
]
QUESTIONS = "run/diffdiff_click_img2img"
MAP = f"document.querySelector('{PANEL}map_painter')"


def at(page, x, y):
    """A place of the picture, as parts of its sides, in the window."""
    box = page.locator(STAGE).bounding_box()
    side = 0.8 * min(box["width"], box["height"])
    return (
        box["x"] + box["width"] / 2 + (x - 0.5) * side,
        box["y"] + box["height"] / 2 + (y - 0.5) * side,
    )


def click(page, place, timeout=120_000):
    """Click and wait for the answer: (question, answer)."""
    with page.expect_response(lambda response: QUESTIONS in response.url, timeout=timeout) as got:
        page.mouse.click(*at(page, *place))
    answer = json.loads(got.value.json()["data"][0])
    return json.loads(json.loads(got.value.request.post_data)["data"][0]), answer


def test_clicks_become_a_map(page):
    upload_init(page, photograph(SIDE, SIDE))
    tick(page)
    page.locator(STAGE).scroll_into_view_if_needed()
    page.locator(STAGE).hover()
    page.keyboard.press("w")
    hint = page.locator(f"{PANEL}map_painter [aria-label=Click] .diffdiff-move-hint")
    hint.wait_for()
    first, answer = click(page, (0.5, 0.5))
    assert first["picture"] and (first["width"], first["height"]) == (SIDE, SIDE)
    assert answer["map"] and len(answer["id"]) == 64, answer
    second, answer = click(page, (0.15, 0.2))
    assert second["id"] == answer["id"] and "picture" not in second
    page.wait_for_function(f"{MAP}.querySelector('[aria-label=Click]').ariaBusy !== 'true'")
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
