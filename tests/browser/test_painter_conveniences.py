"""The painter in a real browser: selections, regions, comparing, previews, and what browsers do."""

import io
import math

import numpy as np
import pytest
from painter_desk import SIZE, expect, new_desk, png_of
from PIL import Image

from diffdiff.maps.geometry import decode

pytestmark = pytest.mark.browser

FULL = 65535
# how many pixels of a layer are not clear: of the picture, the map, the lines
DRAWN = """(i) => {
    const { canvas } = painter.stage.contexts[i];
    const { data } = painter.stage.contexts[i].getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((v, at) => at % 4 === 3 && v > 0).length;
}"""


def box(shape=SIZE[::-1], rows=slice(30, 70), columns=slice(20, 50)):
    inside = np.zeros(shape, bool)
    inside[rows, columns] = True
    return inside


def test_a_selection_limits_every_tool_and_a_lock_keeps_what_is_kept(desk):
    desk.mouse.move(*desk.at(80, 60))
    desk.keys.press("q")
    desk.set(tool="rectangle")
    desk.drag((20, 30), (50, 70))
    assert desk.page.evaluate("painter.isEmpty"), "selected, not painted"
    desk.page.wait_for_function(f"({DRAWN})(2) > 100")
    desk.keys.press("q")
    desk.set(tool="brush", size=60, hardness=100, strength=80)
    desk.drag((10, 50), (120, 50))
    values = desk.values()
    assert (values[box()] > 0).any() and (values[~box()] == 0).all()
    desk.set(strength=40)
    desk.page.get_by_role("button", name="Fill the whole map with the strength").click()
    assert (desk.values() == np.where(box(), round(0.4 * FULL), 0)).all()
    desk.keys.press("i")
    desk.page.wait_for_timeout(300)
    assert (desk.values() == np.where(box(), FULL - round(0.4 * FULL), 0)).all()
    assert desk.load(png_of(np.full(SIZE[::-1], 99, np.uint8))), "a map from outside is taken whole"
    assert (desk.values() == 99 * 257).all()
    desk.keys.press("Control+z")
    desk.mouse.move(*desk.at(80, 60))
    desk.keys.press("Control+d")
    desk.set(lock=True, strength=100)
    desk.page.get_by_role("button", name="Fill the whole map with the strength").click()
    assert (desk.values() == np.where(box(), FULL, 0)).all()


def test_regions_have_a_strength_that_is_changed_after_painting(desk):
    desk.set(size=30, hardness=100, strength=100)
    desk.drag((20, 20), (140, 20))
    desk.mouse.move(*desk.at(80, 60))
    desk.set(strength=10)
    desk.keys.press("n")
    desk.drag((80, 20), (80, 80))
    assert desk.values()[70, 80] == desk.values()[20, 80] == math.ceil(0.1 * FULL)
    row = desk.page.locator(".diffdiff-region").first
    row.get_by_label("Name of the region").fill("face")
    row.get_by_label("Name of the region").press("Enter")
    row.locator("input[type=number]").fill("30.1")
    row.locator("input[type=number]").press("Enter")
    assert desk.values()[70, 80] == math.ceil(0.301 * FULL) and desk.values()[20, 30] == FULL
    row.get_by_role("radio", name="Raise").click()
    assert desk.values()[20, 80] == FULL and desk.values()[70, 80] == math.ceil(0.301 * FULL)
    desk.shot("regions")
    with desk.page.expect_download() as saved:
        desk.page.get_by_role("button", name="Open, save and send maps").click()
        desk.page.get_by_role("button", name="Save as PNG, 16 bit").click()
    before, data = desk.values(), saved.value.path().read_bytes()
    assert np.array_equal(np.rint(decode(data).astype(float) * FULL), before)
    desk.page.evaluate(
        "painter.document.regions[0] && painter.document.remove(painter.document.regions[0])"
    )
    assert desk.values()[70, 80] == 0
    assert desk.load(data), "the regions are in the file"
    assert np.array_equal(desk.values(), before)
    assert desk.page.evaluate("painter.document.regions.map((r) => r.name)") == ["face"]
    for _ in range(30):
        desk.keys.press("Control+z")
    assert desk.page.evaluate("painter.isEmpty")


