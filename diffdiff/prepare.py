"""Settings and a decoded map -> the strengths of a run."""

from __future__ import annotations

import numpy as np

from . import maps
from .args import EditArgs
from .ladder import NEVER, Ladder, Rule, climb
from .soften import soften


def shape(change_map: np.ndarray, args: EditArgs) -> np.ndarray:
    """Invert, levels, soften: float32 `[H, W]` in 0..1 -> the same at the same resolution."""
    if args.invert:
        change_map = maps.invert(change_map)
    change_map = maps.levels(change_map, args.black, args.white, args.gamma)
    return soften(change_map, args.soften_radius, args.soften_direction, args.soften_falloff)


def strengths(change_map: np.ndarray, args: EditArgs, denoising_strength: float) -> np.ndarray:
    """Denoising strength of every pixel, float64.

    relative: `map * denoising_strength`; absolute: the map itself.
    """
    scale = denoising_strength if args.scale == "relative" else 1.0
    return change_map.astype(np.float64) * scale


def plan(
    strength: np.ndarray,
    args: EditArgs,
    steps: int,
    last: int,
    slider_first: int,
    rule: Rule = climb,
) -> tuple[Ladder, int | None]:
    """The ladder of a map and the step at which the run begins.

    Args:
        strength: any shape, 0..1.
        steps, last: as in `diffdiff.ladder.climb`.
        slider_first: the step at which plain img2img at the slider's strength begins.
        rule: the host's own.

    Returns:
        Ladder, and the first step to run; None when nothing is ever released and no step needs
        to run.
    """
    floor = slider_first if args.scale == "relative" else 0
    ladder = rule(strength, steps, last, args.transition, floor)
    return ladder, ladder.first if args.skip else floor


def kept(strength: np.ndarray, steps: int, last: int, rule: Rule = climb) -> np.ndarray:
    """Bool, same shape: pixels that no model step touches."""
    return rule(strength, steps, last).start == NEVER
