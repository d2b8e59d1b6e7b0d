"""Rows of the conformance table for diffusers' schedulers, by their own `step`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from diffdiff.hold import Hold
from diffdiff.ladder import NEVER
from diffdiff.levels import noised
from diffdiff.standalone.schedulers import predicts, sampler_of, schedule_of

from . import bench
from .bench import Denoiser, Held


@dataclass(frozen=True)
class SchedulerRow:
    """One scheduler. noise: draws noise in every step (the same noise is replayed per step)."""

    name: str
    scheduler: str
    tolerance: float = 1e-5
    options: tuple = ()


ROWS = [
    SchedulerRow("diffusers DDIM", "DDIMScheduler", 0, (("clip_sample", False),)),
    SchedulerRow("diffusers DDPM, replayed", "DDPMScheduler", 0, (("clip_sample", False),)),
    SchedulerRow("diffusers LCM, replayed", "LCMScheduler", 0),
    SchedulerRow("diffusers Euler", "EulerDiscreteScheduler", 0),
    SchedulerRow("diffusers Euler a, replayed", "EulerAncestralDiscreteScheduler", 0),
    SchedulerRow("diffusers Heun", "HeunDiscreteScheduler", 0),
    SchedulerRow("diffusers DPM++ 2M", "DPMSolverMultistepScheduler"),
    SchedulerRow("diffusers DPM++ 2M SDE", "DPMSolverMultistepScheduler", 1e-5,
                 (("algorithm_type", "sde-dpmsolver++"),)),
    # its second-order rule is another than its third-order one with no third-order term
    SchedulerRow("diffusers DPM++ 3M", "DPMSolverMultistepScheduler", 5e-3, (("solver_order", 3),)),
    SchedulerRow("diffusers DEIS", "DEISMultistepScheduler"),
    SchedulerRow("diffusers UniPC, order 1", "UniPCMultistepScheduler", 1e-5,
                 (("solver_order", 1),)),
    # the corrector of a pixel's second step keeps the run's order; measured, not exact
    SchedulerRow("diffusers UniPC, order 2", "UniPCMultistepScheduler", 5e-3),
    SchedulerRow("diffusers flow Euler", "FlowMatchEulerDiscreteScheduler", 0),
]  # fmt: skip


class SchedulerBench:
    """One scheduler, one denoiser: plain img2img loops and held ones, as a pipeline runs them."""

    def __init__(self, row: SchedulerRow, local: bool = False, steps: int = 20):
        import diffusers

        self.row, self.steps = row, steps
        options = dict(row.options)
        if not row.scheduler.startswith("Flow"):
            options |= {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
        self.new = lambda: getattr(diffusers, row.scheduler)(**options)
        self.local = local
        g = torch.Generator().manual_seed(3)
        self.init, self.noise = (torch.randn(1, 4, 8, 8, generator=g) for _ in range(2))

    def model(self, schedule, kind):
        """Predicts eps or the flow's velocity out of the bench's own x0."""
        denoiser = Denoiser(self.local)

        def predict(x, t):
            level = schedule.at(t)
            signal = torch.ones(()) if level.signal is None else level.signal
            x0 = denoiser.x0(x / signal.clamp(min=1e-3), torch.as_tensor(level.noise))
            return (x - x0) / level.noise if kind == "flow" else (x - signal * x0) / level.noise

        return predict

    def first(self, strength: float) -> int:
        """diffusers' own img2img rule."""
        return self.steps - min(int(self.steps * round(float(strength), 6)), self.steps)

    def run(self, first: int, wrap=None):
        scheduler = self.new()
        scheduler.set_timesteps(self.steps)
        schedule = schedule_of(scheduler)
        kind = predicts(scheduler)
        x = noised(self.init, self.noise, schedule.starts[first])
        calls = len(scheduler.timesteps) // self.steps + (len(scheduler.timesteps) > self.steps)
        begin = first * calls
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(begin)
        model = self.model(schedule, kind)
        ask, finish = (model, lambda x: x) if wrap is None else wrap(scheduler, schedule, model)
        draws = "generator" in scheduler.step.__code__.co_varnames
        for t in scheduler.timesteps[begin:]:
            if hasattr(scheduler, "scale_model_input"):
                scheduler.scale_model_input(x, t)  # as a pipeline does; the model scales itself
            prediction = ask(x, t.view(1))
            generator = {}
            if draws:
                generator["generator"] = torch.Generator().manual_seed(int(float(t) * 1000))
            x = scheduler.step(prediction, t, x, **generator).prev_sample
        return finish(x)

    def plain(self, strength: float):
        return self.run(self.first(strength))

    def held(self, strength, repair: bool = True):
        """Result, and the denoiser that watched held pixels."""
        strength = np.broadcast_to(np.asarray(strength, np.float32), (8, 8))
        start = np.vectorize(self.first)(strength).astype(np.int16)
        start[start >= self.steps] = NEVER

        watched = []

        def wrap(scheduler, schedule, model):
            sampler = sampler_of(scheduler)
            hold = Hold(
                self.init, self.noise, torch.from_numpy(start)[None, None], schedule, 0,
                sampler if repair else replace(sampler, memory=None), predicts(scheduler),
            )  # fmt: skip
            watched.append(Held(hold, model))
            return watched[0], hold.finish

        return self.run(0, wrap), watched[0]


def measure(row: SchedulerRow) -> dict:
    return bench.measure(SchedulerBench(row), SchedulerBench(row, local=True))
