"""Settings of automatic maps.

As with `settings.edit`: names, defaults, ranges and help texts are written only here, and the
command line and the panels derive from them. A default that another function has is written there
alone.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from ..errors import FieldError


class SourceArgs(BaseModel, extra="forbid"):
    """How a map is computed from a picture. Each field concerns one source."""

    edge_sigma: float = Field(
        default=1.0,
        ge=0,
        le=64,
        title="Edge smoothing",
        description="Source edges: blur in pixels (sigma) before edges are measured.",
    )
    canny_low: float = Field(
        default=100.0,
        ge=0,
        le=2000,
        title="Canny low",
        description="Source canny: gradients below this are ignored.",
    )
    canny_high: float = Field(
        default=200.0,
        ge=0,
        le=2000,
        title="Canny high",
        description="Source canny: gradients above this are edges. Between the two, those that "
        "touch an edge count.",
    )
    detail_radius: int = Field(
        default=4,
        ge=1,
        le=128,
        title="Detail radius",
        description="Source detail: radius of the window, in pixels.",
    )
    point_x: float = Field(
        default=0.5,
        ge=-10,
        le=10,
        title="Point x",
        description="Source point: horizontal position as a fraction of the width; 0 is left.",
    )
    point_y: float = Field(
        default=0.5,
        ge=-10,
        le=10,
        title="Point y",
        description="Source point: vertical position as a fraction of the height; 0 is the top.",
    )
    box: str = Field(
        default="",
        title="Box",
        description="Source foreground: left,top,right,bottom as fractions of the image. Empty: "
        "the whole image.",
    )
    rounds: int = Field(
        default=5,
        ge=1,
        le=20,
        title="GrabCut iterations",
        description="Source foreground: number of GrabCut iterations.",
    )


class DifferenceArgs(BaseModel, extra="forbid"):
    """How two prompts are compared (`diffdiff.maps.diffedit`)."""

    diffedit_noises: int = Field(
        default=10,
        ge=1,
        le=256,
        title="Noise samples",
        description="Number of noise samples that the map is averaged over.",
    )
    diffedit_level: float = Field(
        default=0.5,
        ge=0.001,
        le=1,
        title="Noise level",
        description="How far the image is noised, as a fraction of the schedule.",
    )
    diffedit_outliers: Literal["otsu", "percentile", "ratio", "none"] = Field(
        default="otsu",
        title="Outliers",
        description="How the range of the map is set. otsu: by the best split into two classes. "
        "percentile: by a percentile. ratio: by the mean, as in diffusers. none: by the extremes.",
    )
    diffedit_amount: float | None = Field(
        default=None,
        ge=0,
        le=100,
        title="Outlier amount",
        description="The percentile for otsu (99 if unset) and percentile (95), the ratio for "
        "ratio (3).",
    )
    diffedit_cut: float | None = Field(
        default=None,
        ge=0,
        le=0.999,
        title="Cut",
        description="Map values above this change fully, all others are kept (the paper: 0.5). "
        "Empty: the map stays continuous.",
    )
    diffedit_grow: float = Field(
        default=0.0,
        ge=0,
        le=512,
        title="Grow",
        description="Pixels by which the found region grows.",
    )
    diffedit_seed: int = Field(
        default=0, ge=0, le=2**32 - 1, title="Map seed", description="Seed for the noise samples."
    )
    diffedit_batch: int | None = Field(
        default=None,
        ge=1,
        le=256,
        title="Noise samples per call",
        description="Noise samples per model call. Empty: as many as fill ten 512x512 images.",
    )


class DiffEditWith(BaseModel, extra="forbid"):
    """What DiffEdit's map is multiplied with. Apart from `DifferenceArgs` because positional
    arguments keep their order."""

    diffedit_with: Literal["nothing", "words"] = Field(
        default="nothing",
        title="Multiply with",
        description="words: only where the model also reads the words that change, as in LEDITS++.",
    )
    diffedit_words: str = Field(
        default="",
        title="Words of the difference",
        description="Multiply with words: words with strengths, such as red house 1, sky 0. Empty: "
        "the words of the reference prompt that the query lacks.",
    )


class DiffEditArgs(DiffEditWith, DifferenceArgs, extra="forbid"):
    """How a map is found from two prompts."""


class WordsArgs(BaseModel, extra="forbid"):
    """How a map is found from words (`diffdiff.maps.words`)."""

    words: str = Field(
        default="",
        title="Words",
        description="Source words: words or phrases with strengths, such as face 0.1, sky 0.8, "
        "rest 0.3. rest is everything else, 0 if it is not named.",
    )
    words_level: float = Field(
        default=0.2,
        ge=0.001,
        le=1,
        title="Noise level of the words",
        description="Source words: how far the image is noised, as a fraction of the schedule.",
    )
    words_noises: int = Field(
        default=4,
        ge=1,
        le=64,
        title="Noise samples of the words",
        description="Source words: number of noise samples that the map is averaged over.",
    )
    words_seed: int = Field(
        default=0,
        ge=0,
        le=2**32 - 1,
        title="Seed of the words",
        description="Source words: seed for the noise samples.",
    )
    words_edges: bool = Field(
        default=True,
        title="Follow edges",
        description="Source words: the map follows the edges of the image. Off: it is as coarse as "
        "the model's attention.",
    )


class LaterArgs(WordsArgs, DiffEditWith, extra="forbid"):
    """Settings that came later: in positional arguments they are behind all others."""


def sides(text: str) -> list[float]:
    """Parse the numbers of a box, "left,top,right,bottom".

    Raises:
        FieldError: "box".
    """
    try:
        return [float(side) for side in text.split(",")]
    except ValueError:
        remedy = "Use left,top,right,bottom in parts of the picture, such as 0.25,0.25,0.75,0.75"
        raise FieldError("box", f"{text} is not a box", remedy) from None


def check_prompts(reference: str, query: str) -> None:
    """Check DiffEdit's two prompts, as far as no model is needed.

    Raises:
        FieldError: "query".
    """
    if not query.strip():
        remedy = "Say what the picture is to show, such as: a bowl of pears"
        raise FieldError("query", "the query prompt is empty", remedy)
    if reference.strip() == query.strip():
        remedy = "Use a query that differs from the reference"
        raise FieldError("query", "both prompts are the same, so there is no map", remedy)
