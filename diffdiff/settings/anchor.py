"""Settings of the friendly anchor."""

from __future__ import annotations

from pydantic import BaseModel, Field


class AnchorArgs(BaseModel, extra="forbid"):
    """How the friendly anchor explains the image. Its prompt is the field `reference`."""

    anchor_guidance: float | None = Field(
        default=None,
        ge=0,
        le=50,
        title="Reference CFG scale",
        description="Anchor friendly: CFG scale of the reference prompt. Empty: that of the run, "
        "so that the reference prompt alone returns the image. The paper has 3.5 here and 15 for "
        "the edit. Without a reference prompt there is no guidance.",
    )
