"""What the host is and can do: the only place that knows its private names.

A1111, Forge, Forge Neo and reForge differ in these things, and so will the next one. Each function
checks for a capability, never for the name of a host.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from modules import sd_samplers_common, shared
from torch import Tensor

from ..patching import attribute
from ..sampling.noise_levels import Schedule, flow, sigma_schedule, timestep_schedule, ve

# --- the model ---------------------------------------------------------------------------------


def engine() -> Any | None:
    """Return the model's parts, which Forge and its forks keep apart; None for one module."""
    return getattr(shared.sd_model, "forge_objects", None)


def inner_model() -> Any:
    """Return the object whose `apply_model` is called at every step."""
    parts = engine()
    return shared.sd_model if parts is None else parts.unet.model


def is_loaded() -> bool:
    """Return whether a model is loaded, without causing one to load."""
    data = getattr(sys.modules.get("modules.sd_models"), "model_data", None)
    model = getattr(data, "sd_model", None)
    return any(hasattr(model, name) for name in ("forge_objects", "get_first_stage_encoding"))


def is_flow() -> bool:
    """Return whether the loaded model uses flow matching (SD3, Flux, Z-Image, Qwen-Image, ...)."""
    predictor = getattr(inner_model(), "predictor", None)
    sampling = getattr(inner_model(), "model_sampling", None)
    return (
        hasattr(shared.sd_model, "add_noise_to_latent")
        or getattr(predictor, "prediction_type", None) == "const"
        or any(base.__name__ == "CONST" for base in type(sampling).__mro__)
    )


def schedule_of(sampler: Any, p: Any, steps: int, like: Tensor) -> Schedule:
    """Return the full schedule of a run, by the sampler's own rule. Call it within the run:
    flow models shift it by settings of the job, and some by its size."""
    if hasattr(sampler, "get_timesteps"):
        alphas = shared.sd_model.alphas_cumprod.to(like.device)
        return timestep_schedule(sampler.get_timesteps(p, steps), alphas, steps, like.ndim)
    sigmas = sampler.get_sigmas(p, steps)
    if engine() is not None:
        sigmas = sigmas.to(like.device)
    return sigma_schedule(sigmas, flow if is_flow() else ve, like.ndim)


def model_sigmas(sampler: Any) -> Tensor:
    """Return all noise levels of a model without flow matching, rising: `[T]`."""
    model = sampler.model_wrap
    return getattr(model, "predictor", model).sigmas


def cell() -> int:
    """Return the pixels of a latent cell. A video's autoencoder has one ratio per axis, time
    first."""
    ratio = getattr(getattr(engine(), "vae", None), "downscale_ratio", 0) or 8
    return int(ratio[-1] if isinstance(ratio, (tuple, list)) else ratio)


# --- the kind of model: reference models, video, PiD -------------------------------------------


def _about() -> Any | None:
    """Return Forge Neo's record of the loaded model's kind."""
    return getattr(sys.modules.get("backend.args"), "dynamic_args", None)


def frames_in_batch() -> bool:
    """Return whether the model takes the batch size as the number of frames of one video."""
    return bool(getattr(shared.sd_model, "is_wan", False) and getattr(_about(), "wan", False))


def one_at_a_time() -> bool:
    """Return whether the model takes one picture per call, because it also reads reference
    pictures."""
    about = _about()
    return bool(getattr(about, "ref_latents", None)) or any(
        getattr(about, kind, False) for kind in ("edit", "kontext", "klein", "krea2")
    )


def starts_from_noise() -> bool:
    """Return whether the model's init latent is not a picture (PiD: noise, with a small
    picture)."""
    return bool(getattr(_about(), "pid", False))


@contextmanager
def references_kept() -> Iterator[None]:
    """Keep the model's reference pictures as they are, for the duration of a `with`: each encode
    with an edit model would leave one behind, for the prompt that comes next."""
    model, about = shared.sd_model, _about()
    owners = [
        (owner, name)
        for owner, name in ((model, "ini_latent"), (model, "ref_latents"), (about, "ref_latents"))
        if owner is not None and hasattr(owner, name)
    ]
    before = [getattr(owner, name) for owner, name in owners]
    copies = [list(value) if isinstance(value, list) else value for value in before]
    try:
        yield
    finally:
        for (owner, name), value, copy in zip(owners, before, copies):
            if isinstance(value, list):
                value[:] = copy
            setattr(owner, name, value)


# --- the job -----------------------------------------------------------------------------------


def latent_mask(p: Any) -> np.ndarray | None:
    """Return the job's own inpaint mask at latent size, 1 = change: float32 `[1, 1, h, w]`; None
    without. Hosts keep it with channels, and some with a batch and a frame in front."""
    if getattr(p, "nmask", None) is None:
        return None
    mask = p.nmask.float().cpu().numpy()
    return mask.reshape(-1, *mask.shape[-2:])[:1][None]


def mask_blur(p: Any) -> tuple[float, ...]:
    """Return the job's mask blur in pixels, (x, y)."""
    return p.mask_blur_x, p.mask_blur_y


def no_mask_blur(p: Any) -> dict[str, float]:
    """Return attributes of a job that leave its mask sharp."""
    blur = getattr(type(p), "mask_blur_x", None)
    if isinstance(blur, property) and blur.fset is None:
        return {"mask_blur": 0}
    return {"mask_blur_x": 0, "mask_blur_y": 0}


