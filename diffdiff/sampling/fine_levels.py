"""Levels between the steps: pixels that start at exactly their own noise, in runs of few steps.

With four steps there are four strengths, and the gentlest may already be mostly noise. But a group
of pixels is a run of its own (`replay`), and its first level need not be one of the
schedule's: a strength between two steps begins at its own noise, goes on with the steps below it,
and costs one model call more, which all pixels of that level share.

Where a strength begins: where the host's own rule would begin in a schedule of very many steps
(`Exact`). Which levels are worth a call: those that leave the strengths of the map nearest to a
level, found by clustering what occurs in it (`chosen`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .clustering import nearest_centers
from .start_steps import NEVER, WEBUI, Between, StartRule, StartSteps

DENSE = 500  # steps of the schedule that stands for infinitely many
STEPS = 30_000  # steps of the schedule on which the host's rule is evaluated
NEAR = 1e-3  # part by which a level differs from a step at least


class Exact:
    """Where each strength starts without rounding, and the strength that starts at a level.

    Args:
        dense: coordinates (sigma or timestep, descending) of the host's schedule of `DENSE` steps;
            one more than its steps, as in `noise_levels.Schedule`. Read as straight in between.
        rule: the host's, strength -> start step.
    """

    def __init__(self, dense: Sequence[float], rule: StartRule = WEBUI):
        self.dense, self.rule = np.asarray(dense, np.float64), rule
        self.last = STEPS - 1 - (DENSE + 1 - len(dense))
        self.whole = bool((self.dense == np.rint(self.dense)).all())  # timesteps
        self.grid = np.arange(1, 8001) / 8000
        self.starts = self.coordinate(self.grid)

    @classmethod
    def of_steps(cls, coordinates: Sequence[float], rule: StartRule = WEBUI) -> Exact:
        """Interpolate linearly between the steps of a short schedule, where no longer one is
        available."""
        steps = len(coordinates) - 1
        place = np.linspace(0, steps, DENSE + 1)
        return cls(np.interp(place, np.arange(steps + 1), coordinates).tolist(), rule)

    def kept(self, strength: np.ndarray) -> np.ndarray:
        """Return, as bool, which strengths are too small for even a very long schedule."""
        return self.rule(strength, STEPS, self.last).start == NEVER

    def coordinate(self, strength: np.ndarray) -> np.ndarray:
        """Return the level at which a strength starts; the end of the schedule where it is kept."""
        start = self.rule(strength, STEPS, self.last).start.astype(np.float64)
        place = np.where(start == NEVER, len(self.dense) - 1, start * (DENSE / STEPS))
        found = np.interp(place, np.arange(len(self.dense)), self.dense)
        return np.rint(found) if self.whole else found

    def strength(self, coordinate: float) -> float:
        """Return the smallest strength that starts at a level, or above it."""
        at = np.searchsorted(self.starts, coordinate * (1 - NEAR / 10))
        return float(self.grid[min(at, len(self.grid) - 1)])


class Level(NamedTuple):
    """strength: that begins here. step: of the schedule, the one that begins here or, where
    `coordinate` is not None, the one that comes next after this level."""

    strength: float
    step: int
    coordinate: float | None = None


def fine(
    strength: np.ndarray,
    schedule: Sequence[float],
    exact: Exact,
    steps: int,
    last: int,
    full: float,
    transition: float = 0.0,
    extra: int = 2,
    skip: bool = True,
    amount: Callable[[np.ndarray], np.ndarray] = lambda strength: strength,
) -> tuple[StartSteps, int | None]:
    """Return the start steps of a map with levels between the steps, and the step that the run
    starts with.

    White begins where plain img2img at its strength does, so that white stays plain img2img. If
    the map has none, the run begins at the exact level of its largest strength.

    Args:
        strength: any shape, 0..1.
        schedule: coordinates of the run's own schedule, descending, one more than its steps.
        exact: where strengths begin.
        steps, last: as in `diffdiff.sampling.start_steps.StartRule`.
        full: strength of white.
        transition: part of a gap between two levels over which a pixel begins at the upper one
            and obeys part of its first answer; 0: each pixel begins at the nearest level. Below
            the lowest level the part is counted from no change on.
        extra: levels in between, at most; 0 to 16.
        skip: begin at the largest strength of the map, not at that of white.
        amount: how much a strength changes, rising: levels are spread by it (`settings.response`).

    Returns:
        StartSteps and first step; None when nothing is ever released. A larger strength never
        begins at less noise.
    """
    strength = np.round(np.asarray(strength, np.float64), 6)
    kept = exact.kept(strength) | (exact.coordinate(strength) <= schedule[-1])
    if kept.all() and skip:
        return StartSteps(np.full(strength.shape, NEVER, np.int16)), None
    own = int(exact.rule(np.array(full), steps, last).start)
    highest = float(strength.max())
    begins = float(exact.coordinate(np.array(highest)))
    white = not skip or highest >= full - 1e-6 or (own != NEVER and begins >= schedule[own])
    if own != NEVER and white:  # as plain img2img has it
        begins, at = schedule[own], None
        top = Level(min(full, exact.strength(begins)), own)
    else:
        placed = _placed(highest, schedule, exact)
        at = begins = schedule[placed.step] if placed.coordinate is None else placed.coordinate
        top = Level(highest, placed.step - (placed.coordinate is not None))
    strength = np.minimum(strength, top.strength)
    rungs = [
        Level(exact.strength(schedule[i]), i)
        for i in range(top.step + 1, last + 1)
        if schedule[i] < begins * (1 - NEAR)
    ]
    levels = [top, *(rung for rung in rungs if rung.strength < top.strength)]
    levels += chosen(strength[~kept], levels, schedule, exact, extra, amount)
    ladder = _assigned(strength, kept, levels, transition)
    return ladder._replace(top=at), top.step


def _placed(strength: float, schedule: Sequence[float], exact: Exact) -> Level:
    """Return where a strength starts: at a step, or between two."""
    coordinate = float(exact.coordinate(np.array(strength)))
    if coordinate >= schedule[0] * (1 - NEAR):
        return Level(strength, 0)
    later = [i for i, c in enumerate(schedule) if c < coordinate * (1 - NEAR)]
    following = later[0] if later else len(schedule) - 1
    if following and abs(schedule[following - 1] - coordinate) <= NEAR * coordinate:
        return Level(strength, following - 1)
    return Level(strength, following, coordinate)


def chosen(
    strength: np.ndarray,
    levels: Sequence[Level],
    schedule: Sequence[float],
    exact: Exact,
    extra: int,
    amount: Callable[[np.ndarray], np.ndarray],
) -> list[Level]:
    """Return the levels that are worth a call: at most `extra`, of strengths that occur, so that
    the squared distance (in `amount`) from the map's strengths to the nearest level is least.

    Args:
        strength: `[n]`, above 0.
        levels: that the run has anyway.
    """
    if not extra or not strength.size:
        return []
    given = sorted({level.strength for level in levels})
    found = nearest_centers(strength, given, extra, amount)
    placed = (_placed(s, schedule, exact) for s in found)
    unique = {level.coordinate: level for level in placed if level.coordinate is not None}
    return list(unique.values())


def _assigned(
    strength: np.ndarray, kept: np.ndarray, levels: list[Level], transition: float
) -> StartSteps:
    """Assign each pixel to its level, with how much of its first answer it follows."""
    levels = sorted(levels, key=lambda level: level.strength)
    between = [level for level in levels if level.coordinate is not None]
    at = np.array([level.strength for level in levels])
    above = np.minimum(np.searchsorted(at, strength - 1e-9), len(at) - 1)
    lower = np.where(above > 0, at[above - 1], 0.0)
    gap = np.maximum(at[above] - lower, 1e-9)
    part = np.clip((strength - lower) / gap, 0, 1)
    lowest = above == 0  # below it there is no level to begin at
    weight = None
    if transition > 1e-6:
        weight = np.where(lowest, part / transition, (part - 0.5) / transition + 0.5)
        weight = np.clip(weight, 0, 1)
        nearest = np.where((weight <= 0) & ~lowest, above - 1, above)
        weight = np.where(nearest == above, weight, 1.0).astype(np.float32)
    else:
        nearest = np.where((part < 0.5) & ~lowest, above - 1, above)
    starts = np.array([level.step for level in levels], np.int16)
    numbers = {id(level): i + 1 for i, level in enumerate(between)}
    which = np.array([numbers.get(id(level), 0) for level in levels], np.uint8)
    start = np.where(kept, NEVER, starts[nearest]).astype(np.int16)
    if weight is not None:
        weight = np.where(kept, np.float32(1), weight)
    chosen_ones = tuple(
        Between(level.coordinate, level.step) for level in between if level.coordinate is not None
    )
    return StartSteps(
        start, weight, np.where(kept, 0, which[nearest]).astype(np.uint8), chosen_ones
    )
