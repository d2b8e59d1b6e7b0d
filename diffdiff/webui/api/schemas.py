"""The requests of the endpoints. Pictures are base64 or data URLs; nothing names a file."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from ...errors import FieldError
from ...settings.click import ClickArgs
from ...settings.schema import parse
from ...settings.sources import DiffEditArgs, WordsArgs


class RunSize(BaseModel):
    """The size of the run."""

    width: int | None = Field(
        default=None,
        ge=8,
        le=16384,
        title="Width",
        description="Width of the run in pixels; default: the image's.",
    )
    height: int | None = Field(
        default=None,
        ge=8,
        le=16384,
        title="Height",
        description="Height of the run in pixels; default: the image's.",
    )


class PreviewRequest(RunSize, extra="forbid"):
    """A map to preview."""

    args: dict[Any, Any] | None = Field(
        default=None, title="Settings", description="As in alwayson_scripts, including the map."
    )
    image: str | None = Field(
        default=None,
        title="Image",
        description="The image of the map. Without it, only a sent map.",
    )
    mask: str | None = Field(
        default=None,
        title="Mask",
        description="Inpaint mask, for source mask and for mode soft inpaint.",
    )
    inpainting_mask_invert: int = Field(
        default=0,
        ge=0,
        le=1,
        title="Mask mode",
        description="0: inpaint masked. 1: inpaint not masked.",
    )
    inpaint_full_res: bool = Field(
        default=False,
        title="Only masked",
        description="Inpaint only masked, for mode soft inpaint.",
    )
    inpaint_full_res_padding: int = Field(
        default=0, ge=0, le=16384, title="Only masked padding", description="Padding in pixels."
    )
    resize_mode: int = Field(
        default=0,
        ge=0,
        le=3,
        title="Resize mode",
        description="As in img2img, 0 to 3, for mode soft inpaint.",
    )
    prompt: str = Field(
        default="", title="Prompt", description="Prompt of the run, for source diffedit."
    )
    steps: int = Field(
        default=20, ge=1, le=1000, title="Steps", description="Sampling steps of the run."
    )
    sampler_name: str | None = Field(
        default=None,
        title="Sampler",
        description="Sampler of the run. With it, the response has `starts`.",
    )
    scheduler: str | None = Field(
        default=None, title="Scheduler", description="Schedule type of the run."
    )
    denoising_strength: float = Field(
        default=0.75, ge=0, le=1, title="Denoising strength", description="Denoising strength."
    )


class DiffEditRequest(RunSize, DiffEditArgs, extra="forbid"):
    """Two prompts and an image."""

    image: str = Field(default="", title="Image", description="The image of the map.")
    reference: str = Field(
        default="", title="Reference prompt", description="What the image shows."
    )
    query: str = Field(default="", title="Query prompt", description="What it should show.")


class WordsRequest(RunSize, WordsArgs, extra="forbid"):
    """Words and an image."""

    image: str = Field(default="", title="Image", description="The image of the map.")


class ClickRequest(RunSize, ClickArgs, extra="forbid"):
    """Points and an image."""

    image: str = Field(default="", title="Image", description="The image of the map.")


class AdherenceRequest(BaseModel, extra="forbid"):
    """Two images and the map between them."""

    before: str = Field(default="", title="Before", description="The input image.")
    after: str = Field(default="", title="After", description="The result, of the same size.")
    map: str = Field(default="", title="Change map", description="White changes, black is kept.")
    bins: int = Field(
        default=10, ge=1, le=100, title="Bins", description="Number of strength ranges."
    )


PICTURES: dict[type[BaseModel], tuple[str, ...]] = {
    PreviewRequest: (),
    DiffEditRequest: ("image",),
    WordsRequest: ("image",),
    ClickRequest: ("image",),
    AdherenceRequest: ("before", "after", "map"),
}


def read(body: Any, model: type[BaseModel]) -> Any:
    """Check the request in a body.

    Raises:
        FieldError: names the field.
    """
    request = parse(body, model)
    for name in PICTURES[model]:
        if not getattr(request, name):
            raise FieldError(name, "there is no picture", "Send one as base64 or a data URL")
    return request
