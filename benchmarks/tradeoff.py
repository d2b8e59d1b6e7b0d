"""`python -m benchmarks.tradeoff`: how much structure does an edit cost that does what it should?

Pairs of painted landscapes whose prompts differ in one word (`prompt_pairs`), the toy world's
model, and edits at rising strengths by each anchor: whether a probe sees the wanted word, and how
much of the picture's structure changes. Structure is the third factor of SSIM: the correlation of
gray values in a Gaussian window (11 pixels, sigma 1.5), which neither brightness nor contrast
changes; 1 minus its mean over the picture. It is taken against the picture's round trip through the
VAE, whose loss no anchor can help (and nothing is pasted back, which would hide it in some pixels).

Rows: the noised anchor under a constant map and under words x DiffEdit; the friendly anchor under a
constant map, without and with a reference prompt, with DDIM and with the second-order
SDE-DPM-Solver++; and that solver under words x DiffEdit, which is LEDITS++ with a continuous map.

Equal success: a row's success, made to rise with the strength (the monotone curve with the least
squares, from the round trip's at strength 0), is brought together with its change, linear between
strengths; two rows are compared at the highest success that both reach. The interval is that of the
pairs drawn again, the same for both rows. Goals: with the reference as prompt the picture comes
back to 1 of 255 of its round trip, under any map; each friendly row changes 30 % less structure
than the noised anchor with the same map. The exit status is 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse
from diffdiff.settings.sources import DiffEditArgs
from diffdiff.toyworld.world import VALUES

from . import probe
from .goals import summary
from .prompt_pairs import KINDS, SIZE, Pair, pairs

ROOT = Path(__file__).parents[1]
FIRST, TUNING = 94_000_000, 95_000_000  # seeds of the pairs: reported, and to choose settings by
STRENGTHS = (0.1, 0.2, 0.3, 0.4, 0.6, 1.0)
LESS = 0.3
DRAWS = 2000  # of the pairs, for an interval
SOLVER = "DPMSolverMultistep"
WHOLE, PARTS = "constant", "words x DiffEdit"
ROWS = {  # name: (map, scheduler, friendly, with the reference prompt)
    "noised": (WHOLE, SOLVER, False, False),
    "noised, words x DiffEdit": (PARTS, SOLVER, False, False),
    "friendly": (WHOLE, "DDIM", True, False),
    "friendly, with the reference prompt": (WHOLE, "DDIM", True, True),
    "friendly, SDE-DPM-Solver++": (WHOLE, SOLVER, True, False),
    "LEDITS++-like": (PARTS, SOLVER, True, False),
}
BASE = {WHOLE: "noised", PARTS: "noised, words x DiffEdit"}


def structure_lost(before: np.ndarray, after: np.ndarray) -> float:
    """Return how much the structure of two pictures differs: 0..2, of uint8 RGB of one size."""
    a, b = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) for p in (before, after))

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(x, (11, 11), 1.5)

    spread = [np.sqrt(np.clip(mean(x * x) - mean(x) ** 2, 0, None)) for x in (a, b)]
    together = mean(a * b) - mean(a) * mean(b)
    small = (0.03 * 255) ** 2 / 2
    return float(1 - ((together + small) / (spread[0] * spread[1] + small)).mean())


class Edits:
    """Edits of pairs by the toy world's model."""

    def __init__(self, steps: int, guidance: float):
        from diffdiff.pipelines.load import load

        self.engine = load("toyworld", dtype="float32", device="cpu")
        self.steps, self.guidance = steps, guidance
        self.maps: dict[int, np.ndarray] = {}

    def map_of(self, kind: str, pair: Pair, seed: int) -> np.ndarray:
        from diffdiff.pipelines.model_maps import find

        if kind == WHOLE:
            return np.ones((2, 2), np.float32)
        if seed not in self.maps:
            found = DiffEditArgs(diffedit_seed=seed, diffedit_with="words")
            image = Image.fromarray(pair.before)
            self.maps[seed] = find(self.engine, image, pair.reference, pair.query, found)
        return self.maps[seed]

    def make(
        self, row: str, pair: Pair, seed: int, strength: float, prompt=None, change_map=None
    ) -> np.ndarray:
        """An edited picture. prompt, change_map: instead of the pair's and the row's."""
        kind, scheduler, friendly, referred = ROWS[row]
        asked = {"levels": "steps"}
        if friendly:
            asked = {"anchor": "friendly", "reference": pair.reference if referred else ""}
        change_map = self.map_of(kind, pair, seed) if change_map is None else change_map
        run = RunArgs(
            prompt=pair.query if prompt is None else prompt,
            strength=strength,
            steps=self.steps,
            guidance=self.guidance,
            seed=seed,
            scheduler=scheduler,
        )
        args = parse({**asked, "paste_back": False})
        result = self.engine.edit(Image.fromarray(pair.before), change_map, args, run)
        return np.asarray(result.pictures[0])

    def round_trip(self, pair: Pair, seed: int) -> tuple[np.ndarray, int]:
        """The picture after the VAE, and the largest difference to it, in levels of 255, of what
        the reference prompt makes under a ramp, a white and an almost black map."""
        row = "friendly, with the reference prompt"
        ramp = np.tile(np.linspace(0, 1, SIZE, dtype=np.float32), (SIZE, 1))
        tiny = np.full((2, 2), 1.01 / self.steps, np.float32)
        maps = ramp, np.ones((2, 2), np.float32), tiny
        made = [self.make(row, pair, seed, 1.0, pair.reference, m) for m in maps]
        from diffdiff.pipelines.noise_predictor import Prompted

        prompted = Prompted(self.engine)
        (kept,) = list(self.engine.inversions._kept.values())[-1:]
        with prompted.session():
            back = np.asarray(prompted.decode(kept.init))
        off = max(int(np.abs(one.astype(int) - back.astype(int)).max()) for one in made)
        return back, off