def has_refiner(p: Any) -> bool:
    """Return whether the job has a refiner."""
    return getattr(p, "refiner_checkpoint", None) not in (None, "", "None", "none")


def without_scripts() -> Any:
    """Return the scripts of an inner job: none. Some hosts read them without checking."""
    from modules.scripts import ScriptRunner

    return ScriptRunner()


def further_settings(p: Any) -> dict[str, Any]:
    """Return settings of a job that its inner job needs too, where the host has them."""
    return {
        name: getattr(p, name)
        for name in ("distilled_cfg_scale", "scheduler")
        if getattr(p, name, None) is not None
    }


def noise_sources(sampler: Any) -> list[tuple[Any, str]]:
    """Return what the host's samplers draw from: its replacement for `randn_like`."""
    rng = getattr(getattr(sampler, "p", None), "rng", None)
    return [(rng, "next")] if hasattr(rng, "next") else []


def settings() -> int:
    """Return a number that changes with Settings: sampler functions of some hosts read them."""
    return hash(repr(sorted(getattr(shared.opts, "data", {}).items(), key=repr)))


def shortest_run(function: Callable[..., Any]) -> int:
    """Return the steps that a sampler function needs beyond its first one: UniPC's order, on
    A1111."""
    is_unipc = getattr(function, "__name__", "") == "unipc"
    return getattr(shared.opts, "uni_pc_order", 0) if is_unipc else 0


def interruption() -> BaseException | None:
    """Return the exception of the host's Interrupt and Skip; None while neither is pressed."""
    state = shared.state
    return sd_samplers_common.InterruptedException() if state.interrupted or state.skipped else None


def prepare_once(sampler: Any, x: Tensor, stack: ExitStack) -> None:
    """Load the model once for several runs: on Forge and its forks every run would load it, and the
    first to end would clean up for all."""
    module, parts = sys.modules[type(sampler).__module__], engine()
    if parts is not None and hasattr(module, "sampling_prepare"):
        unet = parts.unet
        module.sampling_prepare(unet, x=x)
        stack.callback(module.sampling_cleanup, unet)
        nothing = {"sampling_prepare": lambda *a, **k: None, "sampling_cleanup": lambda *a: None}
        stack.enter_context(attribute(module, **nothing))


@contextmanager
def capture_cond_uncond(denoiser: Any) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Capture the denoiser's answers for the prompt and the negative prompt before guidance mixes
    them, for the duration of a `with`: `[n, C, ..., h, w]` each, a pair for every call."""
    answers: list[tuple[Tensor, Tensor]] = []
    inner: Any = getattr(denoiser.inner_model, "inner_model", None)
    if hasattr(inner, "forge_objects"):
        unet = inner.forge_objects.unet

        def after(args: dict[str, Any]) -> Tensor:
            answers.append((args["cond_denoised"], args["uncond_denoised"]))
            return args["denoised"]

        options = {**unet.model_options, "sampler_post_cfg_function": [after]}
        with attribute(unet, model_options=options):
            yield answers
        return
    plain = denoiser.combine_denoised

    def combine(x_out: Tensor, conds_list: list[Any], uncond: Any, cond_scale: float) -> Tensor:
        uncond_answers = x_out[-len(conds_list) :]
        query = torch.stack(
            [
                negative + sum((x_out[at] - negative) * weight for at, weight in conds)
                for negative, conds in zip(uncond_answers, conds_list)
            ]
        )
        answers.append((query, uncond_answers))
        return plain(x_out, conds_list, uncond, cond_scale)

    with attribute(denoiser, combine_denoised=combine):
        yield answers


# --- threads and errors ------------------------------------------------------------------------


def _main_thread() -> Any | None:
    return sys.modules.get("modules_forge.main_thread")


def on_main_thread(work: Callable[[], Any]) -> Any:
    """Run work on the model where the host does: Forge and its forks have one thread for it."""
    thread = _main_thread()
    return thread.run_and_wait_result(work) if thread else work()


def loses_errors(p: Any) -> bool:
    """Return whether the page would lose an error of a job: its main thread only prints it."""
    thread = _main_thread()
    return thread is not None and not hasattr(thread, "last_exception") and not is_api(p)


class _Failed:
    """Stands for the result of a task that failed: using it raises the error."""

    def __init__(self, error: Exception):
        self.error = error

    def __iter__(self) -> Iterator[Any]:
        raise self.error


def keep_error(p: Any, error: Exception) -> None:
    """Note the error that a job is about to raise. Where the page would lose it, it becomes the
    result of the task that this job is: what the task returns, if it goes on, replaces it."""
    thread = _main_thread()
    if thread is None or not loses_errors(p):
        return
    for frame, _ in traceback.walk_stack(None):
        if frame.f_code.co_name == "work":
            task: Any = frame.f_locals.get("self")
            if isinstance(task, thread.Task):
                task.result = _Failed(error)
                return


def is_api(p: Any) -> bool:
    """Return whether the job comes from the API."""
    return bool(getattr(p, "is_api", False))


def make_temp_folder() -> None:
    """Create the folder that Settings names for temporary pictures: without it some hosts show
    nothing, and report nothing."""
    folder = getattr(shared.opts, "temp_dir", "")
    if folder:
        os.makedirs(folder, exist_ok=True)
