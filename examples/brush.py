"""Layers of a painted scene, and the brush that draws them.

A layer says where, of what material, how bright. The time changes nothing but the colours of the
materials, from a summer noon to a winter night.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

FINER = 4  # layers are drawn this many times larger and averaged down: smooth edges

TIMES = (0.0, 0.35, 0.68, 1.0)  # summer noon, autumn evening, first snow at dusk, winter night
# material -> its 8-bit colour at these times
PALETTE = {
    "zenith": ((64, 142, 220), (82, 116, 186), (40, 50, 108), (9, 13, 40)),
    "horizon": ((204, 232, 244), (252, 212, 160), (214, 134, 132), (54, 72, 126)),
    "cloud": ((255, 255, 255), (255, 230, 206), (192, 150, 176), (84, 98, 150)),
    "far": ((130, 168, 198), (150, 138, 166), (102, 100, 152), (60, 76, 128)),
    "peak": ((234, 243, 250), (250, 222, 204), (206, 190, 214), (146, 168, 214)),
    "hill": ((160, 206, 110), (222, 186, 96), (156, 156, 190), (100, 124, 180)),
    "meadow": ((146, 206, 84), (220, 178, 80), (180, 178, 210), (128, 152, 206)),
    "front": ((128, 194, 72), (204, 154, 68), (202, 200, 228), (164, 186, 232)),
    "pine": ((24, 84, 66), (36, 72, 58), (34, 50, 70), (14, 25, 50)),
    "pine light": ((50, 118, 78), (74, 100, 70), (108, 116, 148), (112, 134, 184)),
    "leaf": ((44, 116, 52), (188, 88, 34), (112, 78, 88), (42, 56, 98)),
    "leaf light": ((76, 152, 62), (228, 132, 48), (150, 116, 128), (88, 108, 162)),
    "trunk": ((104, 76, 56), (94, 66, 52), (62, 50, 62), (24, 26, 46)),
    "path": ((236, 214, 168), (224, 190, 142), (214, 196, 204), (186, 204, 242)),
    "wall": ((252, 242, 222), (248, 218, 178), (176, 146, 156), (84, 88, 128)),
    "shade wall": ((222, 204, 182), (204, 166, 138), (118, 100, 124), (46, 50, 86)),
    "roof": ((206, 84, 60), (186, 78, 60), (182, 158, 178), (188, 208, 246)),
    "wood": ((120, 78, 48), (108, 68, 44), (72, 54, 56), (40, 34, 50)),
    "glass": ((110, 150, 176), (214, 180, 120), (255, 208, 112), (255, 206, 98)),
    "sun": ((255, 252, 226), (255, 240, 190), (255, 236, 210), (252, 250, 230)),
    "crater": ((255, 252, 226), (255, 240, 190), (242, 220, 198), (216, 216, 208)),
    "flower": ((252, 232, 96), (222, 172, 80), (200, 194, 220), (166, 188, 234)),
    "poppy": ((236, 84, 68), (196, 120, 66), (192, 188, 216), (160, 182, 230)),
}


class Layer(NamedTuple):
    """where: [H, W] 0..1. material: a key of PALETTE. light: [H, W], factor of its colour.

    glows: its colour is added as light, and comes in between these two times.
    """

    where: np.ndarray
    material: str
    light: np.ndarray | float = 1.0
    glows: tuple[float, float] | None = None


def paint(layers: Sequence[Layer], times: Sequence[float]) -> np.ndarray:
    """The scene at some times, float32 [T, H, W, 3] in -1..1."""
    below = np.ones_like(layers[0].where)  # how much of a layer is seen through those above
    shares, colours = [], []
    for layer in reversed(layers):
        shares.append(layer.where * below * layer.light)
        colours.append([colour(layer, t) for t in times])
        if layer.glows is None:
            below = below * (1 - layer.where)
    picture = np.tensordot(np.array(colours, np.float32), np.array(shares, np.float32), (0, 0))
    return np.clip(picture, 0, 1).transpose(0, 2, 3, 1) * 2 - 1


def colour(layer: Layer, time: float) -> list[float]:
    """[3], 0..1; of a light, as much as glows at that time."""
    seen = 1.0
    if layer.glows is not None:
        t = np.clip((time - layer.glows[0]) / (layer.glows[1] - layer.glows[0]), 0, 1)
        seen = t * t * (3 - 2 * t)
    return [np.interp(time, TIMES, c) / 255 * seen for c in zip(*PALETTE[layer.material])]


class Brush:
    """Draws masks [H, W], 0..1."""

    def __init__(self, height: int, width: int):
        self.height, self.width = height, width
        self.columns = (np.arange(width) + 0.5) / height
        self.rows = (np.arange(height)[:, None] + 0.5) / height

    def _draw(self, shapes: Sequence, draw) -> np.ndarray:
        scale = self.height * FINER
        mask = np.zeros((scale, self.width * FINER), np.uint8)
        for shape in shapes:
            draw(mask, np.round(np.array(shape) * scale * 16).astype(np.int32))
        small = cv2.resize(mask, (self.width, self.height), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / 255

    def polygons(self, *shapes) -> np.ndarray:
        """shapes: lists of (x, y)."""
        return self._draw(shapes, lambda mask, p: cv2.fillPoly(mask, [p], 255, shift=4))

    def ellipses(self, *shapes) -> np.ndarray:
        """shapes: (x, y, radius x, radius y)."""
        return self._draw(
            shapes,
            lambda mask, p: cv2.ellipse(
                mask, p[:2].tolist(), p[2:].tolist(), 0, 0, 360, 255, -1, shift=4
            ),
        )

    def below(self, line: np.ndarray) -> np.ndarray:
        """line: [W], the height of a horizon from the top."""
        edge = line * self.height - np.arange(self.height)[:, None]
        return np.clip(1 - edge, 0, 1).astype(np.float32)

    def glow(self, x: float, y: float, radius: float) -> np.ndarray:
        far = (self.columns - x) ** 2 + (self.rows - y) ** 2
        return np.exp(-far / (2 * radius**2)).astype(np.float32)
