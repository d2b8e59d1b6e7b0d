"""An object is moved on the img2img page of a running WebUI, and on its sketch tab one is painted.

Needs WEBUI_URL, Playwright and Debian's Chromium. With SCREENSHOTS=folder it leaves pictures.
"""

import re

import numpy as np
import pytest
from img2img_page import (
    PANEL,
    SIDE,
    STAGE,
    generate,
    host_mask,
    open_tab,
    set_run,
    shot,
    stroke,
    tick,
    upload_init,
)
from painter_desk import expect

from benchmarks.webui import photograph

pytestmark = [pytest.mark.host, pytest.mark.browser]
TEXT = f"document.querySelector('{PANEL}move :is(textarea, input)').value"


def painter(page):
    return page.locator(f"{PANEL}map_painter")


def in_hand(page):
    painter(page).get_by_role("radio", name=re.compile("^Move")).click()
    painter(page).get_by_role("radio", name="A rectangle").click()


def typed(page, name, value):
    painter(page).locator(".diffdiff-moves").get_by_label(name, exact=True).first.fill(str(value))


def test_an_object_is_moved_and_the_tab_keeps_its_picture(page):
    picture = photograph(SIDE, SIDE)
    upload_init(page, picture)
    tick(page)
    in_hand(page)
    size = (SIDE, SIDE)
    stroke(page, [(0.125, 0.25), (0.375, 0.5)], size)
    stroke(page, [(0.25, 0.375), (0.7, 0.6)], size)
    typed(page, "Keep", 0)
    typed(page, "Ring", SIDE // 16)
    shot(page, "move-floating")
    before = page.locator("#img2img_image img").first.get_attribute("src")
    made = generate(page)  # what floats is put down by it
    page.wait_for_timeout(500)
    shot(page, "move-result")
    assert '"matrix"' in page.evaluate(TEXT)
    expect(page.locator("#img2img_image img").first).to_have_attribute("src", before)
    moves = page.evaluate(
        f"[...document.querySelectorAll('{PANEL}map_painter .diffdiff-move-list li')]"
        ".map((one) => one.textContent)"
    )
    assert len(moves) == 1
    x, y = map(int, re.search(r"by (-?\d+), (-?\d+)", moves[0]).groups())

    def at(part):
        return round(part * SIDE)

    rows, columns = slice(at(0.34), at(0.41)), slice(at(0.21), at(0.29))
    moved = made[rows.start + y : rows.stop + y, columns.start + x : columns.stop + x]
    np.testing.assert_array_equal(moved, picture[rows, columns])  # the object
    np.testing.assert_array_equal(made[: at(0.1)], picture[: at(0.1)])  # far from it
    assert (made[rows, columns] != picture[rows, columns]).any()  # the hole
    page.locator(STAGE).focus()
    page.keyboard.press("Control+z")
    page.wait_for_function(f"{TEXT} === ''")


def test_a_moved_picture_is_handed_over(page):
    picture = photograph(SIDE, SIDE)
    upload_init(page, picture)
    tick(page)
    in_hand(page)
    stroke(page, [(0.125, 0.25), (0.375, 0.5)], (SIDE, SIDE))
    page.keyboard.press("Delete")
    before = page.locator("#img2img_image img").first.get_attribute("src")
    painter(page).get_by_role("button", name=re.compile("becomes the page's own")).click()
    page.wait_for_function(
        "before => { const i = document.querySelector('#img2img_image img');"
        " return i && i.naturalWidth && i.src !== before; }",
        arg=before,
    )
    page.wait_for_function(f"{TEXT} === ''")
    page.wait_for_timeout(1500)
    values = page.evaluate(
        f"document.querySelector('{PANEL}map :is(textarea, input)').value.length"
    )
    assert values > 100  # the map is a painted one now
    shot(page, "move-handed")


def test_a_sketch_makes_its_map(page):
    picture = photograph(SIDE, SIDE)
    open_tab(page, "Sketch", "img2img_sketch", picture)
    set_run(page, (SIDE, SIDE))
    tick(page)
    page.locator(f"{PANEL}source input").first.click()
    page.locator("ul.options li").filter(has_text="Sketch:").first.click()
    page.wait_for_timeout(800)
    host_mask(page, "img2img_sketch")
    page.wait_for_timeout(800)
    shot(page, "sketch-painted")
    made = generate(page)
    shot(page, "sketch-result")
    off = (made != picture).any(2)
    rows = np.flatnonzero(off.any(1))
    assert len(rows) and 0.25 * SIDE < rows.min() and rows.max() < 0.75 * SIDE
