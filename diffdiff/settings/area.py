"""Settings of how much of the image a run works on."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class AreaArgs(BaseModel, extra="forbid"):
    """The part of the image that is worked on."""

    area: Literal["whole", "changed"] = Field(
        default="whole",
        title="Area",
        description="What the model works on. whole: the whole image. changed: only the rectangle "
        "in which the map changes something, at the same scale, so that time and memory follow the "
        "size of the change.",
    )
    area_padding: int = Field(
        default=64,
        ge=0,
        le=1024,
        title="Area padding",
        description="Area changed: pixels around what changes that the model sees as well, of the "
        "image as processed.",
    )
