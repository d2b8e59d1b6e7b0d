"""The layers' editor at every width: nothing covers or sticks out of anything."""

import pytest
from layers_desk import PRESET, opened

pytestmark = pytest.mark.browser

OVERLAPS = """() => [...document.querySelectorAll(".diffdiff-layer-head")].flatMap((head) => {
    const controls = [...head.querySelectorAll("button, select, input, .diffdiff-layer-grip")];
    const boxes = controls.map((one) => [one, one.getBoundingClientRect()]);
    return boxes.flatMap(([one, a], i) => boxes.slice(i + 1)
        .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5
            && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5)
        .map(([other]) => [one, other].map((each) => each.ariaLabel ?? each.tagName).join(" on ")));
})"""


def test_no_control_of_a_layer_covers_another(browser, address):
    editor, problems = opened(browser, address)
    editor.put(PRESET)
    assert editor.rows.count() == 2
    for width in (300, 340, 360, 390, 430, 500, 640, 660, 900):
        editor.page.set_viewport_size({"width": width, "height": 900})
        assert editor.page.evaluate(OVERLAPS) == [], width
    editor.page.close()
    assert problems == []


@pytest.mark.parametrize("theme", ["", "dark"])
@pytest.mark.parametrize("width", [360, 900])
def test_nothing_is_wider_than_the_page(browser, address, theme, width):
    editor, problems = opened(browser, address, f"?theme={theme}", width)
    picture = editor.page.evaluate("document.createElement('canvas').toDataURL()")
    sources = ("luminance", "edges", "diffedit", "foreground")
    made = [{"source": source, "blend": "multiply"} for source in sources]
    editor.put({"layers": [*made, {"source": "upload", "file": picture}]})
    for row in range(5):
        editor.press(row, "Settings of the layer")
    assert editor.page.evaluate("document.documentElement.scrollWidth") <= width
    small = editor.page.evaluate(
        """[...document.querySelectorAll(".diffdiff-layers :is(button, select, input)")]
            .filter((one) => one.getClientRects().length && one.offsetWidth < 14)
            .map((one) => one.outerHTML)"""
    )
    assert small == []
    editor.shot(f"{theme or 'light'}-{width}")
    editor.page.close()
    assert problems == []
