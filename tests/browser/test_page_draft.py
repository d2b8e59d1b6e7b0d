"""A draft on the pages of a running WebUI: the tab's own run, short and small, on the canvas."""

import json
import os
import re
import time
from pathlib import Path

import numpy as np
import pytest
from img2img_page import (
    PANEL,
    SIDE,
    TEXT_IMAGES,
    open_map,
    picture_file,
    set_number,
    shot,
    text_picture,
    tick,
    upload_init,
)
from painter_desk import expect

from benchmarks.webui import photograph
from diffdiff.edit.draft import on_grid

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif("WEBUI_URL" not in os.environ, reason="WEBUI_URL is not set"),
]
TEXT = "#script_txt2img_differential_diffusion_"
WIDE = 2 * SIDE  # a run that a draft halves, as far as a draft goes
SMALL = "{} × {}".format(*on_grid(WIDE, WIDE))
FIELDS = ("steps", "width", "height", "denoising_strength", "seed", "batch_count")
GALLERY = "#img2img_gallery img"
BOX = f"document.querySelector('{PANEL}draft :is(textarea, input)').value"
RESULTS = "document.querySelector('.diffdiff-strip[aria-label=\"Last results\"]')"
DONE = "!document.querySelector('#img2img_interrupt')?.getClientRects().length"


def fields(page) -> list:
    """What the tab's number fields show."""
    return [
        page.locator(f"#img2img_{name} input[type=number]").first.input_value() for name in FIELDS
    ]


def gallery(page) -> list[str]:
    return page.evaluate(f"[...document.querySelectorAll('{GALLERY}')].map((one) => one.src)")


def text(page) -> str:
    return page.locator("#html_info_img2img").first.inner_text()


def badge(page):
    return page.locator(f"{PANEL}map_painter .diffdiff-draft")


def saved(since: float) -> list[str]:
    """Drafts that the WebUI has saved since a time; none where its output folder cannot be seen."""
    folder = os.environ.get("WEBUI_OUTPUTS")
    files = [path for path in Path(folder).rglob("*") if path.is_file()] if folder else []
    new = [path for path in files if path.stat().st_mtime >= since]
    return [path.name for path in new if b"DD draft" in path.read_bytes()]


def half(size: int) -> np.ndarray:
    array = np.zeros((size, size), np.uint8)
    array[:, size // 2 :] = 255
    return array


@pytest.fixture
def painted(page):
    """A page with a picture, a map and a finished run."""
    upload_init(page, photograph(WIDE, WIDE))
    set_number(page, "steps", 12)
    set_number(page, "seed", 7)
    tick(page)
    open_map(page, half(WIDE))
    page.locator("#img2img_generate").click()
    wait_for_picture(page, "Steps: 12")
    return page


def wait_for_picture(page, parameters: str) -> None:
    """Waits until a run with these parameters is done and its picture is there."""
    page.wait_for_function(
        "told => document.querySelector('#html_info_img2img')?.innerText.includes(told)"
        f" && [...document.querySelectorAll('{GALLERY}')].some((i) => i.naturalWidth) && {DONE}",
        arg=parameters,
        timeout=240_000,
    )


def draft(page) -> None:
    """Presses T over the canvas, as soon as the painter knows that the run before is done."""
    free = page.locator(f"{PANEL}map_painter .diffdiff-try")
    expect(free).not_to_have_attribute("aria-disabled", "true", timeout=60_000)
    page.locator(f"{PANEL}map_painter .diffdiff-stage").hover()
    page.keyboard.press("t")


def test_a_draft_is_on_the_canvas_and_the_tab_as_it_was(painted):
    page = painted
    began = time.time() - 1
    before = fields(page), gallery(page), text(page)
    kept = page.evaluate(f"{RESULTS}?.querySelectorAll('img').length")
    draft(page)
    mark = badge(page)
    expect(mark).to_have_text(re.compile(rf"Draft: 6 steps, {SMALL}\. "), timeout=240_000)
    page.wait_for_function(f"{DONE}")
    page.wait_for_function(
        f"sources => JSON.stringify([...document.querySelectorAll('{GALLERY}')].map((i) => i.src))"
        " === sources",
        arg=json.dumps(before[1], separators=(",", ":")),
    )
    assert (fields(page), gallery(page), text(page)) == before and saved(began) == []
    assert page.evaluate(BOX) == ""
    page.wait_for_timeout(1500)  # several glances at the gallery
    assert page.evaluate(f"{RESULTS}?.querySelectorAll('img').length") == kept
    shot(page, "draft-page")
    page.keyboard.press("Escape")
    expect(mark).to_be_hidden()


def test_an_ordinary_run_after_a_draft_is_a_full_one(painted):
    page = painted
    draft(page)
    expect(badge(page)).to_be_visible(timeout=240_000)
    set_number(page, "seed", 8)
    page.locator("#img2img_generate").click()
    wait_for_picture(page, "Seed: 8")
    told = text(page)
    assert "DD draft" not in told and "Steps: 12" in told and f"Size: {WIDE}x{WIDE}" in told


def test_what_has_no_draft_says_so_on_the_canvas(painted):
    page = painted
    before = gallery(page)
    page.locator(f"{PANEL}mode label", has_text="sheet").click()
    draft(page)
    said = page.locator(f"{PANEL}map_painter .diffdiff-status")
    expect(said).to_contain_text("a draft shows one picture, not a sheet", timeout=60_000)
    expect(page.locator("#html_log_img2img").first).to_contain_text("a draft shows one picture")
    page.wait_for_function(
        f"sources => JSON.stringify([...document.querySelectorAll('{GALLERY}')].map((i) => i.src))"
        " === sources",
        arg=json.dumps(before, separators=(",", ":")),
    )
    shot(page, "draft-refused")


def test_a_chosen_script_has_no_draft(painted):
    page = painted
    before = gallery(page)
    page.locator("#script_list input:visible").first.click()
    page.locator("ul.options li", has_text="Loopback").first.click()
    draft(page)
    said = page.locator(f"{PANEL}map_painter .diffdiff-status")
    expect(said).to_contain_text("a draft is one plain run, and Loopback is chosen", timeout=60_000)
    assert gallery(page)[:1] == before[:1] and page.evaluate(BOX) == ""


def test_hires_fix_drafts_its_second_pass(page):
    """The first pass runs in full: it is the picture that is painted on."""
    text_picture(page, TEXT, steps=8, seed=5)
    painter = page.locator(f"{TEXT}map_painter")
    free = painter.locator(".diffdiff-try")
    expect(free).not_to_have_attribute("aria-disabled", "true", timeout=60_000)
    free.click()
    said = painter.locator(".diffdiff-status")
    expect(said).to_contain_text("Hires. fix is off", timeout=60_000)
    painter.locator(".diffdiff-notes button", has_text="Turn it on").click()
    files = painter.locator("input[type=file]").first
    files.set_input_files(picture_file(half(SIDE), "map.png"))
    page.wait_for_function(f"{BOX} !== ''".replace(f"{PANEL}draft", f"{TEXT}map"))
    before = page.evaluate(f"{TEXT_IMAGES}.map((one) => one.src)")
    expect(free).not_to_have_attribute("aria-disabled", "true", timeout=60_000)
    free.click()
    mark = painter.locator(".diffdiff-draft")
    expect(mark).to_have_text(re.compile(rf"Draft: 6 steps, {SMALL}\. "), timeout=240_000)
    page.wait_for_function(
        f"sources => JSON.stringify({TEXT_IMAGES}.map((one) => one.src)) === sources",
        arg=json.dumps(before, separators=(",", ":")),
    )
    shot(page, "draft-txt2img")
