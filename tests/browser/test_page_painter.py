"""The painter on the img2img page of a running WebUI: A1111's and Forge's own elements around it.

Needs WEBUI_URL, Playwright and Debian's Chromium. With SCREENSHOTS=folder it leaves pictures.
"""

import re

import numpy as np
import pytest
from img2img_page import (
    BOX,
    PANEL,
    SIDE,
    STAGE,
    WIDE,
    brush,
    generate,
    host_mask,
    open_tab,
    painted,
    picture_file,
    shot,
    stroke,
    tick,
    upload_init,
)
from painter_desk import expect

from benchmarks.webui import photograph

pytestmark = [pytest.mark.host, pytest.mark.browser]


def readout(page) -> str:
    page.mouse.move(5, 5)
    page.wait_for_timeout(500)
    return page.locator(f"{PANEL}map_painter .diffdiff-readout").inner_text()


def test_paint_and_generate_at_once(page):
    """The click that starts the run waits until the stroke has arrived."""
    init = photograph(*WIDE)
    upload_init(page, init)
    tick(page)
    brush(page, WIDE[0] // 4)
    stroke(page, [(0.25, 0.3), (0.25, 0.7)], WIDE)
    shot(page, "painted")
    result = generate(page)
    shot(page, "painted-result")
    m = painted(page)
    assert m.shape == init.shape[:2]
    columns = np.flatnonzero(m.any(0))
    assert 0 < columns.min() and columns.max() < WIDE[0] // 2
    assert (result[m == 0] == init[m == 0]).all(), "what was not painted came out as it went in"
    assert (result[m == 1] != init[m == 1]).any(-1).mean() > 0.5


def test_undo_to_the_blank_page_sends_nothing(page):
    upload_init(page, photograph(*WIDE))
    tick(page)
    brush(page, WIDE[0] // 4)
    stroke(page, [(0.4, 0.4), (0.6, 0.6)], WIDE)
    page.keyboard.press("Control+z")
    page.locator("#img2img_generate").click()
    page.get_by_text("there is no change map").first.wait_for(timeout=60_000)


def test_the_picture_follows_the_tab_and_the_map_stays(page):
    upload_init(page, photograph(*WIDE))
    tick(page)
    brush(page, WIDE[0] // 4)
    stroke(page, [(0.3, 0.5), (0.7, 0.5)], WIDE)
    page.wait_for_timeout(1000)
    before = painted(page)
    assert readout(page) == f"{WIDE[0]} × {WIDE[1]} px"
    for name, box in (
        ("Sketch", "img2img_sketch"),
        ("Inpaint", "img2maskimg"),
        ("Inpaint sketch", "inpaint_sketch"),
        ("Inpaint upload", "img_inpaint_base"),
    ):
        open_tab(page, name, box, photograph(SIDE, SIDE))
        assert readout(page) == f"{SIDE} × {SIDE} px", name
        assert painted(page).shape == (SIDE, SIDE), name
    page.locator("#mode_img2img button").filter(has_text="img2img").first.click()
    page.wait_for_timeout(1500)
    assert readout(page) == f"{WIDE[0]} × {WIDE[1]} px"
    assert (painted(page) == before).all(), "back at the first picture the map is as it was"
    page.locator("#tabs button").filter(has_text="PNG Info").first.click()
    page.wait_for_timeout(500)
    page.locator("#tabs button").filter(has_text="img2img").first.click()
    page.wait_for_timeout(1000)
    assert (painted(page) == before).all()


def open_menu(page) -> None:
    """Opens the painter's menu of maps: the panel of txt2img has one as well."""
    painter = page.locator(f"{PANEL}map_painter")
    painter.get_by_role("button", name="Open, save and send maps").click()


def test_the_inpaint_mask_becomes_the_map(page):
    open_tab(page, "Inpaint", "img2maskimg", photograph(*WIDE))
    host_mask(page, "img2maskimg")
    tick(page)
    open_menu(page)
    page.get_by_text("Take from the inpaint mask").click()
    page.wait_for_timeout(1500)
    shot(page, "mask-taken")
    m = painted(page)
    assert m.shape == (WIDE[1], WIDE[0])
    assert set(np.unique(m)) == {0, 1}
    rows, columns = np.nonzero(m)
    assert abs(rows.mean() / WIDE[1] - 0.5) < 0.1
    assert 0.25 < columns.mean() / WIDE[0] < 0.7


def test_the_map_is_sent_to_inpaint_upload_and_comes_back(page):
    """Twice, so that the second takes the place of the first."""
    upload_init(page, photograph(*WIDE))
    tick(page)
    brush(page, WIDE[0] // 4)
    for points in ([(0.3, 0.3), (0.6, 0.3)], [(0.3, 0.7), (0.6, 0.7)]):
        stroke(page, points, WIDE)
        open_menu(page)
        page.get_by_text("Send to Inpaint upload").click()
        page.wait_for_timeout(2500)
    sent = painted(page)
    tab = page.locator("#mode_img2img button").filter(has_text=re.compile("inpaint upload", re.I))
    tab.first.click()
    page.wait_for_timeout(500)
    base = page.locator("#img_inpaint_base input[type=file]").first
    base.set_input_files(picture_file(photograph(*WIDE), "a.png"))
    page.wait_for_timeout(2000)
    page.get_by_role("button", name="Clear: keep everything").click()
    page.wait_for_function(f"{BOX} === ''")
    open_menu(page)
    page.get_by_text("Take from the inpaint mask").click()
    page.wait_for_timeout(1500)
    assert np.abs(painted(page) - sent).max() <= 0.5 / 255 + 1e-4


def test_host_keys_still_work_and_ours_stay_here(page):
    """Digits and letters on the canvas are the painter's; in the prompt they are text."""
    upload_init(page, photograph(*WIDE))
    tick(page)
    page.locator(STAGE).focus()
    page.keyboard.press("5")
    strength = page.locator(
        f"{PANEL}map_painter [aria-label*=Strength] input, "
        f"{PANEL}map_painter input[aria-label*=Strength]"
    ).first
    expect(strength).to_have_value("50")
    prompt = page.locator("#img2img_prompt textarea").first
    prompt.fill("")
    prompt.press_sequentially("b 7 x")
    expect(prompt).to_have_value("b 7 x")
    expect(strength).to_have_value("50")
