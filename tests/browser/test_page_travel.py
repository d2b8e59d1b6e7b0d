"""The map comes back with its picture, on the page of a running WebUI."""

import base64
import io
import json
import os

import numpy as np
import pytest
from img2img_page import BOX, PANEL, SIDE, generate, open_map, painted, shot, tick, upload_init
from painter_desk import expect
from PIL import Image

from benchmarks.webui import photograph
from diffdiff.maps.carried_regions import HEAD, with_regions

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif("WEBUI_URL" not in os.environ, reason="WEBUI_URL is not set"),
]
MAP = np.tile(np.repeat(np.array([0, 90, 255, 90], np.uint8), SIDE // 4), (SIDE, 1))


@pytest.fixture
def made(page):
    """A finished edit with a gamma of its own; then another map and gamma 1."""
    upload_init(page, photograph(SIDE, SIDE))
    tick(page)
    open_map(page, MAP)
    page.locator(f"{PANEL}advanced .label-wrap").first.click()
    set_gamma(page, "2.5")
    generate(page)
    set_gamma(page, "1")
    open_map(page, 255 - MAP)
    return page


def set_gamma(page, value: str) -> None:
    box = page.locator(f"{PANEL}gamma input[type=number]").first
    box.fill(value)
    box.press("Tab")


def check(page, before: str) -> None:
    """Both are back; before: the map that was there."""
    page.wait_for_function(f"old => {BOX} !== old", arg=before, timeout=60_000)
    page.wait_for_timeout(2500)
    assert float(page.locator(f"{PANEL}gamma input[type=number]").first.input_value()) == 2.5
    np.testing.assert_allclose(painted(page), MAP / 255, atol=1e-4)


def file_of(page) -> bytes:
    """The finished picture, as the page shows it."""
    source = page.locator("#img2img_gallery img").first.get_attribute("src")
    return page.request.get(page.evaluate("s => new URL(s, location.href).href", source)).body()


def test_the_last_parameters_bring_map_and_settings_back(made):
    """The host's arrow under Generate, which pastes the last run's parameters."""
    page = made
    before = page.evaluate(BOX)
    page.locator("#tab_img2img #paste").first.click()
    check(page, before)
    shot(page, "travel-pasted")


def test_a_picture_that_is_dropped_on_the_painter_restores_both(made):
    page = made
    before = page.evaluate(BOX)
    page.locator(f"{PANEL}map_painter input[type=file]").first.set_input_files(
        {"name": "result.png", "mimeType": "image/png", "buffer": file_of(page)}
    )
    check(page, before)


def test_png_info_sends_map_and_settings(made):
    page = made
    file = file_of(page)
    page.locator("#tabs button").filter(has_text="PNG Info").first.click()
    page.locator("#pnginfo_image input[type=file]").first.set_input_files(
        {"name": "result.png", "mimeType": "image/png", "buffer": file}
    )
    page.wait_for_timeout(2500)
    expect(page.locator("#tab_pnginfo")).not_to_contain_text("diffdiff_map")
    before = page.evaluate(BOX)
    page.locator("#tab_pnginfo button").filter(has_text="img2img").first.click()
    check(page, before)


def test_regions_come_back_with_a_picture(page):
    """Two sliders are two sliders again."""
    left, right = np.zeros((2, SIDE, SIDE), np.uint16)
    left[:, : SIDE // 4], right[:, SIDE // 2 :] = 65535, 65535
    regions = {"face \u9854": (0.25, left), "sky": (0.75, right)}
    made = np.round(65535 * (0.25 * (left > 0) + 0.75 * (right > 0))).astype(np.uint16)
    text = {
        "form": 1,
        "width": SIDE,
        "height": SIDE,
        "background": "",
        "regions": [
            {"name": name, "strength": strength, "mode": "replace", "area": sixteen(area)}
            for name, (strength, area) in regions.items()
        ],
    }
    url = with_regions(HEAD + sixteen(made), json.dumps(text))
    upload_init(page, photograph(SIDE, SIDE))
    tick(page)
    load(page, base64.b64decode(url[len(HEAD) :]), "map.png")
    names = page.locator(f"{PANEL}map_painter").get_by_label("Name of the region")
    page.wait_for_timeout(1000)
    expect(names).to_have_count(2)
    generate(page)
    picture = file_of(page)
    open_map(page, MAP)
    page.locator("#tab_img2img").first.wait_for()
    before = page.evaluate(BOX)
    load(page, picture, "result.png")
    page.wait_for_function(f"old => {BOX} !== old", arg=before, timeout=60_000)
    page.wait_for_timeout(2500)
    found = [names.nth(i).input_value() for i in range(names.count())]
    assert sorted(found) == sorted(regions)
    np.testing.assert_allclose(painted(page), made / 65535, atol=1e-4)
    shot(page, "travel-regions")


def sixteen(gray: np.ndarray) -> str:
    data = io.BytesIO()
    Image.fromarray(gray).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def load(page, file: bytes, name: str) -> None:
    page.locator(f"{PANEL}map_painter input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": file}
    )