def test_the_last_result_is_compared_on_the_canvas(desk):
    desk.drag((20, 20), (140, 100))
    color = """([x, y]) => {
        const { view, ratio, contexts } = painter.stage;
        const at = [(view.x + x * view.scale) * ratio, (view.y + y * view.scale) * ratio];
        return [...contexts[0].getImageData(...at.map(Math.round), 1, 1).data].slice(0, 3);
    }"""
    desk.page.evaluate(
        """() => { const made = picture(160, 120); const context = made.getContext("2d");
            context.fillStyle = "rgb(10 20 30)"; context.fillRect(0, 0, 160, 40);
            painter.setResult(made); }"""
    )
    sky = desk.page.evaluate(color, [100, 20])
    desk.page.get_by_role("radio", name="along a line").click()
    desk.page.wait_for_timeout(100)
    assert desk.page.evaluate(color, [40, 20]) == sky
    assert desk.page.evaluate(color, [120, 20]) == [10, 20, 30]
    desk.page.get_by_label("Where the picture ends").fill("90")
    desk.page.wait_for_timeout(100)
    assert desk.page.evaluate(color, [120, 20]) == sky
    desk.shot("wipe")
    desk.page.get_by_role("radio", name="Where the result differs").click()
    desk.page.wait_for_timeout(100)
    assert desk.page.evaluate(color, [100, 100]) == [0, 0, 0]
    assert min(desk.page.evaluate(color, [100, 20])) > 60
    desk.page.get_by_role("radio", name="The map, to paint").click()
    desk.page.wait_for_timeout(100)
    assert desk.page.evaluate(color, [100, 20]) == sky


def test_adjustments_are_seen_before_they_are_applied(desk):
    desk.set(tool="rectangle", strength=100)
    desk.drag((40, 40), (100, 90))
    before = desk.values()
    desk.page.get_by_role("button", name="Adjust the map").click()
    slider = desk.page.get_by_role("slider", name="Soften by")
    slider.focus()
    slider.press("ArrowRight")
    desk.page.wait_for_function("painter.stage.map.plane !== null")
    plane = desk.page.evaluate("Array.from(painter.stage.map.plane)")
    assert np.array_equal(desk.values(), before)
    desk.page.keyboard.press("Escape")
    assert desk.page.evaluate("painter.stage.map.plane === null")
    desk.page.get_by_role("button", name="Adjust the map").click()
    desk.page.get_by_role("button", name="Soften", exact=True).click()
    desk.page.wait_for_function("painter.document.history.undoLabel === 'Soften'")
    assert np.array_equal(desk.values().ravel(), plane)
    # a large map goes to the worker, and comes back the same
    for size, label in ((512, "Grow"), (640, "Grow")):
        desk.picture(size, size)
        desk.page.evaluate("painter.effects.apply('Grow', 'grow', { radius: 3 })")
        desk.page.wait_for_function(f"painter.document.history.undoLabel === '{label}'")
    assert (desk.values() > 0).sum() > (before > 0).sum()


def test_lines_sizes_zoom_and_the_help(desk):
    desk.set(tool="linear", strength=100, second=0)
    desk.drag((10, 60), (150, 60))
    desk.keys.press("c")
    desk.page.wait_for_function(f"({DRAWN})(2) > 100")
    desk.shot("contours")
    desk.keys.press("c")
    desk.page.wait_for_function(f"({DRAWN})(2) === 0")
    desk.set(tool="brush", size=20, hardness=50)
    desk.keys.down("Alt")
    desk.drag((80, 60), (100, 50), button="right")
    desk.keys.up("Alt")
    assert desk.setting("size") > 30 and desk.setting("hardness") > 60
    assert desk.page.evaluate("painter.document.history.undoLabel") == "Gradient"
    desk.keys.press("Control+1")
    assert desk.page.evaluate("painter.stage.view.scale") == pytest.approx(1)
    desk.keys.press("Control+0")
    assert desk.page.evaluate("painter.stage.fitted")
    desk.keys.press("?")
    desk.page.get_by_label("Search the help").fill("eyedr")
    rows = desk.page.locator(".diffdiff-help-row:visible")
    expect(rows.filter(has_not_text="yedropper")).to_have_count(0)
    expect(rows.first).to_be_visible()
    desk.shot("help")
    desk.page.get_by_label("Search the help").fill("zzz")
    expect(rows).to_have_count(0)
    expect(desk.page.get_by_text("Nothing found")).to_be_visible()


