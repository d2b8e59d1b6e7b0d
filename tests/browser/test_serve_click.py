"""The tool Click on the local page, in a real browser, with the included model."""

import json

import numpy as np
import pytest
from painter_desk import expect
from serve_desk import BOX, STAGE, clear, sent, shot

pytestmark = pytest.mark.browser

HINT = "[aria-label=Click] .diffdiff-move-hint"
SKY, HOUSE = (0.35, 0.14), (0.5, 0.74)  # of the example, as parts of its sides
QUESTIONS = "run/diffdiff_click"
PART = 0.8  # of the stage's shorter side that the fitted picture takes, about


def at(page, x, y):
    """A place of the picture in the window."""
    box = page.locator(STAGE).bounding_box()
    side = min(box["width"], box["height"]) * PART
    return box["x"] + box["width"] / 2 + (x - 0.5) * side, box["y"] + box["height"] / 2 + (
        y - 0.5
    ) * side


def click(page, place, **how):
    """Click and wait for the answer; what was asked."""
    with page.expect_response(lambda response: QUESTIONS in response.url) as answered:
        page.mouse.click(*at(page, *place), **how)
    return json.loads(json.loads(answered.value.request.post_data)["data"][0])


@pytest.fixture
def tool(local_page):
    page = local_page
    clear(page)
    page.locator(STAGE).scroll_into_view_if_needed()
    page.locator(STAGE).hover()
    page.keyboard.press("w")
    page.locator(HINT).wait_for()
    return page


def test_points_become_one_stroke(tool):
    asked = click(tool, HOUSE)
    assert asked["picture"].startswith("data:image/png") and "id" not in asked
    tool.wait_for_function(f"document.querySelector('{HINT}').textContent.startsWith('1 point')")
    shot(tool, "click-1")
    assert tool.evaluate(BOX) == "", "it is not painted yet"
    tool.keyboard.down("Alt")
    later = click(tool, SKY)
    tool.keyboard.up("Alt")
    assert "picture" not in later and len(later["id"]) == 64, "the picture was sent once"
    assert [p.startswith("-") for p in later["points"].split("; ")] == [False, True]
    shot(tool, "click-2")
    tool.keyboard.press("Enter")
    tool.wait_for_function(f"{BOX} !== ''")
    m = sent(tool)
    side = m.shape[0]
    assert m[int(HOUSE[1] * side), int(HOUSE[0] * side)] > 0.9
    assert m[int(SKY[1] * side), int(SKY[0] * side)] < 0.1
    assert 0.02 < (m > 0.5).mean() < 0.6
    tool.keyboard.press("Control+z")
    tool.wait_for_function(f"{BOX} === ''")


def test_a_mark_is_removed_by_a_click_and_escape_gives_up(tool):
    click(tool, SKY)
    click(tool, HOUSE)
    click(tool, SKY)  # removes it
    expect(tool.locator(HINT)).to_contain_text("1 point.")
    tool.keyboard.press("Escape")
    text = f"document.querySelector('{HINT}').textContent"
    tool.wait_for_function(f"{text}.startsWith('Click an object')")
    tool.wait_for_timeout(700)
    assert tool.evaluate(BOX) == ""


def test_a_box_and_a_strength_and_another_tool(tool):
    tool.keyboard.press("4")
    (a, b), (c, d) = at(tool, 0.25, 0.45), at(tool, 0.75, 0.9)
    tool.mouse.move(a, b)
    tool.mouse.down()
    tool.mouse.move(c, d, steps=5)
    with tool.expect_response(lambda response: QUESTIONS in response.url):
        tool.mouse.up()
    expect(tool.locator(HINT)).to_contain_text("A box.")
    shot(tool, "click-box")
    tool.wait_for_timeout(300)
    tool.keyboard.press("b")  # another tool paints it
    tool.wait_for_function(f"{BOX} !== ''")
    assert abs(sent(tool).max() - 0.4) < 0.001


def test_an_error_is_said_once_and_the_points_stay(tool):
    tool.route(f"**/{QUESTIONS}", lambda route: route.abort())
    tool.mouse.click(*at(tool, *HOUSE))
    status = tool.locator(".diffdiff-status.diffdiff-problem")
    status.wait_for()
    expect(status).to_contain_text("The page's server does not answer")
    tool.unroute(f"**/{QUESTIONS}")
    with tool.expect_response(lambda response: QUESTIONS in response.url):
        tool.get_by_role("button", name="Ask the model again").click()
    tool.wait_for_function("document.querySelector('.diffdiff-status').textContent === ''")
    tool.keyboard.press("Enter")
    tool.wait_for_function(f"{BOX} !== ''")
    assert np.max(sent(tool)) > 0.9
