"""DiffEdit on the host's own model: a small job whose sampler compares two prompts.

The prompts go the host's way (syntax, styles, extra networks, SDXL's sizes), as the prompt and the
negative prompt of an img2img job that makes no picture. The model's answers are cached, so that
everything after it costs nothing.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from modules import devices, extra_networks, processing, sd_samplers_common, shared
from PIL import Image
from torch import Tensor

from ..errors import FieldError
from ..lru import LruCache
from ..maps import diffedit
from ..patching import attribute
from ..sampling.noise_levels import flow, ve
from ..settings.sources import DiffEditArgs, check_prompts
from . import host

SAMPLER, STEPS = "Euler", 20  # steps: for prompts that change along a run
CELLS = 40960  # latent cells of one call, unless set otherwise: ten of 64x64
KEPT = 16  # answers of the model, the latest ones
SIDE = 8  # pixels of a latent cell

known: LruCache[str, Tensor] = LruCache(KEPT)


class Asked(NamedTuple):
    """What a map is found from.

    picture: RGB. reference, query: prompts; styles: names of those that the query gets.
    width, height: size of the run that the map is for, pixels. override_settings: the job's own;
    told: further settings of the job's object.
    """

    picture: Image.Image
    reference: str
    query: str
    width: int
    height: int
    styles: tuple[str, ...] = ()
    override_settings: dict[str, Any] | None = None
    told: dict[str, Any] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """The size that the model sees: the picture's shape, about as many pixels as the run
        has."""
        width, height = self.picture.size
        scale = (self.width * self.height / (width * height)) ** 0.5
        return tuple(max(round(side * scale / SIDE), 1) * SIDE for side in (width, height))


class Found(NamedTuple):
    """stack: as `differences` returns it. calls: model evaluations that it cost now."""

    stack: Tensor
    calls: int


def differences(asked: Asked, args: DiffEditArgs, ask: bool = True) -> Tensor | None:
    """Return the model's answers (`maps.diffedit.differences`): float32 `[n, h, w]`, on the CPU.

    Args:
        ask: False to have what is known, or None.

    Raises:
        FieldError: "query", "diffedit_level", "model"; "run" for an interrupted one.
    """
    made = found(asked, args, ask)
    return None if made is None else made.stack


def found(asked: Asked, args: DiffEditArgs, ask: bool = True) -> Found | None:
    """Return the same with its cost; arguments and errors as for `differences`."""
    check_prompts(asked.reference, asked.query)
    key = _key(asked, args)
    stack = known.get(key)
    if stack is not None:
        return Found(stack, 0)
    if not ask:
        return None
    stack = known.put(key, _find(asked, args))
    return Found(stack, 2 * len(stack))  # both prompts with each noise


def _key(asked: Asked, args: DiffEditArgs) -> str:
    told = asked._asdict() | {
        "picture": hashlib.sha256(asked.picture.tobytes()).hexdigest(),
        "size": asked.size,
        "noises": (args.diffedit_noises, args.diffedit_level, args.diffedit_seed),
        # the settings that a prompt or a model is read by
        "options": {
            name: value
            for name, value in shared.opts.data.items()
            if name in ("sd_model_checkpoint", "sd_vae", "CLIP_stop_at_last_layers", "emphasis",
                        "forge_additional_modules", "forge_unet_storage_dtype")
        },
        "styles": [str(shared.prompt_styles.styles.get(name)) for name in asked.styles],
    }  # fmt: skip
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _find(asked: Asked, args: DiffEditArgs) -> Tensor:
    width, height = asked.size
    p = processing.StableDiffusionProcessingImg2Img(
        sd_model=shared.sd_model, prompt=asked.query, styles=list(asked.styles),
        negative_prompt=extra_networks.parse_prompt(asked.reference)[0], seed=0, batch_size=1,
        n_iter=1, steps=STEPS, cfg_scale=2.0, width=width, height=height,
        do_not_save_samples=True, do_not_save_grid=True, init_images=[asked.picture],
        denoising_strength=0.5, resize_mode=0, sampler_name=SAMPLER,
        # skipping the negative prompt's part would skip the reference
        override_settings={**(asked.override_settings or {}), "skip_early_cond": 0.0},
    )  # fmt: skip
    p.cfg_scale, p.restore_faces, p.tiling = 2.0, False, False
    p.scripts = host.without_scripts()
    for name, value in {"scheduler": "Automatic", **(asked.told or {})}.items():
        setattr(p, name, value)
    found: list[Any] = []
    plain = p.init

    def init(*some: Any, **more: Any) -> None:
        plain(*some, **more)
        if getattr(shared.sd_model, "cond_stage_key", None) == "edit":
            remedy = "Load another checkpoint"
            raise FieldError("model", "DiffEdit is not for InstructPix2Pix checkpoints", remedy)
        function = _comparer(p, args, found)
        p.sampler.func = functools.wraps(p.sampler.func)(function)
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
    if not found:
        raise FieldError("run", "interrupted before there was a map", "Start it again")
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def _comparer(p: Any, args: DiffEditArgs, found: list) -> Callable:
    """Make a sampler function that calls the denoiser for both prompts; `found` gets the
    answers."""

    def compare(denoiser: Any, x: Tensor, *some: Any, extra_args=None, **more: Any) -> Tensor:
        init = p.init_latent[:1].to(x)
        level, sigma = _level(p.sampler, args.diffedit_level)
        generator = torch.Generator().manual_seed(args.diffedit_seed)
        noises = diffedit.draw(init, args.diffedit_noises, generator)
        step = int((1 - args.diffedit_level) * p.steps)
        shared.state.sampling_steps, shared.state.sampling_step = 2 * len(noises), 0
        shared.state.textinfo = "Differential Diffusion: finding the map"

        def predict(x: Tensor) -> tuple[Tensor, Tensor]:
            try:
                return ask(x)
            except RuntimeError as error:
                if not _out_of_memory(error) or len(x) == 1:
                    raise
            devices.torch_gc()
            parts = [predict(part) for part in x.chunk(2)]
            return torch.cat([a for a, _ in parts]), torch.cat([b for _, b in parts])

        def ask(x: Tensor) -> tuple[Tensor, Tensor]:
            own = {name: _repeated(value, len(x)) for name, value in extra_args.items()}
            own |= {"cond_scale": 2.0, "s_min_uncond": 0.0}
            denoiser.step = step
            with host.told_apart(denoiser) as answers:
                denoiser(x, x.new_full((len(x),), sigma), **own)
            return answers[0]

        def moved(done: int, of: int) -> None:
            shared.state.sampling_step = done

        batch = args.diffedit_batch or max(CELLS // (init.shape[-1] * init.shape[-2]), 1)
        if host.one_at_a_time() or host.frames_in_batch():
            batch = 1
        try:
            found.append(diffedit.differences(predict, init, level, noises, batch, moved))
        except sd_samplers_common.InterruptedException:
            pass
        except FieldError as error:  # hosts tell errors of a sampler in their own way
            found.append(error)
        return x

    return compare


def _level(sampler: Any, part: float) -> tuple[Any, float]:
    """Return the noise level at a fraction of the schedule, and its value for a k-diffusion
    denoiser."""
    if host.is_flow():
        if not 0 < part < 1:
            remedy = "Use a number above 0 and below 1; the paper uses 0.5"
            raise FieldError("diffedit_level", f"{part} is not a noise level here", remedy)
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


def _out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in str(error).lower()
