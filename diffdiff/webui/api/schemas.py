"""What the endpoints are asked with. Pictures are base64 or data URLs; nothing names a file."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from ...errors import FieldError
from ...settings.schema import parse
from ...settings.sources import DiffEditArgs


class RunSize(BaseModel):
    """The size that a run would have."""

    width: int | None = Field(
        None, ge=8, le=16384, title="Width", description="Of the run; left out, the picture's."
    )
    height: int | None = Field(
        None, ge=8, le=16384, title="Height", description="Of the run; left out, the picture's."
    )


class PreviewRequest(RunSize, extra="forbid"):
    """A map to look at."""

    args: dict | None = Field(
        None, title="Settings", description="As in alwayson_scripts, the map among them."
    )
    image: str | None = Field(
        None, title="Picture", description="That the map is for. Left out: only the sent map."
    )
    mask: str | None = Field(
        None, title="Mask", description="For source mask, and for mode soft inpaint."
    )
    inpainting_mask_invert: int = Field(
        0, ge=0, le=1, title="Mask mode", description="1: what is not masked is inpainted."
    )
    inpaint_full_res: bool = Field(
        False, title="Only masked", description="Of the run, for mode soft inpaint."
    )
    inpaint_full_res_padding: int = Field(
        0, ge=0, le=16384, title="Only masked padding", description="Pixels of the picture."
    )
    resize_mode: int = Field(
        0, ge=0, le=3, title="Resize mode", description="Of the run, for mode soft inpaint."
    )
    prompt: str = Field("", title="Prompt", description="Of the run, for source diffedit.")
    steps: int = Field(20, ge=1, le=1000, title="Steps", description="Of the run.")
    sampler_name: str | None = Field(
        None, title="Sampler", description="Of the run. With it the answer says where pixels begin."
    )
    scheduler: str | None = Field(None, title="Scheduler", description="Of the run.")
    denoising_strength: float = Field(
        0.75, ge=0, le=1, title="Denoising strength", description="Of the run."
    )


class DiffEditRequest(RunSize, DiffEditArgs, extra="forbid"):
    """Two prompts and a picture."""

    image: str = Field("", title="Picture", description="That the map is for.")
    reference: str = Field("", title="Reference prompt", description="What the picture shows.")
    query: str = Field("", title="Query prompt", description="What it is to show.")


class AdherenceRequest(BaseModel, extra="forbid"):
    """Two pictures and the map between them."""

    before: str = Field("", title="Before", description="The picture that went in.")
    after: str = Field("", title="After", description="The picture that came out, of one size.")
    map: str = Field("", title="Change map", description="White changes, black is kept.")
    bins: int = Field(10, ge=1, le=100, title="Bins", description="Ranges of strength.")


PICTURES = {
    PreviewRequest: (),
    DiffEditRequest: ("image",),
    AdherenceRequest: ("before", "after", "map"),
}


def read(body: Any, model: type[BaseModel]) -> Any:
    """The request in a body.

    Raises:
        FieldError: names the field.
    """
    request = parse(body, model)
    for name in PICTURES[model]:
        if not getattr(request, name):
            raise FieldError(name, "there is no picture", "Send one as base64 or a data URL")
    return request
