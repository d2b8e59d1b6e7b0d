"""What is edited, and by which maps: painted pictures, prompts, the report's three change maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import VALUES, caption, random_scene

FIRST = 96_000_000  # seed of the first scene; the model's and the probe's are others
# centre (x, y), radius and height of every blob, in sides of the picture
BLOBS = (
    (0.20, 0.22, 0.170, 1.0),
    (0.54, 0.13, 0.095, 0.6),
    (0.83, 0.27, 0.150, 0.8),
    (0.36, 0.54, 0.110, 0.4),
    (0.64, 0.55, 0.125, 1.0),
    (0.89, 0.66, 0.090, 0.5),
    (0.16, 0.82, 0.150, 0.7),
    (0.49, 0.87, 0.115, 0.9),
    (0.79, 0.89, 0.085, 0.3),
)
TURNS = 8  # ways in which a map lies on a picture
RIM = 0.4  # part of a blob's radius, on both sides of it, over which it fades
CORNERS = ((0.5, 0.04), (0.04, 0.96), (0.96, 0.96))  # of the triangle
APEX = 0.2  # its strength there
# DAM is the map's spread times sqrt(1 - CAM^2): that of the paper's maps, from its own figures for
# pictures of 256x256. The maps themselves are not published; these have about the same.
SPREAD = {"gradient": 0.29, "complex": 0.35, "triangle": 0.38}


@dataclass
class Ask:
    """One edit. picture: uint8 `[size, size, 3]`; seed: of the noise; turn: how the maps lie on it,
    see `turned`."""

    picture: np.ndarray
    prompt: str
    seed: int
    turn: int = 0


def asks(count: int, size: int, first: int = 0) -> list[Ask]:
    """`count` landscapes, each to become another season at another time of day.

    Maps lie on them in all eight ways in turn: landscapes have a sky above and ground below, and
    what changes there has nothing to do with the map.
    """
    made = []
    for i in range(first, first + count):
        rng = np.random.default_rng(FIRST + i)
        scene = random_scene(rng)
        wanted = {
            name: str(rng.choice([v for v in VALUES[name] if v != getattr(scene, name)]))
            for name in ("season", "time")
        }
        made.append(Ask(paint(scene, size), caption(replace(scene, **wanted)), i, i % TURNS))
    return made


def turned(m: np.ndarray, turn: int) -> np.ndarray:
    """A square map in one of its eight ways: quarter turns, from the fifth on mirrored."""
    m = np.rot90(m, turn % 4)
    return np.ascontiguousarray(m[:, ::-1] if turn >= 4 else m)


def turned_back(m: np.ndarray, turn: int) -> np.ndarray:
    """What `turned` has turned, as it was."""
    m = m[:, ::-1] if turn >= 4 else m
    return np.ascontiguousarray(np.rot90(m, -(turn % 4)))


def gradient(size: int) -> np.ndarray:
    """0 at the left border to 1 at the right one: float32 `[size, size]`."""
    return np.tile(np.linspace(0, 1, size, dtype=np.float32), (size, 1))


def blobs(size: int, drawn: Sequence[Sequence[float]] = BLOBS) -> np.ndarray:
    """Nine blobs of eight heights with soft rims: float32 `[size, size]` in 0..1.

    drawn: others, (x, y, radius, height) of each.
    """
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    m = np.zeros((size, size))
    for a, b, radius, height in drawn:
        part = (1 + RIM - np.hypot(x - a, y - b) / radius) / (2 * RIM)
        m = np.maximum(m, height * smooth(np.clip(part, 0, 1)))
    return m.astype(np.float32)


def smooth(t: np.ndarray) -> np.ndarray:
    return t * t * (3 - 2 * t)


def triangle(size: int) -> np.ndarray:
    """0 outside; inside from `APEX` at the top to 1 at the base: float32 `[size, size]`."""
    inside = np.zeros((size, size), np.uint8)
    corners = np.rint(np.array(CORNERS) * (size - 1)).astype(np.int32)
    cv2.fillPoly(inside, [corners], 1)
    top, base = CORNERS[0][1], CORNERS[1][1]
    down = np.clip((np.arange(size) / (size - 1) - top) / (base - top), 0, 1)
    return (inside * (APEX + (1 - APEX) * down)[:, None]).astype(np.float32)


MAPS = {"gradient": gradient, "complex": blobs, "triangle": triangle}
