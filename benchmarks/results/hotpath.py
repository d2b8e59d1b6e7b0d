"""What a held step does beyond the model: operations, values read back by the host, new memory.

Counted on the CPU by the operations that reach PyTorch's dispatcher. Every operation is a launch
on a GPU (views are not), and every value that Python reads of a tensor waits for the GPU there.
Single numbers (tensors without dimensions) among themselves are not counted as operations:
diffusers keeps its schedules on the CPU.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from diffdiff.hold import Hold
from diffdiff.ladder import climb
from diffdiff.levels import sigma_schedule
from diffdiff.samplers import traits
from diffdiff.standalone.held import Held

STEPS, SHAPE, REPEATS = 20, (1, 4, 64, 64), 20
CONFIG = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
READS = ("_local_scalar_dense", "is_nonzero", "equal")  # item(), bool(), torch.equal
# of the hosts' samplers; Restart stands for those that choose their own levels
SAMPLERS = (
    "sample_euler", "sample_heun", "sample_dpmpp_2m", "sample_dpmpp_3m_sde", "sample_lms",
    "restart_sampler",
)  # fmt: skip
SCHEDULERS = ("DDIM", "EulerDiscrete", "HeunDiscrete", "DPMSolverMultistep", "UniPCMultistep")


class Count(TorchDispatchMode):
    """operations: that make something new or write, single numbers among themselves left out;
    reads: of `READS`; bytes: of new storages."""

    def __init__(self):
        super().__init__()
        self.operations = self.reads = self.bytes = 0

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
    return climb(np.ascontiguousarray(strength), STEPS, last)


def _row(counts: list[Count]) -> dict:
    """Per step; every step of the run but the first, which sets things up."""
    rest = counts[1:]
    latent = 4 * int(np.prod(SHAPE))
    return {
        "operations": float(np.mean([c.operations for c in rest])),
        "most": max(c.operations for c in rest),
        "reads": float(np.mean([c.reads for c in rest])),
        "latents": float(np.mean([c.bytes for c in rest])) / latent,
    }  # fmt: skip


def of_sampler(function: str) -> dict:
    """A `Hold` around the calls that a sampler of the hosts makes; a gradient, every step releases.
    One that chooses its own levels goes back up once, as Restart does.

    The model and the sampler's own operations are not counted.
    """
    g = torch.Generator().manual_seed(0)
    init, noise, answer = (torch.randn(SHAPE, generator=g) for _ in range(3))
    sigmas = torch.cat([torch.linspace(2.68, -3.5, STEPS).exp(), torch.zeros(1)])
    start = torch.from_numpy(_ladder(SHAPE[2], STEPS - 1).start)[None, None]
    known = traits(function)
    hold = Hold(init, noise, start, sigma_schedule(sigmas), 0, known)
    x, counts = init + noise * sigmas[0], []
    turn, top = STEPS * 3 // 4, STEPS // 2
    walk = [] if known.on_schedule else [*range(turn), *range(top, turn)]
    for step in walk + list(range(turn if walk else 0, STEPS)):
        count = Count()
        for call in range(known.calls(step, STEPS)):
            at = sigmas[min(step + (call > 0), STEPS - 1)].reshape(1)
            with count:
                hold.open(x, at)
            got = answer.clone()
            with count:
                hold.close(x, got, at, lambda a, b: answer)
        counts.append(count)
    return _row(counts)


def steps_of(name: str, held: bool, shape: tuple[int, ...], around: Callable[[], Any]) -> list:
    """Makes all steps of a diffusers scheduler, each in an `around()`; returns those."""
    import diffusers

    scheduler = getattr(diffusers, f"{name}Scheduler")(**CONFIG)
    scheduler.set_timesteps(STEPS)
    if held:
        Held(scheduler, _ladder(shape[2], len(scheduler.timesteps) // scheduler.order - 1))
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
    rows = {f"WebUI, {name.removeprefix('sample_')}": of_sampler(name) for name in SAMPLERS}
    return rows | {f"diffusers, {name}": of_scheduler(name) for name in SCHEDULERS}
