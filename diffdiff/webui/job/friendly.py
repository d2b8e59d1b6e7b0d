"""The friendly anchor in a job: its inversion, by the host's own sampler and denoiser.

An inversion is kept for further edits. Its key is all that a run of the sampler depends on: the
latent, the prompts as the model gets them, the schedule, the options, other scripts' settings.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np
import torch
from modules import extra_networks, sd_samplers, shared
from PIL import Image

from ...errors import FieldError
from ...lru import LruCache
from ...patching import attribute
from ...sampling.calls import Habits, SamplerCall
from ...sampling.draws import Draws
from ...sampling.friendly import Friendly, Inversion, Inverting, OtherQuestions
from ...sampling.friendly_trial import refusal
from ...sampling.probe import habits_of
from ...settings.schema import EditArgs
from .. import host, host_hires
from . import inversion_prompts
from .shown import show

KEPT = 4  # inversions, the latest ones
DEPTH = 8  # of what a key is made of
known: LruCache[str, Inversion] = LruCache(KEPT)


class Reference(NamedTuple):
    """What an image is explained by.

    arguments: of the denoiser instead of the run's. seeds: of the pictures. about: what else
    of the job the model's answers depend on.
    """

    arguments: dict[str, Any]
    seeds: list[int]
    about: Any


def check(p: Any) -> None:
    """Check that a job can have a friendly anchor, as far as can be told before it runs.

    Raises:
        FieldError: "anchor".
    """
    if host.has_refiner(p):
        problem = "friendly does not work with a refiner"
        raise FieldError("anchor", problem, "Switch the refiner off, or use noised")
    if host_hires.is_text_job(p):
        problem = "friendly is for img2img"
        raise FieldError("anchor", problem, "Use noised, or send the picture to img2img")


def reference(
    p: Any, args: EditArgs, first: int | None, count: int, filled: bool
) -> Reference | None:
    """Return what explains the pictures of a job; None for another anchor, and for a run that has
    nothing to do.

    Args:
        first: the run's first step, if any.
        count: pictures in the batch.
        filled: whether masked content replaces a part of them.

    Raises:
        FieldError: "anchor".
    """
    if args.anchor != "friendly" or first is None:
        return None
    if filled:
        problem = "friendly begins with the original, and Masked content replaces it"
        raise FieldError("anchor", problem, "Set Masked content to original, or use noised")
    conditioning: dict[str, Any] = {}
    text = extra_networks.parse_prompt(args.reference.strip())[0]
    if text:
        conditioning["cond"] = inversion_prompts.prompts(p, [text] * count)[0]
        if args.anchor_guidance is not None:
            conditioning["cond_scale"] = args.anchor_guidance
    else:
        cond, uncond = inversion_prompts.empty(p, count)
        conditioning = {"cond": cond, "uncond": uncond, "cond_scale": 1.0, "s_min_uncond": 0.0}
    about = [
        str(getattr(shared.sd_model, "sd_model_checkpoint", "")),
        host.settings(),
        getattr(p, "extra_network_data", None),
        _others(p),
        p.sampler_name,
        getattr(p, "scheduler", None),
        getattr(p, "tiling", None),
        getattr(p, "image_cfg_scale", None),
        getattr(p, "distilled_cfg_scale", None),
    ]
    return Reference(conditioning, [int(seed) for seed in p.seeds[:count]], about)


def _others(p: Any) -> list[Any]:
    """Return the settings of the other scripts that run in a job."""
    values = list(p.script_args or ())
    for script in getattr(p.scripts, "alwayson_scripts", ()):
        if type(script).__module__.split(".")[0] == "diffdiff":
            values[script.args_from : script.args_to] = []
    return values


def hold(run: Any, call: SamplerCall, denoiser: Any, x: torch.Tensor, begin: int) -> Friendly:
    """Return the hold of an edit along the inversion of the job's latent.

    Args:
        run: `sampler_hook.HeldRun` of the full schedule.
        call: the sampler's.
        denoiser: what the host calls it with.
        x: `[B, C, ..., h, w]`, where the host begins.
        begin: the first step that needs the model.

    Raises:
        FieldError: "anchor".
    """
    sources = host.noise_sources(run.sampler)
    habits = habits_of(
        call, denoiser, run.schedule, run.first, x, run.predicts, sources, host.settings()
    )
    init = run.init.to(x)
    arguments = call.extra | run.reference.arguments
    key = _digest([init, arguments, run.reference[1:], _plain(call.options)])
    inversion, calls = known.get(key), 0
    if inversion is None:
        why = refusal(
            call, denoiser, run.schedule, x, run.predicts, sources, habits, not host.is_flow()
        )
        if why:
            raise refused(run.sampler, why)
        inversion = known.put(key, _invert(run, call, denoiser, x, init, habits))
        calls = len(inversion.calls)
    weight = run.ladder.weight
    friendly = Friendly(
        inversion,
        init,
        torch.from_numpy(run.ladder.start).to(x.device),
        run.schedule,
        run.first,
        habits,
        run.predicts,
        None if weight is None else torch.from_numpy(weight).to(x),
        begin,
    )
    friendly.inverted = calls
    friendly.deliver = lambda beside, kwargs: call.deliver(denoiser, beside, kwargs)
    return friendly


def cost(hold: Any) -> str:
    """Return what an inversion has cost, for the job's report; empty: there was none to make."""
    calls = getattr(hold, "inverted", 0)
    return f" and {calls} for the inversion" if calls else ""


