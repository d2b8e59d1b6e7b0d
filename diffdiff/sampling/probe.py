"""Probe: learn how a sampler function works through a schedule by running it on a few pixels.

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

from .calls import Habits, SamplerCall
from .hold import Hold
from .noise_levels import Schedule
from .start_steps import NEVER, Between
from .trial import Endless, Trial

MEMORIES = (0, 1, 2, 3, math.inf)
TRIED = 24  # starts, at most; columns of the latents are one for each, and for each level between
SECONDS = 5.0  # after which a function counts as one that does not come back
_found: dict[Any, Habits] = {}


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
    """Find the habits of a sampler function in one run; cached per function and schedule.

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
    key = (
        *_name(call.function),
        _plain(call.options),
        tuple(schedule.coordinates),
        first,
        predicts,
        like.ndim,
        like.dtype,
        len(like),
        settings,
        tuple(between),
    )
    if key not in _found:
        if len(_found) > 200:
            _found.clear()
        with torch.no_grad():
            probe = Probe(call, model, schedule, first, like, predicts, sources, between)
            _found[key] = probe.habits()
    return _found[key]


def forget() -> None:
    """Forget all that was found."""
    _found.clear()


def _name(function: Any) -> tuple[Any, ...]:
    """Return a key for a function that keeps no host object alive."""
    bound = []
    while isinstance(function, functools.partial):
        bound += [_plain(dict(enumerate(function.args)) | function.keywords)]
        function = function.func
    function = inspect.unwrap(getattr(function, "__func__", function))
    return getattr(function, "__code__", type(function).__qualname__), *bound


def _plain(options: dict[Any, Any]) -> tuple[Any, ...]:
    """Reduce options to numbers and words; of everything else, its type."""
    kinds = (bool, int, float, str, type(None))
    return tuple((k, v if isinstance(v, kinds) else type(v).__name__) for k, v in options.items())


class Probe:
    """One sampler function on one schedule, tried on latents of two rows and a few columns."""

    def __init__(
        self,
        call: SamplerCall,
        model: Any,
        schedule: Schedule,
        first: int,
        like: Tensor,
        predicts: str,
        sources: Sequence[tuple[Any, str]],
        between: Sequence[Between] = (),
    ):
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
            with redirect_stderr(io.StringIO()):  # some show their progress regardless
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
        whole = Trial(self, 0)
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
            found,
            opens=opens,
            by_level=False,
            exact=all(map(self.near, [whole.levels[i] for i in opens], levels)),
            extra=max(run.extra for run in tried.values()),
            alone=not tried[max(tried)].why,
            as_is=all(run.as_is for run in tried.values()),
            lead=max(run.lead for k, run in tried.items() if k or len(tried) == 1),
            early=None if early_why else tuple(run.start for run in early),
            early_why=early_why,
        )
        tried, early = [*tried.items()], [] if early_why else early
        off: dict[float, float] = {}
        why = ""
        for memory in MEMORIES:
            off[memory], why = self.agree(replace(found, memory=memory), dict(tried), early)
            if off[memory] == 0:
                break
        for memory in off:  # in half precision a later start may round in another way
            if off[memory] <= min(min(off.values()), 16 * torch.finfo(self.init.dtype).eps):
                return replace(found, memory=memory)
        why = why or "a later start comes to another result"
        return replace(found, memory=0, why=why, early=None, early_why=why)

    def early(self, whole: Trial, opens: tuple[int, ...]) -> tuple[list[Trial], str]:
        """Return the runs from the levels between steps, `start` of each being the questions that
        it asks before its next step; and why one of them cannot be had, or nothing."""
        runs = []
        for level in self.between:
            at = level.step - self.first
            run = Trial(self, at, before=level.coordinate)
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
        """Answer as a made-up model: pixel by pixel and nonlinear."""
        if self.predicts == "x0":
            x = x / (1 + level.reshape(-1, *[1] * (x.ndim - 1)).to(x))
        return torch.tanh(1.3 * x + 0.3) + 0.1 * x

    def tried(self, whole: Trial) -> dict[int, Trial] | None:
        """Run from a few later starts; return None where one uses other levels."""
        n, runs = self.steps, {0: whole}
        todo = sorted({k for k in (1, 2, n // 2, n - 2, n - 1) if 0 < k < n})
        while todo and len(runs) < TRIED:
            k = todo.pop(0)
            runs[k] = Trial(self, k, like=whole if k == n - 1 else None)
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

    def opens(self, tried: dict[int, Trial]) -> tuple[int, ...]:
        """Return the call that opens each step, interpolated between those that were tried."""
        known, opens = sorted(tried), []
        for a, b in zip(known, known[1:]):
            calls = (tried[b].start - tried[a].start) // (b - a)
            opens += [tried[a].start + calls * i for i in range(b - a)]
        return (*opens, tried[known[-1]].start)

    def agree(
        self, habits: Habits, tried: dict[int, Trial], early: list[Trial]
    ) -> tuple[float, str]:
        """Return how far a held run with these habits ends from the plain ones, relative to their
        largest value, and what went wrong in it."""
        start = torch.full_like(self.init[:1], NEVER, dtype=torch.int16)
        for column, k in enumerate(tried):
            start[..., column] = self.first + k
        fine = torch.zeros_like(start, dtype=torch.uint8)
        for i in range(len(early)):
            column = len(tried) + i
            start[..., column], fine[..., column] = self.between[i].step, i + 1
        hold = Hold(
            self.init,
            self.noise,
            start,
            self.schedule,
            self.first,
            habits,
            self.predicts,
            fine=fine,
            between=self.between if early else (),
        )
        held = Trial(self, 0, hold)
        why = held.why or (hold.replays.astray if hold.replays is not None else "")
        if why or held.result is None:
            return math.inf, why or "it comes to nothing"
        pairs = [
            (held.result[..., column], run.result[..., column])
            for column, run in enumerate([*tried.values(), *early])
            if run.result is not None
        ]
        got, want = (torch.stack([pair[i] for pair in pairs]) for i in (0, 1))
        return float((got - want).abs().max() / want.abs().max()), ""
