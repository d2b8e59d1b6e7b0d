"""What a held step does beyond the model: operations, values read back by the host, new memory.

Counted on the CPU by the operations that reach PyTorch's dispatcher. Every operation is a launch
on a GPU (views are not), and every value that Python reads of a tensor waits for the GPU there.
Single numbers (tensors without dimensions) among themselves are not counted as operations:
diffusers keeps its schedules on the CPU.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from diffdiff.pipelines import scheduler_hook as standalone
from diffdiff.sampling.draws import Draws
from diffdiff.sampling.noise_levels import noised
from diffdiff.sampling.start_steps import WEBUI

from ..bench import Bench, Cheap, Held
from ..conformance import ROWS

STEPS, SHAPE, REPEATS = 20, (1, 4, 64, 64), 20
CONFIG = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
READS = ("_local_scalar_dense", "is_nonzero", "equal")  # item(), bool(), torch.equal
# of the hosts' samplers; Restart stands for those that choose their own levels
SAMPLERS = ("Euler", "Heun", "DPM++ 2M", "DPM++ 3M SDE", "LMS", "HeunPP2", "Restart")
SCHEDULERS = ("DDIM", "EulerDiscrete", "HeunDiscrete", "DPMSolverMultistep", "UniPCMultistep")


class Done(NamedTuple):
    operations: int
    reads: int
    bytes: int


class Count(TorchDispatchMode):
    """operations: that make something new or write, single numbers among themselves left out;
    reads: of `READS`; bytes: of new storages."""

    def __init__(self):
        super().__init__()
        self.operations = self.reads = self.bytes = 0

    def now(self) -> Done:
        return Done(self.operations, self.reads, self.bytes)

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        given = _tensors((args, kwargs or {}))
        known = {t.untyped_storage().data_ptr() for t in given}
        result = operation(*args, **(kwargs or {}))
        if operation._schema.name.split("::")[1] in READS:
            self.reads += 1
            return result
        new = [t for t in _tensors(result) if t.untyped_storage().data_ptr() not in known]
        written = operation._schema.is_mutable
        if (new or written) and any(t.ndim for t in (*given, *new)):
            self.operations += 1
        self.bytes += sum(t.untyped_storage().nbytes() for t in new)
        return result


def _tensors(value) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return []
    return list(itertools.chain.from_iterable(map(_tensors, value)))


def _ladder(size: int, last: int):
    strength = np.broadcast_to(np.linspace(0, 1, size, dtype=np.float32), (size, size))
    return WEBUI(np.ascontiguousarray(strength), STEPS, last)


def _row(counts: list[Done | Count]) -> dict:
    """Per step; every step of the run but the first, which sets things up."""
    rest = counts[1:]
    latent = 4 * int(np.prod(SHAPE))
    return {
        "operations": float(np.mean([c.operations for c in rest])),
        "most": max(c.operations for c in rest),
        "reads": float(np.mean([c.reads for c in rest])),
        "latents": float(np.mean([c.bytes for c in rest])) / latent,
    }


def of_sampler(name: str, shape: tuple[int, ...] = SHAPE) -> dict:
    """A held run of a sampler beside its plain run; a gradient, every step releases.

    name: of a row of `benchmarks.conformance`. What the plain run does is taken off; what the
    sampler's own function does in a replay is counted.
    """
    bench = Bench(next(row for row in ROWS if row.name == name), size=shape[-1])
    bench.init, bench.noise = (torch.randn(shape) for _ in range(2))
    plain, held = (_row(steps_of_run(bench, held)) for held in (False, True))
    return {k: held[k] - plain[k] for k in held}


def steps_of_run(bench: Bench, held: bool) -> list[Done]:
    """What is done in each step of one run, by the sampler and (held) by the hold."""
    habits, count = bench.habits(), Count()
    strength = np.broadcast_to(np.linspace(0, 1, bench.init.shape[-1]), bench.init.shape[-2:])
    model = Cheap(bench.init.cos(), bench.model)
    hold = bench.hold(strength)
    x = noised(bench.init, bench.noise, bench.schedule.starts[0])
    call = bench.call(x, 0)
    function, marks, calls = call.function, [], itertools.count()

    def counted(*args: Any, **kwargs: Any) -> Tensor:
        # what a mode sees is that of its thread, and a replay has one of its own
        elsewhere = threading.current_thread() is not threading.main_thread()
        with count if elsewhere else contextlib.nullcontext():
            return function(*args, **kwargs)

    class Ask(Held):
        def __call__(self, x: Tensor, sigma: Tensor, **kwargs: Any) -> Tensor:
            if habits.by_level or next(calls) in habits.opens:
                marks.append(count.now())
            return super().__call__(x, sigma, **kwargs) if held else model(x, sigma, **kwargs)

    call.function = counted
    ask = Ask(hold, model, call, watched=False)
    with count:
        if held:
            hold.run(call, model, x, ask, Draws())
        else:
            call.run(ask, x)
    return [Done(*np.subtract(b, a)) for a, b in itertools.pairwise([*marks, count.now()])]


def steps_of(name: str, held: bool, shape: tuple[int, ...], around: Callable[[], Any]) -> list:
    """Makes all steps of a diffusers scheduler, each in an `around()`; returns those."""
    import diffusers

    scheduler = getattr(diffusers, f"{name}Scheduler")(**CONFIG)
    scheduler.set_timesteps(STEPS)
    if held:
        standalone.Held(
            scheduler, _ladder(shape[2], len(scheduler.timesteps) // scheduler.order - 1)
        )
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    g = torch.Generator().manual_seed(0)
    init, noise, answer = (torch.randn(shape, generator=g) for _ in range(3))
    x, made = scheduler.add_noise(init, noise, scheduler.timesteps[:1]), []
    for t in scheduler.timesteps:
        with around() as one:
            x = scheduler.step(answer, t, x).prev_sample
        made.append(one)
    return made


def of_scheduler(name: str) -> dict:
    """`Held.step` around a diffusers scheduler, less what the scheduler's own step does."""
    with _quiet():
        rows = [_row(steps_of(name, held, SHAPE, Count)) for held in (True, False)]
    return {k: rows[0][k] - rows[1][k] for k in rows[0]}


class Clock:
    """Seconds of a `with`."""

    def __enter__(self) -> Clock:
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_) -> None:
        self.seconds = time.perf_counter() - self.began


def added(name: str, shape: tuple[int, ...]) -> float:
    """Seconds that holding adds to a step of a diffusers scheduler: medians of steps."""
    with _quiet():
        times = [
            [c.seconds for _ in range(REPEATS) for c in steps_of(name, held, shape, Clock)[1:]]
            for held in (True, False)
        ]
    return float(np.median(times[0]) - np.median(times[1]))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    import diffusers

    before = diffusers.utils.logging.get_verbosity()
    diffusers.utils.logging.set_verbosity_error()
    try:
        yield
    finally:
        diffusers.utils.logging.set_verbosity(before)


def run() -> dict[str, dict]:
    """Name -> per step, beyond the model and the sampler."""
    rows = {f"WebUI, {name}": of_sampler(name) for name in SAMPLERS}
    return rows | {f"diffusers, {name}": of_scheduler(name) for name in SCHEDULERS}
