"""What this host lacks: checked at startup, so that no job fails halfway because of it.

The job class, the sampler classes and the functions that are called are looked up by name, and a
made-up latent of either rank is held once. What is missing switches off only what needs it.
"""

from __future__ import annotations

import functools
import importlib
import logging

import torch

from ..errors import FieldError
from ..sampling.calls import Habits, Model, SamplerCall
from ..sampling.draws import Draws
from ..sampling.hold import Hold
from ..sampling.noise_levels import noised, sigma_schedule
from ..sampling.start_steps import NEVER

logger = logging.getLogger("diffdiff")

JOB = "modules.processing:StableDiffusionProcessingImg2Img"
TEXT = "modules.processing:StableDiffusionProcessingTxt2Img"
KDIFFUSION = "modules.sd_samplers_kdiffusion:KDiffusionSampler"
NEEDS = {
    "the panel": (
        "modules.scripts:Script.process_before_every_sampling",
        f"{JOB}.init",
        f"{JOB}.sample",
        f"{KDIFFUSION}.sample_img2img",
        f"{KDIFFUSION}.get_sigmas",
        "modules.sd_samplers_common:setup_img2img_steps",
    ),
    "soft inpaint": (
        "modules.processing:create_binary_mask",
        "modules.processing:create_random_tensors",
        "modules.masking:fill",
        "modules.sd_samplers_common:images_tensor_to_samples",
    ),
    "sheet": ("modules.sd_samplers:create_sampler", "modules.processing:create_infotext"),
    "diffedit": ("modules.processing:process_images", "modules.scripts:ScriptRunner"),
    "words": ("modules.processing:process_images", "modules.scripts:ScriptRunner"),
    "hires": (
        f"{TEXT}.sample_hr_pass",
        f"{TEXT}.img2img_image_conditioning",
        "modules.processing:decode_latent_batch",
    ),
    "inverted": ("modules.prompt_parser:SdConditioning",),
    "friendly": ("modules.prompt_parser:SdConditioning", "modules.extra_networks:parse_prompt"),
}


@functools.lru_cache(maxsize=1)
def missing() -> dict[str, str]:
    """Return feature -> what it lacks here; checked once, and logged, a line each."""
    found = {}
    for feature, names in NEEDS.items():
        lacking = [name.replace(":", ".") for name in names if not _there(name)]
        if lacking:
            found[feature] = f"this WebUI has no {' and no '.join(lacking)}"
    try:
        held_once()
    except Exception as error:
        found["the panel"] = f"holding a latent fails ({type(error).__name__}: {error})"
    for feature, why in found.items():
        logger.error("Differential Diffusion: %s is switched off, because %s", feature, why)
    return found


def check(features: dict[str, str]) -> None:
    """Check that all features of a job are available.

    Args:
        features: name of `NEEDS` -> field of the request that needs it.

    Raises:
        FieldError: the field.
    """
    for feature, field in features.items():
        if feature in missing():
            problem = f"{feature} is switched off, because {missing()[feature]}"
            raise FieldError(field, problem, "Update the WebUI, or the extension.")


def _there(name: str) -> bool:
    module, _, path = name.partition(":")
    try:
        owner = importlib.import_module(module)
    except ImportError:
        return False
    for part in path.split("."):
        if not hasattr(owner, part):
            return False
        owner = getattr(owner, part)
    return True


def held_once() -> None:
    """Hold made-up latents of four and of five dimensions.

    Raises:
        RuntimeError: a kept cell has changed, or a free one has not.
    """
    sigmas = torch.tensor([4.0, 2.0, 1.0, 0.0])
    for shape in ((2, 4, 2, 2), (2, 4, 1, 2, 2)):
        init, noise = torch.full(shape, 0.5), torch.ones(shape)
        start = torch.tensor([0, 1, 2, NEVER], dtype=torch.int16)
        start = start.view(1, 1, *[1] * (len(shape) - 4), 2, 2)
        schedule = sigma_schedule(sigmas, rank=len(shape))
        hold = Hold(init, noise, start, schedule, 0, Habits(by_level=False, exact=True))

        def euler(model: Model, x: torch.Tensor, sigmas: torch.Tensor) -> torch.Tensor:
            for s, s_next in zip(sigmas[:-1], sigmas[1:]):
                answer = hold.denoise(model, x, s * x.new_ones(len(x)))  # noqa: B023
                x = x + (x - answer) / s * (s_next - s)
            return x

        x = noised(init, noise, schedule.starts[0])
        call = SamplerCall(euler, sigmas=sigmas)
        model = lambda x, sigma: torch.tanh(x)  # noqa: E731
        result = hold.run(call, model, x, model, Draws())
        if not torch.equal(result[..., 1, 1], init[..., 1, 1]) or torch.equal(result, init):
            raise RuntimeError(f"a latent of shape {list(shape)} was not held")
