"""diffusers' schedulers as the hold sees them: levels, model calls per step, prediction type.

A pipeline calls `model(latents, t)` and then `scheduler.step(prediction, t, latents)`. `Hold` goes
around the first, `forks.Forks` instead of the second. diffusers itself is not imported here;
a scheduler is known by its class name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ..sampling.calls import Habits
from ..sampling.noise_levels import Level, Schedule, flow, ve, vp

VE = (
    "EulerDiscrete",
    "EulerAncestralDiscrete",
    "HeunDiscrete",
    "LMSDiscrete",
    "KDPM2Discrete",
    "KDPM2AncestralDiscrete",
    "DPMSolverSDE",
)
FLOW = ("FlowMatchEulerDiscrete", "FlowMatchHeunDiscrete")
# levels from sigmas, variance preserving (or flow matching, where the configuration says so)
SIGMA_VP = (
    "DPMSolverMultistep",
    "DPMSolverSinglestep",
    "DEISMultistep",
    "UniPCMultistep",
    "SASolver",
)
ALPHA_VP = ("DDIM", "DDPM", "LCM", "TCD", "PNDM")
MULTISTEP = (*SIGMA_VP, "LMSDiscrete", "PNDM")
"""Those that remember answers from step to step (`forks`)."""

PREDICTIONS = {"epsilon": "eps", "v_prediction": "v", "sample": "x0", "flow_prediction": "flow"}


def family(scheduler: Any) -> str:
    """Return a scheduler's class name without "Scheduler".

    Raises:
        ValueError: the scheduler is not supported.
    """
    name = type(scheduler).__name__.removesuffix("Scheduler")
    known = (*VE, *FLOW, *SIGMA_VP, *ALPHA_VP)
    if name not in known:
        raise ValueError(f"scheduler: {name} is not supported. Use one of: {', '.join(known)}.")
    if name == "PNDM" and not scheduler.config.skip_prk_steps:
        # their Runge-Kutta steps are tied to the top of the schedule: img2img cannot enter later
        raise ValueError("scheduler: PNDM needs skip_prk_steps=True, as Stable Diffusion has it.")
    return name


def schedule_of(scheduler: Any, index: Callable[[], int] | None = None) -> Schedule:
    """Return the full schedule of a scheduler whose `set_timesteps` has been called.

    index: the place of the call to come in `timesteps`; without it the call's timestep is looked
        up, which waits for the device that it is on.

    PNDM lists its second timestep twice: it has one step more than requested, and img2img
    counts in that list.
    """
    times = scheduler.timesteps.tolist()
    called = [level(scheduler, i) for i in range(len(times))]
    levels = called[:: scheduler.order]

    def at(timestep: Tensor) -> Level:
        if index is not None:
            return called[index()]
        return called[times.index(timestep.reshape(-1)[0].item())]

    coordinates = [*map(float, times[:: scheduler.order]), 0.0]
    return Schedule([*levels, levels[-1]], levels, coordinates, at)


def level(scheduler: Any, i: int) -> Level:
    """Return the level of the model call at `timesteps[i]`."""
    name = family(scheduler)
    if name in ALPHA_VP:
        return vp(scheduler.alphas_cumprod[int(scheduler.timesteps[i])])
    if name in VE:
        return ve(_sigma(scheduler, name, i))
    sigma = scheduler.sigmas[i]
    if name in FLOW or getattr(scheduler.config, "use_flow_sigmas", False):
        return flow(sigma)
    alpha = 1 / (sigma**2 + 1) ** 0.5
    return Level(alpha, sigma * alpha)


def _sigma(scheduler: Any, name: str, i: int) -> Tensor:
    """Return sigma of call i. Odd calls are the second of their step: Heun's lies on the next
    step's level, the others' between the two."""
    if i % scheduler.order == 0 or name == "HeunDiscrete":
        return scheduler.sigmas[i]
    if name == "KDPM2Discrete":
        return scheduler.sigmas_interpol[i]
    if name == "KDPM2AncestralDiscrete":
        return scheduler.sigmas_interpol[i - 1]
    # DPMSolverSDE: half way in log sigma
    return (scheduler.sigmas[i - 1] * scheduler.sigmas[i]) ** 0.5


def habits_of(scheduler: Any) -> Habits:
    """Return the habits of a scheduler. Nothing is replayed: `scheduler_forks.Forks` handles its
    memory."""
    family(scheduler)
    calls = len(scheduler.timesteps)
    return Habits(opens=tuple(range(0, calls, scheduler.order)), by_level=False, exact=True)


def predicts(scheduler: Any) -> str:
    """Return what the pipeline's model predicts, in the hold's terms: "eps", "v", "x0" or "flow".

    Raises:
        ValueError: the scheduler is not supported, or its `prediction_type` is none of these.
    """
    if family(scheduler) in FLOW:
        return "flow"
    kind = getattr(scheduler.config, "prediction_type", "epsilon")
    if kind not in PREDICTIONS:
        raise ValueError(
            f"prediction_type: {kind} is not supported. Use one of: {', '.join(PREDICTIONS)}."
        )
    return PREDICTIONS[kind]
