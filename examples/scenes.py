"""A small painter: one landscape at any time between a summer noon and a winter night.

Every scene is a stack of layers (where, made of what, how bright). The layers are the geometry
and stay; only the colours of the materials go from summer (0) to winter night (1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

FINER = 3  # the layers are drawn this many times larger and averaged down: smooth edges

# material -> 8-bit colours at the times below
TIMES = (0.0, 0.35, 0.68, 1.0)  # summer noon, autumn evening, first snow at dusk, winter night
PALETTE = {
    "zenith": ((58, 134, 214), (84, 124, 190), (44, 56, 112), (9, 13, 40)),
    "horizon": ((196, 228, 244), (248, 208, 158), (206, 138, 140), (52, 70, 122)),
    "cloud": ((255, 255, 255), (255, 226, 200), (176, 132, 158), (36, 48, 92)),
    "far": ((132, 168, 196), (158, 142, 164), (112, 108, 154), (66, 82, 134)),
    "peak": ((226, 238, 246), (246, 218, 200), (200, 184, 208), (150, 172, 214)),
    "hill": ((126, 184, 92), (190, 168, 86), (156, 148, 168), (118, 142, 194)),
    "meadow": ((98, 168, 66), (172, 146, 66), (172, 164, 182), (150, 174, 220)),
    "front": ((70, 142, 52), (144, 112, 54), (190, 184, 204), (190, 208, 242)),
    "pine": ((30, 92, 60), (44, 82, 58), (40, 58, 72), (16, 28, 52)),
    "pine light": ((58, 128, 70), (84, 112, 66), (150, 154, 174), (176, 196, 234)),
    "leaf": ((64, 140, 52), (206, 112, 40), (140, 96, 88), (74, 90, 134)),
    "leaf light": ((122, 184, 74), (240, 164, 66), (190, 160, 160), (170, 190, 230)),
    "trunk": ((104, 76, 56), (94, 66, 52), (66, 52, 62), (28, 30, 48)),
    "path": ((226, 204, 158), (206, 172, 124), (166, 150, 162), (120, 140, 190)),
    "wall": ((250, 238, 214), (246, 214, 174), (156, 134, 146), (72, 76, 112)),
    "shade wall": ((222, 204, 180), (206, 168, 138), (120, 102, 122), (48, 52, 86)),
    "roof": ((196, 72, 52), (178, 68, 50), (170, 146, 160), (204, 220, 248)),
    "wood": ((120, 78, 48), (108, 68, 44), (72, 54, 56), (40, 34, 50)),
    "glass": ((96, 140, 168), (190, 168, 130), (255, 206, 110), (255, 202, 92)),
    "sun": ((255, 252, 226), (255, 236, 176), (255, 232, 204), (250, 248, 226)),
    "crater": ((255, 252, 226), (255, 236, 176), (240, 216, 192), (214, 214, 206)),
    "flower": ((250, 226, 84), (178, 128, 56), (188, 182, 202), (194, 212, 244)),
    "poppy": ((232, 72, 60), (156, 96, 54), (186, 180, 202), (186, 204, 240)),
}


class Layer(NamedTuple):
    """where: [h, w] 0..1. material: a key of PALETTE. light: [h, w], factor of the colour.

    at: the window [h, w] of the picture that the layer covers; None = all of it.
    seen: (from, to) time at which the layer comes in, or goes when from > to; None = always.
    add: its colour is added as light, not painted over what is below.
    """

    where: np.ndarray
    material: str
    light: np.ndarray | float = 1.0
    seen: tuple[float, float] | None = None
    add: bool = False
    at: tuple[slice, slice] | None = None

    def cropped(self) -> Layer:
        """The same layer without its empty margins."""
        left, top, width, height = cv2.boundingRect((self.where > 0).astype(np.uint8))
        at = slice(top, top + height), slice(left, left + width)
        light = self.light if np.isscalar(self.light) else self.light[at]
        return self._replace(where=self.where[at], light=light, at=at)


def colour(material: str, time: float) -> np.ndarray:
    """[3], 0..1."""
    channels = np.array(PALETTE[material], np.float64).T / 255
    return np.array([np.interp(time, TIMES, c) for c in channels], np.float32)


def presence(seen: tuple[float, float] | None, time: float) -> float:
    if seen is None:
        return 1.0
    t = np.clip((time - seen[0]) / (seen[1] - seen[0]), 0, 1)
    return float(t * t * (3 - 2 * t))


def paint(layers: list[Layer], time: float, height: int, width: int) -> np.ndarray:
    """The scene at a time, float32 [height, width, 3] in -1..1."""
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    mix = np.clip(down / 0.62, 0, 1) ** 1.3
    canvas = colour("zenith", time) * (1 - mix) + colour("horizon", time) * mix
    canvas = np.broadcast_to(canvas, (height, width, 3)).copy()
    for layer in layers:
        part = canvas[layer.at]
        alpha = layer.where[..., None] * presence(layer.seen, time)
        tone = colour(layer.material, time) * np.asarray(layer.light, np.float32)[..., None]
        part += alpha * (tone if layer.add else tone - part)
    return np.clip(canvas, 0, 1) * 2 - 1


class Brush:
    """Draws masks; lengths in units of the picture's height, x from 0 to width / height."""

    def __init__(self, height: int, width: int):
        self.height, self.width = height, width
        self.columns = (np.arange(width) + 0.5) / height
        self.rows = (np.arange(height)[:, None] + 0.5) / height

    def _done(self, mask: np.ndarray) -> np.ndarray:
        small = cv2.resize(mask, (self.width, self.height), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / 255

    def _blank(self) -> np.ndarray:
        return np.zeros((self.height * FINER, self.width * FINER), np.uint8)

    def polygon(self, *shapes) -> np.ndarray:
        """shapes: lists of (x, y)."""
        mask = self._blank()
        for points in shapes:
            corners = np.round(np.array(points) * self.height * FINER * 16).astype(np.int32)
            cv2.fillPoly(mask, [corners], 255, shift=4)
        return self._done(mask)

    def ellipses(self, *shapes) -> np.ndarray:
        """shapes: (x, y, radius x, radius y)."""
        mask, scale = self._blank(), self.height * FINER * 16
        for shape in shapes:
            x, y, a, b = (round(v * scale) for v in shape)
            cv2.ellipse(mask, (x, y), (a, b), 0, 0, 360, 255, -1, shift=4)
        return self._done(mask)

    def below(self, line: np.ndarray) -> np.ndarray:
        """line: [W], the height of a horizon from the top."""
        edge = (line * self.height)[None] - np.arange(self.height)[:, None]
        return np.clip(1 - edge, 0, 1).astype(np.float32)

    def glow(self, x: float, y: float, radius: float) -> np.ndarray:
        far = (self.columns - x) ** 2 + (self.rows - y) ** 2
        return np.exp(-far / (2 * radius**2)).astype(np.float32)


def waves(rng: np.random.Generator, x: np.ndarray, low: int, high: int) -> np.ndarray:
    """A smooth random line over x, about -1..1: sines of `low`..`high` half waves a unit."""
    line = np.zeros_like(x)
    for n in range(low, high + 1):
        line += rng.normal() / n * np.sin(np.pi * n * x + rng.uniform(0, 2 * np.pi))
    return line * low * 0.7


def scene(seed: int, height: int, width: int) -> list[Layer]:
    """The layers of a random landscape; the same kind of place each time, never the same one."""
    rng = np.random.default_rng(seed)
    brush = Brush(height, width)
    wide = width / height
    x = brush.columns
    layers = list(_sky(rng, brush, wide))

    teeth = rng.uniform(0, 1, 64)
    ridge = np.interp(x * 9 + rng.uniform(0, 20), np.arange(64), np.abs(teeth))
    ridge = 0.47 - 0.13 * ridge - 0.05 * waves(rng, x, 2, 4)
    layers.append(_ground(brush, ridge, "far", fade=0.25, dark=0.14))
    snow_line = ridge + 0.035 + 0.02 * np.abs(waves(rng, x, 14, 22))
    caps = np.clip(brush.below(ridge) - brush.below(snow_line), 0, 1)
    layers.append(Layer(caps, "peak"))

    back = 0.52 + 0.05 * waves(rng, x, 1, 3)
    layers.append(_ground(brush, back, "hill", fade=0.22, dark=0.2))
    at = np.sort(rng.uniform(0, wide, 16))
    layers += _pines(rng, brush, [(a, np.interp(a, x, back) + 0.012, 0.07) for a in at])
    middle = 0.65 + 0.05 * waves(rng, x, 1, 3)
    layers.append(_ground(brush, middle, "meadow", fade=0.25, dark=0.2))

    home = wide * rng.uniform(0.56, 0.72)
    stand = float(np.interp(home, x, middle)) + 0.075
    layers += _path(rng, brush, home - 0.02, stand, wide)
    trees = [a for a in rng.uniform(0, wide, 9) if abs(a - home) > 0.24][:5]
    spots = [(a, np.interp(a, x, middle) + rng.uniform(0.02, 0.07)) for a in sorted(trees)]
    for i, (a, foot) in enumerate(spots):
        if i % 2:
            layers += _pines(rng, brush, [(a, foot, rng.uniform(0.17, 0.22))])
        else:
            layers += _round_tree(rng, brush, a, foot, rng.uniform(0.15, 0.19))
    layers += _house(brush, home, stand, rng.uniform(0.95, 1.1))

    front = 0.88 + 0.035 * waves(rng, x, 1, 2)
    layers.append(_ground(brush, front, "front", fade=0.16, dark=0.22))
    layers += _flowers(rng, brush, front, wide)
    side = rng.uniform(0.03, 0.12) * wide
    edges = [(side, 0.97, 0.4), (wide - side * 0.8, 0.99, 0.34)]
    layers += _pines(rng, brush, edges)
    return [layer.cropped() for layer in layers]


def _ground(brush: Brush, line: np.ndarray, material: str, fade: float, dark: float) -> Layer:
    """Everything below a line, brightest at the line."""
    depth = np.clip((brush.rows - line) / fade, 0, 1).astype(np.float32)
    return Layer(brush.below(line), material, 1.05 - dark * depth)


def _sky(rng, brush: Brush, wide: float) -> Iterator[Layer]:
    stars = [
        (rng.uniform(0, wide), rng.uniform(0, 0.42), r, r)
        for r in rng.choice([0.0028, 0.0036, 0.005], 60)
    ]
    yield Layer(brush.ellipses(*stars), "sun", 0.9, seen=(0.66, 0.95), add=True)
    x, y = wide * rng.uniform(0.78, 0.86), rng.uniform(0.13, 0.19)
    yield Layer(brush.glow(x, y, 0.13), "sun", 0.3, add=True)
    yield Layer(brush.ellipses((x, y, 0.056, 0.056)), "sun")
    spots = [(-0.018, -0.014, 0.014), (0.018, 0.008, 0.018), (-0.012, 0.026, 0.009)]
    yield Layer(brush.ellipses(*[(x + a, y + b, r, r) for a, b, r in spots]), "crater")
    puffs = []
    for _ in range(4):
        cx, cy, size = rng.uniform(0, wide * 0.72), rng.uniform(0.08, 0.27), rng.uniform(0.6, 1.1)
        for k in np.linspace(-1, 1, 5):
            r = (0.024 + 0.022 * (1 - k * k)) * size
            puffs.append((cx + 0.09 * k * size, cy - 0.6 * r, 1.35 * r, r))
    cover = brush.ellipses(*puffs)
    yield Layer(cover, "cloud", 1.0, seen=(1.3, 0.3))


def _pines(rng, brush: Brush, spots: list) -> Iterator[Layer]:
    """spots: (x, foot, tall)."""
    trunks, bodies, tops = [], [], []
    for x, foot, tall in spots:
        tall = tall * rng.uniform(0.85, 1.15)
        half = tall * 0.24
        trunks.append([(x - half / 7, foot), (x + half / 7, foot), (x, foot - tall / 3)])
        for k in range(3):
            top, base = foot - tall * (1 - 0.24 * k), foot - tall * (0.58 - 0.235 * k)
            w = half * (0.55 + 0.225 * k)
            bodies.append([(x, top), (x + w, base), (x - w, base)])
            inner = base - (base - top) * 0.3
            tops.append([(x, top), (x + w * 0.1, inner), (x - w * 0.4, inner + tall * 0.03),
                         (x - w, base)])  # fmt: skip
    yield Layer(brush.polygon(*trunks), "trunk")
    yield Layer(brush.polygon(*bodies), "pine")
    yield Layer(brush.polygon(*tops), "pine light")


def _round_tree(rng, brush: Brush, x: float, foot: float, tall: float) -> Iterator[Layer]:
    trunk = [(x - 0.009, foot), (x + 0.009, foot), (x + 0.005, foot - tall), (x - 0.005, foot - tall)]
    yield Layer(brush.polygon(trunk), "trunk")
    top, r = foot - tall * 0.78, tall * 0.36
    lobes = [(0, 0, 1), (-0.75, 0.3, 0.72), (0.75, 0.32, 0.7), (0.1, -0.45, 0.75)]
    blobs = [(x + a * r, top + b * r, s * r, s * r * 0.92) for a, b, s in lobes]
    yield Layer(brush.ellipses(*blobs), "leaf")
    lit = [(u - 0.2 * r, v - 0.2 * r, a * 0.7, b * 0.66) for u, v, a, b in blobs]
    yield Layer(brush.ellipses(*lit), "leaf light")


def _path(rng, brush: Brush, x: float, top: float, wide: float) -> Iterator[Layer]:
    t = np.linspace(0, 1, 40)
    bend = 0.1 * np.sin(np.pi * 1.6 * t) * rng.choice([-1, 1])
    middle, half = x + bend - 0.22 * t**1.5, 0.012 + 0.055 * t**1.4
    y = top + t * (1.02 - top)
    edge = list(zip(middle - half, y)) + list(zip(middle + half, y))[::-1]
    yield Layer(brush.polygon(edge), "path")


def _house(brush: Brush, x: float, foot: float, size: float) -> Iterator[Layer]:
    def box(left, right, low, high):
        return [(x + left * size, foot - low * size), (x + right * size, foot - low * size),
                (x + right * size, foot - high * size), (x + left * size, foot - high * size)]  # fmt: skip

    def at(*points):
        return [(x + a * size, foot - b * size) for a, b in points]

    yield Layer(brush.polygon(box(0.065, 0.093, 0.1, 0.215)), "wood")
    yield Layer(brush.polygon(box(-0.04, 0.13, 0, 0.09)), "wall")
    yield Layer(brush.polygon(at((-0.11, 0), (-0.04, 0), (-0.04, 0.09), (-0.075, 0.17),
                                 (-0.11, 0.09))), "shade wall")  # fmt: skip
    yield Layer(brush.polygon(at((-0.075, 0.185), (0.095, 0.185), (0.145, 0.083),
                                 (-0.03, 0.083))), "roof")  # fmt: skip
    yield Layer(brush.polygon(at((-0.075, 0.187), (-0.06, 0.187), (-0.113, 0.075),
                                 (-0.126, 0.083))), "roof", 0.86)  # fmt: skip
    yield Layer(brush.polygon(box(-0.09, -0.062, 0, 0.06)), "wood")
    panes = [box(0.0, 0.036, 0.03, 0.066), box(0.07, 0.106, 0.03, 0.066)]
    yield Layer(brush.polygon(*panes), "glass")
    bars = [box(0.016, 0.02, 0.03, 0.066), box(0.086, 0.09, 0.03, 0.066)]
    yield Layer(brush.polygon(*bars), "wood")
    yield Layer(brush.glow(x + 0.055 * size, foot - 0.03 * size, 0.06), "glass", 0.42,
                seen=(0.5, 0.95), add=True)  # fmt: skip


def _flowers(rng, brush: Brush, front: np.ndarray, wide: float) -> Iterator[Layer]:
    for material in ("flower", "poppy"):
        dots = []
        for _ in range(34):
            x, depth = rng.uniform(0, wide), rng.uniform(0.02, 0.16) 
            y, r = np.interp(x, brush.columns, front) + depth, 0.003 + 0.022 * depth
            dots.append((x, y, r, r))
        yield Layer(brush.ellipses(*dots), material)