class Curves(NamedTuple):
    """What the edits of all pairs came to.

    plain: bool `[pairs]`, the wanted word is seen before any edit. success: row -> bool `[pairs,
    strengths]`. change: row -> structure changed, `[pairs, strengths]`. trip: `[pairs]`, structure
    that the round trip loses.
    """

    plain: np.ndarray
    success: dict[str, np.ndarray]
    change: dict[str, np.ndarray]
    trip: np.ndarray


def curves_of(edits: Edits, made: list[Pair], judge: probe.Probe) -> tuple[Curves, int]:
    """Edit all pairs: the curves, and the largest difference of `Edits.round_trip`."""

    def right(pictures: list[np.ndarray]) -> list[bool]:
        found = []
        for pair, said in zip(made, probe.answers(judge, np.stack(pictures))):
            attribute = KINDS[pair.kind]
            want = VALUES[attribute].index(getattr(pair.wanted, attribute))
            found.append(said[list(VALUES).index(attribute)] == want)
        return found

    trips, off = [], 0
    pictures: dict[str, list[list[np.ndarray]]] = {row: [] for row in ROWS}
    for seed, pair in enumerate(tqdm(made, "edits", unit="pair", disable=False)):
        back, worst = edits.round_trip(pair, seed)
        trips, off = [*trips, back], max(off, worst)
        for row in ROWS:
            pictures[row].append([edits.make(row, pair, seed, s) for s in STRENGTHS])
    success = {
        row: np.array([right(list(at)) for at in zip(*own)]).T for row, own in pictures.items()
    }
    change = {
        row: np.array([[structure_lost(a, b) for b in of] for a, of in zip(trips, own)])
        for row, own in pictures.items()
    }
    trip = np.array([structure_lost(pair.before, back) for pair, back in zip(made, trips)])
    return Curves(np.array(right(trips)), success, change, trip), off


