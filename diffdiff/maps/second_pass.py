"""Where a map lies on the second pass of a WebUI's hires fix.

The picture of the first pass is enlarged, its middle is cut out where the final size has another
shape, and the second pass works on that. A size is (width, height), in pixels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..settings.schema import EditArgs
from . import geometry
from .inpaint_mask import Work, shape_for

ALIKE = 1e-3  # relative difference of two pictures' shapes that are the same


class Frame(NamedTuple):
    """How a second pass gets its picture from the first one's.

    first: size of the first pass's picture. enlarged: what it is enlarged to. offset: (x, y) of
    what the second pass works on in that, and its size.
    """

    first: tuple[int, int]
    enlarged: tuple[int, int]
    offset: tuple[int, int]
    size: tuple[int, int]

    def of_result(self, size: tuple[int, int]) -> bool:
        """Return whether a map of this size has the shape of the result rather than that of the
        first pass's picture: then it was painted on a result."""
        off_first, off_result = (_apart(size, other) for other in (self.first, self.size))
        return off_result + ALIKE < off_first

    def seen(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size, in pixels of the first pass's picture, of what a map of this size is
        of."""
        if not self.of_result(size):
            return self.first
        scales = (self.first[i] / self.enlarged[i] for i in (0, 1))
        width, height = (max(round(n * s), 1) for n, s in zip(self.size, scales))
        return width, height

    def fit(self, change_map: np.ndarray, args: EditArgs) -> np.ndarray:
        """Shape a map and bring it to the second pass: float32 `[height, width]` of its size.

        A radius is in pixels of the first pass's picture.

        Args:
            change_map: as it was decoded, float32 `[H, W]` in 0..1, of the first pass's picture or
                of a result, whichever it has the shape of.
        """
        size = change_map.shape[::-1]
        seen = self.seen(size)
        shaped = shape_for(geometry.resize(change_map, *seen), args, Work(*seen))
        if self.of_result(size):
            return geometry.resize(shaped, *self.size)
        return geometry.part(shaped, self.enlarged, self.offset, *self.size, continued=True)


def _apart(a: tuple[int, int], b: tuple[int, int]) -> float:
    return abs(math.log(a[0] * b[1] / (a[1] * b[0])))
