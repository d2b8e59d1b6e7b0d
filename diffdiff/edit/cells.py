"""Pictures whose sides are no multiple of the latent's cells."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..maps.geometry import LARGEST_CELL


def whole_cells(
    source: Image.Image, change_map: np.ndarray, picture: Image.Image
) -> tuple[Image.Image, np.ndarray]:
    """Return source and map without what the host's VAE leaves out of the picture: it works in
    whole cells, and drops a rest."""
    rest = [a - b for a, b in zip(source.size, picture.size)]
    if any(rest) and all(0 <= side < LARGEST_CELL for side in rest):
        width, height = picture.size
        return source.crop((0, 0, width, height)), change_map[:height, :width]
    return source, change_map
