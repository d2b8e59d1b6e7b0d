"""diffusers' schedulers as the hold sees them: levels, model calls per step, memory.

A pipeline calls `model(latents, t)` and then `scheduler.step(prediction, t, latents)`. Put
`Hold.denoise` around the first and the second needs nothing: `latents` is the scheduler's own
tensor. diffusers itself is not imported here; a scheduler is known by its class name.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import torch

from ..levels import Level, Schedule, flow, ve, vp
from ..repair import Fill
from ..samplers import Run, Sampler

VE = ("EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete", "KDPM2Discrete",
      "KDPM2AncestralDiscrete")  # fmt: skip
FLOW = ("FlowMatchEulerDiscrete",)
SIGMA_VP = ("DPMSolverMultistep", "DEISMultistep", "UniPCMultistep")
ALPHA_VP = ("DDIM", "DDPM", "LCM")
TWO_CALLS = ("HeunDiscrete", "KDPM2Discrete", "KDPM2AncestralDiscrete")
MULTISTEP = {"DPMSolverMultistep", "DEISMultistep"}


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
    timesteps = scheduler.timesteps[:: 2 if name in TWO_CALLS else 1]
    if name in TWO_CALLS:
        # two calls a step: sigmas and timesteps are doubled, but for the first
        timesteps = torch.cat([scheduler.timesteps[:1], scheduler.timesteps[1::2]])
    levels = [_level(scheduler, name, t) for t in timesteps]
    by_time = {float(t): level for t, level in zip(timesteps, levels)}
    times = [float(t) for t in timesteps]

    def at(timestep: torch.Tensor) -> Level:
        time = float(timestep.reshape(-1)[0])
        if time in by_time:
            return by_time[time]
        return _level(scheduler, name, timestep.reshape(-1)[0])  # a call between two steps

    return Schedule([*levels, levels[-1]], levels, [*times, 0.0], at)


def _level(scheduler: Any, name: str, timestep: torch.Tensor) -> Level:
    if name in ALPHA_VP:
        return vp(scheduler.alphas_cumprod[int(timestep)])
    index = int((scheduler.timesteps == timestep.to(scheduler.timesteps)).nonzero()[0])
    sigma = scheduler.sigmas[index]
    if name == "KDPM2Discrete" or name == "KDPM2AncestralDiscrete":
        # the even calls are the steps; the odd ones ask at the interpolated sigma
        sigma = (scheduler.sigmas if index % 2 == 0 else scheduler.sigmas_interpol)[index]
    if name in FLOW:
        return flow(sigma)
    if name in VE:
        return ve(sigma)
    alpha = 1 / (sigma**2 + 1) ** 0.5
    return Level(alpha, sigma * alpha)


class SchedulerFill(Fill):
    """`Fill` for schedulers that list their converted answers, oldest first."""

    def __init__(self, scheduler: Any, run: Run):
        sigmas = [float(level.noise) / float(level.signal) for level in run.schedule.levels]
        lambdas = [-torch.tensor(s).log().item() for s in sigmas]
        super().__init__(run.start, run.first, scheduler.config.solver_order, lambdas)
        self.scheduler = scheduler

    def after(self, x, answer, sigma, step, again):
        kept = [m for m in reversed(self.scheduler.model_outputs) if m is not None]
        self.kept = deque(kept)
        if kept:
            self.mend(self.scheduler.convert_model_output(answer, sample=x), step)


class UniPCFill(SchedulerFill):
    """UniPC corrects x by the newest answer before its step: a pixel released now must come out
    of that as it went in. Exact in the first step; its second corrector keeps the run's order."""

    def after(self, x, answer, sigma, step, again):
        super().after(x, answer, sigma, step, again)
        if step == self.first or step not in self.starts or self.scheduler.last_sample is None:
            return
        x0 = self.scheduler.convert_model_output(answer, sample=x)
        i = self.scheduler.step_index
        (a, s), (a_0, s_0) = (self._alpha_sigma(k) for k in (i, i - 1))
        h = (a.log() - s.log()) - (a_0.log() - s_0.log())
        last = (x + a * torch.expm1(-h) * x0) * s_0 / s
        kept = self.scheduler.last_sample
        self.scheduler.last_sample = torch.where(self.start == step, last, kept)

    def _alpha_sigma(self, index: int):
        sigma = self.scheduler.sigmas[index]
        alpha = 1 / (sigma**2 + 1) ** 0.5
        return alpha, sigma * alpha


def sampler_of(scheduler: Any) -> Sampler:
    """Traits of a scheduler, its memory within reach."""
    name = family(scheduler)
    memory = None
    if name in MULTISTEP:
        memory = lambda run: SchedulerFill(scheduler, run)  # noqa: E731
    elif name == "UniPCMultistep":
        memory = lambda run: UniPCFill(scheduler, run)  # noqa: E731
    calls = 2 if name in TWO_CALLS else 1
    return Sampler(lambda i, n: calls, memory=memory)


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
