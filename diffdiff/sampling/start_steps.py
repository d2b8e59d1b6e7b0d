"""Strength -> the step of the schedule at which a pixel is first denoised."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

NEVER = np.iinfo(np.int16).max
"""Start step of a pixel that is never denoised: it keeps the init latent."""


class Between(NamedTuple):
    """A level between two steps. coordinate: sigma or timestep. step: the one that comes next,
    which may be the end of the schedule."""

    coordinate: float
    step: int


class Ladder(NamedTuple):
    """When each pixel is released.

    start: int16, any shape; first step whose answer the pixel obeys, `NEVER` for kept pixels.
    weight: float32 of the same shape or None; how much of its first answer it obeys
        (None and 1 mean all of it: the hard release of the paper).
    fine: uint8 of the same shape or None; i > 0: the pixel begins at `between[i - 1]`, before its
        start step (`diffdiff.sampling.fine_levels`).
    between: the levels between steps.
    top: where the run's first step begins, if not at the schedule's own level (same unit).
    """

    start: np.ndarray
    weight: np.ndarray | None = None
    fine: np.ndarray | None = None
    between: tuple[Between, ...] = ()
    top: float | None = None

    @property
    def first(self) -> int | None:
        """The earliest start step, None when nothing is ever released."""
        released = self.start[self.start != NEVER]
        return int(released.min()) if released.size else None


Rule = Callable[..., Ladder]
"""`climb`, or another function of its five arguments."""


def climb(
    strength: np.ndarray, steps: int, last: int, transition: float = 0.0, floor: int = 0
) -> Ladder:
    """Start step of every pixel by the WebUI's rule: `t_enc = int(min(s, 0.999) * steps)`, and
    the run begins at step `steps - 1 - t_enc` (`setup_img2img_steps` of A1111 v1.10.1 and Forge).

    Args:
        strength: any shape, 0..1; read to six decimals, so that a float32 0.7 means 0.7.
        steps: steps of the full schedule (strength 1).
        last: last step of the schedule that calls the model; a pixel whose plain run would not
            call the model at all is kept.
        transition: 0 = hard release as in the paper; otherwise the upper `transition` of each
            rung lets the pixel obey part of the answer one step earlier, so that strength acts
            without bands when there are few steps.
        floor: no pixel starts before this step.

    Returns:
        `Ladder` of the same shape. A larger strength never starts later.
    """
    strength = _exact(strength)
    rung = np.minimum(strength, 0.999) * steps
    return _ladder(rung, np.floor(rung), steps - 1, strength <= 0, last, transition, floor)


def suffix(
    strength: np.ndarray,
    steps: int,
    last: int,
    transition: float = 0.0,
    floor: int = 0,
    upwards: bool = False,
) -> Ladder:
    """Start step of every pixel by diffusers' rule: a run of strength s makes the last
    `int(s * steps)` steps (`get_timesteps` of its img2img pipelines).

    Args:
        strength, steps, last, transition, floor: as in `climb`.
        upwards: the last `ceil(s * steps)` steps instead, as its Stable Diffusion 3 and Flux do.
    """
    strength = _exact(strength)
    rung = strength * steps
    hard = transition <= 1e-6
    whole = np.ceil(rung) if upwards and hard else np.floor(rung)
    return _ladder(rung, whole, steps, strength <= 0, last, transition, floor)


def _exact(strength: np.ndarray) -> np.ndarray:
    return np.round(np.asarray(strength, np.float64), 6)


def _ladder(rung, whole, top: int, kept, last: int, transition: float, floor: int) -> Ladder:
    """rung: steps that a strength asks for; whole: those it gets; top: start step of none."""
    start = top - whole
    weight = None
    if transition > 1e-6:
        weight = np.clip((rung - whole - 1 + transition) / transition, 0, 1)
        weight = np.where((start > floor) & (start <= last + 1), weight, 0)
        start = start - (weight > 0)
        weight = np.where(weight > 0, weight, 1).astype(np.float32)
    start = np.maximum(start, floor)
    return Ladder(np.where(kept | (start > last), NEVER, start).astype(np.int16), weight)


def reference_start(keep: np.ndarray, steps: int) -> np.ndarray:
    """Start step by the authors' thresholds: held while `keep > i / steps` before step i.

    In their code a pixel that is first not overwritten at step i carries the model's own answer
    of step i - 1, so it is denoised from i - 1 on, and even keep = 1 gets the last step
    (arXiv 2306.00950, Algorithm 1, and its published code).

    Args:
        keep: the paper's map, 1 = keep, 0 = change; any shape.
        steps: number of steps of the run.
    """
    thresholds = np.arange(steps, dtype=np.float32) / np.float32(steps)  # float32, as theirs
    first_free = np.searchsorted(thresholds, np.asarray(keep, np.float32), side="left")
    return np.maximum(first_free - 1, 0).astype(np.int16)


def shortened(steps: int, first: int) -> tuple[int, float]:
    """Arguments that make the host's img2img begin at step `first` of the same full schedule.

    Returns:
        `(requested steps, denoising strength)` for `sample_img2img(..., steps=requested)`, whose
        own rule is `int(requested / min(strength, 0.999))` steps of which `requested` are run.
    """
    requested = steps - first
    return requested, min(requested / (steps + 0.5), 1.0)
