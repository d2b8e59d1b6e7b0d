"""What one edit does with a map: strengths, start steps, kept pixels, colors and paste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..images import color_match
from ..images.paste_back import paste_back
from ..sampling.fine_levels import Exact, fine
from ..sampling.start_steps import WEBUI, StartRule, StartSteps
from ..settings.schema import EditArgs
from .fan import Fan, fan

FADE = 0.5  # part of the strengths, from the lowest released on, over which soft inpainting fades
HALF_DIGIT = 5e-7  # strengths are read to six decimals


@dataclass(frozen=True, eq=False)
class EditPlan:
    """One edit of one picture, or of a batch that shares its levels. Pure: no host, no model.

    change_map: float32, shaped, 0..1: `[H, W]` of a picture, or any shape of latent cells.
    args: checked settings; those of `for_fan` where the map holds strengths.
    denoising_strength: denoising strength of the tab or the run, 0..1.
    steps, last, rule: how the run counts its steps (`diffdiff.sampling.start_steps.StartRule`).
    """

    change_map: np.ndarray
    args: EditArgs
    denoising_strength: float
    steps: int
    last: int
    rule: StartRule = WEBUI

    def at(self, change_map: np.ndarray) -> EditPlan:
        """Return the same edit of another map, such as that of its latent cells."""
        return replace(self, change_map=change_map)

    def counted(self, steps: int, last: int) -> EditPlan:
        """Return the same edit in a run that counts its steps otherwise."""
        return replace(self, steps=steps, last=last)

    @cached_property
    def strengths(self) -> np.ndarray:
        """Denoising strength of every pixel, float64, of the map's shape."""
        return strengths(self.change_map, self.args, self.denoising_strength)

    @property
    def full(self) -> float:
        """Denoising strength of a white pixel."""
        return full_strength(self.args, self.denoising_strength)

    @property
    def slider_first(self) -> int:
        """Step at which plain img2img begins at the slider's strength."""
        return self.rule.first(self.denoising_strength, self.steps)

    def floor(self, slider_first: int | None = None) -> int:
        """Return the step at which white is released: no pixel starts before it."""
        if self.args.scale != "relative":
            return 0
        return self.slider_first if slider_first is None else slider_first

    def start_steps(self, slider_first: int | None = None) -> tuple[StartSteps, int | None]:
        """Return when each pixel is released, and the first step to run; None when nothing is ever
        released and no step needs to run.

        Args:
            slider_first: the step at which plain img2img begins, where the host has its own.
        """
        floor = self.floor(slider_first)
        found = self.rule(self.strengths, self.steps, self.last, self.args.transition, floor)
        return found, found.first if self.args.skip else floor

    def fine_start_steps(
        self, schedule: Sequence[float], exact: Exact
    ) -> tuple[StartSteps, int | None]:
        """Return `start_steps` with levels between steps (`diffdiff.sampling.fine_levels`).

        Between two levels a pixel follows part of its first answer, all the way unless the settings
        say how far.

        Args:
            schedule: the run's coordinates (`diffdiff.sampling.noise_levels.Schedule`).
            exact: where strengths begin.
        """
        args = self.args
        return fine(
            self.strengths,
            schedule,
            exact,
            self.steps,
            len(schedule) - 2,
            self.full,
            args.transition or 1.0,
            args.extra_calls,
            args.skip,
            args.amount,
        )

    @property
    def smallest(self) -> float:
        """The smallest strength at which a pixel is ever released; inf: none is."""
        return self.rule.smallest(self.steps, self.last)

    @cached_property
    def untouched(self) -> np.ndarray:
        """Bool of the map's shape: pixels that no model step changes."""
        return self.strengths < self.smallest - HALF_DIGIT

    @property
    def paste_limit(self) -> np.ndarray:
        """Soft inpainting's paste: how much of the edited picture shows at most, float32 in 0..1.

        Where the strength is low the two pictures have the same structure, and a gradual change
        from one to the other hides what the VAE alone does to the picture: no seam at the
        support's border.
        """
        lowest = self.smallest
        per_strength = 1 / max(FADE * (self.full - lowest), 1e-6)
        part = self.strengths.astype(np.float32)
        part -= np.float32(lowest)
        part *= np.float32(per_strength)
        return np.clip(part, 0, 1, out=part)

    def recolor(self, edited: np.ndarray, original: np.ndarray) -> np.ndarray:
        """Return the edited picture with the original's colors, if the settings say so.

        Args:
            edited, original: uint8 `[H, W, 3]` of the map's size.
        """
        if not self.args.colour_match:
            return edited
        return color_match.match(edited, original, self.untouched)

    def paste(self, edited: np.ndarray, original: np.ndarray, fade: bool) -> np.ndarray:
        """Return the edited picture with kept pixels pasted back, if the settings say so.

        Args:
            edited, original: uint8 `[H, W, 3]` of the map's size.
            fade: whether the softened rim of a mask is faded over (`paste_limit`).
        """
        if not self.args.paste_back:
            return edited
        limit = self.paste_limit if fade else None
        return paste_back(original, edited, ~self.untouched, self.args.feather, limit)


def strengths(change_map: np.ndarray, args: EditArgs, denoising_strength: float) -> np.ndarray:
    """Return the denoising strength of every pixel, float64.

    relative: `map * denoising_strength`; absolute: the map itself. With a response both mean
    that part of the change which white makes.
    """
    return args.reading(change_map.astype(np.float64), full_strength(args, denoising_strength))


def full_strength(args: EditArgs, denoising_strength: float) -> float:
    """Return the denoising strength of a white pixel."""
    return denoising_strength if args.scale == "relative" else 1.0


def make_fan(
    args: EditArgs, width: int, height: int, base: np.ndarray | None = None, cell: int = 8
) -> Fan:
    """Return the fan that the settings describe; its plan wants `for_fan(args)`.

    Args:
        width, height: size of the picture that is processed, pixels.
        base: the shaped map at that size, float32 `[height, width]`; for layout "map" only.
        cell: pixels of a latent cell.
    """
    within = base if args.fan_layout == "map" else None
    return fan(height, width, args.several, args.fan_layout, cell, within, args.reading)


def for_fan(args: EditArgs) -> EditArgs:
    """Return the same settings for a map that holds strengths."""
    settings: dict[str, Any] = {**vars(args), "scale": "absolute", "response": None}
    return EditArgs(**settings)
