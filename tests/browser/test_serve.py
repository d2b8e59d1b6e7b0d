"""`diffdiff serve` in a real browser: edit at once, paint, refuse, and ask nobody else.

Needs Playwright and Debian's Chromium (`pip install playwright`, no download), and for the server
an interpreter with Gradio and diffusers: DIFFDIFF_PYTHON, by default the one that runs the tests.
SERVE_MODEL names another model than the packaged one. With SCREENSHOTS=folder it leaves a picture
of each stage there.
"""

import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from painter_desk import expect
from PIL import Image

from diffdiff.images.read import decode

sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright")
pytestmark = pytest.mark.browser

STAGE = "#map_painter .diffdiff-stage"
BOX = "document.querySelector('#map :is(textarea, input)').value"
ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PYTHON = os.environ.get("DIFFDIFF_PYTHON", sys.executable)
MODEL = os.environ.get("SERVE_MODEL", "toyworld")
START, WAIT = 180, 30_000  # seconds for the server to start, milliseconds for the page
NEEDED = "import importlib.util as u\nassert all(map(u.find_spec, ('gradio', 'diffusers')))"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a running page. No error of ours may be in what it printed."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no {CHROMIUM}")
    if subprocess.run([PYTHON, "-c", NEEDED], capture_output=True).returncode:
        pytest.skip(f"no Gradio or no diffusers in {PYTHON}: set DIFFDIFF_PYTHON")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    log = tmp_path_factory.mktemp("serve") / "log.txt"
    command = [PYTHON, "-m", "diffdiff", "serve", "--model", MODEL, "--port", port]
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}/"
        wait_for(address, process, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
    assert "Traceback" not in log.read_text(), log.read_text()


def wait_for(address: str, process: subprocess.Popen, log: Path) -> None:
    """Until the page answers; fails with what was printed if it does not come up."""
    end = time.monotonic() + START
    while process.poll() is None and time.monotonic() < end:
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"the page did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def browser(server):
    with sync_api.sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def asked():
    """The addresses of all requests of `page`."""
    return []


@pytest.fixture
def page(browser, server, asked):
    page = browser.new_page(viewport={"width": 1500, "height": 1160})
    page.set_default_timeout(WAIT)
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda opened: asked.append(opened.url))
    page.goto(server, wait_until="domcontentloaded")
    page.locator("#look img").wait_for()
    page.locator(f"{STAGE}:not(.diffdiff-is-empty)").wait_for()
    yield page
    page.close()


def shot(page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"serve-{name}.png"), full_page=True)


def run(page) -> str:
    """Presses Generate; what the page tells of the run."""
    page.evaluate("document.querySelectorAll('#report b').forEach((b) => (b.className = 'old'))")
    page.locator("#go").click()
    page.locator("#report b:not(.old)").first.wait_for()
    page.wait_for_function("[...document.querySelectorAll('#slider img')].length == 2")
    page.wait_for_function(
        "[...document.querySelectorAll('#slider img')].every(i => i.naturalWidth)"
    )
    page.wait_for_timeout(500)
    return page.locator("#report").inner_text()


def saved(page) -> Image.Image:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    assert re.fullmatch(r"diffdiff-\d+\.png", download.value.suggested_filename)
    picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    picture.load()
    return picture


def source(page) -> np.ndarray:
    """The pixels of the picture, as the server has them."""
    address = page.locator("#image img").first.get_attribute("src")
    return np.asarray(Image.open(io.BytesIO(page.request.get(address).body())))


def sent(page) -> np.ndarray:
    """The map that the page would send: float32 `[H, W]`."""
    return decode(page.evaluate(BOX))


def stroke(page, where: float) -> None:
    """Paints a vertical line with the mouse, at a part of the stage's width."""
    page.locator(STAGE).scroll_into_view_if_needed()
    box = page.locator(STAGE).bounding_box()
    x, y = box["x"] + box["width"] * where, box["y"] + box["height"] * 0.5
    page.mouse.move(x, y - 30)
    page.mouse.down()
    page.mouse.move(x, y + 30, steps=8)
    page.mouse.up()


def clear(page) -> None:
    page.get_by_role("button", name="Clear").first.click()
    page.wait_for_function(f"{BOX} === ''")


def make(page, name: str) -> None:
    before = page.evaluate(BOX)
    page.get_by_role("button", name=name).click()
    page.wait_for_function(f"before => {BOX} !== before", arg=before)
    page.wait_for_timeout(1000)  # the painter has it too, and says nothing against it


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
    page.wait_for_timeout(1000)
    both = sent(page)
    assert (both >= first).all() and both.sum() > first.sum()


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
    make(page, "radial")
    made = sent(page)
    assert len(np.unique(made)) > 256
    stroke(page, 0.5)
    page.wait_for_timeout(1000)
    assert (sent(page) != made).any()
    page.keyboard.press("Control+z")
    page.wait_for_timeout(1000)
    assert (sent(page) == made).all()
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


def test_everything_opened_still_runs_and_nobody_else_is_asked(page, asked):
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
    hosts = {urlsplit(url.removeprefix("blob:")).hostname for url in asked if url[:5] != "data:"}
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
    shot(page, "sheet")
    strip = page.locator(".diffdiff-fan")
    strip.get_by_role("button", name="strength 0.5").click()
    value = page.locator("#strength input[type=number]")
    expect(value).to_have_value("0.5")
    strip.get_by_role("button", name="Even changes").click()
    page.locator("button.label-wrap").filter(has_text="Advanced").click()
    expect(page.locator("#response :is(textarea, input)")).to_have_value(re.compile("(.*;){3}"))


def test_a_picture_of_ours_brings_map_and_settings_back_and_work_survives_a_reload(page):
    stroke(page, 0.5)
    page.wait_for_timeout(1000)
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
    page.wait_for_timeout(800)
    assert (sent(page) == painted).all()
    expect(page.locator(".diffdiff-work").first).to_be_attached()
    page.get_by_role("button", name="Use the result as the picture").click()
    page.wait_for_timeout(2500)
    assert (source(page)[..., :3] == np.asarray(file)).all()
    stroke(page, 0.3)
    page.wait_for_timeout(4000)
    painted = sent(page)
    page.reload(wait_until="domcontentloaded")
    page.get_by_role("button", name="Restore").click()
    page.wait_for_function("document.querySelector('#seed input').value === '7'")
    page.wait_for_timeout(2500)
    assert (sent(page) == painted).all()


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
