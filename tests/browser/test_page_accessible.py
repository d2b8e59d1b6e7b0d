"""The panel on the page of a running WebUI: axe-core, and names written to break out of it.

AXE is the path of axe.min.js (`npm install axe-core`).
"""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from img2img_page import PANEL, choose, picture_file, shot
from painter_desk import expect

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif("WEBUI_URL" not in os.environ, reason="WEBUI_URL is not set"),
]
AXE = os.environ.get("AXE", "")
NAME = '"><img src=x onerror=window.broken=1><b>../../x'
OWN = ".diffdiff-painter, .diffdiff-layers, .diffdiff-ask, .diffdiff-hint, .diffdiff-error"
SERIOUS = ("serious", "critical")


@pytest.fixture(params=[(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")], ids=str)
def panel(browser, request):
    width, theme = request.param
    page = browser.new_page(viewport={"width": width, "height": 1000})
    page.goto(f"{os.environ['WEBUI_URL']}/?__theme={theme}", wait_until="load", timeout=120_000)
    page.wait_for_selector("#img2img_generate", state="attached", timeout=120_000)
    page.wait_for_timeout(3000)  # a host may go to its page a second time
    page.wait_for_selector("#img2img_generate", state="attached", timeout=120_000)
    tab = page.locator("#tabs button").filter(has_text=re.compile(r"^\s*img2img\s*$", re.I))
    tab.first.click()
    page.wait_for_selector("#img2img_generate", state="visible")
    box = page.locator("#img2img_image input[type=file]").first
    box.set_input_files(picture_file(np.full((96, 128, 3), 120, np.uint8), "init.png"))
    page.locator(f"{PANEL}enabled .label-wrap").first.click()
    page.locator(f"{PANEL}map_painter .diffdiff-stage:not(.diffdiff-is-empty)").wait_for()
    yield page, f"{width}-{theme}"
    page.close()


def test_axe_finds_nothing_serious_in_the_panel(panel):
    page, about = panel
    painter = page.locator(f"{PANEL}map_painter")
    painter.locator(".diffdiff-stage").hover()
    page.keyboard.press("n")
    name = painter.get_by_label("Name of the region")
    name.fill(NAME)
    name.press("Enter")
    choose(page, "layers")
    layers = page.locator(".diffdiff-layers:visible").first
    layers.get_by_role("button", name="Add layer").click()
    layers.locator(".diffdiff-layers-name input").fill(NAME)
    written = f"document.querySelector('{PANEL}layers :is(textarea, input)').value"
    page.wait_for_function(f"{written}.includes('onerror')")
    save = page.locator(f"{PANEL}save")
    save.click()
    preset = page.locator(f"{PANEL}preset input").first
    expect(preset).to_have_value(NAME, timeout=30_000)
    shot(page, f"axe-{about}")
    serious = []
    if Path(AXE).is_file():
        page.evaluate(Path(AXE).read_text(encoding="utf-8"))
        found = page.evaluate(f"axe.run('{PANEL}enabled')")["violations"]
        inside = f'(path) => Boolean(document.querySelector(path)?.closest("{OWN}"))'
        for one in found:
            for node in one["nodes"] if one["impact"] in SERIOUS else ():
                kind = "own" if page.evaluate(inside, node["target"][0]) else "Gradio's"
                why = (node["any"] or [{"message": ""}])[0]["message"][:160]
                serious.append((kind, one["id"], node["html"][:160], why))
    print(about, serious)
    page.locator(f"{PANEL}delete").click()
    expect(preset).to_have_value("", timeout=30_000)
    assert not page.evaluate("window.broken")
    own = [one[1:] for one in serious if one[0] == "own"]
    assert own == [], "\n".join(map(str, own))
    if not AXE:
        pytest.skip("AXE names no axe.min.js; the names were tried")
