"""The inpaint tab's soft mode on the page of a running WebUI: mask with the host's brush, choose,
generate.

Needs WEBUI_URL, Playwright and Debian's Chromium. With SCREENSHOTS=folder it leaves pictures.
"""

import base64
import io

import cv2
import numpy as np
import pytest
from img2img_page import (
    PANEL,
    WIDE,
    fill_batch,
    generate,
    host_mask,
    info,
    open_tab,
    run_batch,
    set_run,
    shot,
    tick,
    upload_init,
)
from painter_desk import expect
from PIL import Image

from benchmarks.webui import photograph

pytestmark = [pytest.mark.host, pytest.mark.browser]

RADIUS = WIDE[1] // 16


def choose(page, value: str) -> None:
    page.locator(f"{PANEL}mode input[value='{value}']").check()
    page.wait_for_timeout(1500)


def under(page) -> np.ndarray:
    """What the painter shows beneath the map, `[H, W, 4]`."""
    page.wait_for_timeout(1000)
    url = page.locator(f"{PANEL}map_painter canvas").first.evaluate("c => c.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))


def radius(page) -> str:
    return page.locator(f"{PANEL}soften_radius input[type=number]").first.input_value()


def test_mask_choose_generate(page):
    init = photograph(*WIDE)
    open_tab(page, "Inpaint", "img2maskimg", init)
    host_mask(page, "img2maskimg")
    set_run(page, WIDE)
    tick(page)
    assert radius(page) == "-1", "automatic"
    joins = page.locator(f"{PANEL}map_painter .diffdiff-notes[role=status]")
    expect(joins).to_be_hidden()
    bare = under(page)
    choose(page, "soft inpaint")
    joins.get_by_text("clear it to use the mask alone").wait_for()
    masked = (under(page) != bare).any(-1)  # the mask that counts is seen, and nothing else is
    assert 0.001 < masked.mean() < 0.3 and not masked[: len(masked) // 4].any()
    shot(page, "soft-mask-shown")
    # without a painted map the preview is the softened mask
    look, words = page.locator(f"{PANEL}look").first, page.locator(f"{PANEL}report [role]").first
    look.click()
    words.wait_for(timeout=60_000)
    page.wait_for_timeout(1500)
    assert "of full strength" in words.inner_text() and "both used" not in words.inner_text()
    shot(page, "soft-preview")
    box = page.locator(f"{PANEL}soften_radius input[type=number]").first
    box.fill(str(RADIUS))
    box.press("Tab")
    shot(page, "soft-panel")
    result = generate(page)
    page.locator("#img2img_gallery").scroll_into_view_if_needed()
    shot(page, "soft-result")
    changed = (result != init).any(-1)
    rows, columns = np.nonzero(changed)
    assert abs(rows.mean() / WIDE[1] - 0.5) < 0.1 and changed.mean() < 0.6
    far = np.ones_like(changed)
    far[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = False
    assert (result[far] == init[far]).all() and far.mean() > 0.2
    told = info(page)
    assert "DD mode: soft inpaint" in told and f"DD soften radius: {RADIUS}" in told
    choose(page, "edit")
    assert radius(page) == str(RADIUS), "what a person has set stays"


def test_no_mask_is_told(page):
    upload_init(page, photograph(*WIDE))
    tick(page)
    choose(page, "soft inpaint")
    page.locator("#img2img_generate").click()
    page.get_by_text("soft inpaint needs a mask").first.wait_for(timeout=60_000)


def test_the_batch_tab_with_a_folder_of_masks(page, tmp_path):
    """Two pictures, two masks, one job object of the host: each mask acts on its own picture.

    Needs a WebUI on this computer, which can read and write these folders.
    """
    folders = [tmp_path / name for name in ("in", "masks", "out")]
    pictures, masks = {}, {}
    for folder in folders:
        folder.mkdir()
    for i, name in enumerate(("a", "b")):
        pictures[name] = np.roll(photograph(*WIDE), 40 * i, 0)
        masks[name] = np.zeros(WIDE[::-1], np.uint8)
        top, left = WIDE[1] // 4, WIDE[0] // 8 + WIDE[0] * 3 // 8 * i
        masks[name][top : top + WIDE[1] // 2, left : left + WIDE[0] // 4] = 255
        Image.fromarray(pictures[name]).save(folders[0] / f"{name}.png")
        Image.fromarray(masks[name]).save(folders[1] / f"{name}.png")
    boxes = ("input_dir", "inpaint_mask_dir", "output_dir")
    fill_batch(page, dict(zip(boxes, folders)), WIDE)
    page.locator(f"{PANEL}mode input[value='soft inpaint']").check()
    page.wait_for_timeout(1500)
    number = page.locator(f"{PANEL}soften_radius input[type=number]").first
    number.fill(str(RADIUS // 2))
    number.press("Tab")
    made_of = run_batch(page, folders[2], list(pictures))
    for name, picture in pictures.items():
        made = made_of[name]
        changed = (made != picture).any(-1)
        assert changed[masks[name] > 0].mean() > 0.9, name
        near = cv2.dilate(masks[name], np.ones((5 * RADIUS + 1, 5 * RADIUS + 1), np.uint8)) > 0
        assert not changed[~near].any(), name
