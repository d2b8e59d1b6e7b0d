"""`python -m benchmarks.overhead`: what the hold and the replay add to a step, in one run.

Worst case: a gradient map, so that at every step some pixels are held and some released. Time per
step of real sampler functions: plain, held without replay, held; beside a call of a very small
UNet. Operations per step (launches on a GPU) beyond the plain run. Memory: the most that lives at
once beyond the plain run's, in latents. The probe: milliseconds, once for each function.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from diffdiff.sampling import probe
from diffdiff.sampling.draws import Draws
from diffdiff.sampling.noise_levels import noised

from .bench import Bench, Cheap, Held, Row
from .conformance import ROWS

SHAPES = [(b, c, s, s) for b in (1, 4) for c, s in ((4, 64), (4, 128), (16, 128))]
TIMED = ("Euler", "DPM++ 2M", "DPM++ 2M SDE", "DPM++ 3M SDE", "LMS", "IPNDM", "HeunPP2")
STEPS = 20


def median(function: Callable[[], object], seconds: float = 1.0) -> float:
    """Median time of a call, in seconds."""
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


class Work:
    """One sampler on latents of a shape, with a model that costs nothing."""

    def __init__(self, row: Row, shape: tuple[int, ...]):
        self.bench = bench = Bench(row, size=shape[-1])
        g = torch.Generator().manual_seed(0)
        bench.init, bench.noise = (torch.randn(shape, generator=g) for _ in range(2))
        self.model = Cheap(bench.init.tanh(), bench.model)
        self.strength = np.broadcast_to(np.linspace(0, 1, shape[-1]), shape[-2:])
        self.x = noised(bench.init, bench.noise, bench.schedule.starts[0])

    def plain(self, around: Callable = lambda function: function) -> None:
        """around: wraps the sampler function."""
        call = self.bench.call(self.x, 0)
        call.function = around(call.function)
        call.run(self.model, self.x.clone())

    def held(self, replay: bool = True, around: Callable = lambda function: function) -> None:
        """around: wraps the sampler function."""
        hold = self.bench.hold(self.strength, replay)
        call = self.bench.call(self.x, 0)
        call.function = around(call.function)
        ask = Held(hold, self.model, call, watched=False)
        hold.run(call, self.model, self.x.clone(), ask, Draws())


def row_named(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


def probing(row: Row) -> float:
    """Seconds that the probe takes: the best of three."""
    bench, times = Bench(row), []
    for _ in range(3):
        probe.forget()
        began = time.perf_counter()
        bench.habits()
        times.append(time.perf_counter() - began)
    return min(times)


class Peak(TorchDispatchMode):
    """Counts the bytes of tensors that operations allocate, and the most alive at once."""

    def __init__(self):
        super().__init__()
        self.alive, self.peak = {}, 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        live = {k: v for k, v in self.alive.items() if any(t() is not None for t in v[0])}
        for t in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(t, torch.Tensor):
                storage = t.untyped_storage()
                known = live.setdefault(storage.data_ptr(), ([], storage.nbytes()))
                known[0].append(weakref.ref(t))  # a view keeps it alive as well
        self.alive = live
        self.peak = max(self.peak, sum(size for _, size in live.values()))
        return result


def peak_latents(row: Row) -> float:
    """Most memory alive in a held run beyond the most alive in a plain one, in latents."""
    work, peaks = Work(row, (1, 4, 64, 64)), []
    for run in (work.plain, work.held):
        peak, here = Peak(), threading.main_thread()

        def watched(function: Callable, peak: Peak = peak, here=here) -> Callable:
            def inner(*args, **kwargs):
                elsewhere = threading.current_thread() is not here
                with peak if elsewhere else nullcontext():  # a mode sees its own thread only
                    return function(*args, **kwargs)

            return inner

        with peak:
            run(around=watched)
        peaks.append(peak.peak)
    return (peaks[1] - peaks[0]) / (work.x.numel() * work.x.element_size())


def unet_call(shape: tuple) -> float:
    """Seconds of a very small UNet's call: two levels, 32 and 64 channels, random weights."""
    from diffusers import UNet2DConditionModel

    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        in_channels=shape[1],
        out_channels=shape[1],
        cross_attention_dim=32,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(32, 64),
        layers_per_block=1,
        attention_head_dim=8,
        norm_num_groups=8,
    ).eval()
    x, context = torch.randn(shape), torch.randn(shape[0], 77, 32)
    with torch.no_grad():
        return median(lambda: unet(x, 500, encoder_hidden_states=context))


def main() -> None:
    from .results.hotpath import of_sampler

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"torch {torch.__version__}, {args.threads} threads; worst case: every step releases")
    print("\nmilliseconds per step, beyond the plain run; the UNet is very small\n")
    print("| latents | UNet | " + " | ".join(f"{n}: hold, replay" for n in TIMED) + " |")
    print("| --- " * (2 + len(TIMED)) + "|")
    for shape in SHAPES:
        cells = []
        for name in TIMED:
            work = Work(row_named(name), shape)
            plain, hold, held = (
                median(run) / STEPS * 1e3
                for run in (work.plain, lambda w=work: w.held(False), work.held)
            )
            cells.append(f"{hold - plain:.2f}, {held - hold:.2f}")
        size = "x".join(map(str, shape))
        print(f"| {size} | {unet_call(shape) * 1e3:.0f} | " + " | ".join(cells) + " |", flush=True)
    print(
        "\n| sampler | memory | operations a step | peak latents | probe, ms |\n"
        + "| --- " * 5
        + "|"
    )
    for row in ROWS:
        habits = Bench(row).habits()
        memory = "by level" if habits.by_level else f"{habits.memory:g}"
        print(
            f"| {row.name} | {memory} | {of_sampler(row.name)['operations']:.1f} | "
            f"{peak_latents(row):.2f} | {probing(row) * 1e3:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
