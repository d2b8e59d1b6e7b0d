"""Model calls, seconds and memory of each method, and how they grow."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from PIL import Image

from diffdiff.edit.fan import needed
from diffdiff.edit.plan import strengths
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

from .. import overhead, soft_inpaint
from ..pipelines import PIPELINES
from . import hotpath
from .around import Algorithm1
from .methods import RUNS, Bench, algorithm_1, builtin, composited, ours
from .scenes import MAPS, Ask, asks

PEAKS = (0.25, 0.5, 0.75, 1.0)  # largest value of a map, for the skip rule
STEPS, SIDES, BATCHES, COUNTS = (10, 20, 40, 80), (128, 192, 256), (1, 2, 4), (2, 5, 10)
REPEATS = 3
SHARE, FLAT = 0.01, 0.05  # goals: part of the model's time; latents that memory may differ by

Method = Callable[..., np.ndarray]


def plain(bench: Bench, ask: Ask, m: np.ndarray, strength: float = 1.0, **run) -> np.ndarray:
    return bench.plain(ask, strength, **run)


METHODS: dict[str, Method] = {
    "plain img2img": plain,
    "ours": ours,
    "Algorithm 1": algorithm_1,
    "built-in soft inpainting": builtin,
    "N-run compositing": composited,
}


def skipping(bench: Bench, ask: Ask) -> list[dict]:
    """Model calls under maps of rising peaks, as the model itself counts them.

    "least": what the skip rule allows, the calls of plain img2img at the map's largest strength.
    """
    rule, steps, rows = bench.engine.rules.rule, bench.steps, []
    for kind, make in MAPS.items():
        for peak in PEAKS:
            m = make(ask.picture.shape[0]) * np.float32(peak)
            row = {"map": kind, "peak": peak}
            for name in ("ours", "Algorithm 1"):
                with bench.counted() as seen:
                    METHODS[name](bench, ask, m)
                row[name] = len(seen)
            factor = bench.engine.rules.factor(_decoder(bench))
            side = ask.picture.shape[0] // factor
            cells = m.reshape(side, factor, side, factor).mean((1, 3), dtype=np.float64)
            top = float(strengths(cells, parse({}), 1.0).max())
            row["least"] = needed([top], steps, steps - 1, rule)[0]
            rows.append(row)
    return rows


def _decoder(bench: Bench):
    return getattr(bench.engine.pipe, "decoder_pipe", bench.engine.pipe)


def clock() -> float:
    """Seconds: of the processor where the CPU does the work, which other programs do not disturb;
    else of the wall."""
    return time.perf_counter() if torch.cuda.is_available() else time.process_time()


def timed(bench: Bench, works: dict[str, Callable[[], object]]) -> dict[str, dict]:
    """name -> model calls, inputs of the model (calls times batch), and the least seconds of
    `REPEATS` runs, made in turns, so that what else the machine does is the same for all."""
    found = {}
    for name, work in works.items():  # these do not count
        with bench.counted() as seen:
            work()
        found[name] = {"calls": len(seen), "inputs": sum(seen), "seconds": float("inf")}
    for _ in range(REPEATS):
        for name, work in works.items():
            began = clock()
            work()
            found[name]["seconds"] = min(found[name]["seconds"], clock() - began)
    return found


def speed(bench: Bench, ask: Ask) -> dict[str, dict]:
    """method -> calls, inputs and seconds of one edit by the gradient."""
    m = MAPS["gradient"](ask.picture.shape[0])
    return timed(bench, {name: partial(make, bench, ask, m) for name, make in METHODS.items()})


def growth(bench: Bench, size: int) -> dict[str, list[dict]]:
    """What grows -> rows with its value, and method -> [inputs of the model, seconds]."""
    found: dict[str, list[dict]] = {"steps": [], "side": [], "batch": [], "N": []}

    def measure(value, works: dict[str, Callable[[], object]]) -> dict:
        rows = timed(bench, works)
        return {"value": value} | {n: [r["inputs"], r["seconds"]] for n, r in rows.items()}

    def each(side: int, **run) -> dict[str, Callable[[], object]]:
        ask, m = asks(1, side)[0], MAPS["gradient"](side)
        return {
            "plain img2img": lambda: bench.plain(ask, **run),
            "ours": lambda: bench.edit(ask, m, **run),
            "Algorithm 1": lambda: bench.around(Algorithm1, ask, m, **run),
        }

    for steps in STEPS[:3]:
        found["steps"].append(measure(steps, each(size, steps=steps)))
    for side in (size * k // SIDES[0] for k in SIDES):
        found["side"].append(measure(side, each(side, steps=10)))
    for count in BATCHES:
        found["batch"].append(measure(count, each(size, steps=10, count=count)))
    ask, m = asks(1, size)[0], MAPS["gradient"](size)
    for count in COUNTS:
        work = {"N-run compositing": partial(composited, bench, ask, m, count=count)}
        found["N"].append(measure(count, work))
    return found


def memory() -> dict[str, list[float]]:
    """method -> for each of `STEPS`, the most memory alive beyond plain img2img, in latents.

    Whole pipelines with a tiny random UNet, so that the method's own tensors count.
    """
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    ask = asks(1, tiny.size)[0]
    m = MAPS["gradient"](tiny.size)
    side = tiny.size // engine.rules.factor(engine.pipe)
    latent = engine.pipe.unet.config.in_channels * side**2 * 4  # bytes in float32
    rows: dict[str, list[float]] = {}
    for steps in STEPS:
        bench = _Tiny(engine, tiny, steps)
        peaks = {}
        for name in METHODS:
            with overhead.Peak() as peak:
                METHODS[name](bench, ask, m)
            peaks[name] = peak.peak
        for name in list(METHODS)[1:]:
            rows.setdefault(name, []).append((peaks[name] - peaks["plain img2img"]) / latent)
    return rows


class _Tiny(Bench):
    """A tiny pipeline: features in the place of a prompt."""

    def __init__(self, engine, tiny, steps: int):
        super().__init__(engine, steps, guidance=1.0)
        self.tiny = tiny

    def edits(self, ask, change_map, strength=1.0, settings=None, **run):
        asked = RunArgs(seed=ask.seed, strength=strength, **{**self.settings, **run})
        args = parse({"levels": "steps"} | (settings or {}))
        picture = Image.fromarray(ask.picture)
        result = self.engine.edit(picture, change_map, args, asked, **self.tiny.prompt())
        return [np.asarray(picture) for picture in result.pictures]


def shares(bench: Bench, size: int) -> dict[str, float]:
    """Seconds that holding adds to a step, by the WebUI's way and by diffusers', beside a call of
    this model (guidance included)."""
    pipe = _decoder(bench)
    side = size // bench.engine.rules.factor(pipe)
    network = getattr(pipe, "unet", None) or pipe.transformer
    channels = getattr(network.config, "out_channels", None) or network.config.in_channels
    shape = (1, channels, side, side)
    added, where = overhead.per_call(shape, "sample_euler")
    ours_there = hotpath.added("DDIM", shape)
    ask, m = asks(1, size)[0], MAPS["gradient"](size)
    calls: list[float] = []
    began = [0.0]
    hooks = [
        network.register_forward_pre_hook(lambda *_: began.__setitem__(0, clock())),
        network.register_forward_hook(lambda *_: calls.append(clock() - began[0])),
    ]
    try:
        bench.edit(ask, m)
    finally:
        for hook in hooks:
            hook.remove()
    model = float(np.median(calls))
    return {
        "added": added,
        "where": where,
        "diffusers": ours_there,
        "model": model,
        "share": max(added, ours_there) / model,
    }


def run(bench: Bench, size: int) -> tuple[dict, dict]:
    """Figures for JSON, and no arrays."""
    ask = asks(1, size)[0]
    held = {
        "skipping": skipping(bench, ask),
        "speed": speed(bench, ask),
        "growth": growth(bench, size),
        "memory": memory(),
        "steps": STEPS,
        "share": shares(bench, size),
        "runs": RUNS,
        "hotpath": hotpath.run(),
        "post": soft_inpaint.timings(os.environ.get("WEBUI_ROOT")),
        "host_filter": bool(os.environ.get("WEBUI_ROOT")),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    return held | {"goals": goals(held)}, {}


def goals(found: dict) -> dict[str, bool]:
    mine = found["memory"]["ours"]
    return {
        "calls are the skip rule's minimum": all(
            row["ours"] == row["least"] for row in found["skipping"]
        ),
        f"a step's overhead under {SHARE:.0%} of the model": found["share"]["share"] < SHARE,
        "memory flat in the steps": max(mine) - min(mine) <= FLAT,
        "no host-device synchronisation per step": all(
            row["reads"] == 0 for row in found["hotpath"].values()
        ),
    }
