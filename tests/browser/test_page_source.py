"""Maps that make themselves, on the page of a running WebUI."""

import os

import numpy as np
import pytest
from img2img_page import (
    BOX,
    PANEL,
    SIDE,
    choose,
    generate,
    info,
    open_map,
    open_tab,
    painted,
    picture_file,
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
SHOWN = f"{PANEL}shown img"


def look(page, button: str = "look") -> str:
    """Presses Preview; what the panel says then."""
    # the page shows how long it takes in the place of the words
    page.evaluate(f"document.querySelector('{PANEL}report [role]')?.remove()")
    page.locator(f"{PANEL}{button}").first.click()
    words = page.locator(f"{PANEL}report [role]").first
    words.wait_for(timeout=120_000)
    page.wait_for_timeout(700)
    return words.inner_text().strip()


@pytest.fixture
def ready(page):
    """A picture, both prompts, the panel open."""
    upload_init(page, photograph(SIDE, SIDE))
    page.locator("#img2img_prompt textarea").first.fill("a dog on a green lawn")
    tick(page)
    return page


def test_two_prompts_show_touch_up_and_drive_an_edit(ready):
    page = ready
    choose(page, "diffedit")
    page.locator(f"{PANEL}reference textarea").fill("a cat on a red sofa")
    assert "of full strength" in look(page)
    page.locator(SHOWN).first.wait_for(state="visible")
    first = page.locator(SHOWN).first.get_attribute("src")
    page.locator(f"{PANEL}source").scroll_into_view_if_needed()
    shot(page, "source-diffedit")
    # a live change: what the model said is known
    cut = page.locator(f"{PANEL}diffedit_cut :is(textarea, input)").first
    cut.fill("0.5")
    cut.press("Tab")
    page.wait_for_function(
        f"before => document.querySelector('{SHOWN}')?.src !== before", arg=first, timeout=60_000
    )
    expect(page.locator(f"{PANEL}report").first).not_to_contain_text("Press Preview")
    # the model is needed again: it is said, not asked
    seed = page.locator(f"{PANEL}reference textarea")
    seed.fill("a bird over the sea")
    seed.press("Tab")
    page.wait_for_function(
        f"document.querySelector('{PANEL}report').innerText.includes('Press Preview')"
    )
    assert not page.evaluate(BOX)
    page.locator(f"{PANEL}send").first.click()
    page.wait_for_function(f"{BOX} !== ''", timeout=120_000)
    page.wait_for_timeout(1500)
    change_map = painted(page)
    assert set(np.unique(change_map)) == {0.0, 1.0}
    expect(page.locator(f"{PANEL}source input").first).to_have_value("Painted map")
    result = generate(page)
    kept = change_map == 0
    assert kept.any() and (result[kept] == photograph(SIDE, SIDE)[kept]).mean() > 0.98
    assert "DD map" in info(page)


@pytest.mark.parametrize(
    ("source", "field", "first", "second", "wrong", "words"),
    [
        (
            "words",
            "words",
            "sky 0.9, house 0.1",
            "sky 10%, house 0.9, rest 0.3",
            "house",
            "'house' is not a word and a strength",
        ),
        (
            "click",
            "points",
            "50%,50%; -5%,95%",
            "5%,95%; -50%,50%",
            "101%,5",
            "lies outside of the image",
        ),
    ],
    ids=["words", "points"],
)
def test_what_is_named_or_pointed_at_drives_an_edit(
    ready, source, field, first, second, wrong, words
):
    page = ready
    box = page.locator(f"{PANEL}{field} :is(textarea, input)").first
    expect(box).to_be_hidden()
    choose(page, f"{source}:")
    box.wait_for(state="visible")
    box.fill(first)
    assert "of full strength" in look(page)
    page.locator(SHOWN).first.wait_for(state="visible")
    before = page.locator(SHOWN).first.get_attribute("src")
    page.locator(f"{PANEL}source").scroll_into_view_if_needed()
    shot(page, f"source-{source}")
    # the same image, other strengths or points: the model is not asked again
    box.fill(second)
    box.press("Tab")
    page.wait_for_function(
        f"before => document.querySelector('{SHOWN}')?.src !== before", arg=before, timeout=60_000
    )
    expect(page.locator(f"{PANEL}report").first).not_to_contain_text("Press Preview")
    box.fill(wrong)
    assert words in look(page)
    box.fill(second)
    box.press("Tab")
    generate(page)
    assert f"DD source: {source}" in info(page)


def test_a_source_is_used_by_generate_itself(ready):
    page = ready
    choose(page, "luminance")
    black = page.locator(f"{PANEL}black input[type=number]").first
    page.locator(f"{PANEL}advanced .label-wrap").first.click()
    black.fill("0.7")
    black.press("Tab")
    assert "of full strength" in look(page)
    result = generate(page)
    assert "DD source: luminance" in info(page)
    same = (result == photograph(SIDE, SIDE)).all(2).mean()
    assert 0.3 < same < 1


def test_the_tabs_mask_is_a_source(page):
    picture = photograph(SIDE, SIDE)
    mask = np.zeros((SIDE, SIDE, 3), np.uint8)
    mask[:, SIDE // 2 :] = 255
    open_tab(page, "Inpaint upload", "img_inpaint_base", picture)
    page.locator("#img_inpaint_mask input[type=file]").first.set_input_files(
        picture_file(mask, "mask.png")
    )
    page.wait_for_timeout(1500)
    tick(page)
    choose(page, "mask")
    assert "50% of the image" in look(page)


def test_layers_are_edited_saved_and_used(ready):
    page = ready
    choose(page, "layers")
    box = page.locator(f"{PANEL}preset input").first
    box.click()
    box.fill("edges stay")
    page.wait_for_timeout(400)
    box.press("Enter")
    page.wait_for_timeout(400)
    page.locator(f"{PANEL}load").first.click()
    page.wait_for_function(
        f"document.querySelector('{PANEL}layers :is(textarea, input)').value.includes('subtract')"
    )
    page.locator(".diffdiff-layers:visible").first.scroll_into_view_if_needed()
    assert "of full strength" in look(page)
    page.locator(f"{PANEL}source").scroll_into_view_if_needed()
    shot(page, "source-layers")
    generate(page)
    assert "DD source: layers" in info(page)


def test_what_cannot_be_made_is_told(ready):
    page = ready
    choose(page, "mask")
    assert look(page).startswith("Source: there is no inpaint mask.")
    choose(page, "Painted map")
    assert look(page).startswith("Change map: nothing is painted.")
    open_map(page, np.full((SIDE, SIDE), 128, np.uint8))
    assert "On average" in look(page)
