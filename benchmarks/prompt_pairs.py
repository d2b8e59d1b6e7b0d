"""Pairs of painted pictures that differ in one word of their prompts, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from diffdiff.toyworld.paint import _Painter
from diffdiff.toyworld.world import VALUES, Scene, caption, random_scene

SIZE = 128
KINDS = {"object": "colour", "ground": "season", "sky": "sky"}  # what changes, and its word


@dataclass
class Pair:
    """One picture, and what it would be.

    kind: object, ground or sky. before, after: uint8 `[128, 128, 3]`, the same strokes painted by
    two scenes. region: bool `[128, 128]`, where they differ; of a sky, its mirror in a lake too.
    """

    kind: str
    scene: Scene
    wanted: Scene
    before: np.ndarray
    after: np.ndarray

    @property
    def region(self) -> np.ndarray:
        return (self.before != self.after).any(2)

    @property
    def reference(self) -> str:
        return caption(self.scene)

    @property
    def query(self) -> str:
        return caption(self.wanted)


class _Steady(_Painter):
    """The sky draws from a stream of its own, so that another sky lies over the same land."""

    def _sky(self) -> None:
        land, self.rng = self.rng, np.random.default_rng((self.scene.seed, 1))
        super()._sky()
        self.rng = land


def pairs(first: int, count: int) -> list[Pair]:
    """`count` pairs, of the three kinds in turn; `first` is the seed of the first one."""
    made = []
    for i in range(count):
        kind, attribute = list(KINDS.items())[i % len(KINDS)]
        rng = np.random.default_rng(first + i)
        scene = random_scene(rng)
        others = [v for v in VALUES[attribute] if v != getattr(scene, attribute)]
        wanted = replace(scene, **{attribute: str(rng.choice(others))})
        before, after = (_Steady(s, SIZE) for s in (scene, wanted))
        after.light = before.light  # an overcast sky alone would darken the land too
        made.append(Pair(kind, scene, wanted, before.picture(), after.picture()))
    return made


def cells(region: np.ndarray, side: int) -> np.ndarray:
    """A region in latent cells: bool `[side, side]`, where at least half of a cell is in it."""
    size = region.shape[0] // side
    return region.reshape(side, size, side, size).mean((1, 3)) >= 0.5


def iou(found: np.ndarray, region: np.ndarray) -> float:
    """Intersection over union of two bool arrays of one shape; 1 where both are empty."""
    union = (found | region).sum()
    return float((found & region).sum() / union) if union else 1.0


def auc(values: np.ndarray, region: np.ndarray) -> float:
    """The chance that a cell of the region has a higher value than another; a tie counts half.

    NaN where the region is all or nothing.
    """
    inside, outside = values[region], values[~region]
    if not inside.size or not outside.size:
        return float("nan")
    ordered = np.sort(outside)
    below, upto = (np.searchsorted(ordered, inside, side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * outside.size))
