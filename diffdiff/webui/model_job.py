"""Ask the host's own model: a small img2img job that makes no picture.

Its prompts go the host's way (syntax, styles, extra networks, SDXL's sizes), and in place of its
sampler's function something else asks the denoiser.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import torch
from modules import devices, processing, sd_samplers_common, shared
from PIL import Image
from torch import Tensor

from ..errors import FieldError
from ..images.pictures import digest
from ..maps import diffedit
from ..patching import attribute
from ..sampling.noise_levels import flow, ve
from . import host

SAMPLER, STEPS = "Euler", 20  # steps: for prompts that change along a run
CELLS = 40960  # latent cells of one call, unless set otherwise: ten of 64x64
SIDE = 8  # pixels of a latent cell
OPTIONS = (  # settings that a prompt or a model is read by
    "sd_model_checkpoint",
    "sd_vae",
    "CLIP_stop_at_last_layers",
    "emphasis",
    "forge_additional_modules",
    "forge_unet_storage_dtype",
)
Answer = TypeVar("Answer")


class Call(NamedTuple):
    """What a question to the model gets. denoiser: the sampler's own. init: `[1, C, ..., h, w]`.
    extra: the denoiser's further arguments."""

    p: Any
    denoiser: Any
    init: Tensor
    extra: dict[str, Any]

    def batch(self, most: int | None = None) -> int:
        """Return how many latents one call takes."""
        if host.one_at_a_time() or host.frames_in_batch():
            return 1
        return most or max(CELLS // (self.init.shape[-1] * self.init.shape[-2]), 1)

    def ask(self, x: Tensor, sigma: float, scale: float, part: float) -> None:
        """Call the denoiser. scale: of guidance; part: of the schedule, for prompts that change."""
        arguments = {name: _repeated(value, len(x)) for name, value in self.extra.items()}
        arguments |= {"cond_scale": scale, "s_min_uncond": 0.0}
        self.denoiser.step = int((1 - part) * self.p.steps)
        self.denoiser(x, x.new_full((len(x),), sigma), **arguments)


def size_of(picture: Image.Image, width: int, height: int) -> tuple[int, int]:
    """Return the size that the model sees: the picture's shape, about as many pixels as the run
    has."""
    scale = (width * height / (picture.width * picture.height)) ** 0.5
    return tuple(max(round(side * scale / SIDE), 1) * SIDE for side in picture.size)


def key(inputs: dict[str, Any], picture: Image.Image, name: str | None = None) -> str:
    """Return what the model's answer depends on, as one text: inputs, the picture, the options.

    name: the picture's `digest`, where it is known.
    """
    inputs = inputs | {
        "picture": name or digest(picture),
        "options": {name: v for name, v in shared.opts.data.items() if name in OPTIONS},
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def run(
    picture: Image.Image,
    size: tuple[int, int],
    prompt: str,
    negative: str,
    question: Callable[[Call], Answer],
    styles: tuple[str, ...] = (),
    override_settings: dict[str, Any] | None = None,
    further: dict[str, Any] | None = None,
) -> Answer:
    """Run a job of one picture whose sampler is a question, and return its answer.

    Args:
        size: (width, height) at which the model sees the picture.
        question: may raise a FieldError.
        further: further settings of the job's object.

    Raises:
        FieldError: that of the question; "run" for an interrupted one.
    """
    width, height = size
    p = processing.StableDiffusionProcessingImg2Img(
        sd_model=shared.sd_model,
        prompt=prompt,
        styles=list(styles),
        negative_prompt=negative,
        seed=0,
        batch_size=1,
        n_iter=1,
        steps=STEPS,
        cfg_scale=2.0,
        width=width,
        height=height,
        do_not_save_samples=True,
        do_not_save_grid=True,
        init_images=[picture],
        denoising_strength=0.5,
        resize_mode=0,
        sampler_name=SAMPLER,
        # skipping the negative prompt's part would skip half of the question
        override_settings={**(override_settings or {}), "skip_early_cond": 0.0},
    )
    p.cfg_scale, p.restore_faces, p.tiling = 2.0, False, False
    p.scripts = host.without_scripts()
    for name, value in {"scheduler": "Automatic", **(further or {})}.items():
        setattr(p, name, value)
    answers: list[Any] = []
    plain = p.init

    def ask(
        denoiser: Any, x: Tensor, *some: Any, extra_args: dict[str, Any] | None = None, **more: Any
    ) -> Tensor:
        shared.state.textinfo = "Differential Diffusion: finding the map"
        try:
            answers.append(question(Call(p, denoiser, p.init_latent[:1].to(x), extra_args or {})))
        except sd_samplers_common.InterruptedException:
            pass
        except FieldError as error:  # hosts tell errors of a sampler in their own way
            answers.append(error)
        return x

    def init(*some: Any, **more: Any) -> None:
        plain(*some, **more)
        p.sampler.func = functools.wraps(p.sampler.func)(ask)
        sample = p.sample

        def no_picture(**named: Any) -> Any:
            sample(**named)
            return processing.DecodedSamples([torch.zeros(3, SIDE, SIDE)])

        p.sample = no_picture

    p.init = init
    # the host's VAE draws from the global generator: the job that waits must find it as it was
    cuda = [devices.device] if devices.device.type == "cuda" else []
    try:
        # and the host's bar counts its own jobs
        with (
            torch.random.fork_rng(cuda),
            attribute(shared.state, job_count=1, job_no=0),
            host.references_kept(),
        ):
            processing.process_images(p)
    finally:
        p.close()
    if not answers:
        raise FieldError("run", "interrupted before there was a map", "Start it again")
    if isinstance(answers[0], Exception):
        raise answers[0]
    return answers[0]


def halved(x: Tensor, ask: Callable[[Tensor], Answer]) -> list[Answer]:
    """Return the answers for some latents: of all at once, or of parts where the memory is
    short.

    Raises:
        RuntimeError: that of the model, where one alone is too much.
    """
    try:
        return [ask(x)]
    except RuntimeError as error:
        if not out_of_memory(error) or len(x) == 1:
            raise
    devices.torch_gc()
    return [answer for part in x.chunk(2) for answer in halved(part, ask)]


def level_of(sampler: Any, part: float, field: str) -> tuple[Any, float]:
    """Return the noise level at a fraction of the schedule, and its value for a k-diffusion
    denoiser.

    Raises:
        FieldError: `field`.
    """
    if host.is_flow():
        if not 0 < part < 1:
            remedy = "Use a number above 0 and below 1; the paper uses 0.5"
            raise FieldError(field, f"{part} is not a noise level here", remedy)
        return flow(part), part
    sigmas = host.model_sigmas(sampler)
    sigma = float(sigmas[diffedit.noise_timestep(part, len(sigmas))])
    return ve(sigma), sigma


def _repeated(value: Any, count: int) -> Any:
    """Repeat the sampler's inputs for one picture for several of it."""
    if hasattr(value, "batch"):
        return type(value)((count, *value.shape[1:]), list(value.batch) * count)
    if torch.is_tensor(value):
        return value[:1].expand(count, *value.shape[1:])
    return value * count if isinstance(value, list) else value


def out_of_memory(error: RuntimeError) -> bool:
    """Return whether an error says that the memory is full."""
    return isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in str(error).lower()
