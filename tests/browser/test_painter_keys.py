"""The painter in a real browser: the keyboard, what is seen, and what stays of it."""

import io

import numpy as np
import pytest
from painter_desk import expect, new_desk
from PIL import Image

pytestmark = pytest.mark.browser


# ---- keyboard ------------------------------------------------------------------------------------


def test_every_shortcut(desk):
    """By the table that the help is made of: none may be left out here."""
    desk.mouse.move(*desk.at(80, 60))
    table = desk.page.evaluate(
        """async () => {
            const { SHORTCUTS } = await import("/javascript/painter/ui/input/shortcuts.mjs");
            return SHORTCUTS.map(({ command, value = null, ctrl, shift, keys, label }) => {
                const held = (ctrl ? "Control+" : "") + (ctrl && shift ? "Shift+" : "");
                return [command, value, held, keys[0], label];
            });
        }"""
    )
    tools = dict.fromkeys("brush erase lasso flood rectangle ellipse smooth pick move".split())
    names = {" ": "Space", "home": "Home", "escape": "Escape"}
    left = {"undo", "redo", "cancel", "pan", "peek", "zoom", "fit", "help", "invert", "view"}
    left |= {"actual", "contours", "target", "deselect", "region", "rotate", "flipView", "upright"}
    left |= {"draft", "transform"}
    for command, value, modifiers, key, _ in table:
        press = modifiers + names.get(key, key)
        before = desk.page.evaluate("({ ...painter.settings.values })")
        if command == "tool:click":  # this page finds nothing
            desk.keys.press(press)
            assert desk.setting("tool") == before["tool"]
        elif command.startswith("tool:") and command != "tool:gradient":
            desk.keys.press(press)
            assert desk.setting("tool") == command[5:]
            tools.pop(command[5:])
        elif command == "tool:gradient":
            for tool in ("linear", "radial", "linear"):
                desk.keys.press(press)
                assert desk.setting("tool") == tool
        elif command in ("size", "hardness"):
            desk.keys.press(press)
            assert (desk.setting(command) - before[command]) * value > 0
        elif command == "digit":
            desk.page.wait_for_timeout(650)  # not the second one of a pair
            desk.keys.press(press)
            assert desk.setting("strength") == (10 * value or 100)
        elif command == "swap":
            desk.keys.press(press)
            assert desk.setting("second") == before["strength"]
            desk.keys.press(press)
        else:
            assert command in left, f"no test of {command}"
    assert not tools
    keys = {command: m + names.get(key, key) for command, _, m, key, _ in table}
    heard = desk.page.evaluate("heard.length")
    desk.keys.press(keys["invert"])
    assert (desk.values() == 65535).all()
    desk.keys.press("Control+z")
    assert (desk.values() == 0).all()
    desk.keys.press("Control+y")
    assert (desk.values() == 65535).all()
    for view in ("grey", "off", "heat"):
        desk.keys.press(keys["view"])
        assert desk.setting("view") == view
    hidden = "getComputedStyle(painter.stage.layers[1]).visibility"
    desk.keys.down("h")
    assert desk.page.evaluate(hidden) == "hidden"
    desk.keys.up("h")
    assert desk.page.evaluate(hidden) == "visible"
    scale = desk.page.evaluate("painter.stage.view.scale")
    desk.keys.press("+")
    assert desk.page.evaluate("painter.stage.view.scale") == pytest.approx(1.25 * scale)
    desk.keys.press("-")
    assert desk.page.evaluate("painter.stage.view.scale") == pytest.approx(scale)
    before = desk.page.evaluate("painter.stage.view.x")
    desk.keys.down("Space")
    desk.drag((80, 60), (90, 60))
    desk.keys.up("Space")
    assert desk.page.evaluate("painter.stage.view.x") > before + 10
    assert (desk.values() == 65535).all(), "moved, not painted"
    desk.keys.press("Home")
    assert desk.page.evaluate("painter.stage.view.x") == pytest.approx(before)
    desk.keys.press("?")
    listed = desk.page.locator(".diffdiff-help kbd").all_inner_texts()
    assert {label for *_, label in table if not label.isdigit()} - {"W"} <= set(listed)
    desk.keys.press("Escape")
    expect(desk.page.locator(".diffdiff-help")).to_be_hidden()
    passed = set(desk.page.evaluate("heard")[heard:])
    assert passed <= {"Control", "Shift"}, "the page must not hear what the painter did"


