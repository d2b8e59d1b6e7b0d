"""`python -m benchmarks.maps_found`: how well does a map that is found lie on what is meant?

Pairs of painted landscapes that differ in one thing, and whose changed region is known
(`prompt_pairs`). The toy world's model sees the first picture and finds the region

- by words: what changes at 1, what else is in the picture at 0;
- by two prompts (DiffEdit), which differ in one word;
- by both, with these words or with those in which the prompts differ;
- by clicks: the first lies deepest in the region, each later one deepest in the largest part that
  is wrong in the map before it; and by the region's bounding box.

IoU in pixels at a cut of 0.5, at the cut that is best for all pairs together, and at each pair's
best; AUC of the map's values, in pixels; seconds for a map, of which the first of a process is left
out. `--docs` writes the table into docs/results.md. The exit status is 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from diffdiff.settings.click import ClickArgs
from diffdiff.settings.schema import parse
from diffdiff.settings.sources import DiffEditArgs, WordsArgs
from diffdiff.toyworld.world import WORDS

from .clicks import box, clicked
from .goals import summary
from .prompt_pairs import KINDS, Pair, auc, iou, pairs

DOCS = Path(__file__).parents[1] / "docs" / "results.md"
MARKS = "<!-- benchmarks.maps_found -->", "<!-- /benchmarks.maps_found -->"
FIRST, TUNING = 94_000_000, 95_000_000  # seeds of the pairs: reported, and to choose settings by
CUT, CUTS = 0.5, np.linspace(0.05, 0.95, 19)
GOALS = {"words": 0.6, "words x DiffEdit": 0.7, "click, 3 points": 0.8}  # IoU in pixels at the cut

_engine = None
Finder = Callable[[Pair, int], np.ndarray]
"""`(pair, seed) -> float32 [128, 128] in 0..1`."""


def _begin() -> None:
    """In each process: one thread, the model loaded once and asked once."""
    global _engine
    torch.set_num_threads(1)
    os.environ["TQDM_DISABLE"] = "1"
    from diffdiff.pipelines.load import load

    _engine = load("toyworld", dtype="float32", device="cpu")
    METHODS["words"](pairs(TUNING, 1)[0], 0)


def phrases(pair: Pair) -> dict[str, str]:
    """What the picture shows, by the kind of pair that changes it."""
    scene = pair.scene
    terrain, sky = WORDS["terrain"][scene.terrain][0], WORDS["sky"][scene.sky][0]
    return {
        "object": f"{scene.colour} {scene.thing}",
        "sky": sky,
        "ground": f"{scene.season} {terrain}".replace(" a ", " "),
    }


def words_of(pair: Pair) -> str:
    """What changes at 1, the rest of the picture at 0."""
    own = phrases(pair)
    return ", ".join(f"{phrase} {int(kind == pair.kind)}" for kind, phrase in own.items())


def only_word(pair: Pair) -> str:
    return f"{phrases(pair)[pair.kind]} 1"


def _words(text: Callable[[Pair], str], **settings) -> Finder:
    def find(pair: Pair, seed: int) -> np.ndarray:
        from diffdiff.pipelines.model_maps import find_words

        args = parse({"words_seed": seed, **settings}, WordsArgs)
        return find_words(_engine, Image.fromarray(pair.before), text(pair), args)

    return find


def _prompts(text: Callable[[Pair], str] | None = None, **settings) -> Finder:
    def find(pair: Pair, seed: int) -> np.ndarray:
        from diffdiff.pipelines.model_maps import find as between

        own = {"diffedit_words": text(pair)} if text else {}
        args = parse({"diffedit_seed": seed, **settings, **own}, DiffEditArgs)
        return between(_engine, Image.fromarray(pair.before), pair.reference, pair.query, args)

    return find


def _clicks(count: int, **settings) -> Finder:
    def find(pair: Pair, seed: int) -> np.ndarray:
        args = parse({"points_seed": seed, **settings}, ClickArgs)
        return clicked(lambda text: _region(pair, text, args), pair.region, count)

    return find


def _boxed(pair: Pair, seed: int) -> np.ndarray:
    return _region(pair, box(pair.region), parse({"points_seed": seed}, ClickArgs))


def _region(pair: Pair, text: str, args: ClickArgs) -> np.ndarray:
    from diffdiff.pipelines.clicking import find_clicked

    return find_clicked(_engine, Image.fromarray(pair.before), text, args)


METHODS: dict[str, Finder] = {  # name in the table: what finds the map
    "words": _words(words_of),
    "words, only what changes": _words(only_word),
    "words, edges not followed": _words(words_of, words_edges=False),
    "DiffEdit": _prompts(),
    "DiffEdit, noise level 0.7": _prompts(diffedit_level=0.7),
    "words x DiffEdit": _prompts(words_of, diffedit_with="words"),
    "words x DiffEdit, only what changes": _prompts(only_word, diffedit_with="words"),
    "words x DiffEdit, by the prompts": _prompts(diffedit_with="words"),
    "click, 1 point": _clicks(1),
    "click, 2 points": _clicks(2),
    "click, 3 points": _clicks(3),
    "click, 3 points, edges not followed": _clicks(3, points_edges=False),
    "click, 3 points, noise level 0.3": _clicks(3, points_level=0.3),
    "click, 3 points, one noise": _clicks(3, points_noises=1),
    "click, a box": _boxed,
}


def found(work: tuple[Pair, int]) -> dict[str, dict]:
    """Of one pair: name -> IoU at each cut of `CUTS`, and at `CUT`, AUC, seconds."""
    pair, seed = work
    rows = {}
    for name, find in METHODS.items():
        began = time.perf_counter()
        m = find(pair, seed)
        seconds = time.perf_counter() - began
        rows[name] = {
            "cuts": [iou(m > cut, pair.region) for cut in CUTS],
            "cut": iou(m > CUT, pair.region),
            "auc": auc(m, pair.region),
            "seconds": seconds,
        }
    return rows


def table_of(made: list[Pair], rows: list[dict[str, dict]]) -> dict[str, dict[str, float]]:
    """name -> measure -> mean over all pairs; IoU at the cut by kind too."""
    table = {}
    kinds = np.array([pair.kind for pair in made])
    for name in METHODS:
        own = [row[name] for row in rows]
        cuts, cut = np.array([row["cuts"] for row in own]), np.array([row["cut"] for row in own])
        best = cuts.mean(0).argmax()
        table[name] = {
            "cut": float(cut.mean()),
            **{kind: float(cut[kinds == kind].mean()) for kind in KINDS},
            "common": float(cuts.mean(0)[best]),
            "common_at": float(CUTS[best]),
            "best": float(cuts.max(1).mean()),
            "auc": float(np.nanmean([row["auc"] for row in own])),
            "seconds": float(np.median([row["seconds"] for row in own])),
        }
    return table


def markdown(table: dict[str, dict[str, float]], held: dict[str, bool]) -> str:
    """The table, and which goals were missed."""
    lines = [
        "| map | IoU at 0.5 | object | ground | sky | at the best common cut | at each pair's best "
        "| AUC | seconds |",
        "|" + " --- |" * 9,
    ]
    for name, row in table.items():
        values = [row[key] for key in ("cut", *KINDS)]
        parts = [f"{value:.3f}" for value in values]
        parts += [f"{row['common']:.3f} ({row['common_at']:.2f})", f"{row['best']:.3f}"]
        parts += [f"{row['auc']:.3f}", f"{row['seconds']:.2f}"]
        lines.append(f"| {name} | " + " | ".join(parts) + " |")
    goals = "; ".join(f"{goal}: {'reached' if ok else 'missed'}" for goal, ok in held.items())
    return "\n".join(lines) + f"\n\nGoals: {goals}."


def goals(table: dict[str, dict[str, float]]) -> dict[str, bool]:
    return {
        f"{name}, IoU at 0.5 of {goal} or more": table[name]["cut"] >= goal
        for name, goal in GOALS.items()
    }


def write(text: str) -> None:
    """Put the table between its marks in docs/results.md."""
    page = DOCS.read_text(encoding="utf-8")
    head, _, rest = page.partition(MARKS[0])
    _, _, tail = rest.partition(MARKS[1])
    DOCS.write_text(f"{head}{MARKS[0]}\n{text}\n{MARKS[1]}{tail}", encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.maps_found", description=about)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--tuning", action="store_true", help="other pairs, to choose settings by")
    parser.add_argument("--quick", action="store_true", help="six pairs")
    parser.add_argument("--docs", action="store_true", help="write the table of docs/results.md")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    began, count = time.monotonic(), 6 if args.quick else args.pairs
    made = pairs(TUNING if args.tuning else FIRST, count)
    with multiprocessing.get_context("spawn").Pool(args.jobs, _begin) as pool:
        work = pool.imap(found, list(zip(made, range(count))))
        rows = list(tqdm(work, "maps", count, unit="pair", leave=False))
    table = table_of(made, rows)
    held = goals(table)
    if args.json:
        print(json.dumps({"pairs": count, "maps": table, "goals": held}))
    else:
        print(markdown(table, held))
        print(f"\n{count} pairs, {time.monotonic() - began:.0f} s; {summary(held)}")
    if args.docs:
        write(markdown(table, held))
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
