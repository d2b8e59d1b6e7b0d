"""The actions of the page. No Gradio here: values in, pictures and text out."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..edit import coarse
from ..edit.plan import make_fan, strengths
from ..images.data_url import map_url
from ..maps import carried_regions, embedded, geometry, inpaint_mask, shapes
from ..pipelines import anchors, png
from ..pipelines.hints import given_back
from ..settings.host_only import HOST_ONLY
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, fields, parse
from . import incoming, own_size, visualize
from .store import store

PROMPT = "a winter night, hills, clear sky, a red house in the middle"
LOOK = 1024  # pixels: the longer side of a view is at most this
SIZE = 512, 512  # of a map that is made before there is a picture


class Edited(NamedTuple):
    """A run's pictures, as paths, and its report.

    before: what each result is compared with: the input at its size. files: the results. texts:
    infotext of each. captions: of the tiles. report: one line of HTML.
    """

    before: list[str]
    files: list[str]
    texts: list[str]
    captions: list[str]
    report: str


def settings(sent: dict[str, Any]) -> tuple[EditArgs, RunArgs]:
    """Return the checked settings among the values of the page; an empty box means not set.

    Raises:
        FieldError: as `diffdiff.settings.schema.parse` raises it.
    """
    named = {name: value for name, value in sent.items() if value not in (None, "")}
    names = [name for name in fields() if name not in ("map", *HOST_ONLY)]
    args = {name: named[name] for name in names if name in named}
    run = {name: named[name] for name in fields(RunArgs) if name in named}
    return parse(args), parse(run, RunArgs)


def edit(
    engine: Any, sent: dict[str, Any], folder: Path, progress: Callable[[int, int], None] | None
) -> Edited:
    """Run one edit.

    Args:
        sent: "image" and "map" as bytes of files, None where there is none; the settings by name;
            "own_size": whether the result has the picture's size.
        folder: where a new folder with the pictures is made.

    Raises:
        FieldError: and whatever else the engine raises.
    """
    args, run = settings(sent)
    at_own_size = bool(sent.get("own_size")) and args.mode in ("edit", "soft inpaint")
    needed = (args.needs_map or args.soft) and not coarse.wanted(args)
    image = original = incoming.picture(sent)
    change_map = incoming.change_map(sent) if needed or sent["map"] else None
    requested, (image, change_map, args) = args, coarse.prepared(image, change_map, args)
    result = anchors.editing(engine, args, run)(image, change_map, args, run, progress)
    if at_own_size and change_map is not None:
        result.pictures = own_size.enlarged(engine, image, change_map, args, run, result)
    place = Path(tempfile.mkdtemp(dir=folder))
    files, texts = [], []
    chunks = _chunks(sent, change_map)
    coarse.noted(result.settings, requested)
    whole = given_back(result, image, sent["image"], coarse.wanted(requested))
    profile = image.info.get("icc_profile")
    for i, picture in enumerate(result.pictures):
        alone = result.runs[i]
        text = png.texts(requested, alone, change_map, result.settings, picture.size)
        # of a sheet, many have one seed
        path = place / f"diffdiff-{alone.seed}{f'-{i}' if args.mode == 'sheet' else ''}.png"
        png.write_png(whole[i], path, text | chunks, profile)
        files.append(str(path))
        texts.append(text["parameters"])
    # a contact sheet is shown with its input
    sheets = run.count if args.mode == "sheet" else 0
    plain = (image if requested.outpaint else original).convert("RGB")
    bar = result.settings.get("bar", 0)
    before = result.pictures[:sheets] + [below(plain, p, bar) for p in result.pictures[sheets:]]
    captions = _captions(args, result.runs, sheets)
    report = _report(engine, args, run, result, before[-1])
    return Edited([store(picture, folder) for picture in before], files, texts, captions, report)


def _chunks(sent: dict[str, Any], change_map: np.ndarray | None) -> dict[str, str]:
    """Return what a picture carries besides its settings: its map, and the regions that it is made
    of."""
    chunks = {}
    if change_map is not None:
        chunks[incoming.MAP_CHUNK] = embedded.pack(change_map)
    regions = sent.get("regions")
    if isinstance(regions, str) and carried_regions.is_usable(regions):
        chunks[carried_regions.KEY] = regions
    return chunks


def _captions(args: EditArgs, runs: list[RunArgs], sheets: int) -> list[str]:
    if args.mode == "sheet":
        singles = [f"{one.strength:g}" for one in runs[sheets:]]
        return ["all strengths"] * sheets + singles
    return [f"seed {one.seed}" for one in runs]


def _report(engine: Any, args: EditArgs, run: RunArgs, result: Any, before: Image.Image) -> str:
    """Describe the run in a line of HTML for artists; its cost is in the tooltip."""
    cost = f"{result.calls} model calls in {result.seconds:.1f} s"
    if result.settings.get("levels"):
        cost += f"; levels: {png.began(result.settings['levels'])}"
    if args.fans:
        words = f"{len(args.several)} strengths"
    else:
        after = result.pictures[-1].convert("RGB")
        same = (np.asarray(before) == np.asarray(after)).all(2).mean()
        words = f"<b>{same:.0%}</b> of the picture is untouched, pixel for pixel"
        if same == 0:
            words = "The whole picture changed"
    report = f"<span title='{html.escape(cost)}'>{words}; <b>{result.seconds:.1f} s</b></span>"
    for hint in result.settings.get("hints", ()):
        report += f" <span class='problem'>{html.escape(hint)}.</span>"
    return report


def change_of(before: str, after: str, folder: Path) -> str:
    """Return the path of the view of what a result changed."""
    pictures = [np.asarray(fitted(Image.open(path).convert("RGB"))) for path in (before, after)]
    return store(visualize.change(*pictures), folder, "JPEG")


def below(image: Image.Image, result: Image.Image, bar: int) -> Image.Image:
    """Return the input as it lies in a result: at its size, below the bar of a fan."""
    size = result.width, result.height - bar
    image = image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
    if not bar:
        return image
    whole = result.convert("RGB")
    whole.paste(image, (0, bar))
    return whole


def look(engine: Any, sent: dict[str, Any], folder: Path) -> str | None:
    """Return the path of the strengths over the picture with their legend, as the run will have
    them; None if there is nothing to show.

    Raises:
        FieldError: for what `edit` would refuse too.
    """
    if sent["image"] is None:
        return None
    args, run = settings(sent)
    striped = args.mode == "fan"
    if not (sent["map"] or coarse.wanted(args)) and (not striped or args.fan_layout == "map"):
        return None
    painted = incoming.change_map(sent) if sent["map"] else None
    image, painted, args = coarse.prepared(incoming.picture(sent), painted, args)
    width, height = engine.worked_at(image, run)
    shaped = None
    if painted is not None:
        painted = geometry.resize(painted, *image.size)
        shaped = inpaint_mask.shape_for(painted, args, inpaint_mask.Work(width, height))
    image = fitted(image)
    if striped:
        base = None if shaped is None else geometry.resize(shaped, width, height)
        strength = geometry.resize(make_fan(args, width, height, base).map, *image.size)
    elif shaped is None:
        return None
    else:
        most = max(args.several) if args.mode == "sheet" else run.strength
        strength = strengths(geometry.resize(shaped, *image.size), args, most)
    noise = engine.noise(args, run)
    view = visualize.preview(np.asarray(image), strength, run.steps, engine.rules.rule, noise)
    return store(view, folder, "JPEG")


def about(engine: Any, sent: dict[str, Any]) -> str:
    """Describe the picture's size and the model's, and what the run will do with the map.

    Raises:
        FieldError: "image", and what `settings` refuses.
    """
    if sent["image"] is None:
        return "Put a picture in, or drop one on the canvas."
    image = incoming.picture(sent)
    args, run = settings(sent)
    size = engine.worked_at(image, run)
    line = "{} × {} pixels".format(*image.size)
    if size != image.size:
        line += "; the model works at {} × {}".format(*size)
    if args.mode == "sheet":
        line += f". One picture at each of {', '.join(f'{s:g}' for s in args.several)}"
    if args.mode == "fan" and args.fan_layout != "map":
        line += (
            f". Stripes of {', '.join(f'{s:g}' for s in args.several)}; the painting is not used"
        )
    return f"{line}."


def fitted(picture: Image.Image) -> Image.Image:
    """Return a copy that is small enough for a view."""
    small = picture.copy()
    small.thumbnail((LOOK, LOOK))
    return small


def make(kind: str, sent: dict[str, Any], **how: float) -> str:
    """Draw a map of `diffdiff.maps.shapes` at the size of the picture, as `map_url` returns it."""
    width, height = incoming.picture(sent).size if sent["image"] is not None else SIZE
    return map_url(getattr(shapes, kind)(height, width, **how))


def example(engine: Any, folder: Path) -> dict[str, Any]:
    """Return what the page starts with: the path of a painted picture, a map, and a prompt."""
    from ..toyworld.paint import paint
    from ..toyworld.world import Scene

    size = 128 if "toyworld" in engine.name else 512
    picture = paint(Scene("summer", "noon", "hills", seed=5), size)
    return {
        "image": store(picture, folder),
        "map": map_url(shapes.gradient(size, size)),
        "prompt": PROMPT,
    }
