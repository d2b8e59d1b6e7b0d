"""Brushes of the toy world: what a scene is painted with, `FINER` times larger than it will be."""

from __future__ import annotations

import cv2
import numpy as np

from .palette import GROUND, LIGHT, SEASONS
from .world import Scene

FINER = 3

Colour = np.ndarray | tuple[float, float, float]  # RGB, 0..255


class Brushes:
    """Coordinates are in heights of the picture: (0, 0) top left, (1, 1) bottom right."""

    def __init__(self, scene: Scene, size: int):
        self.scene, self.size, self.large = scene, size, size * FINER
        self.rng = np.random.default_rng(scene.seed)
        self.canvas = np.empty((self.large, self.large, 3), np.float32)
        self.rows = (np.arange(self.large, dtype=np.float32) + 0.5) / self.large
        self.x = self.rows  # the picture is square
        self.light = np.array(LIGHT[scene.time], np.float32)
        if scene.sky == "overcast":
            self.light = 0.86 * (0.6 * self.light + 0.4 * self.light.mean())

    def near(self, value: float, by: float) -> float:
        return value + by * self.rng.uniform(-1, 1)

    def colour(self, material: str, bright: float = 1.0) -> np.ndarray:
        """Return the color of a material of the ground, in this season and light."""
        base = np.array(GROUND[material][SEASONS.index(self.scene.season)], np.float32)
        return base * self.light * bright

    def polygon(self, points: list[tuple[float, float]], colour: Colour) -> None:
        p = np.round(np.array(points) * self.large * 16).astype(np.int32)
        cv2.fillPoly(self.canvas, [p], [float(c) for c in colour], shift=4)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        p = np.round(np.array([x, y, rx, ry]) * self.large * 16).astype(int).tolist()
        cv2.ellipse(self.canvas, p[:2], p[2:], 0, 0, 360, [float(c) for c in colour], -1, shift=4)

    def below(
        self, line: np.ndarray, colour: Colour, dark: float = 0.85, depth: float = 0.3
    ) -> None:
        """Paint everything below a line `[large]`, darkest `depth` under it."""
        edge = line[None]
        shade = 1 - (1 - dark) * np.clip((self.rows[:, None] - edge) / depth, 0, 1)
        inside = self.rows[:, None] > edge
        self.canvas[inside] = (shade[..., None] * np.asarray(colour, np.float32))[inside]

    def wave(self, height: float, swing: float, waves: float) -> np.ndarray:
        """Return a smooth line `[large]` around a height."""
        a, b = self.rng.uniform(0, 2 * np.pi, 2)
        turn = 2 * np.pi * self.near(waves, waves * 0.2) * self.x
        return height + swing * (0.7 * np.sin(turn + a) + 0.3 * np.sin(2.3 * turn + b))
