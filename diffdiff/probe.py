"""Probe: how a sampler function goes about a schedule, learnt by running it on a few pixels.

The function itself is run on the job's own schedule, with a made-up model and made-up noise: once
as a whole, then from a few later starts. If a later start asks at the levels of the whole run, it
can be replayed. Then runs in which pixels are held and released are compared with plain ones, bit
for bit, with no memory, with a memory of one step, of two, ...: the first that agrees is what the
sampler needs. The real model is never called and nothing is drawn; the result is numbers only.
"""

from __future__ import annotations

import functools
import inspect
import io
import math
import time
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from .calls import Habits, SamplerCall, StandIn
from .draws import Draws
from .hold import Hold
from .ladder import NEVER, Between
from .levels import Schedule, noised

MEMORIES = (0, 1, 2, 3, math.inf)
TRIED = 24  # starts, at most; columns of the latents are one for each, and for each level between
SECONDS = 5.0  # after which a function counts as one that does not come back
_found: dict[Any, Habits] = {}


class Endless(BaseException):
    """A function that asks and asks."""


def habits_of(
    call: SamplerCall,
    model: Any,
    schedule: Schedule,
    first: int,
    like: Tensor,
    predicts: str = "x0",
    sources: Sequence[tuple[Any, str]] = (),
    settings: Any = None,
    between: Sequence[Between] = (),
) -> Habits:
    """The habits of a sampler function in one run, found once for each function and schedule.

    Args:
        call: the run's.
        model: what the host calls it with: its attributes are read, it is never called.
        schedule, first, predicts: as for `Hold`.
        like: latents, for their rank, dtype and device.
        sources: as for `Draws`.
        settings: what else the function may look at, hashable: another value is another function.
        between: levels between steps at which pixels are to begin, 16 at most.

    Returns:
        Of a function that fails, or never comes to an end, `Habits(why=...)`: it is taken for one
        without memory, each of its calls placed by its level.
    """
    key = (*_name(call.function), _plain(call.options), tuple(schedule.coordinates), first,
           predicts, like.ndim, like.dtype, len(like), settings, tuple(between))  # fmt: skip
    if key not in _found:
        if len(_found) > 200:
            _found.clear()
        with torch.no_grad():
            probe = Probe(call, model, schedule, first, like, predicts, sources, between)
            _found[key] = probe.habits()
    return _found[key]


def forget() -> None:
    """Forgets all that was found."""
    _found.clear()


def _name(function: Any) -> tuple:
    """What a function is known by: nothing that keeps a host's objects alive."""
    bound = []
    while isinstance(function, functools.partial):
        bound += [_plain(dict(enumerate(function.args)) | function.keywords)]
        function = function.func
    function = inspect.unwrap(getattr(function, "__func__", function))
    return getattr(function, "__code__", type(function).__qualname__), *bound


def _plain(options: dict) -> tuple:
    """What options say in numbers and words; of all else, its kind."""
    kinds = (bool, int, float, str, type(None))
    return tuple((k, v if isinstance(v, kinds) else type(v).__name__) for k, v in options.items())


