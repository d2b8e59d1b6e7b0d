"""Settings and a decoded map -> the strengths of a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..sampling.fine_levels import Exact, fine
from ..sampling.start_steps import NEVER, Ladder, Rule, climb
from ..settings.schema import EditArgs
from .fan import Fan, fan

SHOWN = 0.5  # part of the strengths, from the lowest released on, over which soft inpainting fades


def fanned(
    args: EditArgs, width: int, height: int, base: np.ndarray | None = None, cell: int = 8
) -> Fan:
    """The fan that the settings ask for; it wants `for_fan(args)` from here on.

    Args:
        width, height: of the picture that is worked at, pixels.
        base: the shaped map at that size, float32 `[height, width]`; for layout "map" only.
        cell: pixels of a latent cell.
    """
    within = base if args.fan_layout == "map" else None
    return fan(height, width, args.several, args.fan_layout, cell, within, args.reading)


def for_fan(args: EditArgs) -> EditArgs:
    """The same settings for a map that holds strengths."""
    return EditArgs(**{**vars(args), "scale": "absolute", "response": None})


def strengths(change_map: np.ndarray, args: EditArgs, denoising_strength: float) -> np.ndarray:
    """Denoising strength of every pixel, float64.

    relative: `map * denoising_strength`; absolute: the map itself. With a response both mean
    that part of the change which white makes.
    """
    return args.reading(change_map.astype(np.float64), full_strength(args, denoising_strength))


def full_strength(args: EditArgs, denoising_strength: float) -> float:
    """Denoising strength of a white pixel."""
    return denoising_strength if args.scale == "relative" else 1.0


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
        steps, last: as in `diffdiff.sampling.start_steps.climb`.
        slider_first: the step at which plain img2img at the slider's strength begins.
        rule: the host's own.

    Returns:
        Ladder, and the first step to run; None when nothing is ever released and no step needs
        to run.
    """
    floor = whole(args, slider_first)
    ladder = rule(strength, steps, last, args.transition, floor)
    return ladder, ladder.first if args.skip else floor


def leveled(
    strength: np.ndarray,
    args: EditArgs,
    steps: int,
    schedule: Sequence[float],
    exact: Exact,
    denoising_strength: float,
) -> tuple[Ladder, int | None]:
    """`plan` with levels between steps (`diffdiff.sampling.fine_levels`). Between two levels a
    pixel obeys part of its first answer, all the way unless the settings say how far.

    Args:
        steps: as the user counts them.
        schedule: the run's coordinates (`diffdiff.sampling.noise_levels.Schedule`).
        exact: where strengths begin.
    """
    full = full_strength(args, denoising_strength)
    return fine(
        strength, schedule, exact, steps, len(schedule) - 2, full,
        args.transition or 1.0, args.extra_calls, args.skip, args.amount,
    )  # fmt: skip


def whole(args: EditArgs, slider_first: int) -> int:
    """The step at which white is released: no pixel starts before it."""
    return slider_first if args.scale == "relative" else 0


def kept(strength: np.ndarray, steps: int, last: int, rule: Rule = climb) -> np.ndarray:
    """Bool, same shape: pixels that no model step touches."""
    return strength < least(steps, last, rule) - 5e-7  # strengths are read to six decimals


def shown(
    strength: np.ndarray, full: float, steps: int, last: int, rule: Rule = climb
) -> np.ndarray:
    """Soft inpainting's paste: how much of the edited picture shows at most, float32 in 0..1.

    Where the strength is low the two pictures have the same structure, and a gradual change from
    one to the other hides what the VAE alone does to the picture: no seam at the support's border.

    Args:
        strength: `[H, W]`.
        full: strength of the masked core.
    """
    lowest = least(steps, last, rule)
    per_strength = 1 / max(SHOWN * (full - lowest), 1e-6)
    part = strength.astype(np.float32)
    part -= np.float32(lowest)
    part *= np.float32(per_strength)
    return np.clip(part, 0, 1, out=part)


def least(steps: int, last: int, rule: Rule = climb) -> float:
    """The smallest strength, to six decimals, at which a pixel is ever released; inf: none is."""
    found, step = 0.0, 1.0
    for _ in range(2):  # a rule never releases a larger strength later
        step /= 1000
        tried = found + np.arange(1001) * step
        released = rule(tried, steps, last).start != NEVER
        if not released.any():
            return np.inf
        found = max(tried[released.argmax()] - step, 0.0)
    return found + step
