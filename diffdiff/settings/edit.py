"""The settings of one edit: the only place where names, defaults, ranges and help texts are
written. Those of automatic maps are in `settings.sources`; `settings.schema` derives the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field

from . import modes, strength_list
from .anchor import AnchorArgs
from .area import AreaArgs
from .click import ClickArgs
from .coarse import CoarseArgs
from .levels import LevelArgs
from .response import Reading, amount, points_of, reading
from .source_registry import REQUEST
from .sources import DifferenceArgs, LaterArgs, SourceArgs

AUTO = -1  # soften radius: by the mode and by the size
SOFT_PART = 16  # the shorter side in radii of soft inpainting, where none is given


class BasicArgs(BaseModel, extra="forbid"):
    """Settings of every edit. Every field but the map may be left out. New ones are added at the
    end: a WebUI's positional arguments have this order."""

    enabled: bool = Field(
        default=True, title="Enable", description="Give every pixel its own denoising strength."
    )
    mode: Literal[modes.NAMES] = Field(  # type: ignore[valid-type]
        default="edit", title="Mode", description=modes.HELP
    )
    source: Literal[REQUEST] = Field(  # type: ignore[valid-type]
        default="upload",
        title="Source",
        description="Where the change map comes from. upload: painted, or sent with the request. "
        "diffedit: where two prompts differ. words: where the model sees what you name. click: "
        "what belongs to the points. mask: the inpaint mask. annotator: a ControlNet preprocessor. "
        "layers: several maps combined. constant: the whole image. Others: computed from the "
        "image.",
    )
    map: str | list[str] | None = Field(
        default=None,
        title="Change map",
        description="White changes, black is kept. API: an image as base64 or a data URL, or a "
        "list with one map per image of the batch.",
    )
    invert: bool = Field(
        default=False,
        title="Invert",
        description="Swap white and black, so that white is kept, as in the paper.",
    )
    scale: Literal["relative", "absolute"] = Field(
        default="relative",
        title="Scale",
        description="relative: white means the denoising strength of the tab. absolute: a map "
        "value is the denoising strength itself, and the slider is ignored.",
    )
    black: float = Field(
        default=0.0, ge=0, le=1, title="Black point", description="Map values up to this are kept."
    )
    white: float = Field(
        default=1.0,
        ge=0,
        le=1,
        title="White point",
        description="Map values from this on get full strength.",
    )
    gamma: float = Field(
        default=1.0,
        ge=0.1,
        le=10,
        title="Gamma",
        description="Above 1 strengthens the grays of the map, below 1 weakens them.",
    )
    soften_radius: float | None = Field(
        default=None,
        ge=0,
        le=256,
        title="Soften radius",
        description="Blur of the map, in pixels of the image (soft inpaint: of the image as "
        "processed). 0: off. Unset or -1: automatic, 1/16 of the shorter side in soft inpaint (32 "
        "at 512), otherwise 0.",
    )
    soften_direction: Literal["auto", "both", "outward", "inward"] = Field(
        default="auto",
        title="Soften direction",
        description="both: across the edge. outward: white areas stay fully white. inward: black "
        "areas stay fully black. auto: outward in soft inpaint, otherwise both.",
    )
    soften_falloff: Literal["gaussian", "linear", "smooth"] = Field(
        default="gaussian", title="Soften falloff", description="Shape of the falloff at an edge."
    )
    transition: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Transition",
        description="0 releases each pixel at one step, as in the paper. 1 blends over a full "
        "step and removes banding at low step counts. With fine levels it blends between two "
        "levels, and 0 counts as 1.",
    )
    paste_back: bool = Field(
        default=True,
        title="Paste back",
        description="Kept pixels come out exactly as they went in.",
    )
    feather: float = Field(
        default=4.0,
        ge=0,
        le=128,
        title="Feather",
        description="Width in pixels over which the pasted edge fades, on the changed side only.",
    )
    skip: bool = Field(
        default=True,
        title="Skip unneeded steps",
        description="Start at the step of the largest strength in the map. Off: run every step.",
    )
    combine: Literal["max", "min", "multiply"] = Field(
        default="max",
        title="Combine with mask",
        description="Soft inpaint: how a change map, if any, joins the softened mask.",
    )
    linear_light: bool = Field(
        default=False,
        title="Linear light",
        description="Soften in linear light, as the authors' examples do: more is kept.",
    )
    colour_match: bool = Field(
        default=False,
        title="Color match",
        description="Undo the model's color shift, as measured where nothing changes.",
    )
    mask_channel: Literal["whole", "step"] = Field(
        default="whole",
        title="Inpainting-model mask",
        description="Soft inpaint: what a 9-channel inpainting checkpoint sees as masked. whole: "
        "the whole changing area. step: only the pixels released so far.",
    )
    fan_count: int = Field(
        default=5,
        ge=strength_list.FEWEST,
        le=strength_list.MOST,
        title="Number of strengths",
        description="Number of strengths in the fan or sheet.",
    )
    fan_low: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="First strength",
        description="First denoising strength of the fan or sheet.",
    )
    fan_high: float = Field(
        default=1.0,
        ge=0,
        le=1,
        title="Last strength",
        description="Last denoising strength of the fan or sheet.",
    )
    fan_preset: Literal["none", "full", "dark", "light", "central"] = Field(
        default="none",
        title="Fan preset",
        description="Strengths of one of the paper's fans, strongest first. Overrides first and "
        "last strength.",
    )
    fan_strengths: str | None = Field(
        default=None,
        title="Custom strengths",
        description="2 to 16 values, such as 0.2, 0.35, 0.5. Overrides preset, first and last "
        "strength, and number. API: a list works too.",
    )
    fan_layout: Literal["vertical", "horizontal", "radial", "map"] = Field(
        default="vertical",
        title="Fan layout",
        description="vertical: stripes side by side. horizontal: stripes one below the other. "
        "radial: wedges, clockwise from the top. map: stripes inside the change map, whose values "
        "scale the strength.",
    )
    sheet_batch: int = Field(
        default=0,
        ge=0,
        le=strength_list.MOST,
        title="Sheet batch size",
        description="Images of the sheet per model call. 1 is bit-identical to separate runs. 0 "
        "picks automatically: 1 on a CPU, as many as fit on a GPU.",
    )
    reference: str = Field(
        default="",
        title="Reference prompt",
        description="Source diffedit and anchor friendly: what the image shows now. Empty: the "
        "model's prediction without a prompt.",
    )
    query: str = Field(
        default="",
        title="Query prompt",
        description="Source diffedit: what the image should show. Empty: the prompt of the run.",
    )
    other_image: str | None = Field(
        default=None,
        title="Other image",
        description="Source difference: the image to compare with, as base64 or a data URL.",
    )
    annotator: str = Field(
        default="",
        title="Preprocessor",
        description="Source annotator: name of a ControlNet preprocessor, such as canny or "
        "depth_midas. Its output is the map.",
    )
    layers: str | None = Field(
        default=None,
        title="Layers",
        description="Source layers: layers as JSON, lowest first. API: an object works too.",
    )
    anchor: Literal["noised", "inverted", "friendly"] = Field(
        default="noised",
        title="Anchor",
        description="What a pixel stays on until its step comes. noised: the original with the "
        "run's own noise. inverted: the path of a DDIM inversion, as in DiffEdit (DDIM only). "
        "friendly: noise that explains the original under the reference prompt, so that an edit "
        "keeps its structure; one inversion per image.",
    )