class Probe:
    """One sampler function on one schedule, tried on latents of two rows and a few columns."""

    def __init__(self, call, model, schedule, first, like, predicts, sources, between=()):
        self.call, self.model, self.schedule, self.first = call.quiet(), model, schedule, first
        self.predicts, self.sources, self.steps = predicts, sources, len(schedule) - first
        self.between, self.ends = tuple(between), time.monotonic() + SECONDS
        g = torch.Generator().manual_seed(5)
        shape = (len(like), 1, *[1] * (like.ndim - 4), 2, TRIED + len(between))
        self.init, self.noise, self.drawn = (
            torch.randn(shape, generator=g).to(like) for _ in range(3)
        )

    def habits(self) -> Habits:
        try:
            with redirect_stderr(io.StringIO()):  # some show their progress whatever they are told
                return self._habits()
        except (Exception, Endless) as error:
            why = f"it failed when it was tried out ({type(error).__name__}: {error})"
            return Habits(early=None, early_why=why, why=why)

    def _habits(self) -> Habits:
        if self.steps < 1:
            return Habits()
        name = self.call.schedule
        if name and len(self.call.options[name]) != self.steps + 1:
            why = "its steps are not those of the schedule"
            return Habits(early=None, early_why=why, why=why)
        whole = Run(self, 0)
        found = Habits(draws=whole.draws.any, mirrored=frozenset(whole.mirrored))
        tried = self.tried(whole) if self.call.schedule else None
        if tried is None:
            steps = whole.marks  # as many as the schedule has: counted; else placed by level
            counted = steps is not None and len(steps) == self.steps
            why = "it plans other steps for a later start"
            found = replace(found, opens=steps, by_level=not counted, why=why)
            return replace(found, early=None, early_why=why)
        opens = self.opens(tried)
        early, early_why = self.early(whole, opens)
        levels = self.schedule.coordinates[self.first : -1]
        found = replace(
            found, opens=opens, by_level=False,
            exact=all(map(self.near, [whole.levels[i] for i in opens], levels)),
            extra=max(run.extra for run in tried.values()), alone=not tried[max(tried)].why,
            as_is=all(run.as_is for run in tried.values()),
            lead=max(run.lead for k, run in tried.items() if k or len(tried) == 1),
            early=None if early_why else tuple(run.start for run in early), early_why=early_why,
        )  # fmt: skip
        tried, early = [*tried.items()], [] if early_why else early
        off: dict[float, float] = {}
        for memory in MEMORIES:
            off[memory], why = self.agree(replace(found, memory=memory), dict(tried), early)
            if off[memory] == 0:
                break
        for memory in off:  # in half precision a later start may round in another way
            if off[memory] <= min(min(off.values()), 16 * torch.finfo(self.init.dtype).eps):
                return replace(found, memory=memory)
        why = why or "a later start comes to another result"
        return replace(found, memory=0, why=why, early=None, early_why=why)

    def early(self, whole: Run, opens: tuple[int, ...]) -> tuple[list[Run], str]:
        """The runs from the levels between steps, `start` of each being the questions that it asks
        before its next step; and why one of them cannot be had, or nothing."""
        runs = []
        for level in self.between:
            at = level.step - self.first
            run = Run(self, at, before=level.coordinate)
            rest = whole.levels[opens[at] :] if at < self.steps else []
            run.start = len(run.levels) - len(rest)
            if run.why:
                return [], run.why
            if run.start < 1 or not all(map(self.near, run.levels[run.start :], rest)):
                return [], "from a level between steps it asks at other levels"
            runs.append(run)
        return runs, ""

    def near(self, a: float, b: float) -> bool:
        return math.isclose(a, b, rel_tol=max(2e-3, 2 * torch.finfo(self.init.dtype).eps))

    def answer(self, x: Tensor, level: Tensor) -> Tensor:
        """A made-up model: pixel by pixel, and no straight line."""
        if self.predicts == "x0":
            x = x / (1 + level.reshape(-1, *[1] * (x.ndim - 1)).to(x))
        return torch.tanh(1.3 * x + 0.3) + 0.1 * x

    def tried(self, whole: Run) -> dict[int, Run] | None:
        """The runs from a few later starts; None where one asks at other levels."""
        n, runs = self.steps, {0: whole}
        todo = sorted({k for k in (1, 2, n // 2, n - 2, n - 1) if 0 < k < n})
        while todo and len(runs) < TRIED:
            k = todo.pop(0)
            runs[k] = Run(self, k, like=whole if k == n - 1 else None)
            if not runs[k].joins(whole):
                return None
            known = sorted(runs)
            todo = (
                todo
                or [
                    (a + b) // 2  # the steps between two known ones do not all have as many calls
                    for a, b in zip(known, known[1:])
                    if (runs[b].start - runs[a].start) % (b - a)
                ]
            )
        return runs

    def opens(self, tried: dict[int, Run]) -> tuple[int, ...]:
        """The call that opens each step, counted between those that were tried."""
        known, opens = sorted(tried), []
        for a, b in zip(known, known[1:]):
            calls = (tried[b].start - tried[a].start) // (b - a)
            opens += [tried[a].start + calls * i for i in range(b - a)]
        return (*opens, tried[known[-1]].start)

    def agree(self, habits: Habits, tried: dict[int, Run], early: list[Run]) -> tuple[float, str]:
        """How far a held run with these habits ends from the plain ones, of their largest value;
        and what went wrong in it."""
        start = torch.full_like(self.init[:1], NEVER, dtype=torch.int16)
        for column, k in enumerate(tried):
            start[..., column] = self.first + k
        fine = torch.zeros_like(start, dtype=torch.uint8)
        for i in range(len(early)):
            column = len(tried) + i
            start[..., column], fine[..., column] = self.between[i].step, i + 1
        hold = Hold(
            self.init, self.noise, start, self.schedule, self.first, habits, self.predicts,
            fine=fine, between=self.between if early else (),
        )  # fmt: skip
        held = Run(self, 0, hold)
        if held.why or (hold.replays is not None and hold.replays.astray):
            return math.inf, held.why or hold.replays.astray
        pairs = [
            (held.result[..., column], run.result[..., column])
            for column, run in enumerate([*tried.values(), *early])
            if run.result is not None
        ]
        got, want = (torch.stack([pair[i] for pair in pairs]) for i in (0, 1))
        return float((got - want).abs().max() / want.abs().max()), ""


class Run:
    """One run of the function: where it asked, and what it came to.

    Args:
        probe: what is probed.
        at: the step that it begins with.
        hold: holds it.
        like: the whole run, for a last step that the function cannot make alone.
        before: the level between steps that it begins with, above that step.
    """

    def __init__(
        self,
        probe: Probe,
        at: int,
        hold: Hold | None = None,
        like: Run | None = None,
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
                noise = draws.noise_sampler(draws.made_up)
                self.result = call.later(self.model, x, at, noise, self._mark, self.before)
        if self.result.shape != x.shape or not torch.isfinite(self.result).all():
            raise ValueError("its result has another shape, or is not finite")

    @property
    def marks(self) -> tuple[int, ...] | None:
        """The first calls of its steps, as its own callback tells them; None where it does not."""
        return tuple(self.steps) if len(self.steps) >= self.probe.steps else None

    def joins(self, whole: Run) -> bool:
        """Whether its questions are the last of the whole run's, but for extra ones at first."""
        for self.extra in range(3):
            rest = self.levels[1 + self.extra :]
            self.start = len(whole.levels) - len(rest) - 1
            own = [*self.levels[:1], *rest]
            if self.start >= 0 and all(map(self.probe.near, own, whole.levels[self.start :])):
                return True
        return False

    def _mark(self, state: dict[str, Any]) -> None:
        last = len(self.asked) - 1
        for i in range(last, max(last - 4, -1), -1):
            if torch.equal(self.asked[i], state.get("x")):
                if i not in self.steps:
                    self.steps.append(i)
                return

    def _ask(self, model: StandIn, x: Tensor, level: Tensor, kwargs: dict) -> Tensor:
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
