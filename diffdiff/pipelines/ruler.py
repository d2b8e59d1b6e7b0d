"""Levels between the steps of a diffusers scheduler: where strengths start on its schedule without
rounding, and a schedule with such a level in place of one of its steps."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..sampling.fine_levels import DENSE, Exact
from ..sampling.noise_levels import Level
from ..sampling.start_steps import StartRule
from .schedulers import ALPHA_VP, family, level


def refusal(scheduler: Any) -> str:
    """Return why no pixel can start between the steps of a scheduler; empty: it can."""
    if scheduler.order > 1:
        return "makes two model calls a step, the second at another level"
    if family(scheduler) == "PNDM":
        return "calls the model twice at its second level"
    if getattr(scheduler.config, "invert_sigmas", False):
        return "counts its levels upwards"
    return ""


def noise_by_strength(
    scheduler: Any, steps: int, rule: StartRule
) -> Callable[[float], float] | None:
    """Return how noisy each strength starts without rounding, for a legend: strength -> fraction of
    noise.

    Args:
        scheduler: whose class and config the run would use.
        rule: the pipeline's, strength -> start step.

    Returns:
        None for a scheduler that cannot begin between its steps, or whose schedule is known to
        the pipeline only (Flux shifts it by the size of the picture).
    """
    if refusal(scheduler) or getattr(scheduler.config, "use_dynamic_shifting", False):
        return None
    fresh = type(scheduler).from_config(scheduler.config)
    fresh.set_timesteps(steps)
    ruler = Ruler(fresh, rule, {"num_inference_steps": steps})
    return lambda strength: ruler.noise(float(ruler.exact.coordinate(np.array(strength))))


class Ruler:
    """The levels of a scheduler whose `set_timesteps` has been called.

    A level is given by its coordinate: the timestep where that determines it, else sigma (Karras'
    and other spacings, flow matching).

    Args:
        scheduler: its schedule is read here; it is not kept.
        rule: the pipeline's, strength -> start step.
        arguments: those of `set_timesteps`, by name.
    """

    def __init__(self, scheduler: Any, rule: StartRule, arguments: dict[str, Any]):
        times, sigmas = _schedule(scheduler)
        dense_times, dense_sigmas = _dense(scheduler, arguments, times, sigmas)
        self.whole = not scheduler.timesteps.is_floating_point()
        self.table: np.ndarray | None = None  # sigma of every timestep
        self.by_time = sigmas is None or dense_sigmas is None
        coordinates, dense = times, dense_times
        if sigmas is not None and dense_sigmas is not None:
            self.pairs = dense_sigmas, dense_times
            if hasattr(scheduler, "alphas_cumprod"):
                alphas = np.asarray(scheduler.alphas_cumprod.cpu(), np.float64)
                self.table = table = ((1 - alphas) / alphas) ** 0.5
                read = np.interp(dense_times[:-1], np.arange(len(table)), table)
                self.by_time = np.allclose(read, dense_sigmas[:-1], rtol=1e-4, atol=0)
            if not self.by_time:
                coordinates, dense = sigmas, dense_sigmas
        self.coordinates: Sequence[float] = coordinates.tolist()
        self.exact = Exact(dense.tolist(), rule)
        self._one = copy.copy(scheduler)

    def level(self, coordinate: float) -> Level:
        """Return the noise level at a place of the schedule."""
        one = copy.copy(self._one)
        self.put(one, 0, coordinate)
        return level(one, 0)

    def noise(self, coordinate: float) -> float:
        """Return its fraction of noise, `noise / (signal + noise)`."""
        signal, noise = (1.0 if part is None else float(part) for part in self.level(coordinate))
        return noise / max(signal + noise, 1e-12)

    def timestep(self, coordinate: float) -> float:
        """Return the timestep that the model gets there."""
        if self.by_time:
            return coordinate
        sigmas, times = (part[:-1][::-1] for part in self.pairs)
        time = float(np.interp(coordinate, sigmas, times))
        return round(time) if self.whole else time

    def put(self, scheduler: Any, step: int, coordinate: float) -> None:
        """Give one step of a scheduler's schedule another level; the arrays are copied."""
        scheduler.timesteps = scheduler.timesteps.clone()
        scheduler.timesteps[step] = self.timestep(coordinate)
        if hasattr(scheduler, "sigmas"):
            sigma = coordinate
            if self.by_time:
                assert self.table is not None  # by time and with sigmas: it was made
                sigma = np.interp(coordinate, np.arange(len(self.table)), self.table)
            scheduler.sigmas = scheduler.sigmas.clone()
            scheduler.sigmas[step] = float(sigma)
        if family(scheduler) == "DDIM":
            later = scheduler.timesteps[step + 1 :].tolist()
            here = int(scheduler.timesteps[step])
            gap = here - (later[0] if later else -1)
            scheduler.num_inference_steps = _Steps(scheduler.num_inference_steps, gap)

    @staticmethod
    def gone(scheduler: Any) -> None:
        """Restore the scheduler's own next level after a step from such a level."""
        steps = scheduler.num_inference_steps
        if isinstance(steps, _Steps):
            scheduler.num_inference_steps = int(steps)


