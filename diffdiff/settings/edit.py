"""The settings of one edit: the only place where names, defaults, ranges and help texts stand.

Those of automatic maps are in `settings.sources`. What derives from the fields is in
`settings.schema`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field

from . import strength_list
from .levels import LevelArgs, ResponseArgs
from .response import Reading, amount, points_of, reading
from .sources import DiffEditArgs, SourceArgs

AUTO = -1  # soften radius: by the mode and by the size
SOFT_PART = 16  # the shorter side in radii of soft inpainting, where none is given


class BasicArgs(BaseModel, extra="forbid"):
    """What every edit has. Every field but the map may be left out. New ones are added at the end:
    a WebUI's positional arguments have this order."""

    enabled: bool = Field(True, title="Enable", description="Give every pixel its own strength.")
    mode: Literal["edit", "soft inpaint", "fan", "sheet"] = Field(
        "edit",
        title="Mode",
        description="edit: the map says how much each pixel changes. soft inpaint: the inpaint "
        "mask does, with a soft rim in which the surroundings adjust. fan: one picture in stripes "
        "of different strength. sheet: a picture for each strength.",
    )
    source: Literal[
        "upload",
        "diffedit",
        "mask",
        "luminance",
        "saturation",
        "edges",
        "canny",
        "detail",
        "point",
        "border",
        "difference",
        "alpha",
        "foreground",
        "constant",
        "annotator",
        "layers",
    ] = Field(
        "upload",
        title="Source",
        description="Where the change map comes from. upload: painted or sent. diffedit: from two "
        "prompts. mask: the inpaint mask. annotator: a ControlNet preprocessor. layers: several, "
        "one on another. constant: white everywhere. The others are read off the picture.",
    )
    map: str | list[str] | None = Field(
        None,
        title="Change map",
        description="White changes, black is kept. API: a picture as base64 or a data URL, "
        "or a list with one for every picture of the batch.",
    )
    invert: bool = Field(
        False,
        title="Invert",
        description="Read the map the other way round, as in the paper: white is kept.",
    )
    scale: Literal["relative", "absolute"] = Field(
        "relative",
        title="Scale",
        description="relative: white means the denoising strength. "
        "absolute: a map value is the strength itself, whatever the denoising strength.",
    )
    black: float = Field(
        0.0, ge=0, le=1, title="Black point", description="Map values up to this are kept."
    )
    white: float = Field(
        1.0, ge=0, le=1, title="White point", description="Map values from this on change fully."
    )
    gamma: float = Field(
        1.0, ge=0.1, le=10, title="Gamma", description="Above 1 strengthens the greys of the map."
    )
    soften_radius: float | None = Field(
        None,
        ge=0,
        le=256,
        title="Soften radius",
        description="Softens the map, in pixels of the picture (soft inpaint: of the size worked "
        "at); 0 = off. Left out or -1: automatic, in soft inpaint 1/16 of the shorter side worked "
        "at (32 at 512), else 0.",
    )
    soften_direction: Literal["auto", "both", "outward", "inward"] = Field(
        "auto",
        title="Soften direction",
        description="both: across the edge. outward: what is white stays fully white. "
        "inward: what is black stays fully black. auto: outward in soft inpaint, else both.",
    )
    soften_falloff: Literal["gaussian", "linear", "smooth"] = Field(
        "gaussian", title="Soften falloff", description="How the strength falls off at an edge."
    )
    transition: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Transition",
        description="0: each pixel is released at one step, as in the paper. "
        "1: it is released over a whole step, so that few steps show no bands. "
        "With fine levels it acts between two levels, and 0 means 1.",
    )
    paste_back: bool = Field(
        True, title="Paste back", description="Kept pixels come out exactly as they went in."
    )
    feather: float = Field(
        4.0,
        ge=0,
        le=128,
        title="Feather",
        description="Pixels over which the pasted seam fades, inside the changed side only.",
    )
    skip: bool = Field(
        True,
        title="Skip unneeded steps",
        description="Start at the largest strength in the map. Off: run every step.",
    )
    combine: Literal["max", "min", "multiply"] = Field(
        "max",
        title="Combine",
        description="Soft inpaint: how a change map, if there is one, joins the softened mask.",
    )
    linear_light: bool = Field(
        False,
        title="Linear light",
        description="Soften in linear light, as the authors' examples do: more is kept.",
    )
    colour_match: bool = Field(
        False,
        title="Colour match",
        description="Undo the model's shift of colours, as measured where nothing changes.",
    )
    mask_channel: Literal["whole", "step"] = Field(
        "whole",
        title="Mask channel",
        description="Of inpainting checkpoints, in soft inpaint. whole: all that will ever "
        "change. step: what has been released so far.",
    )
    fan_count: int = Field(
        5,
        ge=strength_list.FEWEST,
        le=strength_list.MOST,
        title="Strengths",
        description="Number of strengths in a fan or a sheet.",
    )
    fan_low: float = Field(
        0.0, ge=0, le=1, title="From", description="The first strength of a fan or a sheet."
    )
    fan_high: float = Field(
        1.0, ge=0, le=1, title="To", description="The last strength of a fan or a sheet."
    )
    fan_preset: Literal["none", "full", "dark", "light", "central"] = Field(
        "none",
        title="Preset",
        description="The paper's fans, strongest first, instead of From and To.",
    )
    fan_strengths: str | None = Field(
        None,
        title="List",
        description="Strengths of one's own instead, 2 to 16: 0.2, 0.35, 0.5. API: a list too.",
    )
    fan_layout: Literal["vertical", "horizontal", "radial", "map"] = Field(
        "vertical",
        title="Layout",
        description="Of a fan: stripes side by side or one below another, wedges clockwise from "
        "the top, or stripes within the change map, its values times the strength.",
    )
    sheet_batch: int = Field(
        0,
        ge=0,
        le=strength_list.MOST,
        title="Sheet batch",
        description="Pictures of a sheet that the model sees at once. 1: to the last bit those of "
        "separate runs, on any device. 0: 1 on a CPU, else as many as fit.",
    )
    reference: str = Field(
        "",
        title="Reference prompt",
        description="Source diffedit: what the picture shows; empty: the model without a prompt.",
    )
    query: str = Field(
        "",
        title="Query prompt",
        description="Source diffedit: what it is to show; empty: the prompt of the run.",
    )
    other_image: str | None = Field(
        None,
        title="Other picture",
        description="Source difference: what to compare with, as base64 or a data URL.",
    )
    annotator: str = Field(
        "",
        title="Preprocessor",
        description="Source annotator: the name of a ControlNet preprocessor, such as canny or "
        "depth_midas. Its picture is the map.",
    )
    layers: str | None = Field(
        None,
        title="Layers",
        description="Source layers: a preset as JSON, the lowest layer first. API: an object too.",
    )
    anchor: Literal["noised", "inverted"] = Field(
        "noised",
        title="Anchor",
        description="What a pixel is held on until it is released. noised: the original with the "
        "run's own noise. inverted: the path of DDIM inversion, as in DiffEdit (A1111, DDIM).",
    )


