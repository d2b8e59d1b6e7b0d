"""The painter in a real browser: zoom by typing, and strokes in a turned and mirrored view."""

import re
import time

import numpy as np
import pytest
from painter_desk import expect, new_desk

pytestmark = pytest.mark.browser

SPOT = (110, 34, 4)  # left, top and side of the one red square, in pixels of the picture
PICTURE = f"""() => {{
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [160, 120];
    const context = canvas.getContext("2d");
    context.fillStyle = "#204080";
    context.fillRect(0, 0, 160, 120);
    context.fillStyle = "#ff0000";
    context.fillRect({SPOT[0]}, {SPOT[1]}, {SPOT[2]}, {SPOT[2]});
    return painter.setPicture(canvas);
}}"""
# where the square's middle was drawn, as a place in the window
FOUND = """async () => {
    await new Promise((on) => requestAnimationFrame(() => requestAnimationFrame(on)));
    const [context] = painter.stage.contexts;
    const { width, height } = context.canvas;
    const { data } = context.getImageData(0, 0, width, height);
    let [x, y, n] = [0, 0, 0];
    for (let i = 0; i < width * height; i++) {
        if (data[4 * i] < 200 || data[4 * i + 1] > 60 || data[4 * i + 2] > 60) continue;
        x += (i % width) + 0.5;
        y += Math.floor(i / width) + 0.5;
        n++;
    }
    const box = painter.stage.element.getBoundingClientRect();
    const { clientLeft, clientTop } = painter.stage.element;
    return [box.left + clientLeft + x / n / painter.stage.ratio,
        box.top + clientTop + y / n / painter.stage.ratio, n];
}"""


@pytest.mark.parametrize("ratio", [1, 1.5, 2])
def test_a_dab_lands_on_what_lies_under_the_pointer(browser, address, ratio):
    desk, problems = new_desk(browser, address, device_scale_factor=ratio)
    desk.page.evaluate(PICTURE)
    desk.set(size=6, hardness=100, strength=100, view="off")
    left, top, side = SPOT
    for turn, flip in ((0, False), (0, True), (90, False), (-30, False), (135, True), (77, True)):
        desk.page.evaluate(
            "([t, f]) => { painter.stage.turn(t); if (f) painter.stage.flip(); }", [turn, flip]
        )
        x, y, count = desk.page.evaluate(FOUND)
        assert count > 20
        desk.mouse.click(x, y)
        rows, columns = np.nonzero(desk.values())
        middle = columns.mean() + 0.5, rows.mean() + 0.5
        assert np.allclose(middle, (left + side / 2, top + side / 2), atol=0.6), (turn, flip)
        desk.mouse.move(x, y)
        desk.keys.press("Control+z")
        desk.page.evaluate("painter.stage.upright()")
    desk.page.close()
    assert problems == []


def test_keys_and_fields_of_the_view(desk):
    view = "painter.stage.view"
    zoom = desk.page.get_by_role("textbox", name="Zoom")
    zoom.fill("133 %")
    zoom.press("Enter")
    assert desk.page.evaluate(view)["scale"] == pytest.approx(1.33)
    desk.page.wait_for_function(
        "document.querySelector('[aria-label=Zoom].diffdiff-number').value === '133'"
    )
    zoom.fill("a lot")
    zoom.press("Enter")
    assert desk.page.evaluate(view)["scale"] == pytest.approx(1.33)
    expect(zoom).to_have_value("133")
    zoom.fill("99999")
    zoom.press("Tab")
    assert desk.page.evaluate(view)["scale"] == 32
    turn = desk.page.get_by_role("textbox", name="Rotation of the view")
    turn.fill("-40")
    turn.press("Enter")
    assert desk.page.evaluate(view)["turn"] == pytest.approx(-40)
    desk.page.locator(".diffdiff-stage").focus()
    desk.keys.press("Control+0")
    assert desk.page.evaluate("painter.stage.fitted")
    seen = []
    for key in (".", ".", ",", "k", ".", "u"):
        desk.keys.press(key)
        now = desk.page.evaluate(view)
        seen.append((now["turn"], now["flip"]))
    assert seen == [(-30, False), (-15, False), (-30, False), (30, True), (45, True), (0, False)]
    assert desk.page.evaluate("painter.stage.fitted"), "a fitted picture is fitted again"
    assert desk.page.evaluate("painter.document.history.undoLabel") is None, "the map is untouched"


