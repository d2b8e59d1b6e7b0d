"""Exact histories for multistep schedulers: a released pixel gets its own copy of the scheduler.

A multistep scheduler steps by the answers of earlier steps too, and for a pixel that was held
those are not the model's. So at every step that releases pixels the scheduler is forked: a copy
that remembers nothing, as plain img2img has it at that step, makes the same steps with the same
answers and the same noise, and its result is taken for those pixels. Once the copy remembers as
much as the scheduler itself its memory is written into the scheduler's, and it is dropped: there
are never more copies than the scheduler has orders, and a copy costs no model call.

Pixels that begin at a level between two steps have such a copy too (`Forks.early`), whose schedule
has that level instead of the step before.

Nothing here knows a formula of any scheduler; order, corrector and warm-up are its own. Of two it
is known that a copy can go one step earlier (`BY_STEP`).
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..sampling.start_steps import NEVER
from .schedulers import MULTISTEP, family

# PNDM's counter tells its first two steps only, which differ in other things as well
UNCOMPARED = ("_begin_index", "counter")
SCHEDULE = ("timesteps", "sigmas", "num_inference_steps", "get_lms_coefficient")

BY_STEP = ("DPMSolverMultistep", "DEISMultistep")
"""What these keep of a step depends on that step alone, so a copy's memory is the scheduler's own,
only shorter; and their next step first drops the oldest. At order n a copy is needed for n - 1
steps, and leaves nothing to be written."""

State = tuple[Callable[[Tensor], Any], Tensor]
"""What restores a generator, and the state that it is given."""


class Fork(NamedTuple):
    """A copy, and the pixels whose history starts with it. early: at a level that the scheduler's
    schedule does not have."""

    scheduler: Any
    where: Tensor
    begun: int
    early: bool = False


class Forks:
    """Replaces `scheduler.step` in one run; the next run needs a new one.

    Args:
        scheduler: a diffusers scheduler. No step of the run has been made yet; `set_timesteps` and
            `set_begin_index` may still be called before the first one.
        start: `[B or 1, 1, h, w]` integer, first step of each pixel, `NEVER` for none.
        weight: same shape or None, how much of its first answer a pixel obeys (`Hold`).
    """

    def __init__(self, scheduler: Any, start: Tensor, weight: Tensor | None = None):
        self.scheduler, self.start, self.own = scheduler, start, start
        if weight is not None:
            # a pixel that obeys only part of its first answer begins again one step later
            self.own = torch.where((weight < 1) & (start != NEVER), start + 1, start)
        self.releases: set[int] = set()
        kind = family(scheduler)
        self.life = scheduler.config.solver_order - 1 if kind in BY_STEP else None
        self.remembers = kind in MULTISTEP and self.life != 0
        if self.remembers:
            self.releases = {*start.unique().tolist(), *self.own.unique().tolist()}
        self.fresh: Any = None
        self.forks: list[Fork] = []
        self.draws: list[State] = []  # the generators before the latest step

    def step(
        self, answer: Tensor, timestep: Any, sample: Tensor, *args: Any, at: int, **kwargs: Any
    ) -> Any:
        """Do one `scheduler.step`, with every pixel's history from its own start step.

        Args:
            answer: the (held) answer, as the scheduler wants it: `[B, C or 2 C, h, w]`.
            timestep, sample, *args, **kwargs: as for `scheduler.step`, without `return_dict`;
                sample is `[B, C, h, w]`.
            at: index of the step on the full schedule (`Hold.step`).

        Returns:
            The scheduler's own output object with its `prev_sample` corrected.
        """
        self._fork(at)

        def stepped(scheduler: Any) -> Any:
            # the class's own step: a host may have put its wrapper around this on the object
            step = type(scheduler).step
            return step(scheduler, answer, timestep, sample, *args, return_dict=True, **kwargs)

        self.draws, taken = _states(kwargs.get("generator"), sample.device), []
        for fork in self.forks:
            where = fork.where
            if fork.begun == at and self.own is not self.start:
                where = where | (self.start == at)
            with _replayed(self.draws):
                taken.append((where, stepped(fork.scheduler).prev_sample))
        # the scheduler itself comes last, so that the generators end where it leaves them
        out = stepped(self.scheduler)
        for where, other in taken:
            out.prev_sample = torch.where(where, other, out.prev_sample)
        self._join(at)
        return out

    def early(self, at: int) -> Any:
        """Make a copy for step `at` from another level, which the caller sets, after the scheduler
        has made that step."""
        twin = _twin(self.fresh)
        vars(twin).pop("get_lms_coefficient", None)  # of other levels
        self._place(twin, at)
        return twin

    def step_early(
        self,
        twin: Any,
        at: int,
        where: Tensor,
        answer: Tensor,
        timestep: Any,
        sample: Tensor,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Step such a copy, with the noise that the scheduler drew in the step.

        Args:
            where: bool, the pixels that the copy goes on with.
            others: as in `step`.
        """
        kind = type(twin)
        states = _states(kwargs.get("generator"), sample.device)
        before = [(put, state) for (put, _), (_, state) in zip(states, self.draws)]
        with _replayed(states, before):
            out = kind.step(twin, answer, timestep, sample, *args, return_dict=True, **kwargs)
        if self.remembers:
            self.forks.append(Fork(twin, where, at, True))
        return out

    def _place(self, fork: Any, at: int) -> None:
        for name in ("_step_index", "_begin_index"):
            if hasattr(fork, name):
                setattr(fork, name, at)

    def _fork(self, at: int) -> None:
        if self.fresh is None:
            if self.releases and hasattr(self.scheduler, "get_lms_coefficient"):
                # found by numerical integration: once for the scheduler and all its copies
                found = functools.cache(self.scheduler.get_lms_coefficient)
                self.scheduler.get_lms_coefficient = found
            # the pixels that begin with the run are the scheduler's own
            self.fresh = _twin(self.scheduler)
        elif at in self.releases:
            fork = _twin(self.fresh)
            self._place(fork, self.scheduler._step_index if hasattr(fork, "_step_index") else at)
            self.forks.append(Fork(fork, self.own == at, at))

    def _join(self, at: int) -> None:
        kept = []
        for fork in self.forks:
            if not self._done(fork, at):
                kept.append(fork)
            elif self.life is None:
                names = SCHEDULE if fork.early else ()
                mine, theirs = _memory(self.scheduler, names), _memory(fork.scheduler, names)
                vars(self.scheduler).update(_blend(mine, theirs, fork.where))
        self.forks = kept

    def _done(self, fork: Fork, at: int) -> bool:
        """Return whether the scheduler remembers as much as a copy, or may after its next step."""
        if self.life is not None:
            return at - fork.begun + 1 >= self.life + fork.early
        names = SCHEDULE if fork.early else ()
        mine = _memory(self.scheduler, names)
        if fork.early and at - fork.begun < max(len(v) for v in mine.values() if type(v) is list):
            return False  # its first answer, at another level, is not forgotten yet
        return _alike(mine, _memory(fork.scheduler, names), fork.where)


