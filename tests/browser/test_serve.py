"""`diffdiff serve` in a real browser: edit at once, paint, refuse, and ask nobody else."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from painter_desk import expect
from serve_desk import (
    BOX,
    STAGE,
    clear,
    holds,
    make,
    run,
    saved,
    sent,
    settled,
    shot,
    source,
    stroke,
    work_kept,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def page(local_page):
    return local_page


def test_edit_at_once(page):
    shot(page, "start")
    told = run(page)
    shot(page, "result")
    assert re.fullmatch(
        r"\d+% of the picture is untouched, pixel for pixel; [\d.]+ s", told.strip()
    )
    rules = """[...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
        .filter((rule) => rule instanceof CSSContainerRule).length"""
    assert page.evaluate(rules) >= 5
    before, after = page.locator("#slider img").all()
    expect(before).to_be_visible()
    expect(after).to_be_visible()
    expect(after).not_to_have_attribute("src", before.get_attribute("src"))
    picture = saved(page)
    assert picture.text["parameters"].splitlines()[-1].startswith("Steps: 20, ")
    assert json.loads(picture.text["diffdiff"])["size"] == list(picture.size)
    original, result = source(page), np.asarray(picture)
    kept = (sent(page) == 0).all(0)
    assert kept.any() and not kept.all()
    assert (result[:, kept] == original[:, kept]).all()
    assert (result[:, ~kept] != original[:, ~kept]).any()


def test_a_painted_map_says_what_is_edited(page):
    clear(page)
    stroke(page, 0.4)
    shot(page, "painted")
    run(page)  # at once: the click waits for the stroke
    first = sent(page)
    columns = np.nonzero(first.any(0))[0]
    assert len(columns) and columns.mean() < first.shape[1] / 2
    changed = (np.asarray(saved(page)) != source(page)).any(2)
    assert not changed[first == 0].any()
    assert changed[first == 1].mean() > 0.5
    stroke(page, 0.6)
    holds(page, lambda: sent(page).sum() > first.sum())
    assert (sent(page) >= first).all()


def test_a_draft_is_seen_on_the_canvas_and_nothing_else_changes(page):
    before = [image.get_attribute("src") for image in page.locator("#slider img").all()]
    button = page.get_by_role("button", name="Draft: few steps")
    button.click()
    mark = page.locator(".diffdiff-draft:not([hidden])")
    mark.wait_for(timeout=120_000)
    shot(page, "draft")
    expect(mark).to_have_text(re.compile(r"^Draft: 6 steps, \d+ × \d+\. "))
    assert [image.get_attribute("src") for image in page.locator("#slider img").all()] == before
    page.locator("#stop[disabled]").wait_for(state="attached")
    expect(button).to_have_attribute("aria-disabled", "false")  # the painter knows it, too
    page.locator(STAGE).focus()
    page.keyboard.press("Escape")
    expect(mark).to_have_count(0)  # a draft goes with Escape
    page.keyboard.press("t")
    mark.wait_for()  # the same draft once more
    stroke(page, 0.5)
    expect(mark).to_have_count(0)  # and with the first stroke


def test_a_made_map_can_be_painted_on_and_undone(page):
    """What the page makes is one step of the painter's history; all 16 bits arrive."""
    clear(page)
    make(page, "radial")
    made = sent(page)
    assert len(np.unique(made)) > 256
    stroke(page, 0.5)
    holds(page, lambda: (sent(page) != made).any())
    page.keyboard.press("Control+z")
    holds(page, lambda: (sent(page) == made).all())
    run(page)
    saved(page)


def test_a_wrong_file_is_told_and_the_map_stays(page):
    before = sent(page)
    wrong = {"name": "map.png", "mimeType": "image/png", "buffer": b"These are words.\n"}
    page.locator("#map_painter input[type=file]").first.set_input_files(wrong)
    told = page.locator("#map_painter .diffdiff-status")
    page.wait_for_function("document.querySelector('#map_painter .diffdiff-status').textContent")
    expect(told).to_contain_text("map.png")
    shot(page, "refused")
    assert (sent(page) == before).all()


def test_nothing_painted_is_told_and_the_page_goes_on(page):
    clear(page)
    page.locator("#go").click()
    toast = page.locator("[data-testid=toast-body]").first
    toast.wait_for()
    said = [line for line in toast.inner_text().splitlines() if line.startswith("Change map:")]
    assert said == ["Change map: nothing is painted. Paint where the picture may change."]
    make(page, "radial")
    expect(page.locator("[data-testid=toast-body]")).to_have_count(1)
    expect(page.locator("#report")).to_contain_text("nothing is painted")
    assert "untouched" in run(page)
    assert (np.asarray(saved(page)) != source(page)).any()


def test_everything_opened_still_runs_and_nobody_else_is_asked(page, requests):
    for heading in ("The run", "The map", "Advanced", "Settings of this picture"):
        page.locator("button.label-wrap").filter(has_text=re.compile(rf"^\s*{heading}")).click()
    page.locator("#width textarea, #width input").fill("96")  # the others stay left out, not 0
    page.wait_for_function("document.querySelector('#about').textContent.includes('96 × 128')")
    run(page)
    shot(page, "open")
    assert saved(page).size == (128, 128), "the picture's own size"
    page.locator("#own_size input").uncheck()
    run(page)
    assert saved(page).size == (96, 128)
    hosts = {urlsplit(url.removeprefix("blob:")).hostname for url in requests if url[:5] != "data:"}
    assert hosts == {"127.0.0.1"}


def test_a_sheet_is_looked_through_and_a_strength_is_taken(page):
    clear(page)
    page.locator("#mode").get_by_text("sheet").click()
    page.wait_for_function("document.querySelector('#about').textContent.includes('One picture')")
    run(page)
    tiles = page.locator("#gallery button img")
    page.wait_for_function("document.querySelectorAll('#gallery button img').length === 6")
    first = page.locator("#change img").get_attribute("src")
    tiles.nth(1).click()
    page.wait_for_function(
        "before => document.querySelector('#change img').src !== before", arg=first
    )
    settled(page)
    shot(page, "sheet")
    strip = page.locator(".diffdiff-fan")
    strip.get_by_role("button", name="strength 0.5").click()
    expect(strip.locator("output")).to_have_text("Denoising strength 0.5")
    value = page.locator("#strength input[type=number]")
    expect(value).to_have_value("0.5")
    strip.get_by_role("button", name="Even changes").click()
    page.locator("button.label-wrap").filter(has_text="Advanced").click()
    expect(page.locator("#response :is(textarea, input)")).to_have_value(re.compile("(.*;){3}"))


def test_a_picture_of_ours_brings_map_and_settings_back_and_work_survives_a_reload(page):
    before = page.evaluate(BOX)
    stroke(page, 0.5)
    page.wait_for_function(f"before => {BOX} !== before", arg=before)
    page.locator("#seed input").fill("7")
    page.locator("#seed input").press("Tab")
    run(page)
    painted = sent(page)
    file = saved(page)
    assert "diffdiff_map" in file.text
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    data = Path(download.value.path()).read_bytes()
    clear(page)
    page.locator("#seed input").fill("1")
    page.locator("#map_painter input[type=file]").first.set_input_files(
        {"name": "ours.png", "mimeType": "image/png", "buffer": data}
    )
    page.wait_for_function("document.querySelector('#seed input').value === '7'")
    page.wait_for_function(f"{BOX} !== ''")
    holds(page, lambda: (sent(page) == painted).all())
    expect(page.locator(".diffdiff-work").first).to_be_attached()
    page.get_by_role("button", name="Use as picture").click()
    holds(page, lambda: (source(page)[..., :3] == np.asarray(file)).all())
    before, since = page.evaluate(BOX), page.evaluate("Date.now()")
    stroke(page, 0.3)
    page.wait_for_function(f"before => {BOX} !== before", arg=before)
    painted = sent(page)
    work_kept(page, since)
    page.reload(wait_until="domcontentloaded")
    page.get_by_role("button", name="Restore").click()
    page.wait_for_function("document.querySelector('#seed input').value === '7'")
    page.wait_for_function(f"{BOX} !== ''")
    holds(page, lambda: (sent(page) == painted).all())


def test_a_narrow_window_has_no_sideways_scrolling(page):
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_timeout(1000)
    shot(page, "narrow-start")
    box = page.locator("#go").bounding_box()
    assert box["y"] + box["height"] <= 800, "the button is in reach without scrolling"
    run(page)
    shot(page, "narrow")
    width = "[document.documentElement.scrollWidth, document.body.scrollWidth]"
    assert max(page.evaluate(width)) <= 400
    for button in page.locator("#makers button, #go, #map_painter button").all():
        if button.is_visible():
            box = button.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 400, button.inner_text()
