"""docs/diffedit.png: success against change outside of the region, and what the methods made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .prompt_pairs import SIZE, Pair

NAMES = {
    "sdedit": "SDEdit (plain img2img)",
    "encode-decode": "Encode-Decode",
    "diffedit": "DiffEdit",
    "continuous": "continuous DiffEdit, inverted",
    "differential": "continuous DiffEdit + differential diffusion",
}
INKS = {
    "sdedit": "#8a8f99",
    "encode-decode": "#c08a2e",
    "diffedit": "#2f6fb7",
    "continuous": "#3b9b6d",
    "differential": "#c2413b",
}
PAPER, INK, FADED, LINE = "#fcfcfa", "#1c2028", "#5c626e", "#dfe2e6"
FINER = 3  # drawn so much larger, then averaged down
SHOWN = 0.8  # strength of the pictures


def plot(curves: dict[str, list[dict]], width: int, height: int) -> Image.Image:
    """Success over the mean change outside; a point for each strength, the last one larger.

    Success begins below its least value, at whole tenths, and ends at 1.
    """
    k = FINER
    image = Image.new("RGB", (width * k, height * k), PAPER)
    draw = ImageDraw.Draw(image)
    font, small = (ImageFont.load_default(size * k) for size in (15, 13))
    left, top, right, bottom = 62 * k, 18 * k, (width - 18) * k, (height - 54) * k
    most = max(p["outside"] for curve in curves.values() for p in curve) * 1.05
    least = max(math.floor(min(p["success"] for c in curves.values() for p in c) * 10 - 1), 0) / 10

    def at(outside: float, success: float) -> tuple[float, float]:
        up = (success - least) / (1 - least)
        return left + (right - left) * outside / most, bottom - (bottom - top) * up

    step = 10 if most > 40 else 5
    for value in range(0, int(most) + 1, step):
        x, _ = at(value, 1)
        draw.line([(x, top), (x, bottom)], LINE, k)
        draw.text((x, bottom + 6 * k), str(value), FADED, small, "ma")
    for value in np.arange(round(least * 10), 11) / 10:
        _, y = at(0, value)
        draw.line([(left, y), (right, y)], LINE, k)
        draw.text((left - 8 * k, y), f"{value:.0%}", FADED, small, "rm")
    words = "mean change outside of the region, of 255"
    draw.text(((left + right) / 2, bottom + 28 * k), words, INK, font, "ma")
    for name, curve in curves.items():
        points = [at(p["outside"], p["success"]) for p in curve]
        draw.line(points, INKS[name], 3 * k, "curve")
        for i, (x, y) in enumerate(points):
            r = (6 if i == len(points) - 1 else 4) * k
            draw.ellipse((x - r, y - r, x + r, y + r), INKS[name], PAPER, k)
    for i, name in enumerate(NAMES):
        y = bottom - (len(NAMES) - i) * 22 * k
        x = right - 330 * k
        draw.line([(x, y), (x + 24 * k, y)], INKS[name], 3 * k)
        draw.text((x + 32 * k, y), NAMES[name], INK, small, "lm")
    words = "asked-for word seen"
    draw.text((left + 10 * k, bottom - 10 * k), words, INK, font, "ls")
    return image.resize((width, height), Image.Resampling.BOX)


def examples(
    made: Sequence[Pair], answers: Sequence[tuple], strengths: Sequence[float], rows: Sequence[int]
) -> Image.Image:
    """Some pairs: the picture, its region, the map, and what each method made at one strength."""
    heads = [
        "input",
        "region",
        "map found",
        "SDEdit",
        "Encode-Decode",
        "DiffEdit",
        "continuous",
        "differential",
    ]
    gap, head, foot = 6, 24, 24
    cell = SIZE + gap
    size = cell * len(heads) + gap, head + (cell + foot) * len(rows)
    image = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(13), ImageFont.load_default(12)
    for c, text in enumerate(heads):
        draw.text((gap + c * cell + SIZE // 2, 5), text, INK, font, "ma")
    at = list(strengths).index(SHOWN)
    for r, i in enumerate(rows):
        pair, (found, pictures) = made[i], answers[i]
        grey = [pair.region.astype(np.float32), found]
        shown = [np.repeat((v * 255).round().astype(np.uint8)[..., None], 3, 2) for v in grey]
        tiles = [pair.before, *shown, *(pictures[name][at] for name in NAMES)]
        y = head + r * (cell + foot)
        for c, tile in enumerate(tiles):
            image.paste(Image.fromarray(tile), (gap + c * cell, y))
        told = f"{pair.kind}: {pair.reference}   >   {pair.query}"
        draw.text((gap, y + SIZE + 5), told, FADED, small)
    return image


def sheet(
    curves: dict[str, list[dict]],
    made: Sequence[Pair],
    answers: Sequence[tuple],
    strengths: Sequence[float],
    path: Path,
    rows: Sequence[int] = (9, 12, 4, 5),
) -> None:
    """Writes the plot over the examples.

    Args:
        curves: method -> a point for each strength, with "success" and "outside".
        made: pairs; answers: of each, its map and its pictures by method.
        rows: which pairs are shown.
    """
    below = examples(made, answers, strengths, rows)
    above = plot(curves, below.width, 400)
    image = Image.new("RGB", (below.width, above.height + below.height), PAPER)
    image.paste(above, (0, 0))
    image.paste(below, (0, above.height))
    path.parent.mkdir(exist_ok=True)
    image.save(path, optimize=True)
