"""The size of a result, and the larger one that a model works at: its sides are multiples of 8 or
more. The rest is filled with what is at the border, and cut off again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from ..images.pictures import flat


class Frame(NamedTuple):
    """size: (width, height) of the result. worked: of what the model sees, no smaller."""

    size: tuple[int, int]
    worked: tuple[int, int]

    @classmethod
    def around(cls, size: tuple[int, int], multiple: int) -> Frame:
        """Return the frame of a result; multiple: of the worked sides, pixels."""
        width, height = (-(-side // multiple) * multiple for side in size)
        return cls(size, (width, height))

    def fit(self, image: Image.Image) -> Image.Image:
        """Return a picture at the result's size, RGB; untouched where it fits already."""
        image = flat(image)
        return (
            image if image.size == self.size else image.resize(self.size, Image.Resampling.LANCZOS)
        )

    def filled(self, array: np.ndarray) -> np.ndarray:
        """Return a map `[h, w]` or picture `[h, w, C]` of the result's size at the worked size."""
        right, below = (a - b for a, b in zip(self.worked, self.size))
        if not right and not below:
            return array
        return np.pad(array, [(0, below), (0, right), (0, 0)][: array.ndim], mode="edge")

    def filled_picture(self, image: Image.Image) -> Image.Image:
        """Return a picture of the result's size at the worked size."""
        return image if self.worked == self.size else Image.fromarray(self.filled(np.array(image)))

    def cut(self, picture: Image.Image) -> Image.Image:
        """Return a picture of the worked size without what was filled; others as they are."""
        if picture.size != self.worked or self.worked == self.size:
            return picture
        return picture.crop((0, 0, *self.size))

    def cut_map(self, array: np.ndarray) -> np.ndarray:
        """Return a map of the worked size without what was filled."""
        return array[: self.size[1], : self.size[0]]