def refused(sampler: Any, why: str | OtherQuestions) -> FieldError:
    """Return the error for a sampler that cannot have a friendly anchor."""
    job = getattr(sampler, "p", None)
    problem = f"friendly does not work with {getattr(job, 'sampler_name', 'this sampler')}: {why}"
    also = "set its eta to 1, " if hasattr(sampler, "get_timesteps") else ""
    others = drawing()
    use = f"use a sampler that draws noise, such as {', '.join(others)}" if others else ""
    remedy = ", ".join(part for part in (also.rstrip(", "), use) if part)
    remedy = (remedy or "use another sampler") + ", or anchor noised"
    return FieldError("anchor", problem, remedy[0].upper() + remedy[1:])


def drawing() -> list[str]:
    """Return names of the host's samplers whose functions take a noise sampler, a few of them."""
    found = []
    for data in getattr(sd_samplers, "all_samplers", ()):
        try:
            function = sd_samplers.create_sampler(data.name, shared.sd_model).func
        except Exception:  # a sampler for other models
            continue
        if "noise_sampler" in SamplerCall(function).known and "adaptive" not in data.name:
            found.append(data.name)
    return found[:6]


def _invert(
    run: Any,
    call: SamplerCall,
    denoiser: Any,
    x: torch.Tensor,
    init: torch.Tensor,
    habits: Habits,
) -> Inversion:
    """Run the sampler from the top of the schedule, under the reference prompt."""
    extra = call.extra | run.reference.arguments
    source = SamplerCall(call.function, **(call.silent | {"extra_args": extra}))
    inverting = Inverting(init, run.reference.seeds, run.schedule, habits)
    plain = denoiser.forward
    shared.state.sampling_steps += len(run.schedule)

    def forward(x: torch.Tensor, sigma: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        kwargs = source.overheard(kwargs, lambda name, value: inverting.also(name, x, value))
        answer = inverting.denoise(plain, x, sigma, **kwargs)
        if getattr(denoiser, "need_last_noise_uncond", False):
            inverting.also("last_noise_uncond", x, denoiser.last_noise_uncond)
        show(run.sampler, inverting)
        shared.state.sampling_step += 1
        return answer

    draws = Draws(host.noise_sources(run.sampler))
    try:
        with attribute(denoiser, forward=forward, mask=None, nmask=None):
            inverting.run(source, denoiser, x.clone(), denoiser, draws)
    finally:
        denoiser.step = 0  # the prompt's schedule begins with the run
    return inverting.found


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a sampler's call that are values."""
    kinds = (bool, int, float, str, torch.Tensor)
    return {k: v for k, v in options.items() if isinstance(v, kinds)}


def _digest(value: Any) -> str:
    """Return a key of a value with all that is in it."""
    digest = hashlib.sha256()

    def add(value: Any, depth: int) -> None:
        digest.update(type(value).__name__.encode())
        if isinstance(value, torch.Tensor):
            digest.update(repr((value.shape, value.dtype)).encode())
            digest.update(
                value.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
                if value.numel() and value.ndim
                else repr(value).encode()
            )
        elif isinstance(value, np.ndarray):
            digest.update(repr((value.shape, value.dtype)).encode() + value.tobytes())
        elif isinstance(value, Image.Image):
            digest.update(repr((value.size, value.mode)).encode() + value.tobytes())
        elif depth == DEPTH:
            digest.update(repr(value).encode())
        elif isinstance(value, dict):
            for key, item in value.items():
                digest.update(repr(key).encode())
                add(item, depth + 1)
        elif isinstance(value, (list, tuple)):
            for item in value:
                add(item, depth + 1)
        elif hasattr(value, "__dict__") and not callable(value):
            add(vars(value), depth + 1)
        else:
            digest.update(repr(value).encode())

    add(value, 0)
    return digest.hexdigest()
