"""The painter in a real browser: strokes by mouse, pen and finger, and every tool."""

import time

import numpy as np
import pytest

pytestmark = pytest.mark.browser


# ---- mouse, pen, fingers -------------------------------------------------------------------------


def test_strokes_by_mouse_and_back_to_blank(desk):
    assert desk.page.evaluate("painter.isEmpty")
    revision = desk.page.evaluate("painter.revision")
    states = [desk.values()]
    for i, tool in enumerate(["brush", "smooth", "erase", "brush"]):
        desk.set(tool=tool, strength=100 - 20 * i, size=24)
        desk.drag((20, 30 + 10 * i), (80, 50), (130, 30 + 20 * i))
        states.append(desk.values())
        assert not np.array_equal(states[-1], states[-2])
    assert states[1].max() == 65535 and states[1][0, 0] == 0
    assert not desk.page.evaluate("painter.isEmpty")
    assert desk.page.evaluate("painter.revision") == revision + 4
    assert desk.page.evaluate("changes") == 5  # the picture, and four strokes
    for state in states[-2::-1]:
        desk.keys.press("Control+z")
        assert np.array_equal(desk.values(), state)
    assert desk.page.evaluate("painter.isEmpty")
    for state in states[1:]:
        desk.keys.press("Control+Shift+z")
        assert np.array_equal(desk.values(), state)


def test_onchange_waits_for_the_end_of_a_stroke(desk):
    desk.drag((20, 20), (90, 60), up=False)
    assert desk.page.evaluate("changes") == 1
    assert desk.page.evaluate("painter.isEmpty")
    desk.mouse.up()
    assert desk.page.evaluate("changes") == 2
    assert not desk.page.evaluate("painter.isEmpty")


def test_where_one_clicks_is_where_one_paints(desk):
    desk.set(size=9, hardness=100)
    for x, y in [(20.5, 30.5), (140.5, 100.5)]:
        desk.mouse.click(*desk.at(x, y))
        values = desk.values()
        ys, xs = np.nonzero(values)
        assert (xs.mean(), ys.mean()) == pytest.approx((int(x), int(y)), abs=0.02)
        assert (values > 32767).sum() == 69  # pixel middles within 4.5 pixels
        desk.keys.press("Control+z")
    desk.page.evaluate("painter.stage.zoom(3, painter.stage.onScreen({ x: 70, y: 50 }))")
    place = (60.5, 45.5)
    desk.mouse.click(*desk.at(*place))
    ys, xs = np.nonzero(desk.values())
    assert (xs.mean(), ys.mean()) == pytest.approx((60, 45), abs=0.02)


def test_a_pen_presses(desk):
    desk.set(pen="size", size=40, hardness=100)
    widths = []
    for force in (0.15, 0.5, 0.95):
        desk.pen("mousePressed", (15, 60), force)
        for x in range(20, 146, 5):
            desk.pen("mouseMoved", (x, 60), force + 0.004 * (x % 2))  # one that varies is felt
        desk.pen("mouseReleased", (145, 60), 0, buttons=0)
        widths.append(int((desk.values()[:, 120] > 32767).sum()))
        desk.page.evaluate("painter.document.undo()")
        assert desk.page.evaluate("painter.isEmpty")
    assert widths[0] < 0.5 * widths[1] < widths[1] < widths[2]
    assert widths == pytest.approx([8, 21, 38], abs=2)  # 40 (0.05 + 0.95 force)
    desk.set(pen="strength")
    desk.pen("mousePressed", (15, 60), 0.5)
    for x in range(20, 146, 5):
        desk.pen("mouseMoved", (x, 60), 0.5 + 0.004 * (x % 2))
    desk.pen("mouseReleased", (145, 60), 0, buttons=0)
    assert int(desk.values()[60, 120]) == pytest.approx(32768, rel=0.03)


def test_the_right_button_paints_the_second_strength_and_alt_picks(desk):
    desk.page.evaluate("painter.document.fill(65535)")
    desk.set(strength=80, second=20, hardness=100, size=20)
    desk.drag((20, 20), (60, 20), button="right")
    assert desk.values()[20, 40] == round(0.2 * 65535)
    desk.keys.down("Alt")
    desk.mouse.click(*desk.at(40, 20))
    desk.keys.up("Alt")
    assert desk.setting("strength") == pytest.approx(20, abs=0.001)
    desk.drag((40, 90), (60, 90))
    assert desk.values()[90, 50] == desk.values()[20, 40]


