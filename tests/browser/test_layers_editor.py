"""The layers' editor in a real browser: what it makes of the text box, and what it writes there."""

import io
import json
from pathlib import Path

import pytest
from layers_desk import PRESET
from painter_desk import expect
from PIL import Image

from diffdiff.maps import layers
from diffdiff.settings.source_registry import LAYER
from diffdiff.ui.layers import schema

pytestmark = pytest.mark.browser
PRESETS = sorted((Path(__file__).parents[2] / "presets").glob("*.json"))


def png(width=12, height=7):
    data = io.BytesIO()
    Image.new("L", (width, height), 200).save(data, "PNG")
    return data.getvalue()


def test_layers_made_by_hand(editor):
    page = editor.page
    assert editor.box() == ""
    assert page.evaluate("writes") == []
    new, add = page.get_by_label("New layer"), page.get_by_role("button", name="Add layer")
    for source in ("luminance", "constant", "diffedit"):
        new.select_option(source)
        add.click()
    assert editor.sources() == ["diffedit", "constant", "luminance"]
    assert editor.focus() == ["Add layer", None]
    expect(editor.rows.nth(0)).to_contain_text("Still needed: Query")
    editor.rows.nth(0).get_by_label("Query").fill("a bowl of pears")
    expect(editor.rows.nth(0)).not_to_contain_text("Still needed")
    editor.rows.nth(0).get_by_label("Cut").fill("0.5")
    editor.rows.nth(0).get_by_label("Outliers").select_option("none")
    editor.rows.nth(0).get_by_role("checkbox", name="Invert").check()
    editor.rows.nth(0).get_by_label("Blend").select_option("multiply")
    editor.rows.nth(1).get_by_label("Value").first.fill("0.25")
    editor.rows.nth(1).get_by_role("slider", name="Opacity").fill("40")
    page.get_by_label("Name").fill("pears")
    assert editor.layers() == [
        {"source": "luminance"},
        {"source": "constant", "value": 0.25, "opacity": 0.4},
        {
            "source": "diffedit",
            "query": "a bowl of pears",
            "diffedit_cut": 0.5,
            "diffedit_outliers": "none",
            "invert": True,
            "blend": "multiply",
        },
    ]
    assert editor.told()["name"] == "pears"
    assert page.evaluate("writes.at(-1)") == editor.box()
    editor.rows.nth(0).get_by_label("Cut").fill("")
    editor.rows.nth(0).get_by_label("Outliers").select_option("otsu")
    editor.rows.nth(0).get_by_role("checkbox", name="Invert").uncheck()
    editor.rows.nth(0).get_by_label("Blend").select_option("replace")
    assert editor.layers()[2] == {"source": "diffedit", "query": "a bowl of pears"}


def test_numbers_keep_to_their_range_and_to_what_is_typed(editor):
    editor.put({"layers": [{"source": "diffedit", "query": "x"}]})
    editor.press(0, "Settings of the layer")
    row = editor.rows.nth(0)
    cut, seed = row.get_by_label("Cut"), row.get_by_label("Map seed")
    cut.fill("7")
    assert editor.layers()[0]["diffedit_cut"] == 0.999
    expect(cut).to_have_value("7")  # perhaps on the way to 7e-3
    cut.press("Tab")
    expect(cut).to_have_value("0.999")
    seed.fill("")
    seed.press_sequentially("4294967295")
    assert editor.layers()[0]["diffedit_seed"] == 4294967295
    seed.fill("")
    assert "diffedit_seed" not in editor.layers()[0]
    seed.press("Tab")
    expect(seed).to_have_value("0")


def test_what_the_page_puts_into_the_box_is_shown(editor):
    editor.put(PRESET)
    assert editor.sources() == ["luminance", "edges"]
    expect(editor.page.get_by_label("Name")).to_have_value("sky only")
    top, low = editor.rows.nth(0), editor.rows.nth(1)
    expect(top.get_by_label("Blend")).to_have_value("max")
    expect(top.get_by_role("slider", name="Opacity")).to_have_value("60")
    expect(low).to_contain_text("Edge smoothing 2.5 · Invert")
    editor.press(1, "Settings of the layer")
    expect(low.get_by_role("slider", name="Edge smoothing")).to_have_value("2.5")
    expect(low.get_by_role("checkbox", name="Invert")).to_be_checked()
    assert editor.page.evaluate("writes") == []  # a look changes nothing
    assert editor.told() == PRESET
    changed = json.loads(json.dumps(PRESET))
    changed["layers"][0]["edge_sigma"] = 8
    editor.put(changed)
    expect(low.get_by_role("slider", name="Edge smoothing")).to_have_value("8")  # still open
    editor.put("")
    expect(editor.rows).to_have_count(0)
    expect(editor.page.get_by_text("No layers yet")).to_be_visible()


