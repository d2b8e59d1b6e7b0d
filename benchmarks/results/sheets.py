"""Contact sheets of the report: pictures side by side, and what each method changed."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..tradeoff_sheet import FADED, INK, LINE, PAPER
from .methods import EVEN, METHODS, OURS, RUNS
from .scenes import MAPS, TURNS, turned

TILE, GAP, LABEL, NOTE = 144, 8, 44, 22
SHORT = {  # two lines at most
    OURS[0]: "ours",
    EVEN: "ours,\neven changes",
    OURS[2]: "ours,\ntransition 1",
    "Algorithm 1": "Algorithm 1\n(paper)",
    "blended latent diffusion": "blended latent\ndiffusion",
    "blurred mask": "plain inpainting,\nblurred mask",
    "built-in soft inpainting": "built-in soft\ninpainting",
    "N-run compositing": f"{RUNS} runs,\ncomposited",
}
MARK = "#c2413b"  # around ours


def grey(m: np.ndarray) -> np.ndarray:
    """`[H, W]` in 0..1 -> uint8 `[H, W, 3]`."""
    return np.repeat(np.rint(np.clip(m, 0, 1) * 255).astype(np.uint8)[..., None], 3, 2)


def fitted(m: np.ndarray, edit: np.ndarray) -> np.ndarray:
    """The edit map in the map's own scale: a edit + b of DAM's best a (not below 0) and b."""
    from_mean = edit - edit.mean()
    size = float((from_mean * from_mean).sum())
    a = max(float(((m - m.mean()) * from_mean).sum()) / size, 0.0) if size else 0.0
    return m.mean() + a * from_mean


def grid(
    heads: Sequence[str],
    rows: Sequence[Sequence[np.ndarray]],
    notes: Sequence[str],
    captions: Sequence[Sequence[str]] | None = None,
    marked: Container[int] = (),
) -> Image.Image:
    """Tiles in rows.

    Args:
        heads: over each column, two lines at most.
        rows: uint8 `[H, W, 3]`, square.
        notes: under each row, where there are no captions.
        captions: under each tile.
        marked: the columns with a frame.
    """
    cell, deep = TILE + GAP, TILE + NOTE + GAP
    size = cell * len(heads) + GAP, LABEL + deep * len(rows)
    image = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(15), ImageFont.load_default(14)
    for c, head in enumerate(heads):
        at = GAP + c * cell + TILE / 2, LABEL - 4
        ink = MARK if c in marked else INK
        draw.multiline_text(at, head, ink, font, "md", spacing=2, align="center")
    for r, tiles in enumerate(rows):
        y = LABEL + r * deep
        for c, tile in enumerate(tiles):
            x = GAP + c * cell
            shown = cv2.resize(tile, (TILE, TILE), interpolation=cv2.INTER_CUBIC)
            frame = (MARK, 3) if c in marked else (LINE, 1)
            w = frame[1]
            draw.rectangle((x - w, y - w, x + TILE + w - 1, y + TILE + w - 1), frame[0])
            image.paste(Image.fromarray(shown), (x, y))
            if captions is not None:
                draw.text((x + TILE / 2, y + TILE + 3), captions[r][c], FADED, small, "ma")
        if captions is None:
            draw.text((GAP, y + TILE + 3), notes[r], FADED, small)
    return image


def pictures(arrays: dict[str, np.ndarray], prompts: Sequence[str]) -> Image.Image:
    """One ask for every map, by every method but the transition."""
    names = [name for name in METHODS if name != OURS[2]]
    rows, notes = [], []
    for i, (kind, make) in enumerate(MAPS.items()):
        before = arrays[f"shown/{i}/input"]
        made = [arrays[f"shown/{i}/{kind}/{name}"] for name in names]
        rows.append([before, grey(turned(make(before.shape[0]), i % TURNS)), *made])
        notes.append(f"asked for: {prompts[i]}")
    heads = ["input", "map\n(white changes)", *(SHORT[name] for name in names)]
    return grid(heads, rows, notes, marked=(2, 3))


def edit_maps(arrays: dict[str, np.ndarray], measure: str, table: dict) -> Image.Image:
    """The mean of all pictures: what changed under every map by every method, with its CAM."""
    rows, captions = [], []
    for kind, make in MAPS.items():
        edits = {name: arrays[f"edit/{measure}/{kind}/{name}"] for name in METHODS}
        m = make(next(iter(edits.values())).shape[0])
        rows.append([grey(m), *(grey(fitted(m, edit)) for edit in edits.values())])
        captions.append([kind, *(f"CAM {table[kind][name]['cam']:.2f}" for name in METHODS)])
    heads = ["the map", *(SHORT[name] for name in METHODS)]
    return grid(heads, rows, [], captions, marked=(1, 2, 3))


def save(image: Image.Image, path: Path, colours: int = 0) -> None:
    """colours: of a palette, for pictures that need few; 0 = all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if colours:
        image = image.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