def fingers(desk, places, at):
    """Send where two fingers are, in pixels of the window, at a time in seconds."""
    kind = "touchMove" if places is not None else "touchEnd"
    points = [dict(zip("xy", place), id=i) for i, place in enumerate(places or [])]
    message = {"type": kind, "touchPoints": points, "timestamp": at}
    desk.cdp.send("Input.dispatchTouchEvent", message)
    desk.settle()


def two(middle, apart, degrees):
    """Both places of fingers that are some pixels apart, at an angle."""
    step = apart / 2 * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    return [[float(v) for v in middle - step], [float(v) for v in middle + step]]


def test_two_fingers_rotate_the_view(desk):
    view = "painter.stage.view"
    now = time.time()

    def gesture(angles, apart=(120, 120)):
        nonlocal now
        middle = np.array(desk.at(80, 60))
        first, second = two(middle, apart[0], angles[0])
        for kind in ([first], [first, second]):
            points = [dict(zip("xy", place), id=i) for i, place in enumerate(kind)]
            message = {"type": "touchStart", "touchPoints": points, "timestamp": now}
            desk.cdp.send("Input.dispatchTouchEvent", message)
            now += 0.05
        for i, angle in enumerate(angles):
            wide = apart[0] + (apart[1] - apart[0]) * i / (len(angles) - 1)
            fingers(desk, two(middle, wide, angle), now)
            now += 0.05
        fingers(desk, None, now)
        now += 1
        return desk.page.evaluate(view)

    began = desk.page.evaluate(view)
    pinched = gesture([0, 4, 8, 5], apart=(100, 150))
    assert pinched["turn"] == 0, "a pinch that wavers does not rotate"
    assert pinched["scale"] == pytest.approx(1.5 * began["scale"], rel=0.02)
    seen = gesture([0, 8, 16, 24, 32, 40])
    assert seen["turn"] == pytest.approx(30, abs=0.5)
    expect(desk.page.get_by_role("textbox", name="Rotation of the view")).to_have_value(
        re.compile("^(30|29[.][5-9]|30[.][1-5])$")
    )
    desk.shot("rotated-by-fingers")
    assert gesture([90, 80, 70, 60, 52])["turn"] == 0, "28 degrees back: it snaps upright"
    assert gesture([0, -10, -20, -30])["turn"] == pytest.approx(-20, abs=0.5)
    upright = desk.page.get_by_role("button", name="The view upright again")
    upright.click()
    desk.page.wait_for_function("painter.stage.view.turn === 0")
    assert desk.page.evaluate("painter.isEmpty && painter.document.history.undoLabel === null")


def test_all_that_is_drawn_turns_with_the_picture(desk):
    desk.set(tool="linear", strength=100, second=0, contours=True)
    desk.drag((10, 60), (150, 60))
    desk.set(tool="rectangle")
    desk.page.evaluate("painter.stage.turn(30)")
    desk.drag((30, 20), (90, 60), up=False)
    desk.page.wait_for_timeout(200)
    desk.shot("turned-rectangle")
    desk.mouse.up()
    values = desk.values()
    assert (values[20:60, 30:90] == 65535).all() and (values[20:60, 91:] < 65535).all()
    desk.keys.press("q")
    desk.drag((100, 70), (140, 100))
    desk.set(tool="brush", size=20, hardness=50)
    desk.mouse.move(*desk.at(120, 40))
    desk.page.wait_for_timeout(300)
    desk.shot("turned-lines")
    lines = desk.page.evaluate(
        """() => {
            const { canvas } = painter.stage.contexts[2];
            const { width, height } = canvas;
            const { data } = painter.stage.contexts[2].getImageData(0, 0, width, height);
            return data.filter((v, at) => at % 4 === 3 && v > 0).length;
        }"""
    )
    assert lines > 200


def test_rope_symmetry_and_recent_strengths(desk):
    desk.set(size=14, hardness=80, strength=35, symmetry="both", steady=60)
    desk.drag((20, 20), (60, 24), (50, 50), up=False)
    desk.page.wait_for_timeout(200)
    desk.shot("rope-and-symmetry")
    desk.mouse.up()
    values = desk.values()
    assert (values > 0).any() and (np.abs(values.astype(int) - values[::-1, ::-1]) <= 2).all()
    assert values[24, 60] == 0, "the brush comes after the pointer"
    desk.set(symmetry="off", steady=0, strength=80)
    desk.drag((80, 100), (90, 100))
    recent = desk.page.get_by_role("group", name="Recent strengths").get_by_role("button")
    expect(recent).to_have_text(["80", "35"])
    recent.nth(1).click()
    assert desk.setting("strength") == 35
    desk.shot("recent")


