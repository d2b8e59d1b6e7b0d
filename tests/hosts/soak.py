"""Hundreds of mixed jobs on one running host: python -m tests.hosts.soak --url URL --jobs 300

The order is a seed's. A job of a kind must answer as the first of its kind did, to the last bit
(--tolerance for a host whose own jobs differ: a real VAE), whatever ran before it: edits, fans,
sheets, refused requests, interrupted jobs. Nothing that was lent is left behind, then. The memory
of the server's process is watched where it runs on this machine, and the exceptions in its log
(WEBUI_LOG) that are no refusals of ours. On Linux start the server with
MALLOC_MMAP_THRESHOLD_=65536: glibc keeps what is freed otherwise, and holes count as growth.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.server import exceptions, resident, server
from benchmarks.webui import WebUI
from tests.hosts.soak_kinds import Kind, kinds

WARM = 60  # jobs, before memory is looked at
WINDOW = 20  # samples of memory, of which the median counts
GROWTH = 0.02


def order(all_kinds: list[Kind], jobs: int, seed: int) -> list[Kind]:
    """Every kind once, then as they are drawn; plain ones after what could leave something."""
    rng = random.Random(seed)
    shares = [k.share for k in all_kinds]
    drawn = iter([*all_kinds, *rng.choices(all_kinds, shares, k=jobs)])
    turn: list[Kind] = []
    while len(turn) < jobs - 1:
        turn.append(all_kinds[0] if turn and turn[-1].clean else next(drawn))
    return [*turn, all_kinds[0]][:jobs]


def off(got: Any, first: Any) -> str:
    """What differs, in words; empty where nothing does. Pictures count in levels of 255."""
    if not isinstance(first, list):
        return "" if got == first else f"{str(got)[:120]} instead of {str(first)[:120]}"
    if len(got) != len(first):
        return f"{len(got)} pictures instead of {len(first)}"
    for a, b in zip(got, first):
        if isinstance(b, str) and a != b:
            return f"{a[:120]} instead of {b[:120]}"
        if not isinstance(b, str) and a.shape != b.shape:
            return f"{a.shape} instead of {b.shape}"
    pairs = [(a, b) for a, b in zip(got, first) if not isinstance(b, str)]
    worst = max((int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in pairs), default=0)
    return f"off by {worst}" if worst else ""


@dataclass
class Soak:
    """What was seen."""

    jobs: int = 0
    seconds: float = 0.0
    counts: Counter = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def soak(webui: WebUI, jobs: int, seed: int, tolerance: int = 0, log: str = "") -> Soak:
    """Runs the jobs one after another."""
    seen, firsts = Soak(), {}
    begin = Path(log).stat().st_size if log else 0
    pid, began = server(webui.url), time.perf_counter()
    for kind in order(kinds(webui), jobs, seed):
        try:
            got = kind.ask(webui, seen.jobs)
            first = firsts.setdefault(kind.like or kind.name, got)
            wrong = off(got, first)
            if wrong and not (wrong[:7] == "off by " and int(wrong[7:]) <= tolerance):
                seen.faults.append(f"job {seen.jobs}, {kind.name}: {wrong}")
        except Exception as error:
            seen.faults.append(f"job {seen.jobs}, {kind.name}: {type(error).__name__}: {error}")
        seen.jobs += 1
        seen.counts[kind.name] += 1
        if pid is not None:
            seen.memory.append(resident(pid))
    seen.seconds = time.perf_counter() - began
    grown(seen)
    if not log:
        seen.notes.append("log: not looked at (set WEBUI_LOG)")
    else:
        text = Path(log).read_bytes()[begin:].decode(errors="replace")
        met = list(exceptions(text))
        strange = [line for line in met if "FieldError" not in line.split(":")[0]]
        seen.faults += [f"in the log: {line[:200]}" for line in strange]
        seen.notes.append(f"log: {len(met)} exceptions, {len(strange)} of them not refusals")
    return seen


def grown(seen: Soak) -> None:
    """Whether the server's memory grew after the warm-up."""
    if not seen.memory:
        seen.notes.append("memory: not seen, the server is not a process of this machine")
    elif seen.jobs < WARM + 2 * WINDOW:
        seen.notes.append(f"memory: {seen.jobs} jobs are too few to judge by")
    else:
        early = statistics.median(seen.memory[WARM : WARM + WINDOW])
        late = statistics.median(seen.memory[-WINDOW:])
        growth = late / early - 1
        seen.notes.append(f"memory: {early:.0f} MB, then {late:.0f} MB ({growth:+.2%})")
        if growth >= GROWTH:
            seen.faults.append(f"memory grew by {growth:.1%}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("WEBUI_URL"))
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--tolerance", type=int, default=int(os.environ.get("WEBUI_TOLERANCE", 0)))
    parser.add_argument("--log", default=os.environ.get("WEBUI_LOG", ""))
    args = parser.parse_args()
    if not args.url:
        parser.error("no WebUI: give --url or set WEBUI_URL")
    webui = WebUI(args.url, args.steps, args.size)
    webui.img2img()  # the first job of a host may differ by its VAE's noise
    seen = soak(webui, args.jobs, args.seed, args.tolerance, args.log)
    for name, count in seen.counts.items():
        print(f"{count:4d}  {name}")
    print(f"{seen.jobs} jobs in {seen.seconds / 60:.1f} minutes")
    print(*seen.notes, sep="\n")
    print(*(f"FAULT: {fault}" for fault in seen.faults), sep="\n")
    print("no faults" if not seen.faults else f"{len(seen.faults)} faults")
    return bool(seen.faults)


if __name__ == "__main__":
    sys.exit(main())
