"""docs/soft-inpaint.png: the pictures of some pairs, and what each method made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .soft_inpaint_pairs import Pair
from .toyworld import SIZE


def sheet(made: list[Pair], pictures: list[dict], path: Path, rows: int = 6) -> None:
    """The pictures of some pairs side by side, as in the paper's comparison."""
    columns = [
        "hard inpaint",
        "feathered paste",
        "Poisson",
        "Laplacian pyramid",
        "host's inpaint, mask blur 4",
        "host's soft inpainting",
        "ours",
    ]
    gap, head = 4, 16
    chosen = np.linspace(0, len(made) - 1, rows).round().astype(int)
    cell = SIZE + gap
    out = Image.new("RGB", (cell * (len(columns) + 2) - gap, head + cell * rows - gap), "white")
    draw = ImageDraw.Draw(out)
    for c, text in enumerate(["original", "mask", *columns]):
        draw.text((c * cell + 2, 2), text.replace("host's inpaint, mask", "host, mask"), "black")
    for r, i in enumerate(chosen):
        pair = made[i]
        mask = np.repeat(pair.mask[..., None].astype(np.uint8) * 255, 3, 2)
        tiles = [pair.picture, mask, *(pictures[i][name] for name in columns)]
        for c, tile in enumerate(tiles):
            out.paste(Image.fromarray(tile), (c * cell, head + r * cell))
    path.parent.mkdir(exist_ok=True)
    out.save(path, optimize=True)
