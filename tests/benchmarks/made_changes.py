"""Made-up changes: each of the report's methods follows the map by a known part."""

import numpy as np

from benchmarks.results import adherence, scenes
from benchmarks.results.methods import METHODS, OURS

SIZE = 64


def changes(follows: dict[str, float], count: int = 12, seed: int = 0) -> adherence.Changes:
    """Made up: each method's change is so much of the map, the rest noise."""
    rng = np.random.default_rng(seed)
    shape = count, SIZE, SIZE
    edits = {
        kind: {
            name: part * make(SIZE) + rng.normal(0, 1 - part, shape)
            for name, part in follows.items()
        }
        for kind, make in scenes.MAPS.items()
    }
    return adherence.Changes({"pixels": np.ones(shape)}, {"pixels": edits}, [])


FOLLOWS = {name: 0.9 if name in OURS else 0.3 for name in METHODS}
