"""Anything at all against decode, settings, presets and prepare: python -m benchmarks.fuzz

Every case is made from the seed and its number alone, and runs in a process that is watched: an
input may be refused, by a FieldError that names its field and what to do, or accepted. Anything
else is a fault. `--only NUMBER` runs one case here, to look at it.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable

from .fuzzing import pictures, requests
from .fuzzing.watch import Case, Verdict, judged, seeded, watch
from .goals import summary

SHARES: dict[Callable[[random.Random], Case], int] = {
    pictures.whole: 4,
    pictures.broken: 8,
    pictures.bomb: 2,
    pictures.text: 2,
    pictures.wrong: 3,
    requests.settings: 6,
    requests.request: 4,
    requests.preset: 4,
    requests.preparing: 3,
    requests.fan: 2,
    requests.geometry: 2,
    requests.pasted: 2,
    requests.carried: 3,
}
TURNS = [maker for maker, share in SHARES.items() for _ in range(share)]
GOALS = {  # what must not happen: the outcomes that say it did
    "no crash": ("crash",),
    "no hang": ("hang",),
    "every refusal names its field and a remedy": ("unclear",),
    "bombs refused before they allocate": ("memory",),
    "good accepted, bad refused": ("unsound",),
}
FAULTS = tuple(outcome for outcomes in GOALS.values() for outcome in outcomes)


def make(seed: int, index: int) -> Case:
    """The case of a number; every kind comes in turn."""
    return TURNS[index % len(TURNS)](seeded(seed, index))


def table(verdicts: Iterable[Verdict]) -> str:
    """A row for each kind: cases, how they ended, the slowest and the largest."""
    kinds: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        kinds.setdefault(verdict.kind, []).append(verdict)
    lines = [f"{'kind':22s} cases  accepted  refused  faults  slowest ms  peak MB"]
    for kind in sorted(kinds):
        rows = kinds[kind]
        count = Counter(v.outcome for v in rows)
        faults = sum(count[outcome] for outcome in FAULTS)
        lines.append(
            f"{kind:22s} {len(rows):5d}  {count['accepted']:8d}  {count['refused']:7d}  {faults:6d}"
            f"  {max(v.ms for v in rows):10.0f}  {max(v.mb for v in rows):7.1f}"
        )
    return "\n".join(lines)


def held(verdicts: Iterable[Verdict]) -> dict[str, bool]:
    """Goal -> whether it holds."""
    seen = {verdict.outcome for verdict in verdicts}
    return {goal: not seen & set(outcomes) for goal, outcomes in GOALS.items()}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=10.0, help="seconds for one case")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="one case, in this process")
    options = parser.parse_args(arguments)
    if options.only is not None:
        case = make(options.seed, options.only)
        print(judged(case, options.only))
        case.run()  # once more, so that a fault shows its traceback
        return 0
    start = time.perf_counter()
    verdicts = []
    for verdict in watch(make, options.seed, range(options.cases), options.limit):
        verdicts.append(verdict)
        if verdict.outcome in FAULTS:
            print(f"{verdict.outcome}, case {verdict.index}, {verdict.kind}: {verdict.note}")
    print(table(verdicts))
    seconds = time.perf_counter() - start
    print(f"{len(verdicts)} cases, seed {options.seed}, {seconds:.0f} s")
    goals = held(verdicts)
    print(summary(goals))
    return 0 if all(goals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
