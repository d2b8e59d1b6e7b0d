"""The panel around the painter, on the page of a running WebUI: what it shows, says and folds."""

import os

import numpy as np
import pytest
from img2img_page import (
    BOX,
    PANEL,
    SIDE,
    STAGE,
    choose,
    generate,
    info,
    open_map,
    open_tab,
    shot,
    tick,
    upload_init,
)
from painter_desk import expect

from benchmarks.webui import photograph

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif("WEBUI_URL" not in os.environ, reason="WEBUI_URL is not set"),
]
PAINTER = f"{PANEL}map_painter"
NOTES = f"{PAINTER} .diffdiff-notice"
RUN = f"{PAINTER} .diffdiff-generate"
UNUSED = f"{PAINTER} .diffdiff-painter.diffdiff-unused"
BUILTIN = "#soft_inpainting_enabled-visible-checkbox"


# labels without help, but for boxes that nobody ever sees
UNEXPLAINED = """(panel) => [...document.querySelectorAll(`${panel} [data-testid=block-info]`)]
    .map((label) => [label, label.closest(".block, fieldset, div[id]")])
    .filter(([, block]) => !block.matches(".diffdiff-store, .hidden"))
    .filter(([, block]) => !block.querySelector(".diffdiff-ask"))
    .map(([label]) => label.textContent.trim())"""


@pytest.fixture
def ready(page):
    upload_init(page, photograph(SIDE, SIDE))
    tick(page)
    return page


def mode(page, name: str) -> None:
    page.locator(f"{PANEL}mode label").filter(has_text=name).first.click()
    page.wait_for_timeout(600)


def said(page, lines: int) -> list[str]:
    """What stands under the canvas, once there are so many lines."""
    count = f"n => document.querySelectorAll('{NOTES} > span').length === n"
    page.wait_for_function(count, arg=lines)
    return page.locator(f"{NOTES} > span").all_inner_texts()


def test_a_tick_opens_the_panel_and_leaves_who_folds_it_alone(page):
    box = page.locator(f"{PANEL}enabled-visible-checkbox")
    box.click()
    page.locator(STAGE).wait_for(state="visible")
    page.wait_for_timeout(500)
    assert box.is_checked() and page.locator(STAGE).is_visible()
    head = page.locator(f"{PANEL}enabled .label-wrap").first
    head.click()
    page.locator(STAGE).wait_for(state="hidden")
    page.wait_for_timeout(1500)
    assert not page.locator(STAGE).is_visible() and box.is_checked()
    head.click()
    box.click()  # off, and not folded under the hand
    assert said(page, 1) == ["Differential Diffusion is off; this map is not used."]
    expect(page.locator(UNUSED)).to_have_count(1)
    page.locator(f"{NOTES} button").click()
    assert said(page, 0) == [] and box.is_checked()
    expect(page.locator(UNUSED)).to_have_count(0)


def test_another_source_is_said_and_taken_back(ready):
    page = ready
    expect(page.locator(f"{PANEL}source input").first).to_have_value("Painted map")
    choose(page, "luminance")
    assert said(page, 1) == ["The map comes from luminance; the painting is not used."]
    expect(page.locator(UNUSED)).to_have_count(1)
    page.locator(f"{PANEL}source").scroll_into_view_if_needed()
    shot(page, "panel-source")
    page.locator(f"{NOTES} button").click()
    page.wait_for_function(f"document.querySelector('{PANEL}source input').value === 'Painted map'")
    assert said(page, 0) == [] and page.locator(UNUSED).count() == 0


def test_settings_of_a_fan_are_there_with_it_and_help_on_request(ready):
    page = ready
    low = page.locator(f"{PANEL}fan_low")
    expect(low).to_be_hidden()
    mode(page, "fan")
    low.wait_for(state="visible")
    assert said(page, 1) == ["A fan's stripes have strengths of their own; this map is not used."]
    ask = low.locator(".diffdiff-ask")
    assert "denoising strength" in ask.get_attribute("title")
    ask.click()
    expect(low.locator(".diffdiff-hint")).to_contain_text("First denoising strength")
    ask.click()
    expect(low.locator(".diffdiff-hint")).to_have_count(0)
    assert set(page.evaluate(UNEXPLAINED, f"{PANEL}enabled")) == {
        "Preprocessor",
        "Preset",
        "Layers",
    }
    mode(page, "edit")
    low.wait_for(state="hidden")


