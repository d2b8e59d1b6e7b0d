"""The tool Move in a real browser: what is taken, dragged and put down, and what a run gets."""

import base64
import io
import json

import numpy as np
import pytest
from painter_desk import expect, png_of
from PIL import Image

from diffdiff.edit.coarse import coarse_of
from diffdiff.settings.schema import parse

pytestmark = pytest.mark.browser

FULL = 65535
HOUSE = (60, 45, 100, 90)  # in the desk's picture of 160x120
TEXT = """async () => {
    const { textOfMoves } = await import("/javascript/painter/move/movefile.mjs");
    await painter.finish();
    return textOfMoves(painter.document);
}"""
PICTURE = """() => {
    const { coarse, picture } = painter.stage;
    return (coarse ?? picture).toDataURL("image/png").split(",")[1];
}"""


@pytest.fixture(autouse=True)
def in_hand(desk):
    desk.set(tool="move", take="rectangle")


def moves(desk):
    return desk.page.evaluate(
        "painter.document.moves.map(({ placing, copy, gone }) => ({ ...placing, copy, gone }))"
    )


def seen(desk):
    data = base64.b64decode(desk.page.evaluate(PICTURE))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def take(desk, box=HOUSE):
    left, top, right, bottom = box
    desk.drag((left, top), (right, bottom))


def test_an_object_is_taken_dragged_and_put_down_as_one_step(desk):
    before = seen(desk)
    take(desk)
    desk.drag((80, 60), (120, 70))
    desk.keys.press("Enter")
    assert [(m["by"], m["copy"], m["gone"]) for m in moves(desk)] == [([40, 10], False, False)]
    after, values = seen(desk), desk.values()
    np.testing.assert_array_equal(after[56:99, 101:139], before[46:89, 61:99])
    assert (values[47:88, 62:98] == FULL).mean() > 0.95, "the hole changes fully"
    assert values[78, 122] == 0, "the object is kept"
    assert (np.abs(after[60:70, 70:90].astype(int) - before[10, 10]).max(2) < 90).all()
    desk.keys.press("Control+z")
    assert desk.page.evaluate("painter.isEmpty") and not moves(desk)
    np.testing.assert_array_equal(seen(desk), before)
    desk.keys.press("Control+Shift+z")
    assert len(moves(desk)) == 1


def test_python_makes_of_it_what_the_painter_shows(desk):
    before = seen(desk)
    take(desk)
    desk.drag((80, 60), (112, 68))
    text = desk.page.evaluate(TEXT)
    made = coarse_of(before, parse({"move": text}))
    off = np.abs(np.rint(made.map * FULL) - desk.values())
    assert off.max() <= 1
    kept = made.map == 0
    np.testing.assert_array_equal(made.picture[kept], seen(desk)[kept])
    hole = made.map == 1
    assert np.abs(made.picture[hole].astype(int) - seen(desk)[hole]).mean() < 6


def test_it_turns_scales_and_mirrors_by_numbers_and_by_grips(desk):
    take(desk)
    panel = desk.page.locator(".diffdiff-moves")
    panel.get_by_label("Turn", exact=True).first.fill("30")
    panel.get_by_label("Width", exact=True).first.fill("150")
    panel.get_by_role("button", name="Mirror left and right").click()
    panel.get_by_label("Right", exact=True).first.fill("-20")
    desk.page.locator(".diffdiff-stage").focus()
    desk.keys.press("Shift+ArrowDown")
    desk.keys.press("Enter")
    (one,) = moves(desk)
    assert one["rotate"] == 30 and one["scale"] == [1.5, 1] and one["mirror"] == "horizontal"
    assert one["by"] == [-20, 10]
    desk.keys.press("Control+z")
    take(desk)
    desk.drag((100, 90), (110, 101))  # a corner: away from the middle
    desk.keys.press("Enter")
    (one,) = moves(desk)
    assert one["scale"][0] == one["scale"][1] > 1.3 and one["rotate"] == 0


def test_a_copy_a_deletion_and_a_change_of_mind(desk):
    before = seen(desk)
    take(desk)
    desk.page.get_by_role("button", name="Leave the original").click()
    desk.drag((80, 60), (40, 60))
    desk.keys.press("Escape")
    assert not moves(desk) and desk.page.evaluate("painter.isEmpty")
    take(desk)
    desk.page.get_by_role("button", name="Leave the original").click()
    desk.drag((80, 60), (30, 60))
    desk.keys.press("Enter")
    assert moves(desk)[0]["copy"] and (seen(desk)[50:85, 65:95] == before[50:85, 65:95]).all()
    take(desk)
    desk.keys.press("Delete")
    assert [m["gone"] for m in moves(desk)] == [False, True]
    told = json.loads(desk.page.evaluate(TEXT))
    assert told[0]["copy"] and told[1]["delete"] and "matrix" not in told[1]
    desk.page.get_by_role("button", name="Remove move 2").click()
    assert len(moves(desk)) == 1
    desk.page.get_by_role("button", name="Change move 1").click()
    desk.drag((30, 60), (25, 60))
    desk.keys.press("Enter")
    assert [m["by"] for m in moves(desk)] == [[-55, 0]], "changed in its place"


