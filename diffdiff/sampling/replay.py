"""Replay: compute a released pixel's x with the sampler's own function.

A multistep sampler remembers answers of earlier steps, and for a pixel that was held those are not
the model's. So at every step that releases pixels the sampler's own function is started once more,
from the noised original and on the part of the schedule that is left, for these pixels alone. It
stops at each question; what it asks is written into the main run's x, the model is asked once for
all pixels, and its answer given to both. Once the main run remembers nothing that is older than
the release, the replay is dropped. No formula of any sampler is needed, and no model call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor

from .calls import Habits, SamplerCall, StandIn
from .draws import Astray, Draws
from .paused import Paused, modes


class Group:
    """The pixels that are released at one step.

    Args:
        cells: long `[n]`, their places in a picture, row by row.
        own: bool `[B, 1, ..., n]` where pictures have different maps, else None: all of them.
    """

    def __init__(self, cells: Tensor, own: Tensor | None):
        self.cells, self.own = cells, own

    @classmethod
    def of_mask(cls, mask: Tensor, device: torch.device, cells: Tensor | None = None) -> Group:
        """Make a group of the pixels of a bool mask `[B or 1, 1, ..., h, w]`. cells: their places,
        if known."""
        flat, own = mask.flatten(-2), None
        if cells is None:
            cells = flat.flatten(0, -2).any(0).nonzero()[:, 0]
        if flat.numel() > flat.shape[-1]:
            own = flat.index_select(-1, cells)
            own = None if bool(own.all()) else own.to(device)
        return cls(cells.to(device), own)

    def of(self, latents: Tensor) -> Tensor:
        """Return the group's pixels, `[..., h, w]` -> `[..., 1, n]`, a copy."""
        return latents.flatten(-2).index_select(-1, self.cells).unsqueeze(-2)

    def put(self, latents: Tensor, values: Tensor) -> None:
        """Write `[..., 1, n]` into `[..., h, w]`."""
        flat = latents.flatten(-2)  # a view, or a copy of what is not laid out in one piece
        values = values.squeeze(-2).to(latents.dtype)
        if self.own is not None:
            values = torch.where(self.own, values, flat.index_select(-1, self.cells))
        flat.index_copy_(-1, self.cells, values)
        if flat.data_ptr() != latents.data_ptr():
            latents.copy_(flat.view_as(latents))


class Replay:
    """The run of one group from its own start, stopped at its latest question.

    Args:
        owner: all replays of the run.
        group: its pixels.
        step: where it starts, counted from the main run's first step.
        entry: `[B, C, ..., 1, n]`, the noised original there.
        drawn: what it draws before its first question; with `before`, before that of `step`.
        before: a level (sigma or timestep) above that step, at which it starts instead.
    """

    def __init__(
        self,
        owner: Replays,
        group: Group,
        step: int,
        entry: Tensor,
        drawn: list[Tensor],
        before: float | None = None,
    ):
        self.owner, self.group, self.step, self.asked = owner, group, step, 0
        self.early = before is not None
        self.drawn = iter(drawn)
        self.answer: Tensor | None = None
        self.beside: dict[str, Tensor] = {}

        def work() -> Tensor:
            drawing = owner.draws.given(self._drawn) if owner.habits.draws else nullcontext()
            with drawing:
                model = StandIn(owner.model, self._ask)
                return owner.call.later(model, entry, step, self._noise, before=before)

        self.run = Paused(work, modes())
        self._resume()

    @property
    def x(self) -> Tensor:
        """What it asks, or the state it has reached: `[B, C, ..., 1, n]`."""
        return self.run.result if self.run.question is None else self.run.question[0]

    def note(self, answer: Tensor) -> None:
        """Record the answer to its question: `[B, C, ..., h, w]`, of which it takes its own
        pixels."""
        self.answer = self.group.of(answer)

    def go(self, drawn: list[Tensor]) -> None:
        """Advance to its next question. drawn: what the main run drew since the last one."""
        self.drawn = iter(drawn)
        self._resume(self.answer)

    def go_on(self) -> None:
        """Advance to its next question, with the noise it was given at its start."""
        self._resume(self.answer)

    def arrived(self) -> None:
        """Note that it has reached the main run's step."""
        self.drawn, self.early = iter(()), False

    def _resume(self, answer: Tensor | None = None) -> None:
        try:
            self.run.resume(answer)
        except Exception as error:
            raise Astray(f"{type(error).__name__}: {error}") from error

    def _ask(self, model: StandIn, x: Tensor, level: Tensor, kwargs: dict[str, Any]) -> Tensor:
        self.asked += 1
        answer = self.run.ask((x, level))
        self.owner.call.deliver(model, {**self.beside, "denoised": answer}, kwargs)
        return answer

    def _noise(self, *args: Any, **kwargs: Any) -> Tensor:
        """Draw for its noise sampler; above its step from its own stretch where possible."""
        tree = self.owner.call.brownian
        if not self.early or tree is None or self.owner.draws.made_up is not None:
            return self._drawn()
        with self.owner.draws.apart():
            return self.group.of(tree(*args, **kwargs))

    def _drawn(self) -> Tensor:
        value = next(self.drawn, None)
        if value is None:
            raise Astray("a later start draws more noise than the run did")
        pixels = value.shape[-2:] == self.owner.size
        return self.group.of(value) if pixels else value