def _twin(scheduler: Any) -> Any:
    """Copy a scheduler so that it can be stepped alone. Tensors are shared: schedulers replace
    them."""
    twin = copy.copy(scheduler)
    vars(twin).update({k: list(v) for k, v in vars(twin).items() if isinstance(v, list)})
    return twin


def _memory(scheduler: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return all of its attributes except some."""
    without = UNCOMPARED + without
    return {k: v for k, v in vars(scheduler).items() if k not in without}


def _pixels(value: Any, where: Tensor) -> bool:
    return isinstance(value, Tensor) and value.ndim == 4 and value.shape[2:] == where.shape[2:]


def _alike(mine: Any, theirs: Any, where: Tensor) -> bool:
    """Return whether two memories differ only in the values of pixels."""
    if mine is theirs:
        return True
    if type(mine) is not type(theirs):
        return False
    if isinstance(mine, Tensor):
        if _pixels(mine, where):
            return mine.shape == theirs.shape
        return torch.equal(mine, theirs)
    if isinstance(mine, (list, dict)):
        keys = mine.keys() if isinstance(mine, dict) else range(len(mine))
        return len(mine) == len(theirs) and all(_alike(mine[k], theirs[k], where) for k in keys)
    return bool(mine == theirs)


def _blend(mine: Any, theirs: Any, where: Tensor) -> Any:
    """Return `mine`, with `theirs` in the pixels of `where`; both are alike."""
    if mine is theirs:
        return mine
    if isinstance(mine, dict):
        return {k: _blend(v, theirs[k], where) for k, v in mine.items()}
    if isinstance(mine, list):
        return [_blend(a, b, where) for a, b in zip(mine, theirs)]
    return torch.where(where, theirs, mine) if _pixels(mine, where) else mine


def _states(generator: Any, device: torch.device) -> list[State]:
    """Capture the states of generators: functions that restore them, with their arguments.

    Args:
        generator: `torch.Generator`, a list of them, or None for the global one of `device`.
    """
    if generator is None:
        states = [(torch.set_rng_state, torch.get_rng_state())]
        if device.type == "cuda":
            back = functools.partial(torch.cuda.set_rng_state, device=device)
            states.append((back, torch.cuda.get_rng_state(device)))
        return states
    generators = generator if isinstance(generator, list) else [generator]
    return [(g.set_state, g.get_state()) for g in generators if g is not None]


@contextmanager
def _replayed(after: list[State], before: Any = ()) -> Iterator[None]:
    """Draw from the states `before`, if there are any; generators have the states `after`
    afterwards."""
    for put, state in before:
        put(state)
    try:
        yield
    finally:
        for put, state in after:
            put(state)
