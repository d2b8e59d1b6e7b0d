"""`make demo`: turn a summer noon into a winter night, every pixel at its own strength.

The included demo model, a small text-conditioned latent diffusion model, edits a painted
landscape: by plain img2img, by a gradient map, by a shape, and by a soft inpainting mask compared
with a hard one. It writes the images and a contact sheet. No GPU, no download.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.images import read
from diffdiff.images.pictures import load as read_file
from diffdiff.maps import shapes
from diffdiff.pipelines.png import write_png
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import Scene

from .sheet import Row, contact_sheet, heat

SIZE = 128
SHOWN = 2  # times larger on the sheet
INPUT = Scene("summer", "noon", "mountains", "cloudy", "house", "red", "middle", seed=2026)
PROMPT = "a winter night, mountains, clear sky, a red house in the middle"
TENT = "a summer noon, mountains, cloudy sky, a blue tent in the middle"
MOST = 150.0  # change at the end of the colour scale, of 255
SOFT = 12.0  # pixels
TITLE = "Differential Diffusion: every pixel has its own denoising strength"
HEADS = ("Input", "Change map", "Plain img2img", "Differential Diffusion", "What changed")


class Wanted(NamedTuple):
    """One row. drawn: float32 `[H, W]`. beside: settings that the third image has instead."""

    name: str
    caption: str
    drawn: np.ndarray
    request: dict
    prompt: str = PROMPT
    beside: dict | None = None


def wanted(file: str | None, soften: float | None) -> list[Wanted]:
    """Return the rows: the user's own map, or a gradient, a shape, and soft inpainting."""
    if file is not None:
        radius = soften or 0.0
        caption = Path(file).name[:24] + (f", softened by {radius:g} px" if radius else "")
        drawn = read.decode(read_file(file, "map"))
        return [Wanted("file", caption, drawn, {"soften_radius": radius})]
    radius = SOFT if soften is None else soften
    disc = shapes.ellipse(SIZE, SIZE, box=(0.06, 0.3, 0.94, 1.18))
    house = shapes.rectangle(SIZE, SIZE, box=(0.22, 0.42, 0.78, 0.93))
    softened = {"soften_radius": radius, "soften_direction": "outward"}
    return [
        Wanted("gradient", "gradient, 0 to 1", shapes.gradient(SIZE, SIZE), {}),
        Wanted(
            "shape",
            f"all but a disc, softened by {radius:g} px",
            disc,
            {"soften_radius": radius, "invert": True},
        ),
        Wanted(
            "inpaint",
            f"a mask, softened outward by {radius:g} px",
            house,
            softened,
            TENT,
            {"soften_radius": 0.0},
        ),
    ]


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        raise FieldError("arguments", message, "See --help")


def options(argv: list[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m examples.demo", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--map", metavar="FILE", help="a grayscale image: white changes, black is kept"
    )
    parser.add_argument("--prompt", help="what the changed parts should show")
    parser.add_argument(
        "--strength", type=float, default=1.0, help="denoising strength of white, 0 to 1"
    )
    parser.add_argument("--steps", type=int, default=20, help="sampling steps at strength 1")
    parser.add_argument("--seed", type=int, default=10, help="seed for the noise")
    parser.add_argument("--soften", type=float, help="blur of the map in pixels")
    parser.add_argument("--out", default="demo-output", help="folder for the images")
    return parser.parse_args(argv)


def run(argv: list[str] | None = None) -> Path:
    """Make everything; return the path of the sheet."""
    chosen = options(argv)
    given = {"strength": chosen.strength, "steps": chosen.steps, "seed": chosen.seed}
    base = parse({"scheduler": "DPMSolverMultistep", "guidance": 5.0, **given}, RunArgs)
    rows = wanted(chosen.map, chosen.soften)
    for row in rows:
        parse(row.request)
    source = Image.fromarray(paint(INPUT, SIZE))
    out = Path(chosen.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"{out} cannot be written ({error.strerror})"
        raise FieldError("out", problem, "Name another folder") from None

    write_png(source, out / "input.png")
    from diffdiff.pipelines.load import load

    began = time.perf_counter()
    engine = load("toyworld")
    print(f"model: {engine.name}, loaded in {time.perf_counter() - began:.1f} s")

    def edit(name: str, drawn: np.ndarray, request: dict, prompt: str):
        args = parse({"transition": 1.0, **request})
        settings = RunArgs(**{**dict(base), "prompt": chosen.prompt or prompt})
        done = engine.edit(source, drawn, args, settings)
        write_png(done.pictures[0], out / f"{name}.png")
        told = f"{done.calls} model calls, {done.skipped} steps skipped, {done.seconds:.1f} s"
        print(f"{name}: {told}")
        return done

    plain = edit("plain", shapes.constant(SIZE, SIZE), {}, PROMPT)
    filled = [_row(row, source, plain, edit, out) for row in rows]
    subtitle = (
        f"“{chosen.prompt or PROMPT}”. The packaged toy world (5 million weights), "
        f"DPM++ 2M, {chosen.steps} steps."
    )
    sheet = out / "sheet.png"
    write_png(Image.fromarray(contact_sheet(TITLE, subtitle, HEADS, filled, MOST)), sheet)
    return sheet


def _row(row: Wanted, source: Image.Image, plain, edit, out: Path) -> Row:
    done = edit(f"edit-{row.name}", row.drawn, row.request, row.prompt)
    told = "every pixel at one strength"
    if row.beside is not None:
        plain = edit(f"beside-{row.name}", row.drawn, {**row.request, **row.beside}, row.prompt)
        told = "the hard mask"
    grey = Image.fromarray(np.round(done.change_map * 255).astype(np.uint8)).convert("RGB")
    write_png(grey, out / f"map-{row.name}.png")
    before, after = np.asarray(source), np.asarray(done.pictures[0])
    pictures = [source, grey, plain.pictures[0], done.pictures[0]]
    captions = (
        "painted, not among the data",
        row.caption,
        told,
        f"{done.calls} model calls, {done.skipped} steps skipped",
        None,
    )
    large = [_large(np.asarray(p)) for p in pictures]
    return Row((*large, _large(heat(before, after, MOST))), captions)


def _large(picture: np.ndarray) -> np.ndarray:
    size = tuple(side * SHOWN for side in picture.shape[1::-1])
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def main(argv: list[str] | None = None) -> int:
    try:
        sheet = run(argv)
    except FieldError as error:
        print(error, file=sys.stderr)
        return 2
    print(sheet)
    print(
        'Try next: --strength 0.6, --soften 24, --prompt "an autumn sunset, a lake", --map FILE '
        "with a grayscale image of yours, or `python -m diffdiff serve` for a page."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