def test_two_fingers_zoom_and_take_the_dab_of_the_first_back(desk):
    before = desk.page.evaluate("painter.stage.view")
    now = time.time()
    desk.touch("touchStart", (60, 60), at=now)
    desk.touch("touchStart", (60, 60), (100, 60), at=now + 0.1)
    places = [(desk.at(60 - n, 60), desk.at(100 + n, 60)) for n in range(2, 12, 2)]
    for places_now in places:
        points = [dict(zip("xy", place), id=i) for i, place in enumerate(places_now)]
        message = {"type": "touchMove", "touchPoints": points}
        desk.cdp.send("Input.dispatchTouchEvent", message)
    desk.settle()
    desk.touch("touchEnd")
    after = desk.page.evaluate("painter.stage.view")
    assert after["scale"] > 1.3 * before["scale"]
    assert desk.page.evaluate("painter.isEmpty")
    assert desk.page.evaluate("painter.document.history.undoLabel") is None
    desk.touch("touchStart", (80, 60))
    desk.touch("touchMove", (90, 60))
    desk.touch("touchEnd")
    assert desk.page.evaluate("painter.document.history.undoLabel") == "Brush"


def test_a_stroke_that_is_taken_away_is_kept(desk):
    """pointercancel, a lost capture, and a window that loses the focus."""
    desk.set(size=20)
    desk.touch("touchStart", (20, 20))
    desk.touch("touchMove", (80, 20))
    desk.touch("touchCancel")
    one = desk.values()
    assert one[20, 60] == 65535
    desk.drag((20, 60), (80, 60), up=False)
    desk.page.evaluate("painter.stage.element.releasePointerCapture(painter.pointer.id)")
    desk.mouse.move(*desk.at(80, 62))  # browsers tell with the next event
    assert desk.values()[60, 60] == 65535
    desk.mouse.move(*desk.at(80, 100))
    desk.mouse.up()
    assert desk.values()[90, 80] == 0, "the stroke is over"
    desk.drag((20, 100), (80, 100), up=False)
    desk.page.evaluate("window.dispatchEvent(new Event('blur'))")
    assert desk.values()[100, 60] == 65535
    desk.mouse.up()
    labels = desk.page.evaluate("painter.document.history.done.map((step) => step.label)")
    assert labels == ["Brush"] * 3


def test_escape_gives_the_stroke_up_and_else_goes_to_the_page(desk):
    desk.drag((20, 20), (80, 20), up=False)
    desk.keys.press("Escape")
    desk.mouse.up()
    assert desk.page.evaluate("painter.isEmpty")
    assert "Escape" not in desk.page.evaluate("heard")
    desk.keys.press("Escape")
    assert "Escape" in desk.page.evaluate("heard")


def test_the_wheel_zooms_about_the_pointer_and_pages_scroll_past(desk):
    desk.mouse.move(*desk.at(30, 30))
    desk.mouse.wheel(0, -300)
    desk.page.wait_for_function("!painter.stage.fitted")
    assert desk.page.evaluate("scrollY") == 0
    x, y = desk.at(30, 30)
    desk.mouse.move(x, y)
    cursor = desk.page.evaluate("painter.stage.cursor")
    assert (cursor["x"], cursor["y"]) == pytest.approx((30, 30), abs=0.5)
    scale = desk.page.evaluate("painter.stage.view.scale")
    desk.mouse.move(
        5, 5
    )  # beside the painter: the page scrolls, also when it comes under the mouse
    desk.mouse.wheel(0, 10)
    desk.mouse.move(*desk.at(30, 30))
    desk.mouse.wheel(0, 60)
    desk.page.wait_for_function("scrollY > 40")
    assert desk.page.evaluate("painter.stage.view.scale") == scale


# ---- every tool ----------------------------------------------------------------------------------