class _Steps(int):
    """A number of steps, for one step of DDIM: it steps to `timestep - train_timesteps // steps`,
    whatever its schedule says, and that quotient is `gap` here."""

    gap: int

    def __new__(cls, steps: int, gap: int) -> _Steps:
        self = super().__new__(cls, steps)
        self.gap = gap
        return self

    def __rfloordiv__(self, timesteps: int) -> int:
        return self.gap

    def __deepcopy__(self, memo: Any) -> _Steps:
        return self

    def __reduce__(self) -> tuple[type[_Steps], tuple[int, int]]:
        return _Steps, (int(self), self.gap)


def _schedule(scheduler: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return timesteps, ending with 0, and sigmas if it has them, one more than its steps."""
    times = np.append(np.asarray(scheduler.timesteps.cpu(), np.float64), 0.0)
    if family(scheduler) in ALPHA_VP:
        return times, None
    return times, np.asarray(scheduler.sigmas.cpu(), np.float64)


def _dense(
    scheduler: Any, arguments: dict[str, Any], times: np.ndarray, sigmas: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the schedule for the same arguments and `DENSE` steps."""
    if arguments.get("timesteps") is not None:  # the caller's own: what lies between them
        return _spread(times), None if sigmas is None else _spread(sigmas)
    other = type(scheduler).from_config(scheduler.config)
    arguments = {**arguments, "device": "cpu"}
    known = inspect.signature(type(scheduler).set_timesteps).parameters
    count = min(DENSE, scheduler.config.num_train_timesteps)
    if arguments.get("sigmas") is not None:
        custom = np.asarray(arguments["sigmas"], np.float64)
        ends = len(custom) == len(times) - 1  # its end is not among them
        spread = _spread(np.append(custom, 0.0) if ends else custom)
        arguments["sigmas"], count = spread[:-1] if ends else spread, DENSE
    if arguments.get("num_inference_steps") is not None:
        arguments["num_inference_steps"] = count
    if "original_inference_steps" in known:  # LCM, TCD: not only what they were distilled at
        arguments["original_inference_steps"] = scheduler.config.num_train_timesteps
    other.set_timesteps(**arguments)
    times, sigmas = _schedule(other)
    times = _spread(times)
    whole = not other.timesteps.is_floating_point()
    return (np.rint(times) if whole else times), None if sigmas is None else _spread(sigmas)


def _spread(values: np.ndarray) -> np.ndarray:
    """Interpolate to `DENSE + 1` values; return them unchanged where there are as many."""
    if len(values) == DENSE + 1:
        return values
    return np.interp(np.linspace(0, len(values) - 1, DENSE + 1), np.arange(len(values)), values)
