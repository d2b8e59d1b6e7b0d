"""The painter by axe-core, in light and dark, wide and narrow.

Needs Playwright, Debian's Chromium, and AXE: the path of axe.min.js (`npm install axe-core`).
"""

import os
from pathlib import Path

import pytest
from painter_desk import new_desk

pytestmark = pytest.mark.browser

AXE = os.environ.get("AXE", "")


@pytest.mark.skipif(not Path(AXE).is_file(), reason="AXE names no axe.min.js")
@pytest.mark.parametrize("width", [1000, 390])
@pytest.mark.parametrize("theme", ["", "dark"])
def test_axe_finds_nothing_serious(browser, address, width, theme):
    desk, problems = new_desk(browser, address, f"?theme={theme}")
    desk.page.set_viewport_size({"width": width, "height": 844})
    desk.picture()
    desk.set(strength=35)
    desk.mouse.move(*desk.at(60, 60))
    desk.keys.press("n")
    desk.drag((20, 20), (60, 50))
    desk.page.get_by_label("Name of the region").fill("<img src=x onerror=window.broken=1>")
    desk.page.get_by_label("Name of the region").press("Enter")
    desk.page.get_by_role("button", name="Transform").click()
    desk.page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = desk.page.evaluate("axe.run('.diffdiff-painter')")["violations"]
    serious = [
        (one["id"], [node["html"][:120] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == [] and not desk.page.evaluate("window.broken")
    desk.page.close()
    assert problems == []