def test_shapes_and_gradients(desk):
    desk.set(tool="rectangle", strength=60)
    desk.drag((20, 30), (50, 70))
    values = desk.values()
    inside = np.zeros(values.shape, bool)
    inside[30:70, 20:50] = True
    assert (values[inside] == round(0.6 * 65535)).all() and (values[~inside] == 0).all()
    desk.set(tool="ellipse", strength=100)
    desk.drag((80, 20), (140, 100))
    area = (desk.values()[:, 60:] / 65535).sum()
    assert area == pytest.approx(np.pi * 30 * 40, rel=0.01)
    desk.set(tool="lasso", strength=30)
    desk.drag((10, 80), (70, 80), (70, 110), (10, 110))
    assert desk.values()[95, 40] == 19661  # 30 %
    desk.set(tool="linear", strength=100, second=0)
    desk.drag((0, 60), (160, 60))
    row = desk.values()[60].astype(float)
    assert (np.diff(row) < 0).all()
    assert row[[0, 80]] == pytest.approx(
        [65535 * (1 - 0.5 / 160), 65535 * (1 - 80.5 / 160)], abs=200
    )
    desk.set(tool="radial")
    desk.drag((80, 60), (110, 60))
    values = desk.values()
    assert values[60, 80] > 63000 and values[60, 111] == 0 and values[30:32, 80].max() < 4000
    assert desk.page.evaluate("painter.document.history.done.length") == 5


def test_drags_are_previewed_and_a_click_draws_nothing(desk):
    for tool in ("rectangle", "ellipse", "lasso", "linear", "radial"):
        desk.set(tool=tool)
        desk.drag((30, 30), (90, 80), up=False)
        assert desk.page.evaluate("painter.stage.mark.kind") == tool
        assert desk.page.evaluate("painter.isEmpty")
        desk.shot(f"drag-{tool}")
        desk.keys.press("Escape")
        desk.mouse.up()
        desk.mouse.click(*desk.at(50, 50))
    assert desk.page.evaluate("painter.stage.mark") is None
    assert desk.page.evaluate("painter.document.history.undoLabel") is None


def test_shift_makes_squares_and_straight_lines(desk):
    desk.set(tool="rectangle")
    desk.keys.down("Shift")
    desk.drag((20, 20), (60, 40))
    desk.keys.up("Shift")
    ys, xs = np.nonzero(desk.values())
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (20, 59, 20, 59)
    desk.keys.press("Control+z")
    desk.set(tool="brush", size=10, hardness=100)
    desk.mouse.click(*desk.at(20, 100))
    desk.keys.down("Shift")
    desk.mouse.click(*desk.at(140, 100))
    desk.keys.up("Shift")
    assert (desk.values()[100, 20:140] == 65535).all()


def test_flood_fill_goes_by_the_pictures_colours(desk):
    desk.set(tool="flood", strength=50, tolerance=10)
    desk.mouse.click(*desk.at(80, 60))  # the red block
    ys, xs = np.nonzero(desk.values())
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (60, 99, 45, 89)
    assert len(xs) == 40 * 45
    assert set(np.unique(desk.values())) == {0, 32768}
    desk.set(tolerance=255)
    desk.mouse.click(*desk.at(5, 5))
    assert (desk.values() == 32768).all()


def test_the_whole_map_by_buttons(desk):
    def click(name):
        desk.page.get_by_role("button", name=name, exact=True).click()

    desk.set(strength=40)
    click("Fill the whole map with the strength")
    assert (desk.values() == round(0.4 * 65535)).all()
    click("Invert")
    assert (desk.values() == 65535 - round(0.4 * 65535)).all()
    click("Clear: keep everything")
    assert (desk.values() == 0).all()
    desk.set(tool="rectangle", strength=100)
    desk.drag((60, 40), (100, 80))
    desk.page.get_by_role("button", name="Adjust the map").click()
    click("Grow")
    ys, xs = np.nonzero(desk.values())
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (56, 103, 36, 83)
    click("Shrink")
    click("Soften")
    values = desk.values()
    assert 0 < values[60, 60] < 65535 and values[60, 80] > 64000
    panel = desk.page.get_by_role("dialog", name="Adjust the map")
    panel.get_by_label("Black").first.fill("60")
    panel.get_by_label("White").first.fill("50")
    click("Apply levels")
    desk.says("black", "white")
    assert np.array_equal(desk.values(), values)
    panel.get_by_label("White").first.fill("90")
    click("Apply levels")
    assert desk.values()[60, 80] == 65535 and (desk.values() == 0).sum() > (values == 0).sum()
    desk.says()
