"""Strength fan and strength sheet: what they cost, and whether a sheet's pictures are plain runs.

`python -m benchmarks.fan` measures the toy world, without a WebUI; with `--url` a running WebUI.
One round makes every run once, in turn; a time is the median over the rounds. Model evaluations
are counted at the model itself: rows of its batch, with and without the prompt as one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import numpy as np

from diffdiff.edit.fan import fan
from diffdiff.patching import attribute
from diffdiff.settings.schema import parse
from diffdiff.settings.strength_list import PRESETS, preset, spread

COUNTS = (5, 9)
LOW = 0.2  # the smallest strength: 0 asks for no run at all
PUBLISHED = {  # stripes of the authors' maps, white = keep (static/images/str_fan)
    "full": (0, 0.25, 0.5, 0.75, 1),
    "dark": (0, 0.125, 0.25, 0.375, 0.5),
    "light": (0.5, 0.625, 0.75, 0.875, 1),
    "central": (0.4, 0.5, 0.6, 0.7, 0.8),
}
SAMPLERS = {"Euler": "Euler", "Heun": "Heun", "DPM++ 2M": "DPMSolverMultistep", "DDIM": "DDIM"}


class Toy:
    """The toy world. A run gives its pictures and the model evaluations it took."""

    def __init__(self, steps: int):
        from PIL import Image

        from diffdiff.pipelines.load import load
        from diffdiff.settings.run import RunArgs
        from diffdiff.toyworld.paint import paint
        from diffdiff.toyworld.world import Scene

        self.engine, self.settings = load("toyworld"), RunArgs
        self.picture = Image.fromarray(paint(Scene("summer", "noon", "hills", seed=5), 128))
        self.base = {"prompt": "a winter night", "steps": steps, "seed": 3}

    def samplers(self) -> dict[str, str]:
        return SAMPLERS

    def plain(self, strength: float, sampler: str = "Euler") -> tuple[list, int]:
        return self._run({"mode": "edit"}, np.ones((8, 8), np.float32), strength, sampler)

    def several(self, edit: dict, sampler: str = "Euler") -> tuple[list, int]:
        return self._run(edit, None, 1.0, sampler)

    def _run(self, edit, change_map, strength, sampler) -> tuple[list, int]:
        run = self.settings(**self.base, strength=strength, scheduler=SAMPLERS[sampler])
        with counted(self.engine.pipe.unet, rows=2) as calls:
            result = self.engine.edit(self.picture, change_map, parse(edit), run)
        return [np.asarray(p) for p in result.pictures], calls[0]


@contextmanager
def counted(model: Any, rows: int) -> Iterator[list[int]]:
    """Counts what a model is asked: rows of its batches, `rows` of them as one."""
    calls, plain = [0], model.forward

    def forward(x, *args, **kwargs):
        calls[0] += len(x) // rows
        return plain(x, *args, **kwargs)

    with attribute(model, forward=forward):
        yield calls


class Host:
    """A running WebUI, over its API; it tells its model evaluations itself."""

    def __init__(self, url: str, steps: int, size: int):
        from .webui import WebUI

        self.webui, self.steps = WebUI(url, steps, size), steps
        self.webui.img2img()  # warm up

    def samplers(self) -> dict[str, str]:
        known = self.webui.samplers()
        return {name: name for name in (*SAMPLERS, "Euler a", "DPM++ SDE", "LMS") if name in known}

    def plain(self, strength: float, sampler: str = "Euler") -> tuple[list, int]:
        pictures, _ = self.webui.img2img(denoising_strength=strength, sampler_name=sampler)
        # the host's own ladder; other samplers than Euler make other numbers of calls in a step
        return pictures, int(min(strength, 0.999) * self.steps) + 1 if sampler == "Euler" else 0

    def several(self, edit: dict, sampler: str = "Euler") -> tuple[list, int]:
        pictures, reply = self.webui.img2img(edit, sampler_name=sampler)
        return pictures, reply["info"]["extra_generation_params"]["DD calls"]


def separately(host: Any, strengths: tuple[float, ...], sampler: str = "Euler") -> tuple[list, int]:
    runs = [host.plain(strength, sampler) for strength in strengths]
    return [pictures[0] for pictures, _ in runs], sum(calls for _, calls in runs)


def costs(host: Any, rounds: int) -> None:
    """Calls and wall time of everything, side by side."""
    runs: dict[str, Callable[[], tuple[list, int]]] = {"one img2img": lambda: host.plain(1.0)}
    for n in COUNTS:
        edit = {"fan_count": n, "fan_low": LOW}
        values = spread(n, LOW)
        runs[f"fan, {n} stripes"] = lambda e=edit: host.several({"mode": "fan", **e})
        for batch, label in ((1, "one by one"), (16, "one batch")):
            own = {"mode": "sheet", "sheet_batch": batch, **edit}
            runs[f"sheet of {n}, {label}"] = lambda e=own: host.several(e)
        runs[f"{n} img2img runs"] = lambda v=values: separately(host, v)
    times: dict[str, list[float]] = {name: [] for name in runs}
    calls = {}
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            calls[name] = run()[1]
            times[name].append(time.perf_counter() - began)
    one = median(times["one img2img"])
    print("| run | model evaluations | seconds | times one img2img |\n| --- | --- | --- | --- |")
    for name, taken in times.items():
        print(f"| {name} | {calls[name]} | {median(taken):.2f} | {median(taken) / one:.2f} |")


def exactness(host: Any) -> None:
    """A sheet's pictures beside plain runs of their strengths, in 8-bit levels."""
    values = spread(5, LOW)
    print("\n| sampler | model evaluations | one by one | one batch |\n| --- | --- | --- | --- |")
    for sampler in host.samplers():
        want, needed = separately(host, values, sampler)
        cells = []
        for batch in (1, 16):
            edit = {"mode": "sheet", "fan_low": LOW, "sheet_batch": batch}
            got, calls = host.several(edit, sampler)
            if needed not in (0, calls):  # 0: not known
                raise AssertionError(f"{sampler}: {calls} calls where {needed} were needed")
            off = [np.abs(g.astype(int) - w) for g, w in zip(got[1:], want)]
            most, mean = max(int(o.max()) for o in off), float(np.mean(off))
            cells.append("identical" if most == 0 else f"at most {most}, mean {mean:.2g}")
        print(f"| {sampler} | {calls} | {' | '.join(cells)} |", flush=True)


def published() -> None:
    """The stripes of the paper's fans."""
    print("\n| preset | strengths | the authors' map (white = keep) |\n| --- | --- | --- |")
    for name in PRESETS:
        strengths = preset(name)
        levels = [float(1 - v) for v in fan(64, 320, strengths).map[0, 32::64]]
        same = "reproduced" if np.allclose(levels, PUBLISHED[name], atol=1e-6) else "NOT reproduced"
        print(f"| {name} | {', '.join(f'{s:g}' for s in strengths)} | {same} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="of a running WebUI")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--size", type=int, default=256, help="of the WebUI's picture")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    host = Host(args.url, args.steps, args.size) if args.url else Toy(args.steps)
    costs(host, args.rounds)
    exactness(host)
    published()


if __name__ == "__main__":
    main()
