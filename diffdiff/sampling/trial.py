"""One trial run of a sampler function, on a probe's few pixels."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor

from .calls import StandIn
from .draws import Draws
from .friendly import Inverting
from .hold import Hold
from .noise_levels import noised


class Endless(BaseException):
    """A function that never stops calling the model."""


class Trial:
    """One run of the function: where it called the model, and its result.

    Args:
        probe: what is probed.
        at: the step that it begins with.
        hold: holds it.
        like: the whole run, for a last step that the function cannot make alone.
        before: the level between steps that it begins with, above that step.
    """

    def __init__(
        self,
        probe: Any,
        at: int,
        hold: Hold | Inverting | None = None,
        like: Trial | None = None,
        before: float | None = None,
    ):
        self.probe, self.hold = probe, hold
        self.levels: list[float] = []
        self.asked: list[Tensor] = []
        self.mirrored: list[int] = []
        self.steps: list[int] = []
        self.start = self.extra = self.lead = 0
        self.as_is = False
        self.result: Tensor | None = None
        self.why = ""
        self.draws = Draws(probe.sources, probe.drawn.clone)
        self.model = StandIn(probe.model, self._ask)
        if before is None:
            level = probe.schedule.starts[probe.first + at]
        else:
            level = probe.schedule.at(probe.init.new_full((len(probe.init),), before))
        self.before = before
        x = noised(probe.init, probe.noise, level)
        self.begins = x.clone()
        try:
            self._run(x, at)
        except Exception as error:
            # k-diffusion's SDE multistep functions cannot make their last step alone
            if like is not None:
                self.levels = like.levels[-1:]
            elif hold is None and before is None:
                raise
            self.why = f"{type(error).__name__}: {error}"

    def _run(self, x: Tensor, at: int) -> None:
        call, draws = self.probe.call, self.draws
        if self.hold is not None:
            self.result = self.hold.run(call, self.probe.model, x, self.model, draws)
        else:
            with draws.watched(call.function):
                noise = draws.noise_sampler(self.probe.drawn.clone)
                self.result = call.later(self.model, x, at, noise, self._mark, self.before)
        result = self.result
        if result is None or result.shape != x.shape or not torch.isfinite(result).all():
            raise ValueError("its result has another shape, or is not finite")

    @property
    def marks(self) -> tuple[int, ...] | None:
        """The first calls of its steps, as its own callback reports them; None where it has
        none."""
        return tuple(self.steps) if len(self.steps) >= self.probe.steps else None

    def joins(self, whole: Trial) -> bool:
        """Return whether its calls are the last of the whole run's, except for extra ones at
        first."""
        for self.extra in range(3):
            rest = self.levels[1 + self.extra :]
            self.start = len(whole.levels) - len(rest) - 1
            own = [*self.levels[:1], *rest]
            if self.start >= 0 and all(map(self.probe.near, own, whole.levels[self.start :])):
                return True
        return False

    def _mark(self, state: dict[str, Any]) -> None:
        last, x = len(self.asked) - 1, state.get("x")
        if x is None:
            return
        for i in range(last, max(last - 4, -1), -1):
            if torch.equal(self.asked[i], x):
                if i not in self.steps:
                    self.steps.append(i)
                return

    def _ask(self, model: StandIn, x: Tensor, level: Tensor, kwargs: dict[str, Any]) -> Tensor:
        probe, hold = self.probe, self.hold
        if x.shape[-2:] != probe.init.shape[-2:]:
            return probe.answer(x, level)
        if len(self.levels) > 12 * probe.steps + 60 or time.monotonic() > probe.ends:
            raise Endless("it does not come to an end")
        if not self.levels:
            self.lead, self.as_is = len(self.draws.seen), torch.equal(x, self.begins)
        self.levels.append(float(level.reshape(-1)[0]))
        if self.asked and torch.equal(x, -self.asked[-1]):
            self.mirrored.append(len(self.asked))
        self.asked.append(x.clone())
        beside: dict[str, Tensor] = {}

        def answer(x: Tensor, level: Tensor) -> Tensor:
            plain = probe.answer(x, level)
            names = probe.call.beside(model, kwargs)
            other = {name: 0.8 * plain - 0.1 * x.tanh() for name in names}
            (beside if hold is None or hold.beside is None else hold.beside).update(other)
            return plain

        plain = hold.denoise(answer, x, level) if hold else answer(x, level)
        if hold is not None:
            beside = {name: hold.also(name, x, value) for name, value in beside.items()}
        probe.call.deliver(model, {**beside, "denoised": plain}, kwargs)
        return plain