def test_order_by_keyboard_and_the_focus_stays(editor):
    editor.put({"layers": [{"source": s} for s in ("luminance", "edges", "painted")]})
    raise_ = editor.rows.nth(2).get_by_role("button", name="Move up")
    raise_.focus()
    editor.keys.press("Enter")
    assert editor.sources() == ["painted", "luminance", "edges"]
    assert editor.focus() == ["Move up", "Layer 2: Luminance"]
    expect(editor.status).to_have_text("Layer 1 is layer 2 now")
    editor.keys.press("Space")
    assert editor.focus() == ["Move up", "Layer 3: Luminance"]
    editor.keys.press("Enter")  # there is nothing above
    expect(editor.status).to_have_text("Layer 2 is layer 3 now")
    assert editor.sources() == ["luminance", "painted", "edges"]
    assert [layer["source"] for layer in editor.layers()] == ["edges", "painted", "luminance"]
    editor.press(0, "Move down")
    assert editor.sources() == ["painted", "luminance", "edges"]
    editor.press(1, "Duplicate")
    assert editor.sources() == ["painted", "luminance", "luminance", "edges"]
    editor.press(1, "Remove")
    assert editor.focus() == ["Remove", "Layer 2: Luminance"]
    editor.press(2, "Remove")
    assert editor.focus() == ["Remove", "Layer 1: Luminance"]
    assert [layer["source"] for layer in editor.layers()] == ["luminance", "painted"]


def test_order_by_dragging(editor):
    editor.put({"layers": [{"source": s} for s in ("luminance", "edges", "painted")]})
    mouse = editor.page.mouse

    def drag(row, onto, part, drop=True):
        grip = editor.rows.nth(row).locator(".diffdiff-layer-grip").bounding_box()
        there = editor.rows.nth(onto).bounding_box()
        mouse.move(grip["x"] + 5, grip["y"] + 10)
        mouse.down()
        mouse.move(grip["x"] + 5, there["y"] + part * there["height"], steps=5)
        if drop:
            mouse.up()

    drag(0, 2, 0.9)
    assert editor.sources() == ["edges", "luminance", "painted"]
    drag(2, 1, 0.2)
    assert editor.sources() == ["edges", "painted", "luminance"]
    drag(0, 1, 0.3)  # not past its middle
    assert editor.sources() == ["edges", "painted", "luminance"]
    drag(0, 1, 0.8)
    assert editor.sources() == ["painted", "edges", "luminance"]
    drag(2, 0, 0.1, drop=False)
    expect(editor.page.locator(".diffdiff-drop-above")).to_have_count(1)
    editor.keys.press("Escape")
    mouse.up()
    assert editor.sources() == ["painted", "edges", "luminance"]
    expect(editor.page.locator(".diffdiff-drop-above, .diffdiff-dragged")).to_have_count(0)


def test_typing_is_never_interrupted(editor):
    editor.put({"layers": [{"source": "foreground"}]})
    editor.press(0, "Settings of the layer")
    box = editor.rows.nth(0).get_by_label("Box", exact=True)
    box.click()
    editor.keys.type("0,0,1")
    editor.keys.press("Home")
    editor.keys.type("0.5,", delay=120)  # several glances at the box go by
    expect(box).to_have_value("0.5,0,0,1")
    assert editor.layers()[0]["box"] == "0.5,0,0,1"
    name = editor.page.get_by_label("Name")
    name.click()
    editor.keys.type("abc")
    editor.keys.press("ArrowLeft")
    editor.keys.type("xy", delay=200)
    expect(name).to_have_value("abxyc")


def test_another_source_and_back(editor):
    editor.put(PRESET)
    low = editor.rows.nth(1)
    editor.press(1, "Settings of the layer")
    source = low.get_by_label("Source")
    source.focus()
    source.select_option("luminance")
    assert editor.focus() == ["Source", "Layer 1: Luminance"]
    expect(low.get_by_label("Edge smoothing")).to_have_count(0)
    assert editor.layers()[0] == {"source": "luminance", "invert": True}
    source.select_option("edges")
    assert editor.layers() == PRESET["layers"]


