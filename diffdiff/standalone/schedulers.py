"""diffusers' schedulers as the hold sees them: levels, model calls per step, memory.

A pipeline calls `model(latents, t)` and then `scheduler.step(prediction, t, latents)`. Put
`Hold.denoise` around the first and the second needs nothing: `latents` is the scheduler's own
tensor. diffusers itself is not imported here; a scheduler is known by its class name.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import torch

from ..levels import Level, Schedule, flow, ve, vp
from ..repair import Fill
from ..samplers import Run, Sampler

VE = ("EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete")
FLOW = ("FlowMatchEulerDiscrete",)
SIGMA_VP = ("DPMSolverMultistep", "DEISMultistep", "UniPCMultistep")
ALPHA_VP = ("DDIM", "DDPM", "LCM")
TWO_CALLS = ("HeunDiscrete",)


def family(scheduler: Any) -> str:
    """Class name without "Scheduler".

    Raises:
        ValueError: the scheduler is not supported.
    """
    name = type(scheduler).__name__.removesuffix("Scheduler")
    known = (*VE, *FLOW, *SIGMA_VP, *ALPHA_VP)
    if name not in known:
        raise ValueError(f"scheduler: {name} is not supported. Use one of: {', '.join(known)}.")
    return name


def schedule_of(scheduler: Any) -> Schedule:
    """The full schedule of a scheduler whose `set_timesteps` has been called."""
    name = family(scheduler)
    timesteps = scheduler.timesteps
    if name in TWO_CALLS:
        # the second call of a step is the first of the next: all but the first are doubled
        timesteps = torch.cat([timesteps[:1], timesteps[1::2]])
    levels = [_level(scheduler, name, t) for t in timesteps]
    times = timesteps.tolist()

    def at(timestep: torch.Tensor) -> Level:
        return levels[times.index(timestep.reshape(-1)[0].item())]

    return Schedule([*levels, levels[-1]], levels, [*map(float, times), 0.0], at)


def _level(scheduler: Any, name: str, timestep: torch.Tensor) -> Level:
    if name in ALPHA_VP:
        return vp(scheduler.alphas_cumprod[int(timestep)])
    index = int((scheduler.timesteps == timestep.to(scheduler.timesteps)).nonzero()[0])
    sigma = scheduler.sigmas[index]
    if name in FLOW:
        return flow(sigma)
    if name in VE:
        return ve(sigma)
    alpha = 1 / (sigma**2 + 1) ** 0.5
    return Level(alpha, sigma * alpha)


class SchedulerFill(Fill):
    """`Fill` for schedulers that list their converted answers, oldest first."""

    def __init__(self, scheduler: Any, run: Run):
        self.scheduler, self.levels = scheduler, run.schedule.levels
        lambdas = [math.log(float(signal) / float(noise)) for signal, noise in self.levels]
        super().__init__(run.start, run.first, scheduler.config.solver_order, lambdas)

    def after(self, x, answer, sigma, step, again):
        if step == self.first:
            return
        self.kept = deque(m for m in reversed(self.scheduler.model_outputs) if m is not None)
        self.repair(x, self.scheduler.convert_model_output(answer, sample=x), step)

    def repair(self, x, converted, step: int) -> None:
        """converted: the answer as the scheduler keeps it."""
        self.mend(converted, step)


class UniPCFill(SchedulerFill):
    """UniPC corrects x by the newest answer before its step: a pixel released now must come out
    of that as it went in. Exact in the first step; its second corrector keeps the run's order."""

    def repair(self, x, converted, step):
        super().repair(x, converted, step)
        if step not in self.starts:
            return
        (a, s), (_, s_0) = self.levels[step], self.levels[step - 1]
        h = self.coordinates[step] - self.coordinates[step - 1]
        last = (x + a * math.expm1(-h) * converted) * s_0 / s
        kept = self.scheduler.last_sample
        self.scheduler.last_sample = torch.where(self.start == step, last, kept)


FILLS = {
    "DPMSolverMultistep": SchedulerFill,
    "DEISMultistep": SchedulerFill,
    "UniPCMultistep": UniPCFill,
}


def sampler_of(scheduler: Any) -> Sampler:
    """Traits of a scheduler, its memory within reach."""
    name = family(scheduler)
    fill = FILLS.get(name)
    calls = 2 if name in TWO_CALLS else 1
    return Sampler(lambda i, n: calls, memory=fill and (lambda run: fill(scheduler, run)))


def predicts(scheduler: Any) -> str:
    """What the pipeline's model answers, in the hold's words.

    Raises:
        ValueError: v-prediction and sample-prediction models come with the standalone engine.
    """
    if family(scheduler) in FLOW:
        return "flow"
    kind = getattr(scheduler.config, "prediction_type", "epsilon")
    if kind != "epsilon":
        raise ValueError(f"prediction_type: {kind} is not supported yet. Use an epsilon model.")
    return "eps"
