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
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.server import exceptions, resident, server
from benchmarks.webui import Refused, WebUI, decode, encode

WARM = 60  # jobs, before memory is looked at
WINDOW = 20  # samples of memory, of which the median counts
GROWTH = 0.02
PROMPTS = {"reference": "a cat on a red sofa", "query": "a dog on a green lawn"}
DDIM = {"sampler_name": "DDIM"}


@dataclass(frozen=True)
class Kind:
    """Jobs that must all answer alike.

    ask: `(webui, step) -> pictures, numbers and texts`; step counts the jobs so far.
    share: how often it is drawn. like: the kind whose answer it must give, itself if empty.
    clean: the next job is a plain one.
    """

    name: str
    share: int
    ask: Callable[[WebUI, int], Any]
    like: str = ""
    clean: bool = False


def kinds(webui: WebUI) -> list[Kind]:
    """All kinds that this host can run; the first is the plain job."""
    size = webui.size
    ramp = np.tile(np.linspace(0, 255, size).round().astype(np.uint8), (size, 1))
    half = np.where(np.arange(size) < size // 2, 0, 255).astype(np.uint8)[None].repeat(size, 0)
    map_, mask = {"map": encode(ramp)}, {"mask": encode(half), "inpainting_fill": 1}
    layers = {
        "layers": [
            {"source": "luminance"},
            {"source": "border", "blend": "max"},
            {"source": "painted", "blend": "multiply"},
        ]
    }
    three = {"fan_strengths": [0.3, 0.6, 0.9]}

    def job(name: str, share: int, edit: Any = None, like: str = "", **settings: Any) -> Kind:
        return Kind(name, share, lambda w, step: w.img2img(edit, **settings)[0], like)

    made = [
        job("plain", 20),
        job("plain DDIM", 4, **DDIM),
        job("plain inpaint", 4, **mask),
        Kind("txt2img", 4, txt2img),
        job("disabled", 6, {"enabled": False, "map": "not a picture"}, "plain"),
        job("edit", 12, map_),
        job("edit, all steps", 4, {**map_, "skip": False}),
        job("edit, Euler a", 4, map_, sampler_name="Euler a"),
        job("edit, DPM++ 2M", 4, map_, sampler_name="DPM++ 2M"),
        job("edit, batch", 3, map_, batch_size=2),
        job("edit, inpaint", 3, map_, **mask),
        job("soft inpaint", 6, {"mode": "soft inpaint"}, **mask),
        job("fan", 5, {"mode": "fan", **three}),
        job("sheet", 5, {"mode": "sheet", **three}),
        job("luminance", 4, {"source": "luminance"}),
        job("layers", 4, {"source": "layers", "layers": layers, **map_}),
        job("diffedit", 4, {"source": "diffedit", "diffedit_noises": 2, **PROMPTS}),
        Kind("version", 1, lambda w, step: w.call("/diffdiff/v1/version")),
        Kind("schema", 1, lambda w, step: str(w.call("/diffdiff/v1/schema"))),
        Kind("preview", 3, preview(map_)),
        Kind("adherence", 2, adherence(map_)),
        Kind("find", 2, find),
        *(
            Kind(f"refused: {name}", 1, refused(*case), clean=True)
            for name, case in broken(map_).items()
        ),
        Kind("interrupt an edit", 3, interrupted(map_), clean=True),
        Kind("interrupt a sheet", 2, interrupted({"mode": "sheet", **three}), clean=True),
        Kind("interrupt a plain job", 2, interrupted(None), clean=True),
    ]
    inverted = {**map_, "anchor": "inverted"}
    if "forge_preset" in webui.call("/sdapi/v1/options"):  # where nothing can be run backwards
        return made
    return [*made, job("inverted", 4, inverted, **DDIM)]


def txt2img(webui: WebUI, step: int) -> list[np.ndarray]:
    reply = webui.call("/sdapi/v1/txt2img", {**webui.base})
    return [decode(i) for i in reply["images"]]


def preview(edit: dict) -> Callable[[WebUI, int], Any]:
    def ask(webui: WebUI, step: int) -> Any:
        image = encode(webui.photograph)
        body = {"args": {**edit, "soften_radius": 4}, "image": image, "steps": 8}
        reply = webui.call("/diffdiff/v1/map/preview", body)
        return [decode(reply[k]) for k in ("map", "release", "overlay")] + [str(reply["ladder"])]

    return ask


def find(webui: WebUI, step: int) -> list[np.ndarray]:
    """By a seed of its own each time, and by the first: what is kept in memory has an end."""
    body = {"image": encode(webui.photograph), "diffedit_noises": 2, **PROMPTS}
    webui.call("/diffdiff/v1/map/diffedit", {**body, "diffedit_seed": step})
    return [decode(webui.call("/diffdiff/v1/map/diffedit", body)["map"])]


def adherence(edit: dict) -> Callable[[WebUI, int], str]:
    def ask(webui: WebUI, step: int) -> str:
        after = encode(255 - webui.photograph)
        body = {"before": encode(webui.photograph), "after": after, "map": edit["map"]}
        return str(webui.call("/diffdiff/v1/metrics/adherence", body))

    return ask


def broken(map_: dict) -> dict[str, tuple[Any, dict, str]]:
    """Requests that must be refused: the edit, the job's settings, the field that is named."""
    return {
        "no map": ({}, {}, "map"),
        "a path": ({"map": "/etc/passwd"}, {}, "map"),
        "not base64": ({"map": "%%%"}, {}, "map"),
        "range": ({**map_, "gamma": -1}, {}, "gamma"),
        "type": ({**map_, "soften_radius": "wide"}, {}, "soften_radius"),
        "unknown": ({**map_, "strenght": 1}, {}, "strenght"),
        "maps of a batch": ({"map": [map_["map"]] * 3}, {"batch_size": 2}, "map"),
        "sampler": ({**map_, "anchor": "inverted"}, {"sampler_name": "Euler"}, "anchor"),
        "no annotator": ({"source": "annotator", "annotator": "no such one"}, {}, "annotator"),
    }


def refused(edit: dict, settings: dict, name: str) -> Callable[[WebUI, int], str]:
    def ask(webui: WebUI, step: int) -> str:
        try:
            webui.img2img(edit, **settings)
        except Refused as error:
            told = str(error.body.get("detail"))
            if error.status != 422 or not told.startswith(f"{name}: "):
                raise AssertionError(f"refused by {error.status}: {told[:200]}") from None
            return told
        raise AssertionError("was not refused")

    return ask


def interrupted(edit: dict | None, steps: int = 100) -> Callable[[WebUI, int], str]:
    """A job that is stopped while it runs: it gives pictures, and has not run to its end."""

    def ask(webui: WebUI, step: int) -> str:
        answer: dict[str, Any] = {}

        def work() -> None:
            try:
                answer["pictures"] = webui.img2img(edit, steps=steps)[0]
            except Exception as error:
                answer["error"] = error

        thread = threading.Thread(target=work)
        thread.start()
        seen = stopped = 0
        while thread.is_alive():
            state = webui.call("/sdapi/v1/progress?skip_current_image=true")["state"]
            seen = state["sampling_step"]
            if state["job_count"] and 2 <= seen < steps // 2:
                webui.call("/sdapi/v1/interrupt", {})
                stopped = seen
                break
            time.sleep(0.01)
        thread.join(300)
        if "error" in answer or not answer.get("pictures"):
            raise AssertionError(f"no pictures: {answer.get('error')}")
        if not stopped:
            raise AssertionError(f"could not be interrupted in time, at step {seen}")
        return "stopped"

    return ask


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
