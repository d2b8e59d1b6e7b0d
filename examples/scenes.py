"""A small painter: one valley at any time between a summer noon and a winter night.

A scene is a stack of layers (where, of what material, how bright). Its geometry is a random
variant of one plan; the time changes nothing but the colours of the materials.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

# lengths in units of the picture's height, x from 0 to 4/3
RIDGE = ((-0.1, 0.43), (0.12, 0.355), (0.22, 0.40), (0.4, 0.26), (0.52, 0.37), (0.62, 0.33),
         (0.78, 0.42), (0.96, 0.33), (1.08, 0.4), (1.2, 0.3), (1.45, 0.41))  # fmt: skip
BACK = ((-0.1, 0.5), (0.2, 0.53), (0.5, 0.49), (0.85, 0.55), (1.15, 0.5), (1.45, 0.52))
MIDDLE = ((-0.1, 0.62), (0.25, 0.6), (0.6, 0.66), (0.95, 0.65), (1.2, 0.61), (1.45, 0.64))
FRONT = ((-0.1, 0.84), (0.3, 0.87), (0.7, 0.91), (1.1, 0.86), (1.45, 0.84))
CLOUDS = ((0.19, 0.12, 1.0), (0.53, 0.07, 0.7), (0.72, 0.2, 0.85))  # x, y, size
GROVE = (0.03, 0.08, 0.12, 0.42, 0.47, 0.5, 0.67, 0.71, 1.0, 1.04, 1.23, 1.27)
TREES = (
    ("leaf", 0.16, 0.05, 0.17),
    ("pine", 0.31, 0.04, 0.19),
    ("pine", 0.38, 0.06, 0.14),
    ("leaf", 0.57, 0.04, 0.16),
    ("pine", 1.08, 0.05, 0.2),
    ("leaf", 1.22, 0.07, 0.16),
    ("pine", 0.68, 0.05, 0.13),
)  # fmt: skip  (kind, x, below the line, tall)


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


class Variant:
    """The plan, shaken: what differs between two scenes."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)

    def near(self, value: float, by: float) -> float:
        return value + by * self.rng.uniform(-1, 1)

    def line(self, points: Sequence, x: np.ndarray, by: float, smooth: bool = True) -> np.ndarray:
        """A horizon through the shaken points, [W]."""
        px = np.array([self.near(p[0], by) for p in points])
        py = np.array([self.near(p[1], by * 0.7) for p in points])
        if not smooth:
            return np.interp(x, px, py)
        i = np.clip(np.searchsorted(px, x) - 1, 0, len(px) - 2)
        t = np.clip((x - px[i]) / (px[i + 1] - px[i]), 0, 1)
        return py[i] + (py[i + 1] - py[i]) * (t * t * (3 - 2 * t))


def scene(seed: int, height: int, width: int) -> list[Layer]:
    """The layers of a variant of the valley, from the sky to the foreground."""
    some, brush = Variant(seed), Brush(height, width)
    x = brush.columns * (4 / 3) * height / width  # the plan fills any format
    brush.columns = x
    layers = list(_sky(some, brush))

    ridge = some.line(RIDGE, x, 0.025, smooth=False)
    layers.append(_ground(brush, ridge, "far", fade=0.25, dark=0.14))
    teeth = np.array([0.02 + 0.045 * (i % 2) + some.near(0, 0.012) for i in range(70)])
    snow_line = np.maximum(ridge, 0.29) + np.interp(x * 28 + some.near(2, 1), np.arange(70), teeth)
    layers.append(Layer(np.clip(brush.below(ridge) - brush.below(snow_line), 0, 1), "peak"))

    back = some.line(BACK, x, 0.025)
    layers.append(_ground(brush, back, "hill", fade=0.2, dark=0.16))
    grove = [some.near(a, 0.015) for a in GROVE if some.rng.uniform() < 0.85]
    spots = [(a, np.interp(a, x, back) + 0.012, some.near(0.07, 0.012)) for a in grove]
    layers += _pines(brush, spots)

    middle = some.line(MIDDLE, x, 0.018)
    layers.append(_ground(brush, middle, "meadow", fade=0.28, dark=0.2))
    home, foot = some.near(0.86, 0.02), some.near(0.765, 0.01)
    layers += _path(some, brush, home - 0.07, foot)
    for kind, a, down, tall in TREES:
        a, down, tall = some.near(a, 0.02), some.near(down, 0.006), some.near(tall, 0.012)
        foot_of_tree = np.interp(a, x, middle) + down
        if some.rng.uniform() < 0.9:
            draw = _pines if kind == "pine" else _round_trees
            layers += draw(brush, [(a, foot_of_tree, tall)])
    layers += _house(brush, home, foot, some.near(1.12, 0.045))

    front = some.line(FRONT, x, 0.02)
    layers.append(_ground(brush, front, "front", fade=0.16, dark=0.2))
    layers += _flowers(some, brush, front)
    sides = [(some.near(0.07, 0.02), 0.97, 0.42), (some.near(1.27, 0.02), 0.985, 0.36)]
    layers += _pines(brush, [(a, some.near(b, 0.01), some.near(c, 0.02)) for a, b, c in sides])
    return layers


