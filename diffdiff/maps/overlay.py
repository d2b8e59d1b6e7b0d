"""Draw strengths over a picture."""

from __future__ import annotations

import cv2
import numpy as np

VEIL = 0.45, 0.75  # how much of the picture the color of the least and of the most strength covers


def colours(values: np.ndarray) -> np.ndarray:
    """Map [...,] in 0..1 to colors, uint8 [..., 3]; inferno, whose lightness rises evenly."""
    grey = np.round(np.atleast_2d(values) * 255).astype(np.uint8)
    painted = cv2.cvtColor(cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    return painted.reshape(*np.shape(values), 3)


def overlay(picture: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Draw the strengths [H, W] in 0..1 over a picture uint8 [H, W, 3]. What is kept keeps its
    color; the rest shows in the colors of its strength."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
    least, most = VEIL
    veiled = grey + (colours(strength) - grey) * (least + (most - least) * strength[..., None])
    shown = np.where(strength[..., None] > 0, np.round(veiled), picture)
    return shown.astype(np.uint8)
