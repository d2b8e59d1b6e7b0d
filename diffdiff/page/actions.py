"""What the page's buttons do. No Gradio here: values in, pictures and text out."""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..edit import plan
from ..errors import FieldError
from ..images import pictures
from ..maps import geometry, inpaint_mask, shapes
from ..pipelines import png
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, fields, parse
from . import visualize

PROMPT = "a winter night, hills, clear sky, a red house in the middle"
LOOK = 1024  # pixels: the longer side of a view is at most this
SIZE = 512, 512  # of a map that is made before there is a picture


class Edited(NamedTuple):
    """A run's pictures, as paths, and what is told of it.

    before: what each result is compared with: the input at its size. files: the results. texts:
    infotext of each. change: the view of what the last one changed. told: one line of HTML.
    """

    before: list[str]
    files: list[str]
    texts: list[str]
    change: str
    told: str


def settings(sent: dict[str, Any]) -> tuple[EditArgs, RunArgs]:
    """The checked settings among the values of the page; an empty box was left out.

    Raises:
        FieldError: as `diffdiff.settings.schema.parse` raises it.
    """
    named = {name: value for name, value in sent.items() if value not in (None, "")}
    args = {name: named[name] for name in fields() if name in named and name != "map"}
    run = {name: named[name] for name in fields(RunArgs) if name in named}
    return parse(args), parse(run, RunArgs)


def edit(
    engine: Any, sent: dict[str, Any], folder: Path, progress: Callable[[int, int], None] | None
) -> Edited:
    """One run.

    Args:
        sent: "image" and "map" as bytes of files, None where there is none; the settings by name.
        folder: where a new folder with the pictures is made.

    Raises:
        FieldError: and whatever else the engine raises.
    """
    args, run = settings(sent)
    needed = args.needs_map or args.soft
    image, change_map = _image(sent), _map(sent) if needed or sent["map"] else None
    result = engine.edit(image, change_map, args, run, progress)
    place = Path(tempfile.mkdtemp(dir=folder))
    files, texts = [], []
    for i, picture in enumerate(result.pictures):
        picture.info.setdefault("icc_profile", image.info.get("icc_profile"))
        own = result.runs[i]
        text = png.texts(args, own, change_map, result.settings, picture.size)
        # of a sheet, many have one seed
        path = place / f"diffdiff-{own.seed}{f'-{i}' if args.mode == 'sheet' else ''}.png"
        png.write_png(picture, path, text)
        files.append(str(path))
        texts.append(text["parameters"])
    # a contact sheet has its input beside it
    sheets = run.count if args.mode == "sheet" else 0
    plain = image.convert("RGB")
    bar = result.settings.get("bar", 0)
    before = result.pictures[:sheets] + [below(plain, p, bar) for p in result.pictures[sheets:]]
    told = (
        f"<b>{result.calls}</b> model calls, <b>{result.skipped}</b> of {result.steps} steps "
        f"skipped, <b>{result.seconds:.1f} s</b>"
    )
    if result.settings.get("levels"):
        told += f"; levels: {png.began(result.settings['levels'])}"
    change = visualize.change(
        *(np.asarray(fitted(p[-1].convert("RGB"))) for p in (before, result.pictures))
    )
    paths = [store(picture, folder) for picture in before]
    return Edited(paths, files, texts, store(change, folder, "JPEG"), told)


def below(image: Image.Image, result: Image.Image, bar: int) -> Image.Image:
    """The input as it lies in a result: at its size, below the bar of a fan."""
    size = result.width, result.height - bar
    image = image if image.size == size else image.resize(size, Image.LANCZOS)
    if not bar:
        return image
    whole = result.convert("RGB")
    whole.paste(image, (0, bar))
    return whole


def look(engine: Any, sent: dict[str, Any], folder: Path) -> str | None:
    """Path of the strengths over the picture with their legend; None if one of them is missing.

    Raises:
        FieldError: for what `edit` would refuse too.
    """
    if sent["image"] is None or not sent["map"]:
        return None
    args, run = settings(sent)
    image = _image(sent)
    work = inpaint_mask.Work(*engine.worked_at(image, run))
    shaped = inpaint_mask.shape_for(geometry.resize(_map(sent), *image.size), args, work)
    image = fitted(image)
    strength = plan.strengths(geometry.resize(shaped, *image.size), args, run.strength)
    noise = engine.noise(args, run)
    view = visualize.preview(np.asarray(image), strength, run.steps, engine.rules.rule, noise)
    return store(view, folder, "JPEG")


def fitted(picture: Image.Image) -> Image.Image:
    """A copy that is small enough for a view."""
    small = picture.copy()
    small.thumbnail((LOOK, LOOK))
    return small


def make(kind: str, sent: dict[str, Any], **how: float) -> str:
    """A map of `diffdiff.maps.shapes` at the size of the picture, as `as_url` gives it."""
    width, height = _image(sent).size if sent["image"] is not None else SIZE
    return as_url(getattr(shapes, kind)(height, width, **how))


def as_url(change_map: np.ndarray) -> str:
    """The map as a data URL of a 16-bit PNG, which the painter takes and gives."""
    data = io.BytesIO()
    Image.fromarray(png.sixteen_bits(change_map)).save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


def store(picture: Image.Image | np.ndarray, folder: Path, kind: str = "PNG") -> str:
    """A picture in a file that is named by its content; its path.

    Gradio's own cache writes a file anew while the browser may be reading it; given paths, not.
    """
    if isinstance(picture, np.ndarray):
        picture = Image.fromarray(picture)
    data = io.BytesIO()
    picture.save(data, kind, quality=90)
    name = hashlib.sha256(data.getvalue()).hexdigest()[:24]
    path = folder / f"{name}.{kind.lower()}"
    if not path.exists():
        part = path.with_suffix(".part")
        part.write_bytes(data.getvalue())
        part.replace(path)
    return str(path)


def example(engine: Any, folder: Path) -> dict[str, str]:
    """What the page begins with: the path of a painted picture, a map, and a prompt."""
    from ..toyworld.paint import paint
    from ..toyworld.world import Scene

    size = 128 if "toyworld" in engine.name else 512
    picture = paint(Scene("summer", "noon", "hills", seed=5), size)
    return {
        "image": store(picture, folder),
        "map": as_url(shapes.gradient(size, size)),
        "prompt": PROMPT,
    }


def _image(sent: dict[str, Any]) -> Image.Image:
    if sent["image"] is None:
        raise FieldError("image", "there is no picture", "Put one in the box on the left")
    return pictures.read(sent["image"])


def _map(sent: dict[str, Any]) -> np.ndarray:
    if not sent["map"]:
        raise FieldError("map", "nothing is painted", "Paint where the picture may change")
    return geometry.decode(sent["map"])
