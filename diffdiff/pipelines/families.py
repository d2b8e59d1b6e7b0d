"""The model families, and how their diffusers img2img pipelines differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import FieldError
from ..sampling.start_steps import DiffusersRule


@dataclass(frozen=True)
class Family:
    """One family.

    Attributes:
        name, about: for people.
        pipeline: the img2img class in diffusers.
        classes: starts of the class names that its checkpoints may carry in `model_index.json`.
        upwards: a run of strength s makes `ceil(s * steps)` steps, not `int(s * steps)`.
        multiple: sides of the working size are multiples of it, in pixels.
        factor: `factor(pipe)` pixels of a side make one of the grid that is denoised.
        marks: parts of the key names of its single-file checkpoints.
    """

    name: str
    about: str
    pipeline: str
    classes: tuple[str, ...]
    upwards: bool = False
    multiple: int = 8
    factor: Callable[[Any], int] = lambda pipe: pipe.vae_scale_factor
    marks: tuple[str, ...] = ()

    @property
    def rule(self) -> DiffusersRule:
        """Strength -> start step, as this family's pipelines compute it."""
        return DiffusersRule(self.upwards)


def _kandinsky_factor(pipe: Any) -> int:
    return 2 ** (len(pipe.movq.config.block_out_channels) - 1)


FAMILIES = (
    Family(
        "sd",
        "Stable Diffusion 1.x and 2.x",
        "StableDiffusionImg2ImgPipeline",
        ("StableDiffusionPipeline", "StableDiffusionImg2Img", "StableDiffusionInpaint"),
        marks=("model.diffusion_model.input_blocks.", "cond_stage_model."),
    ),
    Family(
        "sdxl",
        "Stable Diffusion XL, and its refiner as a second model",
        "StableDiffusionXLImg2ImgPipeline",
        ("StableDiffusionXL",),
        marks=("model.diffusion_model.input_blocks.", "conditioner.embedders."),
    ),
    Family(
        "sd3",
        "Stable Diffusion 3 and 3.5",
        "StableDiffusion3Img2ImgPipeline",
        ("StableDiffusion3",),
        True,
        16,
        marks=("joint_blocks.",),
    ),
    Family(
        "flux",
        "Flux.1",
        "FluxImg2ImgPipeline",
        ("FluxPipeline", "FluxImg2Img"),
        True,
        16,
        marks=("double_blocks.", "img_in."),
    ),
    Family(
        "kandinsky",
        "Kandinsky 2.2",
        "KandinskyV22Img2ImgCombinedPipeline",
        ("KandinskyV22",),
        multiple=64,
        factor=_kandinsky_factor,
    ),
    Family(
        "if",
        "DeepFloyd IF, stage I, and stage II as a second model",
        "IFImg2ImgPipeline",
        ("IFPipeline", "IFImg2ImgPipeline", "IFInpaintingPipeline"),
        factor=lambda pipe: 1,
    ),
    Family(
        "if-2",
        "DeepFloyd IF, stage II",
        "IFImg2ImgSuperResolutionPipeline",
        ("IFSuperResolution", "IFImg2ImgSuperResolution", "IFInpaintingSuperResolution"),
        factor=lambda pipe: 1,
    ),
)


def of_class(name: str) -> Family:
    """Return the family of a diffusers pipeline class.

    Raises:
        FieldError: none has it.
    """
    # the longest start wins: StableDiffusion3 is not StableDiffusionPipeline
    found = [(len(c), f) for f in FAMILIES for c in f.classes if name.startswith(c)]
    if not found:
        raise _unsupported(f"{name or 'it'} is of no supported family")
    return max(found, key=lambda pair: pair[0])[1]


def of_keys(keys: list[str]) -> Family:
    """Return the family of a single-file checkpoint, by the names of its tensors.

    Raises:
        FieldError: none fits.
    """
    for family in FAMILIES:
        if family.marks and all(any(mark in key for key in keys) for mark in family.marks):
            return family
    raise _unsupported("the file's tensors are of no supported family")


def _unsupported(problem: str) -> FieldError:
    names = "; ".join(f.about for f in FAMILIES)
    return FieldError("model", problem, f"Use one of: {names}.")
