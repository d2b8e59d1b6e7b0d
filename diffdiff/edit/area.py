"""The rectangle of a picture that changes, for a run that works on that alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from ..maps.inpaint_mask import box_of

STEP = 64  # sides are multiples of it: what every model and host works at


class Area(NamedTuple):
    """A rectangle of a picture. box: (left, top, right, bottom), right and bottom excluded. whole:
    (width, height) of the picture, pixels."""

    box: tuple[int, int, int, int]
    whole: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the rectangle."""
        left, top, right, bottom = self.box
        return right - left, bottom - top

    @property
    def share(self) -> float:
        """Its part of the picture, 0..1."""
        return self.size[0] * self.size[1] / (self.whole[0] * self.whole[1])

    def cut(self, change_map: np.ndarray) -> np.ndarray:
        """Return its part of a map `[H, W]` of the picture."""
        left, top, right, bottom = self.box
        return np.ascontiguousarray(change_map[top:bottom, left:right])

    def put(self, part: Image.Image, picture: Image.Image) -> Image.Image:
        """Return the picture with a finished part in its place."""
        whole = picture.convert(part.mode).copy()
        whole.paste(part, self.box[:2])
        whole.info = dict(part.info)
        return whole

    def about(self) -> str:
        """Return what it saves, in words."""
        width, height = self.size
        return (
            f"worked on {width}x{height} of {self.whole[0]}x{self.whole[1]} pixels "
            f"({self.share:.0%} of the image)"
        )


def changed_area(changes: np.ndarray, padding: int) -> Area | None:
    """Return the rectangle around what changes; None where it is all of the picture, or nothing.

    Args:
        changes: bool `[H, W]`, true where a pixel changes.
        padding: pixels around it.
    """
    box = box_of(changes)
    if box is None:
        return None
    height, width = changes.shape
    left, right = _side(box[0], box[2], padding, width)
    top, bottom = _side(box[1], box[3], padding, height)
    if (right - left, bottom - top) == (width, height):
        return None
    return Area((left, top, right, bottom), (width, height))


def _side(low: int, high: int, padding: int, limit: int) -> tuple[int, int]:
    """Return one side of the rectangle: padded, a multiple of `STEP` or all there is, on whole
    cells."""
    low, high = max(low - padding, 0), min(high + padding, limit)
    low -= low % 8  # so that latent cells are those of the whole picture
    length = -(-(high - low) // STEP) * STEP
    if length >= limit:
        return 0, limit
    low = min(low, (limit - length) // 8 * 8)
    if low + length < high:  # the rest of a cell at the border
        return (0, limit) if length + 8 > limit else (limit - length, limit)
    return low, low + length