def test_pictures(editor, tmp_path):
    editor.put({"layers": [{"source": "upload", "file": "maps/sky.png"}, {"source": "foreground"}]})
    for row in (0, 1):
        editor.press(row, "Settings of the layer")
    upload = editor.rows.nth(1)
    expect(upload).to_contain_text("maps/sky.png")  # the path of a preset is kept, and not fetched
    expect(upload.locator("img:visible")).to_have_count(0)
    good, bad = tmp_path / "map.png", tmp_path / "bad.png"
    good.write_bytes(png())
    bad.write_bytes(b"no picture")
    upload.locator("input[type=file]").set_input_files(bad)
    expect(editor.status).to_contain_text("File: bad.png is not a picture")
    assert editor.told()["layers"][0]["file"] == "maps/sky.png"
    with editor.page.expect_file_chooser() as chooser:
        upload.get_by_role("button", name="Choose a picture: File").click()
    chooser.value.set_files(good)
    upload.get_by_text("12 × 7").wait_for()
    url = editor.layers()[0]["file"]
    assert url.startswith("data:image/png;base64,")
    expect(upload.locator("img")).to_have_attribute("src", url)
    upload.get_by_role("button", name="Without a picture: File").click()
    assert "file" not in editor.told()["layers"][0]
    expect(upload).to_contain_text("Still needed: File")
    assert editor.focus() == ["Choose a picture: File", "Layer 1: Upload"]


def test_a_text_that_is_not_understood_is_left_alone(editor):
    editor.put(PRESET)
    for wrong in ("{", '{"layers": [{"source": "of tomorrow"}]}'):
        editor.put(wrong)
        alert = editor.page.get_by_role("alert")
        expect(alert).to_contain_text("start anew")
        expect(editor.page.get_by_role("button", name="Add layer")).to_be_hidden()
        expect(editor.page.get_by_label("Name")).to_be_hidden()
        assert editor.box() == wrong
    expect(alert).to_contain_text("of tomorrow")
    assert editor.page.evaluate("writes") == []
    editor.page.get_by_role("button", name="Start anew").click()
    assert editor.box() == ""
    expect(alert).to_be_hidden()
    editor.page.get_by_role("button", name="Add layer").click()
    assert editor.layers() == [{"source": "luminance"}]


def test_what_is_not_known_is_kept_until_it_is_left_out(editor):
    editor.put({"layers": [{"source": "edges", "tomorrow": [1]}], "version": 2})
    editor.rows.nth(0).get_by_label("Blend").select_option("max")
    kept = {"source": "edges", "tomorrow": [1], "blend": "max"}
    assert editor.told() == {"name": "", "layers": [kept], "version": 2}
    editor.rows.nth(0).get_by_role("button", name="Leave it out").click()
    assert editor.told()["layers"] == [{"source": "edges", "blend": "max"}]


def test_clear_and_bring_back(editor):
    editor.put(PRESET)
    editor.page.get_by_role("button", name="Remove all layers").click()
    assert editor.box() == ""
    expect(editor.page.get_by_label("Name")).to_have_value("")
    editor.page.get_by_role("button", name="Bring back the layers").click()
    assert editor.told() == PRESET


def test_the_presets_that_come_along(editor):
    """With the sources as Python describes them, every one made new by hand too."""
    editor.page.evaluate(
        """(schema) => {
            const root = document.createElement("div");
            Object.assign(root.dataset, { store: "store", schema: JSON.stringify(schema) });
            root.className = "diffdiff-layers";
            document.querySelector(".diffdiff-layers").replaceWith(root);
        }""",
        schema(),
    )
    editor.page.wait_for_selector(".diffdiff-layers-editor")
    assert PRESETS
    for path in PRESETS:
        text = path.read_text("utf-8")
        preset = layers.loads(text)
        editor.put(text)
        assert editor.sources() == [layer.source for layer in reversed(preset.layers)], path.name
        editor.press(0, "Duplicate")
        assert len(layers.loads(editor.box()).layers) == len(preset.layers) + 1
        editor.press(0, "Remove")
        assert layers.loads(editor.box()) == preset, path.name
    editor.put("")
    for source in LAYER:
        editor.page.get_by_label("New layer").select_option(source)
        editor.page.get_by_role("button", name="Add layer").click()
    for row in range(len(LAYER)):
        if not editor.rows.nth(row).locator("h4").count():
            editor.press(row, "Settings of the layer")
    told = editor.told()["layers"]
    assert told == [{"source": source} for source in LAYER]
