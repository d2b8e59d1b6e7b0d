"""One valley, painted in endless variants: the plan, and how a variant shakes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .brush import Brush, Layer

# The plan, for a picture of 4 by 3; lengths in heights, x from 0 to 4/3.
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
)  # kind, x, how far below the middle ground's line, how tall


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
    """The layers of a variant of the valley, `[height, width]` each, from the sky to the front."""
    some, brush = Variant(seed), Brush(height, width)
    x = brush.columns
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

    def area(*shapes, material: str, light: float = 1.0) -> Layer:
        return Layer(brush.polygons(*shapes), material, light)

    front = at((-0.11, 0), (-0.04, 0), (-0.04, 0.09), (-0.075, 0.17), (-0.11, 0.09))
    roof = at((-0.075, 0.185), (0.095, 0.185), (0.145, 0.083), (-0.03, 0.083))
    edge = at((-0.075, 0.187), (-0.06, 0.187), (-0.113, 0.075), (-0.126, 0.083))
    panes = [box(a, a + 0.038, 0.026, 0.066) for a in (0, 0.07)]
    bars = [box(a, a + 0.004, 0.026, 0.066) for a in (0.017, 0.087)]
    yield area(box(0.065, 0.093, 0.1, 0.215), material="wood")
    yield area(box(-0.04, 0.13, 0, 0.09), material="wall")
    yield area(front, material="shade wall")
    yield area(roof, material="roof")
    yield area(edge, material="roof", light=0.86)
    yield area(box(-0.092, -0.062, 0, 0.06), material="wood")
    yield area(*panes, material="glass")
    yield area(*bars, material="wood")
    lamp = brush.glow(x + 0.055 * size, foot - 0.03 * size, 0.065)
    yield Layer(lamp, "glass", 0.4, glows=(0.45, 0.95))


def _flowers(some: Variant, brush: Brush, front: np.ndarray) -> Iterator[Layer]:
    plan = np.random.default_rng(4).uniform(0, 1, (2, 34, 2))
    for material, spots in zip(("flower", "poppy"), plan):
        dots = []
        for across, near in spots:
            x = some.near(across * 4 / 3, 0.008)
            depth = some.near(0.02 + 0.12 * near, 0.004)
            r = 0.003 + 0.022 * depth
            dots.append((x, np.interp(x, brush.columns, front) + depth, r, r))
        yield Layer(brush.ellipses(*dots), material)
