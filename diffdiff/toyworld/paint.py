"""Paint a scene, drawn larger and averaged down for smooth edges."""

from __future__ import annotations

import cv2
import numpy as np

from .brushes import Brushes, Colour
from .palette import CLOUD, OVERCAST, SKY, THING
from .world import Scene

HORIZON = {"mountains": 0.6, "hills": 0.52, "plains": 0.6, "lake": 0.52}
PLACE = {"left": 0.21, "middle": 0.5, "right": 0.79}


def paint(scene: Scene, size: int = 128) -> np.ndarray:
    """Paint a scene: uint8 `[size, size, 3]`, RGB; the same scene and size give the same
    picture."""
    return _Painter(scene, size).picture()


class _Painter(Brushes):
    def picture(self) -> np.ndarray:
        self._sky()
        self._land()
        self._trees()
        self._thing()
        self._flowers()
        small = cv2.resize(self.canvas, (self.size, self.size), interpolation=cv2.INTER_AREA)
        return np.clip(np.round(small), 0, 255).astype(np.uint8)

    def _sky(self) -> None:
        scene = self.scene
        zenith, horizon = (np.array(c, np.float32) for c in SKY[scene.time, scene.sky])
        mix = np.clip(self.rows / 0.6, 0, 1)[:, None] ** 1.2
        self.canvas[:] = (zenith * (1 - mix) + horizon * mix)[:, None]
        if scene.sky == "overcast":
            self._overcast()
            return
        if scene.time == "night":
            for _ in range(34):
                x, y = self.rng.uniform(0, 1), self.rng.uniform(0, 0.5)
                r = self.near(0.0055, 0.0015)
                self.ellipse(x, y, r, r, (236, 238, 250))
        x = self.near(0.5, 0.4)
        if scene.time == "sunset":
            y, r, core, glow = 0.43, 0.07, (255, 236, 150), (255, 190, 90)
        else:
            y, r = self.near(0.15, 0.05), self.near(0.065, 0.008)
            core, glow = (246, 244, 224), (120, 136, 190)
            if scene.time == "noon":
                core, glow = (255, 250, 200), (255, 252, 225)
        far = (self.x[None] - x) ** 2 + (self.rows[:, None] - y) ** 2
        halo = 0.6 * np.exp(-far / (2 * (1.9 * r) ** 2))[..., None]
        self.canvas += halo * (np.array(glow, np.float32) - self.canvas)
        self.ellipse(x, y, r, r, core)
        if scene.sky == "cloudy":
            self._clouds()

    def _clouds(self) -> None:
        white = np.array(CLOUD[self.scene.time], np.float32)
        for _ in range(self.rng.integers(3, 6)):
            x, y, s = self.rng.uniform(0, 1), self.rng.uniform(0.07, 0.36), self.near(1.15, 0.3)
            for down, tint in ((0.012, 0.86), (0, 1.0)):
                for k in (-1, -0.45, 0.1, 0.6, 1.05):
                    r = (0.028 + 0.034 * (1 - k * k / 1.2)) * s
                    self.ellipse(x + 0.08 * k * s, y - 0.55 * r + down, 1.3 * r, r, white * tint)

    def _overcast(self) -> None:
        """Paint a ceiling of wide dark bands."""
        grey = np.array(OVERCAST[self.scene.time], np.float32)
        for _ in range(9):
            y, x = self.rng.uniform(0, 0.42), self.rng.uniform(0, 1)
            wide, tall = self.near(0.42, 0.15), self.near(0.05, 0.015)
            self.ellipse(x, y, wide, tall, grey * self.near(0.98, 0.09))

    def _land(self) -> None:
        terrain, horizon = self.scene.terrain, HORIZON[self.scene.terrain]
        if terrain == "mountains":
            self._mountains()
        elif terrain == "hills":
            self.below(self.wave(0.46, 0.05, 1.2), self.colour("far"), 0.9)
            self.below(self.wave(0.55, 0.055, 1.0), self.colour("hill", 0.94))
        elif terrain == "lake":
            self.below(self.wave(0.47, 0.025, 1.6), self.colour("far"), 0.9)
        else:
            self._fields(horizon)
        if terrain == "lake":
            self._water(horizon)
            self.below(self.wave(0.74, 0.015, 0.8), self.colour("meadow", 0.97), 0.85)
        elif terrain != "plains":
            self.below(self.wave(0.64, 0.02, 0.8), self.colour("meadow"), 0.88)
        self.below(self.wave(0.88, 0.015, 0.9), self.colour("front"), 0.85, 0.15)

    def _mountains(self) -> None:
        n = int(self.rng.integers(3, 5))
        peaks = (np.arange(n) + 0.5 + self.rng.uniform(-0.3, 0.3, n)) / n
        line = np.full(self.large, 0.62, np.float32)
        for px in peaks:
            top, slope = self.near(0.26, 0.07), self.near(1.35, 0.25)
            rough = np.interp(self.x * 24, np.arange(25), self.rng.uniform(-0.012, 0.012, 25))
            line = np.minimum(line, top + slope * np.abs(self.x - px) + rough)
        self.below(line, self.colour("rock"), 0.72, 0.34)
        teeth = np.interp(self.x * 20, np.arange(21), self.rng.uniform(0.03, 0.1, 21))
        snow = np.where(line < 0.44, line + teeth, line)
        cap = (self.rows[:, None] > line[None]) & (self.rows[:, None] < snow[None])
        self.canvas[cap] = self.colour("cap")

    def _fields(self, horizon: float) -> None:
        flat = np.full(self.large, horizon, np.float32)
        self.below(flat, self.colour("far", 0.95), 0.9, 0.1)
        edges = horizon + np.array([0.025, 0.065, 0.12, 0.19])
        for k, edge in enumerate(edges):
            bright = 0.92 + 0.1 * (k % 2) + self.near(0, 0.02)
            material = "hill" if k % 2 else "meadow"
            tilt = self.near(0, 0.01) * (self.x - 0.5)
            self.below((edge + tilt).astype(np.float32), self.colour(material, bright), 0.95)

    def _water(self, horizon: float) -> None:
        color = self.colour("water")
        sky = np.array(SKY[self.scene.time, self.scene.sky][1], np.float32)
        flat = np.full(self.large, horizon, np.float32)
        self.below(flat, 0.62 * color + 0.38 * sky, 0.7, 0.25)
        for _ in range(8):
            y = self.rng.uniform(horizon + 0.03, 0.72)
            x, wide = self.rng.uniform(0, 1), self.near(0.1, 0.05)
            self.ellipse(x, y, wide, 0.004, 0.4 * color + 0.6 * sky)

    def _trees(self) -> None:
        taken = PLACE[self.scene.place]
        base = 0.78 if self.scene.terrain == "lake" else 0.7
        spots = [(self.rng.uniform(0.02, 0.98), base + self.rng.uniform(0, 0.1)) for _ in range(7)]
        for x, foot in sorted(spots, key=lambda spot: spot[1]):
            if abs(x - taken) < 0.2 and self.scene.thing != "balloon":
                continue
            tall = self.near(0.17, 0.03) * (0.7 + 1.5 * (foot - base + 0.1))
            if self.rng.uniform() < 0.4:
                self._pine(x, foot, tall)
            else:
                self._leaf_tree(x, foot, tall)

    def _pine(self, x: float, foot: float, tall: float) -> None:
        half, dark = tall * 0.27, self.colour("pine")
        snow = self.scene.season == "winter"
        lit = self.colour("cap", 0.96) if snow else self.colour("pine", 1.25)
        trunk = np.array((92, 66, 48)) * self.light
        self.polygon([(x - half / 6, foot), (x + half / 6, foot), (x, foot - tall / 2)], trunk)
        for k in range(3):
            top, base = foot - tall * (1 - 0.24 * k), foot - tall * (0.58 - 0.235 * k)
            w = half * (0.55 + 0.225 * k)
            self.polygon([(x, top), (x + w, base), (x - w, base)], dark)
            self.polygon([(x, top), (x - w * 0.1, base - 0.01), (x - w, base)], lit)

    def _leaf_tree(self, x: float, foot: float, tall: float) -> None:
        trunk = np.array((98, 70, 52)) * self.light
        w, top, r = tall * 0.06, foot - tall * 0.72, tall * 0.34
        self.polygon([(x - w, foot), (x + w, foot), (x + w / 2, top), (x - w / 2, top)], trunk)
        dark, lit = self.colour("leaf", 0.9), self.colour("leaf", 1.12)
        if self.scene.season == "winter":
            lit = self.colour("cap")
        lobes = ((0, 0, 1), (-0.7, 0.3, 0.7), (0.7, 0.32, 0.68), (0.1, -0.4, 0.75))
        for u, v, s in lobes:
            self.ellipse(x + u * r, top + v * r, s * r, s * r * 0.92, dark)
        for u, v, s in lobes:
            self.ellipse(x + (u - 0.2) * r, top + (v - 0.25) * r, s * r * 0.62, s * r * 0.56, lit)

    def _flowers(self) -> None:
        if self.scene.season != "spring":
            return
        for _ in range(26):
            x, y, r = self.rng.uniform(0, 1), self.rng.uniform(0.8, 0.99), self.near(0.008, 0.002)
            self.ellipse(x, y, r, r * 0.8, self.colour("flower"))

    def _thing(self) -> None:
        scene, x = self.scene, self.near(PLACE[self.scene.place], 0.04)
        # its own color stays readable in the dark
        color = np.array(THING[scene.colour], np.float32) * (0.62 * self.light + 0.34)
        size = self.near(0.31, 0.025)
        foot = self.near(0.84, 0.015)
        {"house": self._house, "tower": self._tower, "tent": self._tent, "balloon": self._balloon}[
            scene.thing
        ](x, foot, size, color)

    def _glass(self) -> tuple[int, int, int]:
        return (255, 214, 110) if self.scene.time == "night" else (74, 90, 112)

    def _roof(self) -> np.ndarray:
        snow = self.scene.season == "winter"
        return np.array((240, 244, 252) if snow else (92, 68, 62)) * self.light

    def _box(
        self,
        x: float,
        foot: float,
        left: float,
        right: float,
        low: float,
        high: float,
        colour: Colour,
    ) -> None:
        self.polygon(
            [
                (x + left, foot - low),
                (x + right, foot - low),
                (x + right, foot - high),
                (x + left, foot - high),
            ],
            colour,
        )

    def _house(self, x: float, foot: float, size: float, color: np.ndarray) -> None:
        w, h = size * 0.56, size * 0.52
        self._box(x, foot, -w, w, 0, h, color)
        self._box(x, foot, -w, -w * 0.3, 0, h, color * 0.82)
        self.polygon(
            [
                (x - w * 1.18, foot - h),
                (x + w * 1.18, foot - h),
                (x + w * 0.66, foot - size),
                (x - w * 0.66, foot - size),
            ],
            self._roof(),
        )
        self._box(x, foot, -w * 0.8, -w * 0.46, 0, h * 0.62, np.array((84, 58, 44)) * self.light)
        for left in (-0.1, 0.46):
            self._box(x, foot, w * left, w * (left + 0.34), h * 0.32, h * 0.74, self._glass())

    def _tower(self, x: float, foot: float, size: float, color: np.ndarray) -> None:
        w, h = size * 0.22, size * 1.05
        self._box(x, foot, -w, w, 0, h, color)
        self._box(x, foot, -w, -w * 0.35, 0, h, color * 0.82)
        self.polygon(
            [(x - w * 1.4, foot - h), (x + w * 1.4, foot - h), (x, foot - h - size * 0.42)],
            self._roof(),
        )
        self._box(x, foot, -w * 0.25, w * 0.55, 0, h * 0.2, np.array((84, 58, 44)) * self.light)
        for low in (0.36, 0.68):
            self._box(x, foot, -w * 0.25, w * 0.45, h * low, h * (low + 0.15), self._glass())

    def _tent(self, x: float, foot: float, size: float, color: np.ndarray) -> None:
        w, h = size * 0.72, size * 0.72
        self.polygon([(x - w, foot), (x + w, foot), (x, foot - h)], color)
        self.polygon([(x - w, foot), (x - w * 0.3, foot), (x, foot - h)], color * 0.8)
        inside = np.array((255, 206, 110) if self.scene.time == "night" else (52, 44, 48))
        opening = [(x - w * 0.02, foot), (x + w * 0.42, foot), (x + 0.01, foot - h * 0.66)]
        self.polygon(opening, inside)

    def _balloon(self, x: float, foot: float, size: float, color: np.ndarray) -> None:
        y, r = self.near(0.25, 0.03), size * 0.46
        for side in (-1, 1):
            self.polygon(
                [
                    (x + side * r * 0.62, y + r * 0.6),
                    (x + side * r * 0.56, y + r * 0.6),
                    (x + side * r * 0.16, y + r * 1.62),
                    (x + side * r * 0.2, y + r * 1.62),
                ],
                np.array((70, 60, 56)) * self.light,
            )
        self.polygon(
            [
                (x - r * 0.72, y + r * 0.66),
                (x + r * 0.72, y + r * 0.66),
                (x + r * 0.22, y + r * 1.3),
                (x - r * 0.22, y + r * 1.3),
            ],
            color * 0.9,
        )
        self.ellipse(x, y, r, r, color)
        self.ellipse(x, y, r * 0.42, r, np.clip(color * 1.12 + 12, 0, 255))
        basket = np.array((126, 84, 50)) * self.light
        self._box(x, y + r * 1.86, -r * 0.2, r * 0.2, 0, r * 0.26, basket)
