"""Strength fan and sheet on the img2img page of a running WebUI: run, click, and see it applied.

Needs WEBUI_URL and Playwright, as `test_page.py` does.
"""

import pytest
from img2img_page import PANEL, SIDE, generate, info, shot, tick, upload_init
from painter_desk import expect

from benchmarks.webui import photograph
from diffdiff.settings.response import points_of, reading

pytestmark = [pytest.mark.host, pytest.mark.browser]
BENT = "0.2 26; 0.4 39; 1 85"
STRENGTH = "#img2img_denoising_strength input[type=number]"


def mode(page, name: str) -> None:
    page.locator(f"{PANEL}mode label").filter(has_text=name).first.click()


@pytest.fixture
def strip(page):
    upload_init(page, photograph(SIDE, SIDE))
    tick(page)
    return page.locator(".diffdiff-fan")


def pressed(strip) -> list[str]:
    return strip.locator("button[aria-pressed=true]").all_inner_texts()


def test_a_click_on_a_stripe_takes_its_strength(page, strip):
    expect(strip).to_be_hidden()
    mode(page, "fan")
    picture = generate(page)
    assert picture.shape[0] > SIDE and picture.shape[1] == SIDE
    strip.wait_for(state="visible")
    assert strip.locator("button[aria-label^=strength]").all_inner_texts() == [
        "0",
        "0.25",
        "0.5",
        "0.75",
        "1",
    ]
    image = strip.locator("img")
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    for part, want in ((0.3, "0.25"), (0.9, "1")):
        image.click(position={"x": part * box["width"], "y": 0.6 * box["height"]})
        assert float(page.locator(STRENGTH).first.input_value()) == float(want)
        assert pressed(strip) == [want]
    image.click(position={"x": 0.5 * box["width"], "y": 3})  # the swatch above
    assert float(page.locator(STRENGTH).first.input_value()) == 0.5
    shot(page, "fan")


def test_keyboard_brush_and_seed(page, strip):
    mode(page, "fan")
    generate(page)
    strip.wait_for(state="visible")
    button = strip.get_by_role("button", name="strength 0.75")
    button.focus()
    page.keyboard.press("Enter")
    assert float(page.locator(STRENGTH).first.input_value()) == 0.75
    strip.locator("input[type=checkbox]").check()
    strip.get_by_role("button", name="strength 0.25").press("Space")
    assert float(page.locator(STRENGTH).first.input_value()) == 0.75  # the tab's stays
    expect(strip).to_contain_text("Brush strength 0.25")
    numbers = page.locator(f"{PANEL}map_painter .diffdiff-number")
    values = numbers.evaluate_all("boxes => boxes.map(box => box.value)")
    assert "25" in values
    seed = info(page).split("Seed: ")[1].split(",")[0]
    strip.get_by_role("button", name=f"Use seed {seed}").click()
    expect(page.locator("#img2img_seed input").first).to_have_value(seed)


def test_the_strength_that_was_taken_is_the_next_runs(page, strip):
    """A tile of the sheet, its seed and its strength: plain img2img makes the same picture."""
    mode(page, "sheet")
    generate(page)
    strip.wait_for(state="visible")
    assert "DD tiles" in info(page)
    strip.get_by_role("button", name="strength 0.5").click()
    strip.locator("button").filter(has_text="Use seed").click()
    seed = page.locator("#img2img_seed input").first.input_value()
    page.locator(f"{PANEL}enabled input[type=checkbox]").first.click()
    generate(page)
    text = info(page)
    assert "Denoising strength: 0.5" in text and f"Seed: {seed}" in text
    assert "DD enabled" not in text


def legend_says(page, response: str) -> None:
    """Waits until the strengths under the painter are those that a response gives the greys."""
    read = reading(points_of(response))
    want = [float(read(grey, 0.75)) for grey in (0.25, 0.5, 0.75, 1)]
    page.wait_for_function(
        """([legend, want]) => {
            const text = document.querySelector(legend).innerText;
            const shown = [...text.matchAll(/\\d %\\s+(\\d\\.\\d\\d)/g)].map((m) => Number(m[1]));
            return shown.length === want.length
                && shown.every((strength, i) => Math.abs(strength - want[i]) < 0.0101);
        }""",
        arg=[f"{PANEL}map_painter .diffdiff-legend", want],
    )


def test_even_changes_from_a_sheet(page, strip):
    """The sheet's response goes into the panel, and with it to the legend and the next run."""
    mode(page, "fan")
    generate(page)
    strip.wait_for(state="visible")
    even = strip.get_by_role("button", name="Even changes")
    expect(even).to_have_count(0)  # a fan's stripes share one run: nothing is measured
    mode(page, "sheet")
    generate(page)
    even.wait_for(state="visible")
    told = info(page).split("DD changes: ")[1].split(",")[0].strip()
    field = page.locator(f"{PANEL}response :is(input, textarea)").first
    page.locator(f"{PANEL}advanced .label-wrap").first.click()
    field.fill(BENT)  # a model without a bend of its own shows nothing
    legend_says(page, BENT)
    even.click()
    expect(field).to_have_value(told)
    legend_says(page, told)
    shot(page, "even")
    generate(page)
    assert f"DD response: {told}" in info(page)