class EditArgs(
    LevelArgs, ResponseArgs, DiffEditArgs, SourceArgs, BasicArgs, extra="forbid"
):  # the fields of the last base come first
    """One request."""

    @property
    def fans(self) -> bool:
        """Whether several strengths are asked for."""
        return self.mode in ("fan", "sheet")

    @property
    def needs_map(self) -> bool:
        """Whether nothing but a change map can say what changes."""
        return self.mode == "edit" or (self.mode == "fan" and self.fan_layout == "map")

    @property
    def several(self) -> tuple[float, ...]:
        """The strengths of a fan or a sheet, in the order of their stripes or tiles.

        Raises:
            FieldError: "fan_strengths", or "fan_low" where it is not below fan_high.
        """
        if self.fan_strengths is not None:
            return strength_list.listed(self.fan_strengths)
        if self.fan_preset != "none":
            return strength_list.preset(self.fan_preset, self.fan_count)
        return strength_list.spread(self.fan_count, self.fan_low, self.fan_high)

    @property
    def reading(self) -> Reading:
        """How a map value and the strength of white make a strength.

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

    def radius(self, size: tuple[float, float]) -> float:
        """Soften radius in pixels of the size (width, height) that is worked at."""
        if self.soften_radius is not None:
            return self.soften_radius
        return min(size) / SOFT_PART if self.mode == "soft inpaint" else 0.0

    @property
    def direction(self) -> str:
        """Soften direction: both, outward or inward."""
        if self.soften_direction != "auto":
            return self.soften_direction
        return "outward" if self.mode == "soft inpaint" else "both"