def test_a_run_from_beside_the_canvas(ready):
    page = ready
    expect(page.locator(RUN)).to_have_text("Generate")
    open_map(page, np.full((SIDE, SIDE), 128, np.uint8))
    page.evaluate(
        f"""() => {{
            window.seen = [];
            new MutationObserver(() => seen.push(document.querySelector("{RUN}").innerText))
                .observe(document.querySelector("{RUN}"),
                         {{ subtree: true, childList: true, characterData: true }});
        }}"""
    )
    field = page.locator("#img2img_steps input[type=number]").first
    field.fill("60")
    field.press("Tab")
    page.locator(RUN).click()
    page.wait_for_function("seen.some((text) => text.startsWith('Interrupt'))", timeout=60_000)
    shot(page, "panel-busy")
    page.locator(RUN).click()
    page.wait_for_function("seen.at(-1) === 'Generate'", timeout=120_000)
    assert "DD enabled" in info(page)


def test_full_screen_and_back(ready):
    page = ready
    before = page.locator(STAGE).bounding_box()["height"]
    page.locator(PAINTER).get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement !== null")
    page.wait_for_timeout(700)
    frame = page.locator(f"{PAINTER} .diffdiff-frame").bounding_box()
    size = page.evaluate("[innerWidth, innerHeight]")
    assert [round(frame["width"]), round(frame["height"])] == size
    assert page.locator(STAGE).bounding_box()["height"] > before
    page.mouse.move(size[0] / 2, size[1] / 2)
    page.mouse.down()
    page.mouse.move(size[0] / 2 + 40, size[1] / 2, steps=4)
    page.mouse.up()
    page.wait_for_function(f"{BOX} !== ''")
    shot(page, "panel-full-screen")
    page.keyboard.press("2")
    page.keyboard.press("5")
    assert (
        page.locator(f"{PAINTER} .diffdiff-number")
        .evaluate_all("b => b.map(x => x.value)")
        .count("25")
    )
    page.locator(PAINTER).get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement === null")
    page.wait_for_timeout(500)
    assert page.locator(STAGE).bounding_box()["height"] == before


def test_two_soft_inpaintings_are_one_too_many(page):
    open_tab(page, "Inpaint upload", "img_inpaint_base", photograph(SIDE, SIDE))
    tick(page)
    mode(page, "soft inpaint")
    assert "clear it" in said(page, 1)[0]
    if not page.locator(BUILTIN).count():
        pytest.skip("this WebUI has no soft inpainting of its own")
    page.locator(BUILTIN).click()
    assert "Soft inpainting" in said(page, 2)[-1]
    page.locator(f"{NOTES} button").last.click()
    assert said(page, 1) and not page.locator(BUILTIN).is_checked()


def test_the_brush_is_a_part_of_the_picture(ready):
    number = ready.locator(PAINTER).get_by_label("Size", exact=True)
    number = number.and_(ready.locator(".diffdiff-number"))
    assert float(number.input_value()) == round(SIDE / 12)


def test_the_last_result_is_seen_in_the_pictures_place(ready):
    page = ready
    button = page.locator(PAINTER).get_by_role("button", name="Hold to see the last result")
    open_map(page, np.full((SIDE, SIDE), 255, np.uint8))
    expect(button).to_be_disabled()
    generate(page)
    expect(button).to_be_enabled()
    page.locator(f"{PAINTER} .diffdiff-generate:not(.diffdiff-busy)").wait_for()
    page.wait_for_timeout(1000)  # the live preview of the run leaves the canvas
    middle = f"""() => {{
        const canvas = document.querySelector("{PAINTER} .diffdiff-layer-picture");
        const [x, y] = [canvas.width / 2, canvas.height / 2].map(Math.round);
        return [...canvas.getContext("2d").getImageData(x - 40, y - 40, 80, 80).data].join();
    }}"""
    before = page.evaluate(middle)
    button.scroll_into_view_if_needed()
    button.hover()
    page.mouse.down()
    page.wait_for_timeout(400)
    shot(page, "panel-result")
    assert page.evaluate(middle) != before
    page.mouse.up()
    page.wait_for_timeout(400)
    assert page.evaluate(middle) == before
