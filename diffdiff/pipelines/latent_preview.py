"""Show a run's latents while it works, without the decoder: by the linear map from their channels
to colors that fits the run's own picture best.

A VAE's channels are nearly a linear function of the colors under them, another one in each family.
The picture and its own latent are enough to find it, so no table of models is needed.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

RIDGE = 1e-3  # of the channels' mean square: keeps channels without colors quiet


class LatentPreview:
    """The latents of one run as small pictures.

    Args:
        picture: RGB, the run's input at any size.
    """

    def __init__(self, picture: Image.Image):
        self.picture = np.asarray(picture.convert("RGB"), np.float32) / 255
        self.weights: np.ndarray | None = None

    def fit(self, init: Tensor) -> None:
        """Find the map to colors from the picture's own latent `[B, C, h, w]`."""
        cells = _cells(init)
        height, width = cells.shape[:2]
        colors = cv2.resize(self.picture, (width, height), interpolation=cv2.INTER_AREA)
        known = _with_one(cells)
        square = known.T @ known
        ridge = RIDGE * np.trace(square) / len(square)
        ridges = np.diag([*[ridge] * (len(square) - 1), 0])
        self.weights = np.linalg.solve(square + ridges, known.T @ colors.reshape(-1, 3))

    def show(self, x0: Tensor, init: Tensor) -> Image.Image:
        """Return what a run has come to: RGB, a pixel for each cell.

        Args:
            x0: the present estimate of the result `[B, C, h, w]`; the first of a batch is shown.
            init: the latent of the input.
        """
        if self.weights is None:
            self.fit(init)
        cells = _cells(x0)
        colors = (_with_one(cells) @ self.weights).reshape(*cells.shape[:2], 3)
        return Image.fromarray((colors.clip(0, 1) * 255 + 0.5).astype(np.uint8))


def _cells(latents: Tensor) -> np.ndarray:
    first = latents[0].detach().float().cpu()
    return torch.nan_to_num(first).permute(1, 2, 0).numpy().astype(np.float64)


def _with_one(cells: np.ndarray) -> np.ndarray:
    flat = cells.reshape(-1, cells.shape[-1])
    return np.concatenate([flat, np.ones((len(flat), 1))], 1)
