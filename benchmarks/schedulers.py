"""Rows of the conformance table for diffusers' schedulers, by their own `step`."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffdiff.pipelines.scheduler_forks import Forks
from diffdiff.pipelines.schedulers import MULTISTEP, family, habits_of, predicts, schedule_of
from diffdiff.sampling.hold import Hold
from diffdiff.sampling.noise_levels import noised
from diffdiff.sampling.start_steps import DIFFUSERS, NEVER, StartSteps

from . import bench
from .bench import Denoiser, Held

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


@dataclass(frozen=True)
class SchedulerRow:
    """One scheduler. "Replayed": every step draws noise, the same for the same step."""

    name: str
    scheduler: str
    tolerance: float = 0
    options: tuple = ()


def _row(name: str, scheduler: str, tolerance: float = 0, **options) -> SchedulerRow:
    scheduler = f"{scheduler}Scheduler"
    return SchedulerRow(f"diffusers {name}", scheduler, tolerance, (*options.items(),))


ROWS = [
    _row("DDIM", "DDIM", clip_sample=False),
    _row("DDPM, replayed", "DDPM", clip_sample=False),
    _row("LCM, replayed", "LCM"),
    _row("TCD, replayed", "TCD"),
    _row("PNDM", "PNDM", skip_prk_steps=True, steps_offset=1),
    _row("Euler", "EulerDiscrete"),
    _row("Euler a, replayed", "EulerAncestralDiscrete"),
    _row("Heun", "HeunDiscrete"),
    _row("LMS", "LMSDiscrete"),
    _row("KDPM2", "KDPM2Discrete"),
    _row("KDPM2 a, replayed", "KDPM2AncestralDiscrete"),
    _row("DPM++ SDE, seeded", "DPMSolverSDE", noise_sampler_seed=0),
    _row("DPM++ 2M", "DPMSolverMultistep"),
    _row("DPM++ 2M SDE", "DPMSolverMultistep", algorithm_type="sde-dpmsolver++"),
    _row("DPM++ 3M", "DPMSolverMultistep", solver_order=3),
    _row("DPM++ 2S", "DPMSolverSinglestep", lower_order_final=True),
    _row("DPM++ 3S", "DPMSolverSinglestep", solver_order=3, lower_order_final=True),
    _row("DEIS", "DEISMultistep", solver_order=3),
    _row("UniPC, order 2", "UniPCMultistep"),
    _row("UniPC, order 3", "UniPCMultistep", solver_order=3),
    _row("SASolver, replayed", "SASolver"),
    _row("flow Euler", "FlowMatchEulerDiscrete"),
    _row("flow Heun", "FlowMatchHeunDiscrete"),
    _row(
        "flow DPM++ 2M",
        "DPMSolverMultistep",
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
    ),
    _row("flow UniPC", "UniPCMultistep", prediction_type="flow_prediction", use_flow_sigmas=True),
]


class SchedulerBench:
    """One scheduler, one denoiser: plain img2img loops and held ones, as a pipeline runs them."""

    def __init__(self, row: SchedulerRow, local: bool = False, steps: int = 20):
        import diffusers

        self.row, self.steps = row, steps
        options = dict(row.options)
        if not row.scheduler.startswith("Flow"):
            options = BETAS | options
        made = getattr(diffusers, row.scheduler)(**options)
        self.new = lambda: copy.deepcopy(made)
        self.local = local
        g = torch.Generator().manual_seed(3)
        self.init, self.noise = (torch.randn(1, 4, 8, 8, generator=g) for _ in range(2))

    def model(self, schedule, kind):
        """Predicts eps, v, x0 or the flow's velocity out of the bench's own x0."""
        denoiser = Denoiser(self.local)

        def predict(x, t):
            level = schedule.at(t)
            signal = torch.ones(()) if level.signal is None else level.signal
            x0 = denoiser.x0(x / signal.clamp(min=1e-3), torch.as_tensor(level.noise))
            if kind == "x0":
                return x0
            if kind == "flow":
                return (x - x0) / level.noise
            eps = (x - signal * x0) / level.noise
            if kind == "eps":
                return eps
            size = (signal**2 + level.noise**2) ** 0.5
            return (signal * eps - level.noise * x0) / size

        return predict

    @property
    def memory(self) -> str:
        """Whether it has one: a fork takes the place of a replay."""
        return "forked" if family(self.new()) in MULTISTEP else "0"

    def first(self, strength: float) -> int:
        """diffusers' own img2img rule."""
        return self.steps - min(int(self.steps * round(float(strength), 6)), self.steps)

    def run(self, first: int, ladder: StartSteps | None = None, replay: bool = True):
        """The loop of a pipeline, from step `first` on.

        Args:
            ladder: start steps `[1, 1, h, w]` of a held run; None = plain img2img.
            replay: False leaves the scheduler's memory alone.

        Returns:
            Result, and the denoiser that watched held pixels (None of a plain run).
        """
        scheduler = self.new()
        scheduler.set_timesteps(self.steps)
        schedule, kind = schedule_of(scheduler), predicts(scheduler)
        begin = first * scheduler.order
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(begin)
        model, watched = self.model(schedule, kind), None
        if ladder is not None:
            start, weight = (None if a is None else torch.from_numpy(a.copy()) for a in ladder[:2])
            hold = Hold(
                self.init, self.noise, start, schedule, first, habits_of(scheduler), kind, weight
            )
            watched = Held(hold, model)
            self.forks = Forks(scheduler, start if replay else start * 0 + NEVER, weight)
        draws = "generator" in scheduler.step.__code__.co_varnames
        x = noised(self.init, self.noise, schedule.starts[first])
        for t in scheduler.timesteps[begin:]:
            if hasattr(scheduler, "scale_model_input"):
                scheduler.scale_model_input(x, t)  # as a pipeline does; the model scales itself
            drawn = {}
            if draws:
                drawn["generator"] = torch.Generator().manual_seed(int(float(t) * 1000))
            if watched is None:
                x = scheduler.step(model(x, t.view(1)), t, x, **drawn).prev_sample
            else:
                answer = watched(x, t.view(1))
                x = self.forks.step(answer, t, x, at=hold.step, **drawn).prev_sample
        return (x, None) if watched is None else (hold.finish(x), watched)

    def plain(self, strength: float) -> Tensor:
        return self.run(self.first(strength))[0]

    def held(self, strength, replay: bool = True, first: int = 0, transition: float = 0.0):
        """Result, and the denoiser that watched held pixels. strength: scalar or `[8, 8]`."""
        strength = np.broadcast_to(np.asarray(strength, np.float32), (1, 1, 8, 8))
        return self.run(first, DIFFUSERS(strength, self.steps, self.steps - 1, transition), replay)


def measure(row: SchedulerRow, steps: int = 20) -> dict:
    return bench.measure(
        SchedulerBench(row, steps=steps), SchedulerBench(row, local=True, steps=steps)
    )