class EditArgs(  # the fields of the last base come first
    ClickArgs,
    AnchorArgs,
    CoarseArgs,
    LaterArgs,
    AreaArgs,
    LevelArgs,
    DifferenceArgs,
    SourceArgs,
    BasicArgs,
):
    """One request."""

    @property
    def fans(self) -> bool:
        """Whether the mode makes several strengths."""
        return modes.MODES[self.mode].several

    @property
    def soft(self) -> bool:
        """Whether a mask is softened."""
        return self.mode == "soft inpaint"

    @property
    def needs_map(self) -> bool:
        """Whether only a change map can say what changes."""
        return self.mode == "edit" or (self.mode == "fan" and self.fan_layout == "map")

    @property
    def several(self) -> tuple[float, ...]:
        """The strengths of a fan or a sheet, in the order of their stripes or tiles.

        Raises:
            FieldError: "fan_strengths", or "fan_low" where it is not below fan_high.
        """
        evenly = self.fan_count, self.fan_low, self.fan_high
        return strength_list.chosen(self.fan_strengths, self.fan_preset, *evenly)

    @property
    def reading(self) -> Reading:
        """How a map value and the strength of white become a strength.

        Raises:
            FieldError: "response".
        """
        return np.multiply if self.response is None else reading(points_of(self.response))

    @property
    def amount(self) -> Callable[[np.ndarray], np.ndarray]:
        """How much a strength changes, by the response, else the strength itself.

        Raises:
            FieldError: "response".
        """
        return np.asarray if self.response is None else amount(points_of(self.response))

    def fine(self, steps: int) -> bool:
        return self.anchor != "friendly" and super().fine(steps)

    def radius(self, size: tuple[float, float]) -> float:
        """Return the soften radius in pixels for the size (width, height) that is processed."""
        if self.soften_radius is not None:
            return self.soften_radius
        return min(size) / SOFT_PART if self.soft else 0.0

    @property
    def direction(self) -> str:
        """Soften direction: both, outward or inward."""
        auto = "outward" if self.soft else "both"
        return auto if self.soften_direction == "auto" else self.soften_direction
