"""Report where the pixels of a run start: strength, noise, steps, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .start_steps import NEVER, StartSteps


class Start(NamedTuple):
    """Where the pixels of some strengths begin. lowest, highest: strengths in 0..1. noise: part of
    noise there, `noise / (signal + noise)`. steps: that they make. share: of the map. extra: their
    level lies between steps and costs a model call more."""

    lowest: float
    highest: float
    noise: float
    steps: int
    share: float
    extra: bool = False

    def __str__(self) -> str:
        return f"{100 * self.highest:.3g}% at {100 * self.noise:.0f}% noise"


def summary(begun: Sequence[Start]) -> str:
    """Return a sentence on where pixels start and what it costs."""
    if not begun:
        return ""
    calls = max(start.steps for start in begun) + sum(start.extra for start in begun)
    first, last = begun[0], begun[-1]
    words = f"strength {100 * first.highest:.0f}% starts at {100 * first.noise:.0f}% noise"
    if len(begun) > 1:
        words += f", strength {100 * last.highest:.0f}% at {100 * last.noise:.0f}%"
    levels = "1 level" if len(begun) == 1 else f"{len(begun)} levels"
    return f"{words}; {levels}, {calls} model steps"


def starts(
    strength: np.ndarray,
    ladder: StartSteps,
    first: int,
    coordinates: Sequence[float],
    noise: Callable[..., Any],
) -> list[Start]:
    """Return all places at which pixels start, the strongest first.

    Args:
        strength: as for `fine`.
        first: step of the run.
        coordinates: those of the schedule.
        noise: a coordinate's part of noise.
    """
    fine = np.zeros_like(ladder.start, np.uint8) if ladder.fine is None else ladder.fine
    found = []
    places = ladder.start.astype(np.int64) * 256 + fine
    for place in np.unique(places[ladder.start != NEVER]):
        step, number = divmod(int(place), 256)
        at = coordinates[step] if step < len(coordinates) else coordinates[-1]
        if number:
            at = ladder.between[number - 1].coordinate
        elif step == first and ladder.top is not None:
            at = ladder.top
        own = places == place
        steps = len(coordinates) - 1 - step + (number > 0)
        lowest, highest = float(strength[own].min()), float(strength[own].max())
        share = float(own.mean())
        found.append(Start(lowest, highest, float(noise(at)), steps, share, number > 0))
    return sorted(found, key=lambda start: -start.noise)