def test_what_the_browser_dropped_is_drawn_again(desk):
    desk.drag((20, 20), (140, 100))
    desk.page.wait_for_timeout(200)
    drawn = [desk.page.evaluate(DRAWN, i) for i in (0, 1)]
    desk.page.evaluate(
        """() => { const { layers, map, picture } = painter.stage;
            for (const one of [...layers, map.canvas, picture]) one.getContext("2d").reset();
            layers[0].dispatchEvent(new Event("contextrestored")); }"""
    )
    desk.page.wait_for_timeout(300)
    assert [desk.page.evaluate(DRAWN, i) for i in (0, 1)] == drawn


def test_a_browser_that_alters_pictures_is_told_and_never_believed(desk):
    desk.page.evaluate(
        """() => { const plain = CanvasRenderingContext2D.prototype.getImageData;
            CanvasRenderingContext2D.prototype.getImageData = function (...of) {
                const read = plain.apply(this, of);
                read.data.forEach((v, i) => (read.data[i] = v ^ (i * 7 % 5)));
                return read; }; }"""
    )
    desk.set(tool="flood")
    desk.mouse.click(*desk.at(80, 10))
    desk.says("fingerprint protection", "gray PNG")
    assert desk.page.evaluate("painter.isEmpty")
    color = np.random.default_rng(2).integers(0, 256, (*SIZE[::-1], 3), dtype=np.uint8)
    assert desk.load(png_of(color)), "a plain PNG is read without the browser"
    assert np.abs(desk.values() / FULL - decode(png_of(color))).max() < 1 / FULL
    before, jpeg = desk.values(), io.BytesIO()
    Image.fromarray(color).save(jpeg, "JPEG")
    assert not desk.load(jpeg.getvalue(), "image/jpeg", "a.jpg")
    desk.says("fingerprint protection")
    assert np.array_equal(desk.values(), before)


def test_a_photo_on_the_canvas_is_asked_about(browser, address):
    desk, problems = new_desk(browser, address, "?photo")
    color = np.random.default_rng(3).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    desk.drop(png_of(color), "image/png", "first.png")
    desk.page.wait_for_function("photos.length === 1")  # there was none: it is the picture
    desk.picture()
    desk.drop(png_of(color), "image/png", "photo.png")
    ask = desk.page.get_by_role("alertdialog")
    ask.get_by_role("button", name="The picture to edit").click()
    assert desk.page.evaluate("photos") == ["first.png", "photo.png"]
    desk.drop(png_of(color), "image/png", "map.png")
    ask.get_by_role("button", name="A map").click()
    desk.page.wait_for_function("!painter.isEmpty")
    desk.drop(png_of(np.full((40, 50), 128, np.uint8)), "image/png", "grey.png")
    desk.page.wait_for_function("painter.document.map.data.every((v) => v === 128 * 257)")
    expect(ask).to_be_hidden()
    desk.page.wait_for_function("photos.length === 2")
    desk.page.close()
    assert problems == []


def test_a_narrow_bar_hides_its_words_and_not_those_of_its_panels(desk):
    """In a WebUI's column the painter is some 680 pixels wide."""
    for width in (380, 560, 680, 1000):
        desk.page.set_viewport_size({"width": width, "height": 900})
        for name in ("Open, save and send maps", "Select: where tools may change"):
            opener = desk.page.get_by_role("button", name=name).first
            opener.click()
            panel = desk.page.locator(".diffdiff-panel:visible")
            for item in panel.get_by_role("button").all():
                assert item.inner_text().strip(), f"{name} at {width}"
            desk.page.keyboard.press("Escape")
