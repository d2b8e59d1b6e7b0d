"""`diffdiff serve` for the tests of its page: one server, a fresh page for each test, gestures.

Needs Playwright and Debian's Chromium (`pip install playwright`, no download), and for the server
an interpreter with Gradio and diffusers: DIFFDIFF_PYTHON, by default the one that runs the tests.
SERVE_MODEL names another model than the packaged one. With SCREENSHOTS=folder the tests leave a
picture of each stage there.
"""

import io
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from painter_desk import expect
from PIL import Image

from diffdiff.images.read import decode

STAGE = "#map_painter .diffdiff-stage"
BOX = "document.querySelector('#map :is(textarea, input)').value"
ROOT = Path(__file__).parents[2]
PYTHON = os.environ.get("DIFFDIFF_PYTHON", sys.executable)
MODEL = os.environ.get("SERVE_MODEL", "toyworld")
START, WAIT = 180, 30_000  # seconds for the server to start, milliseconds for the page
NEEDED = "import importlib.util as u\nassert all(map(u.find_spec, ('gradio', 'diffusers')))"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of a page, one for all tests of a process; its log may hold no traceback."""
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
def window(browser):
    """A window whose pages share what the browser has read and compiled, and nothing else."""
    window = browser.new_context(viewport={"width": 1500, "height": 1160})
    yield window
    window.close()


@pytest.fixture
def requests():
    """The addresses of all requests of `local_page`."""
    return []


@pytest.fixture
def local_page(server, window, requests):
    page = window.new_page()
    stored = {"origin": server.rstrip("/"), "storageTypes": "all"}
    window.new_cdp_session(page).send("Storage.clearDataForOrigin", stored)
    page.set_default_timeout(WAIT)
    page.on("request", lambda request: requests.append(request.url))
    page.on("websocket", lambda opened: requests.append(opened.url))
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


def settled(page) -> None:
    """Waits for the rows that the painter opens for a picture: they move what is below them."""
    for row in ("compare", "shelf"):
        page.locator(f"#map_painter .diffdiff-{row}").wait_for()


def holds(page, condition) -> None:
    """Waits, like the page's own waits, until a condition on what the page sends holds."""
    end = time.monotonic() + WAIT / 1000
    while not condition():
        assert time.monotonic() < end, "it did not come to hold"
        page.wait_for_timeout(50)


def work_kept(page, since: float) -> None:
    """Waits until the browser has kept the work under way, later than a time of the page."""
    latest = """() => new Promise((done) => {
        const opening = indexedDB.open("diffdiff", 1);
        opening.onsuccess = () => {
            const base = opening.result;
            const all = base.transaction("works").objectStore("works").getAll();
            all.onsuccess = () => {
                base.close();
                const open = all.result.filter(({ kind }) => kind === "open");
                done(Math.max(0, ...open.map(({ time }) => time)));
            };
        };
    })"""
    holds(page, lambda: page.evaluate(latest) > since)


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
    """Presses a button that makes a map, on an empty one, and waits until the painter has it."""
    undo = page.locator("#map_painter button[aria-label^=Undo]").first
    before, step = page.evaluate(BOX), undo.get_attribute("aria-label")
    page.get_by_role("button", name=name).click()
    page.wait_for_function(f"before => {BOX} !== before", arg=before)
    expect(undo).not_to_have_attribute("aria-label", step)
