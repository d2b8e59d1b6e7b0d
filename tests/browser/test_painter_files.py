"""The painter in a real browser: what Python reads of it, files, and pictures that come and go."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from painter_desk import SIZE, expect, new_desk, png_of
from PIL import Image

from diffdiff.maps.geometry import decode

pytestmark = pytest.mark.browser


# ---- what Python reads, and what comes in --------------------------------------------------------


def test_python_decodes_what_was_painted_value_by_value(desk):
    desk.set(tool="linear", strength=97, second=3)
    desk.drag((10, 10), (150, 110))
    desk.set(tool="brush", strength=55, hardness=0, size=60)
    desk.drag((30, 30), (120, 90))
    values = desk.values()
    assert len(np.unique(values)) > 1000
    decoded = decode(desk.png(16))
    assert decoded.dtype == np.float32 and decoded.shape == values.shape
    assert np.array_equal(decoded, values.astype(np.float32) / np.float32(65535))
    assert np.array_equal(np.rint(decoded.astype(np.float64) * 65535), values)
    grey = np.array(Image.open(io.BytesIO(desk.png(8))))
    assert np.array_equal(grey, (values.astype(np.uint32) + 128) // 257)


def test_png_files_come_in_exactly(desk):
    rng = np.random.default_rng(5)
    deep = rng.integers(0, 65536, SIZE[::-1], dtype=np.uint16)
    assert desk.load(png_of(deep))
    assert np.array_equal(desk.values(), deep)
    assert np.array_equal(decode(desk.png()), deep.astype(np.float32) / np.float32(65535))
    grey = rng.integers(0, 256, SIZE[::-1], dtype=np.uint8)
    desk.drop(png_of(grey), "image/png", "map.png")
    desk.page.wait_for_function("painter.document.history.done.length === 2")
    assert np.array_equal(desk.values(), grey.astype(np.uint16) * 257)
    colour = rng.integers(0, 256, (*SIZE[::-1], 4), dtype=np.uint8)
    colour[..., 3] = 255
    desk.mouse.move(*desk.at(80, 60))
    desk.drop(png_of(colour), "image/png", "map.png", "paste")
    desk.page.wait_for_function("painter.document.history.done.length === 3")
    expected = decode(png_of(colour))
    assert np.abs(desk.values() / 65535 - expected).max() < 1 / 65535
    assert desk.page.evaluate("heard.includes('paste')") is False
    for state in (grey.astype(np.uint16) * 257, deep, np.zeros_like(deep)):
        desk.keys.press("Control+z")
        assert np.array_equal(desk.values(), state)


def test_a_file_of_another_size_is_fitted_and_it_is_said(desk):
    half = np.zeros((60, 80), np.uint8)
    half[:, 40:] = 255
    assert desk.load(png_of(half))
    values = desk.values()
    assert values.shape == SIZE[::-1]
    assert values[60, 20] == 0 and values[60, 120] == 65535
    desk.says("80 × 60")


def test_files_that_are_no_pictures(desk):
    desk.drag((20, 20), (60, 60))
    before = desk.values()
    desk.drop(b"hello", "text/plain", "notes.txt")
    desk.page.wait_for_function("document.querySelector('.diffdiff-status').textContent")
    desk.says('"notes.txt" is not a picture', "PNG")
    assert not desk.load(b"nonsense", "image/jpeg", "broken.jpg")
    desk.says("could not be read")
    assert not desk.load(png_of(before)[:-40])
    desk.says("cut off")
    assert not desk.load(b"", "image/png", "empty.png")
    assert np.array_equal(desk.values(), before)
    expect(desk.page.locator(".diffdiff-dropping")).to_have_count(0)


def test_pictures_that_are_too_large(desk):
    desk.drag((20, 20), (60, 60))
    before = desk.values()
    wide = png_of(np.zeros((1, 20000), np.uint8))
    assert not desk.load(wide)
    desk.says("20000x1", "16384")
    jpeg = io.BytesIO()
    Image.new("L", (20000, 8)).save(jpeg, "JPEG")
    assert not desk.load(jpeg.getvalue(), "image/jpeg", "wide.jpg")
    desk.says("20000x8")
    refused = desk.page.evaluate(
        """() => { const image = document.createElement("canvas");
                   [image.width, image.height] = [20000, 10];
                   return painter.setPicture(image); }"""
    )
    assert refused is False
    desk.says("20000x10")
    assert np.array_equal(desk.values(), before)
    expect(desk.page.locator(".diffdiff-empty")).to_contain_text("20000x10")
    desk.drag((20, 80), (60, 80))
    assert np.array_equal(desk.values(), before), "the picture before is not the page's any more"
    desk.picture()
    desk.drag((20, 80), (60, 80))
    assert not np.array_equal(desk.values(), before)


def test_take_from_the_inpaint_mask_and_send(desk):
    def item(name):
        desk.page.get_by_role("button", name="Open, save and send maps").click()
        desk.page.get_by_role("button", name=name).click()

    item("Take from the inpaint mask")
    desk.page.wait_for_function("document.querySelector('.diffdiff-status').textContent")
    desk.says("no inpaint mask")
    desk.page.evaluate(
        """([w, h]) => { mask = document.createElement("canvas");
            [mask.width, mask.height] = [w, h];
            const context = mask.getContext("2d");
            context.fillStyle = "#fff"; context.fillRect(40, 30, 60, 50); }""",
        list(SIZE),
    )
    item("Take from the inpaint mask")
    desk.page.wait_for_function("!painter.isEmpty")
    expected = np.zeros(SIZE[::-1], np.uint16)
    expected[30:80, 40:100] = 65535
    assert np.array_equal(desk.values(), expected)
    item("Send to the test")
    desk.page.wait_for_function("sent.length === 1")
    text = desk.page.evaluate(
        "async () => btoa(String.fromCharCode(...new Uint8Array(await sent[0].arrayBuffer())))"
    )
    assert np.array_equal(decode(base64.b64decode(text)), expected.astype(np.float32) / 65535)
    with desk.page.expect_download() as saved:
        item("Save as PNG, 16 bit")
    assert saved.value.suggested_filename == "change-map.png"
    assert Path(saved.value.path()).read_bytes() == base64.b64decode(text)


# ---- pictures come and go ------------------------------------------------------------------------


def test_window_resize_keeps_everything(desk):
    desk.drag((20, 20), (60, 60))
    values = desk.values()
    for width, height in ((500, 700), (380, 600), (1300, 1000)):
        desk.page.set_viewport_size({"width": width, "height": height})
        desk.page.wait_for_timeout(150)
        assert np.array_equal(desk.values(), values)
        panel = desk.page.evaluate("painter.stage.panel.width")
        assert panel <= width
        assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        desk.shot(f"width-{width}")
    desk.set(size=11, hardness=100)
    desk.mouse.click(*desk.at(120, 90))
    ys, xs = np.nonzero(desk.values()[70:, 100:])
    assert (xs.mean(), ys.mean()) == pytest.approx((19.5, 19.5), abs=0.6)


def test_fifty_strokes_then_the_picture_is_loaded_again(desk):
    desk.set(size=12)
    for i in range(50):
        desk.set(strength=(37 * i) % 100 + 1)
        y = 4 + 2.2 * i
        desk.drag((10, y), (150, 118 - y), steps=3)
    values = desk.values()
    assert desk.page.evaluate("painter.document.history.done.length") == 50
    assert desk.picture()
    assert np.array_equal(desk.values(), values)
    assert desk.page.evaluate("painter.document.history.done.length") == 50
    for _ in range(50):
        desk.keys.press("Control+z")
    assert desk.page.evaluate("painter.isEmpty")
    for _ in range(50):
        desk.keys.press("Control+Shift+z")
    assert np.array_equal(desk.values(), values)


def test_a_picture_of_another_size_and_back(desk):
    desk.drag((20, 20), (60, 60))
    values = desk.values()
    assert desk.picture(320, 240)
    assert desk.values().shape == (240, 320)
    assert desk.values()[80, 80] == values[40, 40]
    desk.says("320 × 240")
    assert desk.picture()
    assert np.array_equal(desk.values(), values)
    desk.keys.press("Control+z")
    assert desk.page.evaluate("painter.isEmpty")


def test_the_picture_changes_in_the_middle_of_a_stroke(desk):
    desk.set(size=10, hardness=100)
    desk.drag((20, 20), (60, 20), up=False)
    desk.picture()  # the same size: the hand goes on painting
    assert (desk.values()[20, 20:60] == 65535).all()
    desk.mouse.move(*desk.at(100, 20), steps=5)
    desk.mouse.up()
    assert (desk.values()[20, 70:100] == 65535).all()
    desk.drag((20, 80), (60, 80), up=False)
    desk.picture(320, 240)  # another size: what was painted stays, the rest is not drawn
    desk.mouse.move(*desk.at(300, 200), steps=5)
    desk.mouse.up()
    values = desk.values()
    assert values.shape == (240, 320)
    assert (values[160, 40:120] == 65535).all()
    assert (values[180:, 200:] == 0).all()


def test_no_picture(browser, address):
    desk, problems = new_desk(browser, address)
    expect(desk.page.locator(".diffdiff-empty")).to_have_text("Put a picture into img2img")
    box = desk.page.locator(".diffdiff-stage").bounding_box()
    desk.mouse.click(box["x"] + 200, box["y"] + 200)
    desk.page.get_by_role("button", name="Invert", exact=True).click()
    assert desk.page.evaluate("painter.isEmpty && painter.document.history.undoLabel === null")
    desk.shot("empty")
    assert desk.load(png_of(np.full((40, 50), 200, np.uint8)))
    assert desk.values().shape == (40, 50)
    desk.picture(50, 40)
    assert (desk.values() == 200 * 257).all()
    desk.page.evaluate("painter.setPicture(null)")
    expect(desk.page.locator(".diffdiff-empty")).to_be_visible()
    assert (decode(desk.png()) == np.float32(200 / 255)).all(), "the map stays"
    desk.picture(50, 40)
    expect(desk.page.locator(".diffdiff-empty")).to_be_hidden()
    assert (desk.values() == 200 * 257).all()
    desk.page.close()
    assert problems == []