def rising(values: np.ndarray) -> np.ndarray:
    """Return the monotone curve with the least squares from some values: of neighbors that fall,
    the mean."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        total, count = float(value), 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / count:
            more, many = blocks.pop()
            total, count = total + more, count + many
        blocks.append((total, count))
    return np.concatenate([np.full(count, total / count) for total, count in blocks])


def change_at(success: np.ndarray, change: np.ndarray, level: float) -> float:
    """Return the change where a rising success first reaches a level, linear between its points."""
    at = int(np.argmax(success >= level - 1e-9))
    if at == 0:
        return float(change[0])
    step = success[at] - success[at - 1]
    part = (level - success[at - 1]) / step
    return float(change[at - 1] + part * (change[at] - change[at - 1]))


class Compared(NamedTuple):
    """success: the highest that both rows reach. ours, other: change there. less: how much less
    ours is, as a part of the other."""

    success: float
    ours: float
    other: float

    @property
    def less(self) -> float:
        return 1 - self.ours / max(self.other, 1e-9)


def compared(curves: Curves, row: str, pairs: np.ndarray | slice = slice(None)) -> Compared:
    """Compare a friendly row with the noised anchor under the same map, over some pairs."""
    ends = []
    for name in (row, BASE[ROWS[row][0]]):
        rates = [curves.plain[pairs].mean(), *curves.success[name][pairs].mean(0)]
        ends.append((rising(np.array(rates)), [0.0, *curves.change[name][pairs].mean(0)]))
    level = min(success[-1] for success, _ in ends)
    return Compared(level, *(change_at(success, np.array(c), level) for success, c in ends))


def interval(curves: Curves, row: str) -> tuple[float, float]:
    """Return the 95 % interval of `Compared.less`."""
    rng, count = np.random.default_rng(0), len(curves.plain)
    drawn = [compared(curves, row, rng.integers(0, count, count)).less for _ in range(DRAWS)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def table(curves: Curves) -> str:
    """Success and structure changed, by strength, and the comparison: Markdown."""
    lines = ["| anchor | " + " | ".join(f"{s:g}" for s in STRENGTHS) + " | less than noised |"]
    lines.append("| --- |" + " --- |" * (len(STRENGTHS) + 1))
    for row in ROWS:
        columns = zip(curves.success[row].mean(0), curves.change[row].mean(0))
        cells = " | ".join(f"{success:.0%}, {change:.3f}" for success, change in columns)
        lines.append(f"| {row} | {cells} | {_less(curves, row)} |")
    return "\n".join(lines)


def _less(curves: Curves, row: str) -> str:
    if not ROWS[row][2]:
        return ""
    found, (low, high) = compared(curves, row), interval(curves, row)
    at = f"{found.ours:.3f} against {found.other:.3f} at {found.success:.0%}"
    return f"{found.less:.0%} ({low:.0%} to {high:.0%}): {at}"


def main(argv: list[str] | None = None) -> int:
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tradeoff", description=about)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--tuning", action="store_true", help="other pairs, to choose settings by")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=5.0)
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache", help="keeps the probe")
    args = parser.parse_args(argv)
    os.environ["TQDM_DISABLE"] = "1"
    judge, _ = probe.get(args.cache)
    made = pairs(TUNING if args.tuning else FIRST, args.pairs)
    curves, off = curves_of(Edits(args.steps, args.guidance), made, judge)
    print(table(curves))
    print(f"\n{args.pairs} pairs. Largest difference under the reference prompt: {off} of 255.")
    print(f"The round trip itself loses {curves.trip.mean():.3f}, in all rows.")
    held = {"the reference prompt returns the picture to 1 of 255": off <= 1}
    for row in ROWS:
        if ROWS[row][2]:
            held[f"{row}: 30 % less"] = compared(curves, row).less >= LESS
    print(summary(held))
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