class Replays:
    """All replays of one run.

    Args:
        call: the call of the sampler function.
        model: what it is called with.
        draws: watches the main run's.
        start: `[B or 1, 1, ..., h, w]`, on the CPU: first step of each pixel, counted
            from the run's.
        steps: those that begin a replay.
        habits: habits of the sampler function (`diffdiff.sampling.probe`).
        soft: bool like `start` or None: pixels that obey only part of their first answer. They
            begin again after that step, so that no later step is extrapolated from such a part.
        last: the last step at which a replay can begin.
    """

    def __init__(
        self,
        call: SamplerCall,
        model: Any,
        draws: Draws,
        start: Tensor,
        steps: set[int],
        habits: Habits,
        soft: Tensor | None = None,
        last: int = 0,
    ):
        self.call, self.model, self.draws = call, model, draws
        self.start, self.steps, self.habits = start, steps, habits
        self.soft, self.last = soft, last
        self.size = start.shape[-2:]
        # (step, 0), or (step, number of a level before it)
        self.live: dict[tuple[int, int], Replay] = {}
        self.astray: str | None = None
        flat = start.flatten(-2)
        # sorted once: what a step releases is not looked for on the device
        self.places = {k: (flat == k).flatten(0, -2).any(0).nonzero()[:, 0] for k in sorted(steps)}

    def ask(
        self,
        x: Tensor,
        step: int,
        opens: bool,
        entry: Callable[[Callable[[Tensor], Tensor]], Tensor],
        again: Callable[[Tensor, Tensor], tuple[Tensor, Any]],
    ) -> list[Tensor]:
        """Write into `x` what recently released pixels ask, before a model call. Return what the
        main run has drawn since the last one.

        Args:
            x: `[B, C, ..., h, w]`, the main run's question.
            step: to which it belongs.
            opens: whether it is the step's first.
            entry: makes of a function that picks pixels the latents that they start from.
            again: asks the model once more: `(x, level [B]) -> answer, what came beside it`.
        """
        drawn = self.draws.take()
        for key, replay in list(self.live.items()):
            with self.guarded(key):
                self._move(replay, drawn, x, again)
                if replay.run.question is None:
                    raise Astray("a later start asks less often than the run")
                replay.group.put(x, replay.x)
                if opens and step - replay.step >= self.habits.memory:
                    self._drop(key)
        if opens and step in self.steps:
            group = Group.of_mask(self.start == step, x.device, self.places[step])
            with self.guarded((step, 0)):
                lead = drawn[len(drawn) - self.habits.lead :]
                begins = group.of(x) if self.habits.as_is else entry(group.of)
                self.live[step, 0] = replay = Replay(self, group, step, begins, lead)
                if not self.habits.as_is:  # else it asks what stands there already
                    group.put(x, replay.x)
        if opens and self.soft is not None:
            self.renew((step, -1), self.soft & (self.start == step - 1), x, drawn)
        return drawn

    def renew(self, key: tuple[int, int], mask: Tensor, x: Tensor, drawn: list[Tensor]) -> None:
        """Start the pixels of a mask again at a step, from where they are in `x`. Later replays
        take precedence on their pixels."""
        step = key[0]
        if not self.habits.memory or step > self.last or not mask.any():
            return
        group = Group.of_mask(mask, x.device)
        with self.guarded(key):
            lead = drawn[len(drawn) - self.habits.lead :]
            self.live[key] = replay = Replay(self, group, step, group.of(x), lead)
            if not self.habits.as_is:
                group.put(x, replay.x)

    def young(self, key: tuple[int, int], replay: Replay) -> None:
        """Add a replay that has come to its step, if the sampler remembers anything."""
        self.live[key] = replay
        if not self.habits.memory or replay.run.question is None:
            self._drop(key)

    def note(self, answer: Tensor) -> None:
        """Record the (held) answer after a model call."""
        for replay in self.live.values():
            replay.note(answer)

    def also(self, name: str, value: Tensor) -> None:
        """Record what came with that answer."""
        for replay in self.live.values():
            replay.beside[name] = replay.group.of(value)

    def finish(self, samples: Tensor, again: Callable[..., Any]) -> list[Tensor]:
        """Return the run's result gets that of the groups which are still replayed. Returns what
        the main run has drawn since its last question."""
        drawn = self.draws.take()
        for key, replay in list(self.live.items()):
            with self.guarded(key):
                self._move(replay, drawn, samples, again)
                if replay.run.question is not None:
                    raise Astray("a later start asks more often than the run")
                replay.group.put(samples, replay.x)
        self.end()
        return drawn

    def end(self) -> None:
        """Drop everything in progress."""
        for key in list(self.live):
            self._drop(key)

    def _move(
        self, replay: Replay, drawn: list[Tensor], x: Tensor, again: Callable[..., Any]
    ) -> None:
        first = replay.asked == 1
        replay.go(drawn)
        for _ in range(self.habits.extra if first else 0):
            # a start of this sampler asks once more: all others as they will be at that level
            picture, level = x.clone(), replay.run.question[1]
            replay.group.put(picture, replay.x)
            replay.note(again(picture, level)[0])
            replay.go([])

    @contextmanager
    def guarded(self, key: tuple[int, int]) -> Iterator[None]:
        """Drop a replay that fails and report it: its pixels continue as those of the main run."""
        try:
            yield
        except Astray as error:
            self.astray = str(error)
            self._drop(key)

    def _drop(self, key: tuple[int, int]) -> None:
        replay = self.live.pop(key, None)
        if replay is not None:
            replay.run.abandon()
