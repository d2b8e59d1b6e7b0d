"""Strength -> the step of the schedule at which a pixel is first denoised, and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

NEVER = np.iinfo(np.int16).max
"""Start step of a pixel that is never denoised: it keeps the init latent."""

DIGITS = 6  # decimals to which strengths are read, so that a float32 0.7 means 0.7


class Between(NamedTuple):
    """A level between two steps. coordinate: sigma or timestep. step: the one that comes next,
    which may be the end of the schedule."""

    coordinate: float
    step: int


class StartSteps(NamedTuple):
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


class Img2ImgArgs(NamedTuple):
    """The arguments that make a plain img2img begin at a given step. steps: requested, as the
    host counts them. strength: denoising strength, 0..1."""

    steps: int
    strength: float


class StartRule(ABC):
    """A host's own rule: the step at which its plain img2img begins at a denoising strength."""

    fewest = 0  # steps that the host runs at the smallest strength

    @abstractmethod
    def __call__(
        self,
        strength: np.ndarray,
        steps: int,
        last: int,
        transition: float = 0.0,
        floor: int = 0,
    ) -> StartSteps:
        """Return the start step of every pixel. A larger strength never starts later.

        Args:
            strength: any shape, 0..1; read to six decimals.
            steps: steps of the full schedule (strength 1).
            last: last step of the schedule that calls the model; a pixel whose plain run would
                not call the model at all is kept.
            transition: 0 = hard release as in the paper; otherwise the upper `transition` of each
                rung lets the pixel obey part of the answer one step earlier, so that strength
                acts without bands when there are few steps.
            floor: no pixel starts before this step.
        """

    def first(self, strength: float, steps: int) -> int:
        """Return the step at which plain img2img begins at one strength, 0..steps."""
        start = int(self(np.array(strength), steps, steps - 1).start)
        return min(start, steps - self.fewest)

    def smallest(self, steps: int, last: int) -> float:
        """Return the smallest strength, to six decimals, at which a pixel is ever released; inf
        where none is. steps, last: as in `__call__`."""
        found, step = 0.0, 1.0
        for _ in range(2):  # a larger strength never starts later
            step /= 1000
            tried = found + np.arange(1001) * step
            released = self(tried, steps, last).start != NEVER
            if not released.any():
                return np.inf
            found = max(float(tried[released.argmax()]) - step, 0.0)
        return found + step

    def img2img_args(self, first: int, steps: int) -> Img2ImgArgs:
        """Return the arguments with which the host's img2img begins at step `first` of `steps`.

        Raises:
            NotImplementedError: the rule is none of a host's.
        """
        raise NotImplementedError


class HostRule(StartRule):
    """The rule of a host that counts steps by the strength, each in its own way."""

    @abstractmethod
    def rungs(self, strength: np.ndarray, steps: int, hard: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the steps that each strength asks for, and the whole ones that it gets beyond
        `fewest`. hard: releases are not spread over a transition."""

    def __call__(
        self,
        strength: np.ndarray,
        steps: int,
        last: int,
        transition: float = 0.0,
        floor: int = 0,
    ) -> StartSteps:
        strength = np.round(np.asarray(strength, np.float64), DIGITS)
        hard = transition <= 1e-6
        rung, whole = self.rungs(strength, steps, hard)
        start, weight = steps - self.fewest - whole, None
        if not hard:
            weight = np.clip((rung - whole - 1 + transition) / transition, 0, 1)
            weight = np.where((start > floor) & (start <= last + 1), weight, 0)
            start = start - (weight > 0)
            weight = np.where(weight > 0, weight, 1).astype(np.float32)
        start = np.maximum(start, floor)
        kept = (strength <= 0) | (start > last)
        return StartSteps(np.where(kept, NEVER, start).astype(np.int16), weight)


@dataclass(frozen=True)
class WebUIRule(HostRule):
    """The WebUIs' rule: `t_enc = int(min(s, 0.999) * steps)`, and the run begins at step
    `steps - 1 - t_enc` (`setup_img2img_steps` of A1111 v1.10.1 and Forge)."""

    fewest = 1

    def rungs(self, strength: np.ndarray, steps: int, hard: bool) -> tuple[np.ndarray, np.ndarray]:
        rung = np.minimum(strength, 0.999) * steps
        return rung, np.floor(rung)

    def img2img_args(self, first: int, steps: int) -> Img2ImgArgs:
        """Return the arguments for `sample_img2img(..., steps=requested)`, whose own rule is
        `int(requested / min(strength, 0.999))` steps, of which `requested` are run."""
        requested = steps - first
        return Img2ImgArgs(requested, min(requested / (steps + 0.5), 1.0))


@dataclass(frozen=True)
class DiffusersRule(HostRule):
    """diffusers' rule: a run of strength s makes the last `int(s * steps)` steps
    (`get_timesteps` of its img2img pipelines).

    ceil: the last `ceil(s * steps)` steps instead, as its Stable Diffusion 3 and Flux do.
    """

    ceil: bool = False

    def rungs(self, strength: np.ndarray, steps: int, hard: bool) -> tuple[np.ndarray, np.ndarray]:
        rung = strength * steps
        return rung, np.ceil(rung) if self.ceil and hard else np.floor(rung)

    def img2img_args(self, first: int, steps: int) -> Img2ImgArgs:
        """Return `num_inference_steps` and `strength`, half a rung away from the next one, so that
        no rounding can miss it."""
        half = -0.5 if self.ceil else 0.5
        return Img2ImgArgs(steps, min((steps - first + half) / steps, 1.0))


class FunctionRule(StartRule):
    """A rule of the caller's: a function of the arguments of `StartRule.__call__`."""

    def __init__(self, function: Callable[..., StartSteps]):
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> StartSteps:
        return self.function(*args, **kwargs)


WEBUI = WebUIRule()
DIFFUSERS = DiffusersRule()


def reference_start(keep: np.ndarray, steps: int) -> np.ndarray:
    """Return the start steps by the authors' thresholds: held while `keep > i / steps` before
    step i.

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
