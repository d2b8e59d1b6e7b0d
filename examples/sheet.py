"""Draw a contact sheet: rows of pictures under one heading, with captions and a scale of change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from diffdiff.page.visualize import colours

MARGIN, GAP = 32, 20
PAPER, INK, FADED, EDGE = (252, 252, 250), (28, 32, 40), (92, 98, 110), (206, 208, 212)


class Row(NamedTuple):
    """pictures: uint8 `[H, W, 3]`. captions: one for each of them; None = the scale of change."""

    pictures: Sequence[np.ndarray]
    captions: Sequence[str | None]


def heat(before: np.ndarray, after: np.ndarray, top: float) -> np.ndarray:
    """Draw the mean absolute change of two uint8 `[H, W, 3]`, 0..top, as a picture like them."""
    change = np.abs(before.astype(np.float32) - after).mean(2)
    return colours(np.clip(change / top, 0, 1))


def contact_sheet(
    title: str, subtitle: str, heads: Sequence[str], rows: Sequence[Row], top: float
) -> np.ndarray:
    """Draw the sheet, uint8 `[h, w, 3]`. All pictures have one size; `top` as in `heat`."""
    height, width = rows[0].pictures[0].shape[:2]
    large, medium, small = (ImageFont.load_default(size) for size in (26, 17, 14))
    first, line = MARGIN + 104, height + 30 + GAP
    size = (
        2 * MARGIN + len(heads) * (width + GAP) - GAP,
        first + len(rows) * line - GAP + MARGIN - 6,
    )
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN), title, INK, large, "lt")
    draw.text((MARGIN, MARGIN + 36), subtitle, FADED, medium, "lt")
    for i, head in enumerate(heads):
        draw.text((MARGIN + i * (width + GAP), first - 10), head, INK, medium, "ls")
    for j, row in enumerate(rows):
        for i, (picture, caption) in enumerate(zip(row.pictures, row.captions)):
            x, y = MARGIN + i * (width + GAP), first + j * line
            draw.rectangle((x - 1, y - 1, x + width, y + height), outline=EDGE)
            sheet.paste(Image.fromarray(picture), (x, y))
            if caption is None:
                _scale(sheet, draw, (x, y + height + 9), width, top, small)
            else:
                draw.text((x, y + height + 20), caption, FADED, small, "ls")
    return np.asarray(sheet)


def _scale(sheet, draw, corner: tuple[int, int], width: int, top: float, font) -> None:
    x, y = corner
    last = f"{top:.0f} of 255"
    start, end = x + 16, x + width - 8 - int(draw.textlength(last, font))
    bar = np.tile(np.linspace(0, 1, max(end - start, 1)), (9, 1))
    draw.text((x, y + 11), "0", FADED, font, "ls")
    sheet.paste(Image.fromarray(colours(bar)), (start, y + 2))
    draw.text((x + width, y + 11), last, FADED, font, "rs")
