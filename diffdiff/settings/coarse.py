"""Settings of coarse edits: what is moved, copied, erased, added at the sides, or sketched."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

FILLS = ("mirror", "smear", "noise")
COARSE = ("move", "outpaint", "outpaint_fill", "outpaint_edge")
SKETCHED = ("untouched", "sketch_radius")
"""Fields of source sketch."""


class CoarseArgs(BaseModel, extra="forbid"):
    """What is done to the image before the run, and how it is told apart from a sketch."""

    move: str | None = Field(
        default=None,
        title="Move",
        description="Parts of the image to move, copy or delete before the run, as JSON or as text "
        "such as 40,60,160,200 by 120,0. The hole gets strength 1, the object its own. API: a list "
        "works too.",
    )
    outpaint: str | None = Field(
        default=None,
        title="Outpaint",
        description="Pixels to add to the image, such as left 128, top 64. They get strength 1. "
        "API: an object works too.",
    )
    outpaint_fill: Literal[FILLS] = Field(  # type: ignore[valid-type]
        default="mirror",
        title="Outpaint fill",
        description="What is there to start with. mirror: the image, mirrored at its side. smear: "
        "its outermost pixels, drawn out. noise: the same, with noise.",
    )
    outpaint_edge: float | None = Field(
        default=None,
        ge=0,
        le=1024,
        title="Outpaint edge",
        description="Pixels of the old image over which the strength falls. Empty: 1/16 of its "
        "shorter side.",
    )
    untouched: str | None = Field(
        default=None,
        title="Untouched image",
        description="Source sketch: the image before anything was painted on it, as base64 or a "
        "data URL. The page sends it from the Sketch and Inpaint sketch tabs.",
    )
    sketch_radius: float = Field(
        default=8.0,
        ge=0,
        le=256,
        title="Sketch radius",
        description="Source sketch: pixels over which the map fades around what was painted.",
    )