def test_keys_belong_to_whoever_has_the_focus(desk):
    desk.page.locator("#prompt").click()
    desk.mouse.move(*desk.at(80, 60))
    desk.keys.type("bei[5")
    expect(desk.page.locator("#prompt")).to_have_value("bei[5")
    assert desk.setting("tool") == "brush" and desk.page.evaluate("painter.isEmpty")
    desk.page.evaluate("document.activeElement.blur()")
    desk.mouse.move(3, 3)
    desk.keys.press("e")
    assert desk.setting("tool") == "brush", "neither focus nor pointer"
    desk.mouse.move(*desk.at(80, 60))
    desk.keys.press("e")
    assert desk.setting("tool") == "erase"
    number = desk.page.get_by_label("Size").first
    number.click()
    number.fill("200")
    assert desk.setting("size") == 200
    desk.keys.press("Enter")
    desk.keys.press("b")
    assert desk.setting("tool") == "brush"
    desk.page.locator(".diffdiff-stage").focus()
    desk.keys.press("Control+Enter")
    assert "Enter" in desk.page.evaluate("heard"), "generate"


def test_painting_with_the_keyboard_alone(desk):
    desk.page.evaluate("document.querySelector('#prompt').focus()")
    seen = []
    for _ in range(60):
        desk.keys.press("Tab")
        seen.append(
            desk.page.evaluate(
                "(() => { const e = document.activeElement;"
                "return e.classList.contains('diffdiff-stage') ? 'stage'"
                ": e.getAttribute('aria-label') ?? e.id; })()"
            )
        )
        if seen[-1] == "stage":
            break
    assert seen[-1] == "stage" and len(seen) < 40
    assert "Brush" in seen and any(name.startswith("Adjust") for name in seen)
    desk.set(size=10, hardness=100)
    desk.keys.press("Enter")
    for _ in range(12):
        desk.keys.press("ArrowRight")
    desk.keys.press("Enter")
    values = desk.values()
    assert (values[60, 80:90] == 65535).all()
    assert desk.page.evaluate("painter.document.history.undoLabel") == "Brush"
    desk.keys.press("r")
    desk.keys.press("Enter")
    desk.keys.press("Shift+ArrowDown")
    desk.keys.press("Shift+ArrowLeft")
    assert desk.page.evaluate("painter.stage.mark.kind") == "rectangle"
    desk.shot("keyboard")
    desk.keys.press("Enter")
    assert desk.page.evaluate("painter.document.history.undoLabel") == "Rectangle"
    desk.keys.press("Control+z")
    assert np.array_equal(desk.values(), values)
    desk.page.get_by_role("radio", name="Brush", exact=True).focus()
    desk.keys.press("ArrowDown")
    assert desk.setting("tool") == "erase"
    desk.page.get_by_role("slider", name="Size").focus()
    size = desk.setting("size")
    desk.keys.press("ArrowRight")
    desk.keys.press("ArrowRight")
    desk.keys.press("ArrowRight")
    assert desk.setting("size") >= size


# ---- what is seen --------------------------------------------------------------------------------


def test_what_is_drawn_is_the_map(desk):
    desk.set(tool="rectangle", strength=100, view="grey")
    desk.drag((40, 30), (100, 80))
    desk.mouse.move(3, 3)
    desk.page.wait_for_timeout(200)
    box = desk.page.locator(".diffdiff-stage").bounding_box()
    shot = Image.open(io.BytesIO(desk.page.screenshot())).convert("L")
    for place, grey in (((70, 55), 255), ((20, 20), 0), ((42, 32), 255), ((38, 28), 0)):
        x, y = desk.at(*place)
        assert box["x"] < x < box["x"] + box["width"]
        assert shot.getpixel((round(x), round(y))) == grey
    desk.keys.press("Control+z")
    desk.page.wait_for_timeout(200)
    shot = Image.open(io.BytesIO(desk.page.screenshot())).convert("L")
    assert shot.getpixel(tuple(round(v) for v in desk.at(70, 55))) == 0


