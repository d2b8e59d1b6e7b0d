"""docs/few-steps.webp: the same ramp in few steps, by steps and finely, beside many steps."""

from __future__ import annotations

from pathlib import Path

from ..results.scenes import asks, gradient
from ..results.sheets import grey, grid
from .figures import COLUMNS, SIZE, YARDSTICK, Measure
from .models import Toy
from .runs import SAMPLERS, SOFT, STEPS, Pictures

SAMPLER, FEW, FINE = SAMPLERS[4], 4, SOFT[3]
SHOWN = (3, 6)  # landscapes
MEAN = 32  # pictures of what changed


def drawn(path: Path) -> None:
    """Two edits and, below them, what the ramp changed on the mean of many."""
    toy = Toy()
    pictures = Pictures(toy, [asks(1, SIZE, i)[0] for i in SHOWN])
    few, many = (Measure(toy, SAMPLER, steps, MEAN) for steps in (FEW, YARDSTICK))
    ramp = gradient(SIZE)
    # each column of the latent its mean: the map in the latent's own size
    cells = ramp.reshape(COLUMNS, -1, SIZE).mean(1).reshape(COLUMNS, COLUMNS, -1).mean(2)
    columns = [[*pictures.before, grey(ramp)]]
    captions = [["input", "input", "the map"]]
    for measure, row in ((few, STEPS), (few, FINE), (many, STEPS)):
        latents, calls = measure.runs.held(pictures, *measure.plan(row, cells))
        changed, _ = measure.ramp((row,))
        part = changed[row.name].mean(0) / changed["full"].mean(0)
        columns.append([*toy.decoded(latents), grey(part)])
        captions.append([f"{calls} model calls"] * len(SHOWN) + ["what changed"])
    heads = [
        "ramp: keep at the left,\nchange at the right",
        f"{FEW} steps,\nby steps",
        f"{FEW} steps, fine,\n{FINE.extra} levels more",
        f"{YARDSTICK} steps",
    ]
    image = grid(heads, [*zip(*columns)], [], [*zip(*captions)], marked=(2,))
    image.save(path, quality=88, method=6)
