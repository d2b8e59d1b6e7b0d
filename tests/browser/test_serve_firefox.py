"""A move on the page of `diffdiff serve` in Firefox, from selection to result.

Needs Debian's firefox-esr, and for the server what serve_desk.py needs. With SCREENSHOTS=folder it
leaves pictures there.
"""

import base64
import io
import json
import os
import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.bidi import Firefox

pytestmark = pytest.mark.browser
STAGE = "#map_painter .diffdiff-stage"
MOVE = "document.querySelector('#move :is(textarea, input)')"
NAMED = """[...document.querySelectorAll('#map_painter [aria-label]')].find((one) =>
    new RegExp({name}).test(one.getAttribute('aria-label')) && one.offsetWidth)"""
PIXELS = """(async () => {{
    const image = new Image();
    image.src = ({source}).src;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/png").split(",")[1];
}})()"""


@pytest.fixture(scope="module")
def firefox(server):
    program = shutil.which("firefox-esr")
    if program is None:
        pytest.skip("firefox-esr is not installed")
    with Firefox(program, {"gfx.webrender.software": True}, timeout=180) as browser:
        browser.size(1500, 1160)
        browser.goto(server)
        until(browser, f"document.querySelector('{STAGE}:not(.diffdiff-is-empty)')")
        yield browser


def until(browser, expression, seconds=60):
    end = time.monotonic() + seconds
    while not browser.evaluate(f"Boolean({expression})"):
        assert time.monotonic() < end, expression
        time.sleep(0.2)


def shot(browser, name):
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        browser.shot(Path(folder) / f"firefox-{name}.png")


def click(browser, name):
    found = NAMED.format(name=json.dumps(name))
    until(browser, found)
    box = browser.evaluate(
        f"(() => {{ const one = {found}; one.scrollIntoView({{ block: 'nearest' }});"
        " const r = one.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })()"
    )
    browser.drag([(box[0] + box[2] / 2, box[1] + box[3] / 2)])


def drag(browser, size, *places):
    """Places are parts of the picture's width and height."""
    x, y, width, height = browser.evaluate(
        f"(() => {{ const r = document.querySelector('{STAGE}').getBoundingClientRect();"
        " return [r.x, r.y, r.width, r.height]; })()"
    )
    scale = min((width - 16) / size[0], (height - 16) / size[1], 4)
    middle = x + width / 2, y + height / 2
    browser.drag(
        [
            (middle[0] + (u - 0.5) * size[0] * scale, middle[1] + (v - 0.5) * size[1] * scale)
            for u, v in places
        ]
    )


def pixels(browser, source):
    data = base64.b64decode(browser.evaluate(PIXELS.format(source=source)))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_an_object_is_moved_from_its_selection_to_the_result(firefox):
    until(firefox, "document.querySelector('#image img')?.naturalWidth")
    before = pixels(firefox, "document.querySelector('#image img')")
    size = before.shape[1::-1]
    click(firefox, "^Clear")
    click(firefox, r"^Move\b(?!s)")
    click(firefox, "^A rectangle")
    drag(firefox, size, (0.24, 0.42), (0.68, 0.86))
    until(firefox, "document.querySelector('#map_painter .diffdiff-move-row input')?.offsetWidth")
    drag(firefox, size, (0.46, 0.64), (0.71, 0.64))
    shot(firefox, "floating")
    click(firefox, "^Put it down")
    until(firefox, f"{MOVE}?.value.includes('matrix')")
    shot(firefox, "down")
    told = json.loads(firefox.evaluate(f"{MOVE}.value"))
    assert len(told) == 1
    right, down = (round(value) for value in told[0]["matrix"][4:])
    assert abs(right - size[0] / 4) <= 2 and abs(down) <= 1
    firefox.evaluate("document.querySelector('#go').click()")
    until(firefox, "[...document.querySelectorAll('#slider img')].length === 2", 120)
    until(firefox, "[...document.querySelectorAll('#slider img')].every((i) => i.naturalWidth)")
    text = "document.querySelector('#report').innerText"
    until(firefox, f"/untouched/.test({text})")
    until(firefox, "!document.querySelector('#map_painter .diffdiff-working')")
    time.sleep(1)  # the live preview goes
    shot(firefox, "result")
    assert re.search(r"\d+% of the picture is untouched", firefox.evaluate(text))
    made = pixels(firefox, "[...document.querySelectorAll('#slider img')].at(-1)")
    top = round(0.2 * size[1])
    assert (made[:top, : size[0] // 4] == before[:top, : size[0] // 4]).mean() > 0.99
    w, h = size
    rows, columns = slice(round(0.56 * h), round(0.69 * h)), slice(round(0.44 * w), round(0.5 * w))
    moved = made[rows, columns.start + right : columns.stop + right].astype(int)
    far = np.abs(moved - before[rows, columns]).mean()
    old = np.abs(
        before[rows, columns.start + right : columns.stop + right].astype(int)
        - before[rows, columns]
    ).mean()
    assert far < old, "it looks like what was taken, not like what was there"
