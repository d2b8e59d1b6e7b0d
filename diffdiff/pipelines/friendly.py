"""The friendly anchor on diffusers: the pipeline runs once under the reference prompt, then edits.

Both runs are the pipeline's own, with a scheduler whose noise is zero; the first records what the
second one follows (`diffdiff.sampling.friendly`), and is kept for further edits of the picture.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import torch
from torch import Tensor

from ..errors import FieldError
from ..sampling.calls import Habits
from ..sampling.draws import fixed
from ..sampling.friendly import Friendly, Inversion, Inverting
from ..sampling.noise_levels import Schedule
from ..settings.run import RunArgs
from ..settings.schema import changed
from .scheduler_choice import create, names
from .schedulers import family, predicts

KEPT = 4  # inversions of an engine, the latest ones
LATENT = ("sd", "sdxl", "sd3", "flux")  # families whose pipelines can leave out the decoding
DISTILLED = ("flux",)  # their guidance is an input of the model


class Invert:
    """Makes the hold of a run that is inverted. seeds: one for each picture."""

    def __init__(self, seeds: list[int]):
        self.seeds = seeds

    def hold(
        self,
        init: Tensor,
        noise: Tensor,
        start: Tensor,
        schedule: Schedule,
        first: int,
        habits: Habits,
        *_: Any,
        **__: Any,
    ) -> Inverting:
        return Inverting(init, self.seeds, schedule, habits)

    def warm(self, held: Any) -> None:
        """Prepare the scheduler: there is nothing before a whole run."""


class Follow:
    """Makes the hold of an edit along an inversion."""

    def __init__(self, inversion: Inversion):
        self.inversion = inversion

    def hold(
        self,
        init: Tensor,
        noise: Tensor,
        start: Tensor,
        schedule: Schedule,
        first: int,
        habits: Habits,
        predicts: str,
        weight: Tensor | None,
    ) -> Friendly:
        number = 0 if habits.opens is None else habits.opens[first]
        return Friendly(
            self.inversion, init, start, schedule, first, habits, predicts, weight, first, number
        )

    def warm(self, held: Any) -> None:
        """Give a scheduler that remembers the answers of the steps which are skipped."""
        scheduler = held.scheduler
        if not held.forks.remembers or not held.begin:
            return
        scheduler.is_scale_input_called = True  # some warn otherwise
        scheduler.set_begin_index(0)
        device = held.hold.init.device
        for call, timestep in zip(self.inversion.calls[: held.begin], held.timesteps):
            assert call.anchor is not None  # the inversion of a pipeline keeps its anchors
            x, answer = call.anchor.to(device), call.answer.to(device)
            with fixed(x.shape[-2:]):
                type(scheduler).step(scheduler, answer, timestep, x)
        scheduler.set_begin_index(held.begin)


def noisy(scheduler: Any) -> Any:
    """Return a scheduler as the friendly anchor uses it: the solver of LEDITS++ draws noise."""
    kind = type(scheduler).__name__, str(getattr(scheduler.config, "algorithm_type", ""))
    if kind[0] != "DPMSolverMultistepScheduler" or kind[1].startswith("sde"):
        return scheduler
    return type(scheduler).from_config(scheduler.config, algorithm_type="sde-dpmsolver++")


def options(scheduler: Any) -> dict[str, Any]:
    """Return arguments of the pipeline's call that the scheduler needs: DDIM's noise."""
    return {"eta": 1.0} if type(scheduler).__name__ == "DDIMScheduler" else {}


def draws_noise(scheduler: Any) -> bool:
    """Return whether a scheduler's steps draw noise, found by two of them on a few pixels."""
    x, reached = torch.zeros(1, 4, 2, 2), []
    learned = str(getattr(scheduler.config, "variance_type", "")).startswith("learned")
    for value in (0.0, 1.0):
        fresh, now = type(scheduler).from_config(scheduler.config), x
        fresh.set_timesteps(4)
        for timestep in fresh.timesteps[: 2 * fresh.order]:
            if hasattr(fresh, "scale_model_input"):
                fresh.scale_model_input(now, timestep)
            answer = torch.zeros(1, 8 if learned else 4, 2, 2)
            with torch.random.fork_rng([]), fixed((2, 2), value):
                now = fresh.step(answer, timestep, now, **options(fresh)).prev_sample
        reached.append(now)
    return not torch.equal(*reached)


