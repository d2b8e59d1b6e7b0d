"""Move, copy and erase parts of a picture: the coarse picture, and the change map that finishes it.

Pure functions of NumPy and OpenCV. A place is in pixels; (0, 0) is the picture's corner and (0.5,
0.5) the middle of its first pixel. `javascript/painter/move/` computes the same map.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

from ..errors import FieldError
from .fill import filled
from .rings import RIM, outer, within

FIELD = "move"
KEEP = 0.0
RING_PART, MARGIN_PART = 16, 8  # the shorter side in rings and in margins where none is given
SEEN = 0.5  # from this share on a pixel counts as selected
FRINGE = 2  # pixels around a hole that still have the object's color
LEAST = 1e-6  # of a determinant: below it the picture of an object is a line
WHOLE = 1e-9  # how far a shift may be from whole pixels and still be exact
DEEP = 4  # pixels inside an object from which on it is resampled sharply
IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

Matrix = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f) as in CSS and SVG: x' = a x + c y + e, y' = b x + d y + f."""


@dataclass(frozen=True)
class Move:
    """What is done to one selection.

    selection: float32 `[H, W]` in 0..1, of the picture's size. matrix: where its pixels go. copy:
    they stay where they were, too. delete: they go nowhere. keep: strength of the object, 0..1.
    ring: pixels over which the strength falls around the object and the hole; None: by the size.
    margin: pixels below both where light and shadow may change; None: by the size.
    """

    selection: np.ndarray
    matrix: Matrix = IDENTITY
    copy: bool = False
    delete: bool = False
    keep: float = KEEP
    ring: float | None = None
    margin: float | None = None


class Coarse(NamedTuple):
    """picture: uint8 `[H, W, C]`. map: float32 `[H, W]` in 0..1."""

    picture: np.ndarray
    map: np.ndarray


@dataclass
class _Box:
    """A rectangle of pixels, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int
    at: tuple[slice, slice] = field(init=False)

    def __post_init__(self):
        self.at = slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def size(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top

    def grown(self, by: float, height: int, width: int) -> _Box:
        more = math.ceil(by) + 2
        return _Box(
            max(self.left - more, 0),
            max(self.top - more, 0),
            min(self.right + more, width),
            min(self.bottom + more, height),
        )


def compose(picture: np.ndarray, moves: Iterable[Move], name: str = FIELD) -> Coarse:
    """Carry out moves, one after another: each works on what the one before has left.

    Args:
        picture: uint8 `[H, W, C]`.
        name: of the field that errors blame.

    The map is 1 in a hole, `keep` on an object (but what was to change more travels with it), and
    falls to 0 over the ring around both, from 1 at a hole and a half at an object; inside, the ring
    reaches half of its width into the object. The margin is half as strong, fades downwards,
    and is seen where nothing else is more.

    Raises:
        FieldError: `name`, with the number of the move: nothing or everything is selected, it
            leaves the picture, or its matrix flattens it.
    """
    if picture.ndim != 3 or picture.dtype != np.uint8:
        problem = f"{picture.dtype} {list(picture.shape)} is not a picture"
        raise FieldError(name, problem, "Give a uint8 picture [H, W, C]")
    coarse = Coarse(picture.copy(), np.zeros(picture.shape[:2], np.float32))
    for number, move in enumerate(moves, 1):
        coarse = _done(coarse, move, f"move {number}", name)
    return coarse


def _done(coarse: Coarse, move: Move, which: str, name: str) -> Coarse:
    def wrong(problem: str, remedy: str) -> FieldError:
        return FieldError(name, f"{which}: {problem}", remedy)

    height, width = coarse.map.shape
    if move.selection.shape != (height, width):
        problem = "its selection is of another size than the picture"
        raise wrong(problem, "Select on this very picture")
    selected = move.selection >= SEEN
    box = _bounds(selected)
    if box is None:
        raise wrong("nothing is selected", "Select what is to move")
    if not move.copy and selected.all():
        problem = "the whole picture is selected, so nothing is left to fill the hole from"
        raise wrong(problem, "Select a part of it, or copy instead")
    ring = min(height, width) / RING_PART if move.ring is None else float(move.ring)
    margin = min(height, width) / MARGIN_PART if move.margin is None else float(move.margin)
    reach = max(ring, margin)
    picture, m = coarse
    before = Coarse(picture.copy(), m.copy())
    if not move.copy:
        part = box.grown(reach + FRINGE, height, width)
        hole = cv2.dilate(np.ascontiguousarray(selected[part.at]).view(np.uint8), _disc(FRINGE)) > 0
        if hole.all():  # a frame narrower than the fringe is all there is to fill it from
            hole = selected[part.at]
        filled(picture, hole, (part.left, part.top))
        np.maximum(m[part.at], outer(hole, ring, margin), out=m[part.at])
        m[part.at][hole] = 1
    if move.delete:
        return Coarse(picture, m)
    goal = _goal(move, box, height, width)
    if goal is None:
        raise wrong("it leaves the picture", "Move it less far, or delete it instead")
    pixels, share, carried = _moved(before, move, box, goal)
    if not (share >= SEEN).any():
        problem = "nothing of it is left inside the picture"
        raise wrong(problem, "Move it less far, enlarge it, or delete it instead")
    under = picture[goal.at].astype(np.float32)
    under += (pixels - under) * share[..., None]
    picture[goal.at] = np.rint(np.clip(under, 0, 255)).astype(np.uint8)
    part = goal.grown(reach, height, width)
    there = np.zeros((part.bottom - part.top, part.right - part.left), bool)
    inner = (
        slice(goal.top - part.top, goal.bottom - part.top),
        slice(goal.left - part.left, goal.right - part.left),
    )
    there[inner] = share >= SEEN
    around = np.maximum(m[part.at], outer(there, ring, margin, RIM))
    own = within(there, move.keep, ring)
    own[inner] = np.maximum(own[inner], carried)
    m[part.at] = np.where(there, own, around)
    return Coarse(picture, m)


# ---- the picture -----------------------------------------------------------------------------


def _bounds(selected: np.ndarray) -> _Box | None:
    left, top, width, height = cv2.boundingRect(selected.view(np.uint8))
    return _Box(left, top, left + width, top + height) if width and height else None


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _goal(move: Move, box: _Box, height: int, width: int) -> _Box | None:
    """Return the part of the picture that a moved selection can reach."""
    a, b, c, d, e, f = move.matrix
    corners = [(x, y) for x in (box.left - 1, box.right + 1) for y in (box.top - 1, box.bottom + 1)]
    xs = [a * x + c * y + e for x, y in corners]
    ys = [b * x + d * y + f for x, y in corners]
    left, top = max(math.floor(min(xs)), 0), max(math.floor(min(ys)), 0)
    right, bottom = min(math.ceil(max(xs)), width), min(math.ceil(max(ys)), height)
    return _Box(left, top, right, bottom) if left < right and top < bottom else None


def shift(matrix: Matrix) -> tuple[int, int] | None:
    """Return (right, down) of a matrix that only shifts by whole pixels, else None."""
    a, b, c, d, e, f = matrix
    linear = max(abs(a - 1), abs(b), abs(c), abs(d - 1))
    off = max(abs(e - round(e)), abs(f - round(f)))
    return (round(e), round(f)) if max(linear, off) <= WHOLE else None


def _moved(
    before: Coarse, move: Move, box: _Box, goal: _Box
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what a move brings to `goal`: pixels float32 `[h, w, C]`, the share of each 0..1, and
    the map that travels along 0..1, float32 `[h, w]`."""
    height, width = before.map.shape
    by = shift(move.matrix)
    if by is not None:
        rows = np.arange(goal.top, goal.bottom) - by[1]
        columns = np.arange(goal.left, goal.right) - by[0]
        there = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
        at = np.ix_(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))
        share = np.where(there, move.selection[at], 0).astype(np.float32)
        return before.picture[at].astype(np.float32), share, before.map[at] * (share >= SEEN)
    return _resampled(before, move, box, goal)