def _ground(brush: Brush, line: np.ndarray, material: str, fade: float, dark: float) -> Layer:
    """Everything below a line, brightest at the line."""
    depth = np.clip((brush.rows - line) / fade, 0, 1).astype(np.float32)
    return Layer(brush.below(line), material, 1.06 - dark * depth)


def _sky(some: Variant, brush: Brush) -> Iterator[Layer]:
    mix = np.clip(brush.rows / 0.45, 0, 1) ** 1.3 + 0 * brush.columns
    yield Layer(np.ones_like(mix), "zenith")
    yield Layer(mix, "horizon")
    stars = [(some.rng.uniform(0, 4 / 3), some.rng.uniform(0, 0.42)) for _ in range(60)]
    sizes = some.rng.choice([0.003, 0.0036, 0.005], 60)
    stars = [(a, b, r, r) for (a, b), r in zip(stars, sizes)]
    yield Layer(brush.ellipses(*stars), "sun", 0.9, glows=(0.66, 0.95))
    x, y = some.near(1.06, 0.015), some.near(0.16, 0.012)
    yield Layer(brush.glow(x, y, 0.12), "sun", 0.3, glows=(-1, 0))
    yield Layer(brush.ellipses((x, y, 0.058, 0.058)), "sun")
    spots = [(-0.018, -0.014, 0.014), (0.018, 0.008, 0.018), (-0.012, 0.028, 0.01)]
    yield Layer(brush.ellipses(*[(x + a, y + b, r, r) for a, b, r in spots]), "crater")
    puffs = []
    for cx, cy, size in CLOUDS:
        cx, cy, size = some.near(cx, 0.025), some.near(cy, 0.012), some.near(size, 0.08)
        for k in (-1, -0.45, 0.1, 0.6, 1.05):
            r = (0.02 + 0.03 * (1 - k * k / 1.2)) * size
            puffs.append((cx + 0.085 * k * size, cy - 0.55 * r, 1.3 * r, r))
    yield Layer(brush.ellipses(*puffs), "cloud", 1.0)


def _pines(brush: Brush, spots: Sequence) -> Iterator[Layer]:
    """spots: (x, foot, tall)."""
    trunks, bodies, lit = [], [], []
    for x, foot, tall in spots:
        half = tall * 0.25
        trunks.append([(x - half / 7, foot), (x + half / 7, foot), (x, foot - tall / 3)])
        for k in range(3):
            top, base = foot - tall * (1 - 0.24 * k), foot - tall * (0.58 - 0.235 * k)
            w = half * (0.55 + 0.225 * k)
            bodies.append([(x, top), (x + w, base), (x - w, base)])
            fold = base - (base - top) * 0.22
            lit.append([(x, top), (x + w * 0.12, fold), (x - w * 0.3, base - tall * 0.01),
                        (x - w * 0.55, fold), (x - w, base)])  # fmt: skip
    yield Layer(brush.polygons(*trunks), "trunk")
    yield Layer(brush.polygons(*bodies), "pine")
    yield Layer(brush.polygons(*lit), "pine light")