def check(job: Any) -> None:
    """Check that a job can have a friendly anchor.

    Raises:
        FieldError: "anchor", "reference".
    """
    if predicts(job.scheduler) != "flow" and not draws_noise(job.scheduler):
        name = type(job.scheduler).__name__.removesuffix("Scheduler")
        problem = f"friendly needs a scheduler that draws noise, and {name} draws none"
        others = (create(kind, job.scheduler) for kind in names(False))
        serve = [family(other) for other in others if draws_noise(noisy(other))]
        raise FieldError("anchor", problem, f"Use scheduler {', '.join(serve)}, or anchor noised")
    if job.refines:
        raise FieldError("anchor", "friendly does not work with a refiner", "Use noised")
    if job.engine.family == "if-2" or getattr(job.engine.second, "family", "") == "if-2":
        problem = "friendly works on the first stage of DeepFloyd IF only"
        raise FieldError("anchor", problem, "Leave out its second stage, or use noised")
    embedded = any(name.endswith("_embeds") for name in job.extra)
    if embedded and not isinstance(job.extra.get("reference"), dict):
        problem = "the prompt is given as embeddings, the reference prompt is not"
        raise FieldError("reference", problem, "Give its arguments too, as reference={...}")


def run(job: Any, progress: Any, strength: float) -> tuple[list[Any], int]:
    """Invert the job's picture if its inversion is not known, and edit along it.

    Args:
        job: `diffdiff.pipelines.job.Job`.
        progress: called with (model calls made, model calls in all).
        strength: at which the pipeline begins with the first step that is needed.

    Returns:
        The pictures, and the model calls.
    """
    engine, calls = job.engine, 0
    key, later = _key(job), job.run.steps * job.scheduler.order

    def moved(done: int, of: int) -> None:
        if progress is not None:
            progress(calls + done, calls + of + (0 if calls else later))

    inversion = engine.inversions.get(key)
    if inversion is None:
        output = "latent" if engine.family in LATENT else "pt"
        held, _ = job.part(
            engine,
            moved,
            strength=1.0,
            anchor=Invert(job.seeds),
            **options(job.scheduler),
            instead={**_reference(job), "output_type": output},
        )
        inversion = engine.inversions.put(key, held.hold.found)
        calls = held.calls
    held, pictures = job.part(
        engine, moved, strength=strength, anchor=Follow(inversion), **options(job.scheduler)
    )
    return pictures, calls + held.calls


def _reference(job: Any) -> dict[str, Any]:
    """Return the arguments of the pipeline's call that say what the picture shows."""
    args, embedded = job.args, job.extra.get("reference")
    guidance = args.anchor_guidance
    if embedded is not None:
        return embedded | ({} if guidance is None else {"guidance_scale": guidance})
    if args.reference.strip():
        more = {} if guidance is None else {"guidance_scale": guidance}
        return {"prompt": args.reference, **more}
    alone = {} if job.engine.family in DISTILLED else {"guidance_scale": 1.0}
    return {"prompt": "", "negative_prompt": None, **alone}


def _key(job: Any) -> str:
    """Return a key of everything that the inversion depends on."""
    run, args = job.run, job.args
    kept = ("prompt", "strength", "switch", "scheduler")
    instead = _reference(job)
    inputs = {
        "picture": hashlib.sha256(job.source.tobytes()).hexdigest(),
        "size": job.source.size,
        "run": {k: v for k, v in changed(RunArgs(**vars(run))).items() if k not in kept},
        "scheduler": [type(job.scheduler).__name__, dict(job.scheduler.config)],
        "reference": [args.reference.strip(), args.anchor_guidance],
        "extra": {
            name: _digest(v)
            for name, v in job.extra.items()
            if name not in instead and not _of_edit(name)
        },
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def _of_edit(name: str) -> bool:
    """Return whether an argument of the pipeline's call says what the edit is to show."""
    return name == "prompt" or (name.endswith("_embeds") and not name.startswith("negative"))


def _digest(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return hashlib.sha256(value.detach().float().cpu().numpy().tobytes()).hexdigest()
    if isinstance(value, dict):
        return {str(k): _digest(v) for k, v in value.items()}
    return repr(value)