def test_what_cannot_be_moved_is_said_and_nothing_is_lost(desk):
    take(desk, (-5, -5, 165, 125))
    desk.says("whole picture")
    assert not moves(desk)
    desk.page.get_by_role("button", name="What is painted").or_(
        desk.page.get_by_role("button", name="Move what is painted by half or more")
    ).first.click()
    desk.says("Nothing is selected")
    take(desk)
    desk.page.locator(".diffdiff-moves").get_by_label("Right", exact=True).first.fill("900")
    desk.page.locator(".diffdiff-stage").focus()
    desk.keys.press("Enter")
    desk.says("leave the picture")
    assert not moves(desk)


def test_a_picture_swapped_while_moving(desk):
    take(desk)
    desk.drag((80, 60), (110, 60))
    desk.picture(100, 100)  # another size: it waits for its own
    assert not moves(desk) and desk.page.evaluate("painter.isEmpty")
    desk.picture()
    assert [m["by"] for m in moves(desk)] == [[30, 0]] and not desk.page.evaluate("painter.isEmpty")
    take(desk, (5, 80, 30, 110))
    desk.drag((15, 95), (25, 95))
    desk.picture()  # of the same size: it goes on floating
    desk.keys.press("Enter")
    assert len(moves(desk)) == 2


def test_a_painted_area_and_a_region_can_be_taken(desk):
    shape = np.zeros((120, 160), np.uint8)
    shape[20:40, 20:60] = 200
    desk.load(png_of(shape))
    desk.page.get_by_role("button", name="Move what is painted").click()
    desk.keys.press("ArrowRight")
    desk.page.locator(".diffdiff-stage").focus()
    desk.keys.press("ArrowRight")
    desk.keys.press("Enter")
    assert moves(desk)[0]["by"][0] >= 1


ASKER = """async () => {
    const { GreyMap } = await import("/javascript/painter/map/map.mjs");
    painter.options.clicks = { ask: async () => {
        const map = new GreyMap(160, 120);
        for (let y = 45; y < 90; y++) map.data.fill(65535, y * 160 + 60, y * 160 + 100);
        return map;
    } };
    painter.settings.set({ tool: "click" });
}"""


def test_what_was_clicked_is_moved(desk):
    desk.page.evaluate(ASKER)
    desk.mouse.click(*desk.at(80, 60))
    desk.page.get_by_role("button", name="Drag it elsewhere").click()
    assert desk.setting("tool") == "move"
    desk.drag((80, 60), (110, 70))
    desk.keys.press("Enter")
    assert [m["by"] for m in moves(desk)] == [[30, 10]]
    assert desk.values()[78, 112] == 0, "what was clicked is not painted"
    desk.keys.press("Control+z")
    assert desk.page.evaluate("painter.isEmpty") and not moves(desk)


FLOAT = """() => {
    const canvas = painter.stage.element.querySelector(".diffdiff-float-object");
    const box = canvas.getBoundingClientRect();
    const corner = canvas.getContext("2d").getImageData(0, 0, 1, 1).data;
    return { x: box.x, y: box.y, hidden: !canvas.offsetWidth, marked: corner[3] > 0,
        cut: canvas.style.clipPath };
}"""
MARKED = """() => {
    const context = painter.stage.element.querySelector(".diffdiff-float-object").getContext("2d");
    context.resetTransform();
    context.fillRect(0, 0, 1, 1);
}"""
FRAME = "new Promise((on) => requestAnimationFrame(() => requestAnimationFrame(on)))"


def test_what_is_dragged_is_not_drawn_anew_and_is_cut_at_the_picture(desk):
    take(desk)
    desk.page.evaluate(FRAME)
    desk.page.evaluate(MARKED)
    before = desk.page.evaluate(FLOAT)
    desk.drag((80, 60), (90, 65), up=False)
    desk.page.evaluate(FRAME)
    after = desk.page.evaluate(FLOAT)
    scale = desk.page.evaluate("painter.stage.view.scale")
    assert after["marked"] and not after["cut"]
    assert abs(after["x"] - before["x"] - 10 * scale) <= 1
    assert abs(after["y"] - before["y"] - 5 * scale) <= 1
    desk.mouse.move(*desk.at(150, 60), steps=4)
    desk.page.evaluate(FRAME)
    assert desk.page.evaluate(FLOAT)["cut"].startswith("polygon")
    desk.mouse.move(*desk.at(90, 60), steps=4)
    desk.mouse.up()
    panel = desk.page.locator(".diffdiff-moves")
    desk.page.wait_for_timeout(200)
    expect(panel.get_by_label("Right", exact=True).first).to_have_value("10")
    panel.get_by_label("Turn", exact=True).first.fill("30")
    desk.page.evaluate(FRAME)
    assert not desk.page.evaluate(FLOAT)["marked"], "it looks different now"
    desk.page.evaluate("painter.setPicture(null)")
    desk.page.evaluate(FRAME)
    assert desk.page.evaluate(FLOAT)["hidden"]
