"""The page with the layers' editor alone, and what a person does there."""

import json
import os
from pathlib import Path

import pytest

from diffdiff.maps import layers

PRESET = {
    "name": "sky only",
    "layers": [
        {"source": "edges", "edge_sigma": 2.5, "invert": True},
        {"source": "luminance", "blend": "max", "opacity": 0.6},
    ],
}


class Editor:
    """The page with the editor; rows are counted from the top."""

    def __init__(self, page):
        self.page = page
        self.keys = page.keyboard
        self.rows = page.get_by_role("listitem")

    def box(self):
        return self.page.evaluate("area.value")

    def told(self):
        return json.loads(self.box())

    def layers(self):
        """What the box says, as Python reads it."""
        text = self.box()
        layers.loads(text)
        return json.loads(text)["layers"]

    def put(self, text):
        """As Gradio does it: no event."""
        text = text if isinstance(text, str) else json.dumps(text)
        self.page.evaluate("(text) => { area.value = text; }", text)
        self.page.wait_for_timeout(450)

    def sources(self):
        return [row.get_by_label("Source").input_value() for row in self.rows.all()]

    def press(self, row, name):
        exact = name != "Settings of the layer"  # which has its number, too
        self.rows.nth(row).get_by_role("button", name=name, exact=exact).click()

    def focus(self):
        """The name of what has the focus, and its row's."""
        return self.page.evaluate(
            """() => {
                const one = document.activeElement;
                const name = one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? "";
                return [name, one.closest("[role=listitem]")?.getAttribute("aria-label") ?? null];
            }"""
        )

    @property
    def status(self):
        return self.page.get_by_role("status")

    def shot(self, name):
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"layers-{name}.png"), full_page=True)


def opened(browser, address, query="", width=900):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(10_000)
    problems = []
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.goto(address.replace("painter.html", "layers.html") + query)
    page.wait_for_function("window.ready")
    return Editor(page), problems


@pytest.fixture
def editor(browser, address):
    editor, problems = opened(browser, address)
    yield editor
    editor.page.close()
    assert problems == []