def test_the_legend_says_what_a_run_does(desk):
    words = desk.page.locator(".diffdiff-legend-words")
    expect(words).to_contain_text("white changes")
    desk.page.evaluate("painter.setRun({ steps: 20, denoising: 0.75, scale: 'relative' })")
    expect(words).to_have_text("20 steps, denoising 0.75: 17 levels can be told apart")
    labels = desk.page.locator(".diffdiff-legend-labels li").all_inner_texts()
    assert "kept" in labels[0] and "step 5" in labels[-1] and "0.75" in labels[-1]
    expect(desk.page.locator(".diffdiff-ticks i")).to_have_count(16)
    desk.page.evaluate("painter.document.fill(65535)")
    desk.mouse.move(*desk.at(50, 50))
    readout = expect(desk.page.locator(".diffdiff-readout"))
    readout.to_contain_text("100 %")
    readout.to_contain_text("strength 0.75, from step 5 of 20")
    for run in ("null", "{ steps: 0, denoising: 0.5 }", "{ steps: NaN, denoising: 2 }"):
        desk.page.evaluate(f"painter.setRun({run})")
        expect(words).to_contain_text("white changes")


def test_settings_come_back_and_broken_ones_do_no_harm(desk):
    desk.set(tool="lasso", strength=35, size=99, height=500)
    desk.page.reload()
    desk.page.wait_for_function("window.ready")
    kept = [desk.setting(name) for name in ("tool", "strength", "size", "height")]
    assert kept == ["lasso", 35, 99, 500]
    desk.picture()
    desk.page.wait_for_timeout(100)
    assert desk.page.locator(".diffdiff-stage").bounding_box()["height"] == 500
    broken = """(s) => window[s].setItem("diffdiff-painter", '{"size": "x", "tool": 3')"""
    for storage in ("localStorage", "sessionStorage"):
        desk.page.evaluate(broken, storage)
    desk.page.reload()
    desk.page.wait_for_function("window.ready")
    assert desk.setting("tool") == "brush" and desk.setting("size") == 64


def test_nothing_stays_behind(desk):
    desk.page.evaluate("painter.destroy()")
    assert desk.page.evaluate("document.getElementById('root').innerHTML") == ""
    desk.keys.press("i")
    desk.page.set_viewport_size({"width": 600, "height": 600})
    desk.page.wait_for_timeout(100)
    assert desk.page.evaluate("painter.isEmpty")


def test_two_painters_on_one_page(desk):
    desk.page.evaluate(
        """async () => {
            const { Painter } = await import("/javascript/painter/ui/painter.mjs");
            const root = document.getElementById("root").appendChild(document.createElement("div"));
            document.body.insertBefore(root, document.getElementById("root").nextSibling);
            window.other = new Painter(root, { takeMask: null });
            other.setPicture(picture(100, 100));
        }"""
    )
    desk.mouse.move(*desk.at(80, 60))
    desk.keys.press("i")
    assert desk.page.evaluate("painter.isEmpty === false && other.isEmpty")
    ids = desk.page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    expect(desk.page.get_by_text("Take from the inpaint mask")).to_have_count(1)


def test_device_pixels(browser, address):
    desk, problems = new_desk(browser, address, device_scale_factor=2)
    desk.picture()
    sizes = desk.page.evaluate("painter.stage.layers.map((c) => [c.width, c.clientWidth])")
    assert all(width == pytest.approx(2 * css, abs=1) for width, css in sizes)
    desk.set(size=9, hardness=100)
    desk.mouse.click(*desk.at(40.5, 30.5))
    ys, xs = np.nonzero(desk.values())
    assert (xs.mean(), ys.mean()) == pytest.approx((40, 30), abs=0.02)
    desk.page.close()
    assert problems == []
