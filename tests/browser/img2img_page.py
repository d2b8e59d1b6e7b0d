"""What a person does on the img2img page of A1111 and of Forge, and what they look at."""

import io
import os
import re
from pathlib import Path

import numpy as np
from PIL import Image

from diffdiff.images.read import decode

SIDE = int(os.environ.get("WEBUI_SIZE", "256"))  # of the pictures: 128 or 64 where a host is slow
WIDE = max(SIDE, 128), max(SIDE // 2, 64)  # hosts round sides, and go no lower than 64
PANEL = "#script_differential_diffusion_"
STAGE = f"{PANEL}map_painter .diffdiff-stage"
TEXT_IMAGES = "[...document.querySelectorAll('#txt2img_gallery img')]"
BOX = f"document.querySelector('{PANEL}map :is(textarea, input)').value"


def picture_file(array: np.ndarray, name: str) -> dict:
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": data.getvalue()}


def shot(page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def upload(page, box: str, array: np.ndarray) -> None:
    """Gives a tab its picture: again, where the page was not yet ready to take it."""
    there = "box => [...document.querySelectorAll(`#${box} img`)].some((i) => i.naturalWidth)"
    for wait in range(100):
        if page.evaluate(there, box):
            break
        if wait % 20 == 0:
            page.locator(f"#{box} input[type=file]").first.set_input_files(
                picture_file(array, "init.png")
            )
        page.wait_for_timeout(250)
    else:
        raise AssertionError(f"{box} did not take its picture")
    page.wait_for_timeout(1500)


def upload_init(page, array: np.ndarray) -> None:
    upload(page, "img2img_image", array)
    set_run(page, array.shape[1::-1])


def set_number(page, field: str, value: float) -> None:
    """A number of the tab, such as "steps"."""
    box = page.locator(f"#img2img_{field} input[type=number]").first
    box.fill(str(value))
    box.press("Tab")


def set_run(page, size: tuple[int, int]) -> None:
    """All that tells one run from another: hosts, and their presets, open the tab as they like."""
    for name, choice in (("sampling", "Euler"), ("scheduler", "Automatic")):
        page.locator(f"#img2img_{name} input").first.click()
        page.locator(f"ul.options li[aria-label='{choice}']").click()
    numbers = {"width": size[0], "height": size[1], "steps": 8, "denoising_strength": 0.75}
    for name, value in numbers.items():
        set_number(page, name, value)


def brush(page, size: int) -> None:
    """Sets the painter's brush, in pixels of the picture."""
    number = page.locator(f"{PANEL}map_painter").get_by_label("Size", exact=True)
    number = number.and_(page.locator(".diffdiff-number"))
    number.fill(str(size))
    number.press("Enter")


def tick(page) -> None:
    page.locator(f"{PANEL}enabled .label-wrap").first.click()
    page.locator(STAGE).wait_for(state="visible")
    page.locator(f"{STAGE}:not(.diffdiff-is-empty)").wait_for()  # it has the tab's picture


def choose(page, source: str) -> None:
    """Choose the source of the map, by its title."""
    box = page.locator(f"{PANEL}source input").first
    box.click()
    box.fill(source)
    page.wait_for_timeout(400)
    box.press("Enter")
    page.wait_for_timeout(900)


def text_picture(page, panel: str, **numbers: float) -> None:
    """Go to txt2img, make a picture of `SIDE`, and open a panel there, which then has it.

    numbers: other fields of the tab, such as "steps".
    """
    tab = page.locator("#tabs button").filter(has_text=re.compile(r"^\s*txt2img\s*$", re.I))
    tab.first.click()
    page.locator("#txt2img_generate").wait_for()
    for name, value in {"width": SIDE, "height": SIDE, **numbers}.items():
        field = page.locator(f"#txt2img_{name} input[type=number]").first
        field.fill(str(value))
        field.press("Tab")
    page.locator("#txt2img_generate").click()
    page.wait_for_function(f"{TEXT_IMAGES}.some((i) => i.naturalWidth === {SIDE})", timeout=240_000)
    page.locator(f"{panel}enabled .label-wrap").first.click()
    page.locator(f"{panel}map_painter .diffdiff-stage:not(.diffdiff-is-empty)").wait_for()


def open_map(page, array: np.ndarray) -> None:
    """Opens a map file in the painter, and waits until the page has it."""
    before = page.evaluate(BOX)
    page.locator(f"{PANEL}map_painter input[type=file]").first.set_input_files(
        picture_file(array, "map.png")
    )
    page.wait_for_function(f"before => {BOX} !== before", arg=before)


def painted(page) -> np.ndarray:
    """The map that the page would send: float32 `[H, W]`."""
    return decode(page.evaluate(BOX))


def open_tab(page, name: str, box: str, array: np.ndarray) -> None:
    """Goes to a tab of img2img and gives it a picture."""
    tab = page.locator("#mode_img2img button")
    tab.filter(has_text=re.compile(rf"^\s*{name}\s*$", re.I)).first.click()
    page.wait_for_timeout(500)
    upload(page, box, array)
    page.wait_for_timeout(1000)


def settled(page, element) -> dict:
    """Where an element is, once the page is at rest: some hosts lay out their columns late."""
    before, at = None, element.bounding_box()
    while at != before:
        page.wait_for_timeout(700)
        before, at = at, element.bounding_box()
    return at


def host_mask(page, box: str) -> None:
    """A line across the middle with the host's own mask brush: thin, whatever it comes with.
    A1111's is by itself a small part of its picture; Forge and Neo count in units of their own."""
    page.evaluate(
        """box => document.querySelectorAll(`#${box} [id^=scribbleWidth_]`).forEach((range) => {
            range.value = range.min;
            range.dispatchEvent(new Event("input"));
        })""",
        box,
    )
    canvas = page.locator(f"#{box} canvas").first
    canvas.scroll_into_view_if_needed()
    # A1111's kin fit the canvas into its place when the mouse first comes over it
    place = settled(page, page.locator(f"#{box}").first)
    x, y = place["x"] + 0.4 * place["width"], place["y"] + 0.5 * place["height"]
    page.mouse.move(x, y, steps=3)
    at = settled(page, canvas)
    x, y = at["x"], at["y"] + 0.5 * at["height"]
    page.mouse.move(x + 0.3 * at["width"], y)
    page.wait_for_timeout(300)
    page.mouse.down()
    page.wait_for_timeout(300)  # A1111's brush follows at leisure
    for i in range(12):
        page.mouse.move(x + (0.3 + 0.03 * i) * at["width"], y)
        page.wait_for_timeout(40)
    page.mouse.up()
    page.wait_for_timeout(700)


def stroke(page, points: list[tuple[float, float]], size: tuple[int, int]) -> None:
    """A stroke with the mouse.

    Args:
        points: places of the picture, in parts of its width and height.
        size: of the picture.
    """
    page.locator(STAGE).scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = page.locator(STAGE).bounding_box()
    # the fitted picture lies in the middle of the stage, as large as it can with a margin of 8
    scale = min((box["width"] - 16) / size[0], (box["height"] - 16) / size[1], 4)
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    places = [
        (middle[0] + (u - 0.5) * size[0] * scale, middle[1] + (v - 0.5) * size[1] * scale)
        for u, v in points
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def generate(page) -> np.ndarray:
    before = page.evaluate(
        "[...document.querySelectorAll('#img2img_gallery img')].map(i => i.src).join()"
    )
    page.locator("#img2img_generate").click()
    page.wait_for_function(
        """before => {
            const images = [...document.querySelectorAll('#img2img_gallery img')];
            const done = document.querySelector('#img2img_results .progressDiv') === null;
            return done && images.length && images.map(i => i.src).join() !== before
                && images.every(i => !i.src.startsWith('data:'));
        }""",
        arg=before,
        timeout=240_000,
    )
    source = page.locator("#img2img_gallery img").first.get_attribute("src")
    data = page.request.get(page.evaluate("s => new URL(s, location.href).href", source)).body()
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


def info(page) -> str:
    return page.locator("#html_info_img2img").first.inner_text()


def fill_batch(page, folders: dict[str, Path], size: tuple[int, int]) -> None:
    """The batch tab, from directories, and the panel.

    Args:
        folders: field of the tab, such as "input_dir" -> folder.
        size: of the run.
    """
    page.locator("#mode_img2img button").filter(has_text="Batch").first.click()
    source = page.locator("#img2img_batch_source button").filter(has_text="From directory")
    if source.count():  # reForge has no other source
        source.first.click()
    for box, folder in folders.items():
        field = page.locator(f"#img2img_batch_{box} textarea, #img2img_batch_{box} input").first
        field.fill(str(folder))
        field.press("Tab")
    set_run(page, size)
    page.locator(f"{PANEL}enabled .label-wrap").first.click()


def run_batch(page, out: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Generates: name of a picture -> what became of it. Hosts name them differently, but number
    them."""
    page.locator("#img2img_generate").click()
    for _ in range(240):
        if len(list(out.glob("*.png"))) == len(names):
            break
        page.wait_for_timeout(500)
    page.wait_for_timeout(1500)
    made = zip(sorted(names), sorted(out.glob("*.png")))
    return {name: np.array(Image.open(file).convert("RGB")) for name, file in made}
