"""Pictures of a strength fan and a strength sheet: swatch bar, contact sheet, labels.

All text is dark on a white ground, so it is legible whatever the picture shows.
It is drawn large by OpenCV and averaged down to the size wanted: the hosts' Pillow (9.5) has no
font that scales.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from ..errors import FieldError
from ..images.lettering import INK, LARGEST, PAPER, SMALLEST, fit_text, text_mask, text_width, write
from ..metrics.adherence import mean_change
from .fan import Fan

MAX_SIDE = 4096  # pixels of a contact sheet
WIDEST = 240  # a tile narrower than its caption is set apart by up to so many pixels


class Bar(NamedTuple):
    """A picture with a swatch bar above it.

    picture: uint8 `[bar + H, W, 3]`.
    height: height of the bar in pixels: the picture's own row 0 is row `height`.
    boxes: (left, top, right, bottom) of each swatch with its number's row, right and bottom
        excluded; they cover the bar.
    labelled: indices of the swatches whose number is written.
    """

    picture: np.ndarray
    height: int
    boxes: tuple[tuple[int, int, int, int], ...]
    labelled: tuple[int, ...]

    def below(self, fan: Fan) -> list[tuple[int, int, int, int]]:
        """Return where the stripes of the fan lie in the picture with its bar, as `boxes`."""
        down = self.height
        return [
            (left, top + down, right, bottom + down)
            for left, top, right, bottom in (stripe.box for stripe in fan.stripes)
        ]


def with_bar(picture: np.ndarray, fan: Fan) -> Bar:
    """Add a bar of strengths above the result of a fan, outside the picture.

    Args:
        picture: uint8 `[H, W, 3]`, the size of the fan.

    Swatches are as gray as the map (white = change). Above "vertical" stripes each stands over its
    own; else they share the width evenly. Where the numbers of all do not fit at 11 pixels, evenly
    chosen ones are written, first and last among them; where not even two fit, none.

    Raises:
        FieldError: "picture", for another type or size.
    """
    height, width = fan.labels.shape
    if picture.shape != (height, width, 3) or picture.dtype != np.uint8:
        problem = f"{picture.dtype} {list(picture.shape)} does not fit the fan"
        raise FieldError("picture", problem, f"Give uint8 [{height}, {width}, 3]")
    strengths = [s.strength for s in fan.stripes]
    edges = _edges(fan)
    texts = [_number(s) for s in strengths]
    middles = [(a + b) / 2 for a, b in zip(edges, edges[1:])]
    wanted = int(np.clip(width / 24, SMALLEST, LARGEST))
    labelled, line = _fitting(texts, middles, width, wanted)
    row = line + line // 3 if labelled else 0  # the numbers' part of the bar
    swatch = max(line, 8)
    bar = np.full((row + swatch, width, 3), PAPER, np.uint8)
    for strength, left, right in zip(strengths, edges, edges[1:]):
        bar[row:, left:right] = round(255 * strength)
    bar[row:, edges[1:-1]] = 128  # equal neighbors stay distinguishable
    bar[row] = bar[-1] = INK
    for i in labelled:
        mask = text_mask(texts[i], line)
        write(bar, mask, _placed(middles[i], mask.shape[1], width), line // 6)
    boxes = tuple((left, 0, right, row + swatch) for left, right in zip(edges, edges[1:]))
    return Bar(np.concatenate([bar, picture]), row + swatch, boxes, labelled)


def _number(strength: float) -> str:
    return f"{strength:.3f}".rstrip("0").rstrip(".")


def _edges(fan: Fan) -> list[int]:
    """Return where swatches start and end: over the stripes if those are side by side, else
    evenly."""
    width = fan.labels.shape[1]
    boxes = [s.box for s in fan.stripes]
    lefts, rights = [b[0] for b in boxes], [b[2] for b in boxes]
    if lefts[0] == 0 and rights[-1] == width and lefts[1:] == rights[:-1]:
        return [*lefts, width]
    return [round(i * width / len(boxes)) for i in range(len(boxes) + 1)]


def _fitting(
    texts: Sequence[str], middles: Sequence[float], width: int, wanted: int
) -> tuple[tuple[int, ...], int]:
    """Choose which numbers to write and how high: as many as fit, as large as these allow."""
    for many in range(len(texts), 1, -1):
        chosen = tuple(round(i * (len(texts) - 1) / (many - 1)) for i in range(many))
        for line in range(wanted, SMALLEST - 1, -1):
            end = -math.inf
            for i in chosen:
                size = text_width(texts[i], line)
                left = _placed(middles[i], size, width)
                if left < 0 or left < end:
                    break
                end = left + size + line / 3
            else:
                return chosen, line
    return (), SMALLEST


def _placed(middle: float, size: int, width: int) -> int:
    """Return the left end of a text around `middle`, moved inside the picture; below 0 if it is too
    wide."""
    return min(max(round(middle - size / 2), 0), width - size)


class Sheet(NamedTuple):
    """A contact sheet.

    picture: uint8 `[H, W, 3]`.
    boxes: (left, top, right, bottom) of each tile without its caption, right and bottom excluded.
    captions: the lines under each tile, as they were meant (over 240 pixels some may be cut).
    singles: the pictures themselves, full size.
    changes: mean change of each from the original, 0..255; empty where that is not known.
    """

    picture: np.ndarray
    boxes: tuple[tuple[int, int, int, int], ...]
    captions: tuple[tuple[str, ...], ...]
    singles: tuple[np.ndarray, ...]
    changes: tuple[float, ...] = ()


def strength_sheet(
    pictures: Sequence[np.ndarray],
    strengths: Sequence[float],
    original: np.ndarray | None = None,
    max_side: int = MAX_SIDE,
    distance: Callable[[np.ndarray, np.ndarray], float] | None = None,
) -> Sheet:
    """Make the contact sheet of a strength sheet: strength, and mean absolute change, below each.

    Args:
        pictures: uint8 `[H, W, 3]`, one for every strength, of one size.
        strengths: 0..1.
        original: uint8 `[H, W, 3]`, what the change is measured from (8-bit levels, 0..255); None
            leaves it out.
        distance: LPIPS of the original and a picture, if it is to stand there too.

    Raises:
        FieldError: "pictures", "fan_strengths" for another number of them, "after" for an
            original of another size, "max_side".
    """
    if len(strengths) != len(pictures):
        problem = f"{len(strengths)} strengths for {len(pictures)} pictures"
        raise FieldError("fan_strengths", problem, "Give one strength for every picture")
    captions = [[f"strength {_number(s)}"] for s in strengths]
    changes: tuple[float, ...] = ()
    if original is not None:
        changes = tuple(mean_change(original, picture) for picture in pictures)
        for lines, picture, change in zip(captions, pictures, changes):
            lines.append(f"change {change:.1f}")
            if distance is not None:
                lines.append(f"LPIPS {distance(original, picture):.3f}")
    return contact_sheet(pictures, captions, max_side=max_side)._replace(changes=changes)


def contact_sheet(
    pictures: Sequence[np.ndarray],
    captions: Sequence[Sequence[str]],
    columns: int | None = None,
    max_side: int = MAX_SIDE,
) -> Sheet:
    """Arrange pictures in rows, each with its lines of text below.

    Args:
        pictures: uint8 `[H, W, 3]` of one size, 1 to 256.
        captions: lines of ASCII text for each.
        columns: tiles in a row; None chooses what comes nearest to a screen (3:2) with few gaps.
        max_side: pixels; tiles are averaged down so that neither side of the sheet is longer.

    Raises:
        FieldError: "pictures", "captions", "columns" or "max_side".
    """
    height, width = _check_tiles(pictures, captions, columns, max_side)
    count, lines = len(pictures), max(map(len, captions))
    columns = columns or _columns(count, width, height)
    rows = -(-count // columns)
    texts = [text for caption in captions for text in caption]
    widest = min(max((text_width(t, SMALLEST) for t in texts), default=0), WIDEST)
    scale = min(1.0, max_side / (columns * width), max_side / (rows * height))
    while True:  # gaps and captions need room too
        tile = max(round(width * scale), 1), max(round(height * scale), 1)
        line = int(np.clip(tile[0] / 16, SMALLEST, LARGEST))
        gap = max(line // 2, 4)
        below = lines * line + line // 4 if lines else 0
        cell = max(tile[0], widest) + gap, tile[1] + below + gap
        size = columns * cell[0] + gap, rows * cell[1] + gap
        if max(size) <= max_side:
            break
        if max(tile) == 1:
            problem = f"{max_side} pixels are too few for {count} pictures and their captions"
            raise FieldError("max_side", problem, "Use a larger number, such as 4096")
        scale *= min(0.98, max_side / max(size))
    sheet = np.full((size[1], size[0], 3), PAPER, np.uint8)
    boxes = []
    for i, (picture, texts) in enumerate(zip(pictures, captions)):
        left, top = gap + i % columns * cell[0], gap + i // columns * cell[1]
        sheet[top : top + tile[1], left : left + tile[0]] = _small(picture, tile)
        boxes.append((left, top, left + tile[0], top + tile[1]))
        for n, text in enumerate(texts):
            mask = fit_text(text, line, cell[0] - gap)
            write(sheet, mask, left, top + tile[1] + line // 4 + n * line)
    return Sheet(sheet, tuple(boxes), tuple(map(tuple, captions)), tuple(pictures))


def _check_tiles(
    pictures: Sequence[np.ndarray],
    captions: Sequence[Sequence[str]],
    columns: int | None,
    max_side: int,
) -> tuple[int, int]:
    if not 1 <= len(pictures) <= 256:
        raise FieldError("pictures", f"{len(pictures)} pictures", "Give 1 to 256")
    shape = pictures[0].shape
    for picture in pictures:
        if picture.dtype != np.uint8 or picture.shape != shape or picture.shape[2:] != (3,):
            problem = f"{picture.dtype} {list(picture.shape)} among {list(shape)}"
            raise FieldError("pictures", problem, "Give uint8 pictures [H, W, 3] of one size")
    if len(captions) != len(pictures):
        problem = f"{len(captions)} captions for {len(pictures)} pictures"
        raise FieldError("captions", problem, "Give one for every picture")
    if columns is not None and not 1 <= columns <= 256:
        raise FieldError("columns", f"{columns} columns", "Use 1 to 256")
    if not 1 <= max_side <= 32768:
        raise FieldError("max_side", f"{max_side} pixels", "Use 1 to 32768")
    return shape[:2]


def _columns(count: int, width: int, height: int) -> int:
    def cost(columns: int) -> float:
        rows = -(-count // columns)
        gaps = (columns * rows - count) / count
        return abs(math.log(columns * width / (rows * height) / 1.5)) + gaps

    return min(range(1, count + 1), key=cost)


def _small(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if picture.shape[1::-1] == size:
        return picture
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