def _round_trees(brush: Brush, spots: Sequence) -> Iterator[Layer]:
    """spots: (x, foot, tall)."""
    lobes = [(0, 0, 1), (-0.75, 0.3, 0.72), (0.75, 0.32, 0.7), (0.1, -0.45, 0.75)]
    for x, foot, tall in spots:
        a, b, top, r = tall * 0.05, tall * 0.03, foot - tall * 0.78, tall * 0.36
        trunk = [(x - a, foot), (x + a, foot), (x + b, foot - tall), (x - b, foot - tall)]
        yield Layer(brush.polygons(trunk), "trunk")
        crown = [(x + u * r, top + v * r, s * r, s * r * 0.92) for u, v, s in lobes]
        yield Layer(brush.ellipses(*crown), "leaf")
        lit = [(u - 0.2 * r, v - 0.22 * r, s * 0.7, t * 0.66) for u, v, s, t in crown]
        yield Layer(brush.ellipses(*lit), "leaf light")


def _path(some: Variant, brush: Brush, x: float, top: float) -> Iterator[Layer]:
    t = np.linspace(0, 1, 40)
    middle = x + some.near(0.05, 0.01) * np.sin(np.pi * 1.7 * t) - some.near(0.2, 0.03) * t**1.5
    half, y = 0.012 + 0.06 * t**1.4, top + t * (1.02 - top)
    edge = list(zip(middle - half, y)) + list(zip(middle + half, y))[::-1]
    yield Layer(brush.polygons(edge), "path")


def _house(brush: Brush, x: float, foot: float, size: float) -> Iterator[Layer]:
    def at(*points):
        return [(x + a * size, foot - b * size) for a, b in points]

    def box(left, right, low, high):
        return at((left, low), (right, low), (right, high), (left, high))

    yield Layer(brush.polygons(box(0.065, 0.093, 0.1, 0.215)), "wood")
    yield Layer(brush.polygons(box(-0.04, 0.13, 0, 0.09)), "wall")
    gable = at((-0.11, 0), (-0.04, 0), (-0.04, 0.09), (-0.075, 0.17), (-0.11, 0.09))
    yield Layer(brush.polygons(gable), "shade wall")
    yield Layer(brush.polygons(
        at((-0.075, 0.185), (0.095, 0.185), (0.145, 0.083), (-0.03, 0.083))), "roof")  # fmt: skip
    yield Layer(brush.polygons(
        at((-0.075, 0.187), (-0.06, 0.187), (-0.113, 0.075), (-0.126, 0.083))), "roof", 0.86)  # fmt: skip
    yield Layer(brush.polygons(box(-0.092, -0.062, 0, 0.06)), "wood")
    yield Layer(
        brush.polygons(box(0, 0.038, 0.026, 0.066), box(0.07, 0.108, 0.026, 0.066)), "glass"
    )
    yield Layer(
        brush.polygons(box(0.017, 0.021, 0.026, 0.066), box(0.087, 0.091, 0.026, 0.066)), "wood"
    )
    yield Layer(brush.glow(x + 0.055 * size, foot - 0.03 * size, 0.065), "glass", 0.4,
                glows=(0.45, 0.95))  # fmt: skip


def _flowers(some: Variant, brush: Brush, front: np.ndarray) -> Iterator[Layer]:
    plan = np.random.default_rng(4).uniform(0, 1, (2, 34, 2))
    for material, spots in zip(("flower", "poppy"), plan):
        dots = []
        for across, depth in spots:
            x, depth = (
                some.near(across * 4 / 3, 0.008),
                some.near(0.08, 0.004) + 0.12 * (depth - 0.5),
            )
            r = 0.003 + 0.022 * depth
            dots.append((x, np.interp(x, brush.columns, front) + depth, r, r))
        yield Layer(brush.ellipses(*dots), material)
