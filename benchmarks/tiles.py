"""`python -m benchmarks.tiles`: what it costs to work on the changed part of a picture alone.

The packaged model's networks on one painted picture of 512 x 512 pixels, by the engine, with maps
that change 5, 25 and 100 % of it: model calls, megapixels that the model sees, seconds, and how
the border of the region shows (`seam`, the mean over the repeats' seeds), for *area whole* and
*area changed*. Scripts that work in tiles are measured on real hosts: `tests/hosts/test_tiles.py`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time

import numpy as np
import torch
from PIL import Image

from diffdiff.pipelines.load import load
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import Scene

from .goals import summary
from .seam import seam

SIZE, SHARES = 512, (0.05, 0.25, 1.0)
GOALS = {0.05: 3.0, 0.25: 1.7}  # times fewer megapixels, and seconds
SEED = 3  # of the first repeat
SCENE = Scene("summer", "noon", "hills", "clear", "house", "red", "left", 1)
EVEN = 1.15  # how many times as visible a border may be as with the whole picture


def region(share: float) -> np.ndarray:
    """A rectangle of this part of the picture, float32 `[SIZE, SIZE]`."""
    m = np.zeros((SIZE, SIZE), np.float32)
    side = round(SIZE * math.sqrt(share))
    low = min(SIZE // 8, SIZE - side)
    m[low : low + side, low : low + side] = 1
    return m


class Counted:
    """Megapixels that the model is asked for."""

    def __init__(self, engine):
        self.seen, self.factor = [], engine.rules.factor(engine.pipe)
        engine.pipe.unet.register_forward_pre_hook(self.note, with_kwargs=True)

    def note(self, net, args, kwargs) -> None:
        x = args[0] if args else kwargs["sample"]
        self.seen.append(x.shape[-1] * x.shape[-2] * self.factor**2 / 1e6)


def measure(steps: int, repeats: int) -> list[dict]:
    """A row for each share and area."""
    engine = load("toyworld")
    engine.native = None  # the networks take any size; what they paint is not looked at
    counted = Counted(engine)
    picture = Image.fromarray(paint(SCENE, SIZE))
    rows = []
    for share in SHARES:
        m = region(share)
        for area in ("whole", "changed"):
            args = parse({"area": area})
            best, kept, seams = math.inf, 0, []
            for i in range(repeats):
                counted.seen.clear()
                run = RunArgs(prompt="a winter night", steps=steps, seed=SEED + i, strength=0.7)
                began = time.perf_counter()
                result = engine.edit(picture, m, args, run)
                best = min(best, time.perf_counter() - began)
                after = np.asarray(result.pictures[0]).astype(int)
                kept = max(kept, int(abs(after - np.asarray(picture))[m == 0].max(initial=0)))
                # by chance one picture's border shows half as much again as another's
                seams.append(seam(after.astype(np.uint8), m > 0.5) if share < 1 else math.nan)
            rows.append(
                {
                    "share": share,
                    "area": area,
                    "calls": result.calls,
                    "megapixels": sum(counted.seen),
                    "seconds": best,
                    "kept": kept,
                    "seam": float(np.mean(seams)),
                }
            )
    return rows


def goals(rows: list[dict]) -> dict[str, bool]:
    """Which goals hold."""
    by = {(row["share"], row["area"]): row for row in rows}
    held = {}
    for share, times in GOALS.items():
        whole, part = by[share, "whole"], by[share, "changed"]
        name = f"{share:.0%}: {times:g} times fewer megapixels"
        held[name] = whole["megapixels"] >= times * part["megapixels"]
        held[f"{share:.0%}: {times:g} times faster"] = whole["seconds"] >= times * part["seconds"]
        held[f"{share:.0%}: no worse seam"] = part["seam"] <= EVEN * whole["seam"]
    held["what is kept is exact"] = all(row["kept"] == 0 for row in rows)
    return held


def table(rows: list[dict]) -> str:
    """As Markdown."""
    lines = [
        "| changes | area | model calls | megapixels | seconds, ratio | seam |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    whole = {row["share"]: row for row in rows if row["area"] == "whole"}
    for row in rows:
        border = "" if math.isnan(row["seam"]) else f"{row['seam']:.2f}"
        ratio = row["seconds"] / whole[row["share"]]["seconds"]
        lines.append(
            f"| {row['share']:.0%} | {row['area']} | {row['calls']} | {row['megapixels']:.2f} | "
            f"{ratio:.2f} | {border} |"
        )
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Print the table; the exit status is 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tiles", description=__doc__)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(argv)
    torch.set_num_threads(1)
    rows = measure(chosen.steps, chosen.repeats)
    held = goals(rows)
    if chosen.json:
        print(json.dumps({"rows": rows, "goals": held}))
    else:
        print(table(rows))
        print(summary(held))
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