def test_handles_of_a_gradient(desk):
    desk.set(tool="linear", strength=100, second=0)
    desk.drag((20, 60), (140, 60))
    first = desk.values()
    desk.mouse.click(*desk.at(80, 60))
    desk.keys.press("9")
    desk.keys.press("0")
    desk.page.wait_for_function("painter.holds.ramp.shown.stops[1].value > 58000")
    desk.drag((20, 60), (30, 20), up=False)
    desk.page.wait_for_timeout(100)
    desk.shot("ramp-dragged")
    desk.mouse.up()
    desk.shot("ramp")
    desk.keys.press("Enter")
    assert desk.page.evaluate("painter.holds.ramp.open") is False
    assert not np.array_equal(desk.values(), first)
    desk.keys.press("Control+z")
    assert (desk.values() == 0).all(), "all of it is one step"
    desk.set(tool="linear")
    desk.drag((20, 60), (140, 60))
    assert np.array_equal(desk.values(), first)
    desk.keys.press("Escape")
    assert (desk.values() == 0).all()


def test_the_area_of_a_region_in_a_frame(desk):
    desk.set(tool="rectangle", strength=60)
    desk.mouse.move(*desk.at(80, 60))
    desk.keys.press("j")
    desk.says()  # there is no region
    desk.keys.press("n")
    desk.drag((20, 20), (60, 50))
    first = desk.values()
    row = desk.page.locator(".diffdiff-region").first
    row.get_by_role("button", name="Transform").click()
    desk.drag((40, 35), (70, 65), up=False)
    desk.page.wait_for_timeout(100)
    desk.shot("frame-dragged")
    desk.mouse.up()
    moved = desk.values()
    assert np.array_equal(moved[50:80, 50:90], first[20:50, 20:60]) and (moved[:50] == 0).all()
    desk.drag((90, 80), (110, 95))
    desk.page.wait_for_timeout(100)
    desk.shot("frame")
    assert (desk.values() > 0).sum() > 1.5 * (first > 0).sum()
    row.get_by_role("button", name="Flip its area, left").click()
    desk.page.locator(".diffdiff-stage").focus()
    desk.keys.press("Enter")
    assert desk.page.evaluate("painter.holds.transforming.floating") is None
    desk.keys.press("Control+z")
    assert np.array_equal(desk.values(), first), "all of it is one step"
    desk.keys.press("j")
    desk.page.locator(".diffdiff-stage").focus()
    desk.keys.press("ArrowRight")
    desk.keys.press("Shift+ArrowDown")
    assert np.array_equal(desk.values()[30:60, 21:61], first[20:50, 20:60])
    desk.keys.press("Escape")
    assert np.array_equal(desk.values(), first)
    row.get_by_role("button", name="Remove the region").click()
    desk.keys.press("n")
    desk.keys.press("j")
    desk.says("Nothing is painted in this region")


def test_what_is_under_the_pointer_moves_no_button(desk):
    desk.page.evaluate(
        """() => {
            const noise = Array.from({ length: 20 }, (_, i) => 1 - i / 20);
            const known = { steps: 20, noise, exact: [0, 1] };
            painter.setRun({ steps: 20, denoising: 1, scale: "relative", noise: known });
            painter.document.fill(65535);
        }"""
    )
    for width in (360, 420, 560, 680, 860, 1000, 1200):
        desk.page.set_viewport_size({"width": width, "height": 900})
        desk.mouse.move(1, 1)
        desk.settle()
        line = expect(desk.page.locator(".diffdiff-readout"))
        line.to_contain_text("160 × 120")
        desk.settle()
        button = desk.page.locator(".diffdiff-foot .diffdiff-views")
        before = button.bounding_box()
        desk.mouse.move(*desk.at(150, 110))
        line.to_have_text(re.compile(r"\d+, \d+: .* noise.*"))
        desk.settle()
        assert button.bounding_box() == before, width