def _resampled(
    before: Coarse, move: Move, box: _Box, goal: _Box
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Resample a selection: its border linearly and with premultiplied colors, so that what lay
    around it does not come along; its inside by Lanczos, or by areas where it becomes smaller."""
    height, width = before.map.shape
    part = box.grown(DEEP, height, width)
    share = move.selection[part.at].astype(np.float32)
    pixels = before.picture[part.at].astype(np.float32)
    worth = before.map[part.at] * share
    a, b, c, d, e, f = move.matrix
    # of this part, in whole pixels of a smaller copy where the object shrinks to under half
    sides = math.hypot(a, b), math.hypot(c, d)
    scale = [1 / 2 ** max(math.floor(-math.log2(max(s, 2**-12))), 0) for s in sides]
    small = [max(round(n * s), 1) for n, s in zip(part.size, scale)]
    if tuple(small) != part.size:
        pixels, share, worth = (
            _area(pixels * share[..., None], small),
            *(cv2.resize(one, small, interpolation=cv2.INTER_AREA) for one in (share, worth)),
        )
        pixels = pixels / np.maximum(share, 1e-6)[..., None]
    stretch = [n / s for n, s in zip(part.size, small)]
    forward = np.array(
        [
            [a * stretch[0], c * stretch[1], a * part.left + c * part.top + e - goal.left],
            [b * stretch[0], d * stretch[1], b * part.left + d * part.top + f - goal.top],
        ]
    )
    forward[:, 2] += forward[:, 0] / 2 + forward[:, 1] / 2 - 0.5  # OpenCV counts from the middle

    def warp(plane: np.ndarray, how: int) -> np.ndarray:
        flat = cv2.warpAffine(
            plane, forward, goal.size, flags=how, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        return flat.reshape(goal.bottom - goal.top, goal.right - goal.left, *plane.shape[2:])

    moved = np.clip(warp(share, cv2.INTER_LINEAR), 0, 1)
    soft = warp(pixels * share[..., None], cv2.INTER_LINEAR)
    soft /= np.maximum(moved, 1e-6)[..., None]
    inside = cv2.erode((share >= 1).astype(np.uint8), _disc(DEEP), borderValue=0)
    deep = warp(inside.astype(np.float32), cv2.INTER_LINEAR)[..., None]
    if deep.any():
        soft += (warp(pixels, cv2.INTER_LANCZOS4) - soft) * deep
    return np.clip(soft, 0, 255), moved, np.clip(warp(worth, cv2.INTER_LINEAR), 0, 1)


def _area(plane: np.ndarray, size: list[int]) -> np.ndarray:
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    return small.reshape(size[1], size[0], plane.shape[2])
