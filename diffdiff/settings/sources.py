"""Settings of the maps that make themselves, and the map of a named source.

As with `settings.edit`: names, defaults, ranges and help texts stand here only, and the command
line and the panels derive from them. A default that another function has is written there alone.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from ..errors import FieldError

KINDS = (
    "luminance", "saturation", "edges", "canny", "detail", "point", "border", "difference",
    "alpha", "foreground",
)  # fmt: skip
USED = {  # source: the settings that it obeys
    "edges": ("edge_sigma",),
    "canny": ("canny_low", "canny_high"),
    "detail": ("detail_radius",),
    "point": ("point_x", "point_y"),
    "foreground": ("box", "rounds"),
}
PICTURES = {"difference": ("other_image",), "foreground": ("inside", "outside")}


class SourceArgs(BaseModel, extra="forbid"):
    """How a map is read off a picture. Each field concerns one source."""

    edge_sigma: float = Field(
        1.0, ge=0, le=64, title="Edge smoothing", description="Source edges: pixels by which the "
        "picture is smoothed first.",
    )  # fmt: skip
    canny_low: float = Field(
        100.0, ge=0, le=2000, title="Canny low", description="Source canny: a weaker edge is none."
    )
    canny_high: float = Field(
        200.0, ge=0, le=2000, title="Canny high", description="Source canny: edges begin here."
    )
    detail_radius: int = Field(
        4, ge=1, le=128, title="Detail radius", description="Source detail: pixels of the window."
    )
    point_x: float = Field(
        0.5, ge=-10, le=10, title="Point x", description="Source point, in parts of the width."
    )
    point_y: float = Field(
        0.5, ge=-10, le=10, title="Point y", description="Source point, in parts of the height."
    )
    box: str = Field(
        "", title="Box", description="Source foreground: left,top,right,bottom in parts of the "
        "picture; left out, the whole picture.",
    )  # fmt: skip
    rounds: int = Field(
        5, ge=1, le=20, title="Rounds", description="Source foreground: rounds of GrabCut."
    )


class DiffEditArgs(BaseModel, extra="forbid"):
    """How a map is found from two prompts (`diffdiff.maps.diffedit`)."""

    diffedit_noises: int = Field(
        10, ge=1, le=256, title="Noises", description="Noises that the map is averaged over."
    )
    diffedit_level: float = Field(
        0.5, ge=0.001, le=1, title="Noise level", description="How far the picture is noised, "
        "in parts of the schedule.",
    )  # fmt: skip
    diffedit_outliers: Literal["otsu", "percentile", "ratio", "none"] = Field(
        "otsu", title="Outliers", description="otsu: the range is set by the best split in two. "
        "percentile: by a percentile. ratio: by the mean, as in diffusers. none: by the extremes.",
    )  # fmt: skip
    diffedit_amount: float | None = Field(
        None, ge=0, le=100, title="Amount", description="The percentile of otsu (99 where left "
        "out) and percentile (95), or the ratio (3).",
    )  # fmt: skip
    diffedit_cut: float | None = Field(
        None, ge=0, le=0.999, title="Cut", description="Above it all changes, below nothing (the "
        "paper: 0.5); left out, the map stays continuous.",
    )  # fmt: skip
    diffedit_grow: float = Field(
        0.0, ge=0, le=512, title="Grow", description="Pixels by which the found region spreads."
    )
    diffedit_seed: int = Field(
        0, ge=0, le=2**32 - 1, title="Seed of the map", description="Of the noises."
    )
    diffedit_batch: int | None = Field(
        None, ge=1, le=256, title="Noises at once", description="In one call of the model; left "
        "out, as many as fill ten pictures of 512x512.",
    )  # fmt: skip


def sides(text: str) -> list[float]:
    """The numbers of a box, "left,top,right,bottom".

    Raises:
        FieldError: "box".
    """
    try:
        return [float(side) for side in text.split(",")]
    except ValueError:
        remedy = "Use left,top,right,bottom in parts of the picture, such as 0.25,0.25,0.75,0.75"
        raise FieldError("box", f"{text} is not a box", remedy) from None


def check_prompts(reference: str, query: str) -> None:
    """What is wrong with DiffEdit's two prompts, as far as no model is needed to tell.

    Raises:
        FieldError: "query".
    """
    if not query.strip():
        remedy = "Say what the picture is to show, such as: a bowl of pears"
        raise FieldError("query", "the query prompt is empty", remedy)
    if reference.strip() == query.strip():
        remedy = "Use a query that differs from the reference"
        raise FieldError("query", "both prompts are the same, so there is no map", remedy)
