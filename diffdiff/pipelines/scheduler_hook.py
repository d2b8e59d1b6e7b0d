"""A diffusers pipeline whose scheduler holds: the hook, and how it undoes itself.

An img2img pipeline passes its scheduler everything the hold needs: `add_noise` (or `scale_noise`)
is given the init latent and the noise, `step` the guided answer and the sample. So the pipeline
gets a scheduler of its own class and config with these methods wrapped, for one run. No pipeline
is copied, and the user's scheduler is never touched.

With levels between steps (`sampling.fine_levels`) the ladder is made when the pipeline calls
`set_timesteps`, for only it knows its schedule. The pipeline is asked for the whole schedule and
given the timesteps of the run, the extra calls among them (`extra`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..sampling.draws import fixed
from ..sampling.finite import START, Finite
from ..sampling.hold import Hold
from ..sampling.noise_levels import parts
from ..sampling.start_steps import NEVER, StartRule, StartSteps
from .extra import Extra, inserted
from .packing import as_grid, as_sample
from .ruler import Ruler
from .scheduler_forks import Forks
from .schedulers import habits_of, predicts, schedule_of

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Fine:
    """How start steps with levels between steps are made from a schedule.

    rule: the pipeline's, strength -> start step.
    ladder: function of the levels, `(start steps, first step)`.
    """

    rule: StartRule
    ladder: Callable[[Ruler], tuple[StartSteps, int]]


class Held:
    """One run of one scheduler that follows start steps.

    Args:
        scheduler: a fresh one; its methods are wrapped.
        ladder: start steps `[h, w]` of the grid that is denoised; or `Fine`, for a pipeline that is
            called with strength 1.
        known: init latent and noise `[B, C, h, w]` of an earlier part of the run, for a pipeline
            that goes on from there and adds no noise.
        progress: called with (model calls made, model calls in all). If it has a method `see`,
            that gets the present estimate of the result and the init latent, `[B, C, h, w]` each.
        anchor: what makes another hold (`pipelines.friendly`).
    """

    # known once the run has begun
    timesteps: Tensor
    begin: int
    index: int
    forks: Forks

    def __init__(
        self,
        scheduler: Any,
        ladder: StartSteps | Fine,
        known: tuple[Tensor, Tensor] | None = None,
        progress: Progress | None = None,
        anchor: Any = None,
    ):
        self.scheduler, self.known, self.progress = scheduler, known, progress
        self.anchor = anchor
        self._ladder = None if isinstance(ladder, Fine) else ladder
        self._hold: Hold | None = None
        self.ruler: Ruler | None = None
        self.extra: Extra | None = None
        self.made, self.finite = 0, Finite()
        if isinstance(ladder, Fine):
            self._fine(ladder)
        # pipelines read the signature to see what else `step` takes
        step: Callable[..., Any] = self.step
        scheduler.step = functools.wraps(scheduler.step)(lambda *a, **k: step(*a, **k))
        for name, init, noise in (("add_noise", 0, 1), ("scale_noise", 0, 2)):
            if hasattr(scheduler, name):
                setattr(scheduler, name, self._noising(getattr(scheduler, name), init, noise))

    @property
    def hold(self) -> Hold:
        """The hold, which exists once the pipeline has noised its latent."""
        if self._hold is None:
            raise RuntimeError("the pipeline has not begun")
        return self._hold

    @property
    def ladder(self) -> StartSteps:
        """The start steps, which a fine run knows once the pipeline has set its timesteps."""
        if self._ladder is None:
            raise RuntimeError("the pipeline has set no timesteps")
        return self._ladder

    @property
    def calls(self) -> int:
        """Model calls made."""
        return self.made

    @property
    def all_calls(self) -> int:
        """Model calls of the whole run."""
        extra = 0 if self.extra is None else len(self.ladder.between)
        return len(self.timesteps) - self.begin + extra

    def _fine(self, fine: Fine) -> None:
        """Wrap the pipeline's timesteps and the model calls at them."""
        scheduler = self.scheduler
        plain, place = scheduler.set_timesteps, getattr(scheduler, "set_begin_index", None)
        scale = getattr(scheduler, "scale_model_input", None)

        @functools.wraps(plain)
        def set_timesteps(*args: Any, **kwargs: Any) -> None:
            plain(*args, **kwargs)
            arguments = dict(inspect.signature(plain).bind(*args, **kwargs).arguments)
            self.ruler = ruler = Ruler(scheduler, fine.rule, arguments)
            ladder, self.begin = fine.ladder(ruler)
            self._ladder = ladder
            if ladder.top is not None:
                ruler.put(scheduler, self.begin, ladder.top)
            self.timesteps = scheduler.timesteps
            scheduler.timesteps = inserted(self.timesteps, ladder, ruler, self.begin)

        scheduler.set_timesteps = set_timesteps
        if place is not None:
            scheduler.set_begin_index = lambda index=0: place(self.begin + index)
        if scale is not None:
            scheduler.scale_model_input = self._scaling(scale)

    def _scaling(self, plain: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """Handle the scaling of the model's input: at an extra call its scheduler is another."""

        @functools.wraps(plain)
        def scale_model_input(x: Tensor, timestep: Any, *args: Any) -> Tensor:
            twin = None if self.extra is None else self.extra.twin
            if twin is None:
                return plain(x, timestep, *args)
            return type(twin).scale_model_input(twin, x, timestep, *args)

        return scale_model_input

    def _noising(
        self, plain: Callable[..., Tensor], init: int, noise: int
    ) -> Callable[..., Tensor]:
        """Handle the pipeline's noising. init, noise: which arguments these are; the third one is
        the timestep."""

        @functools.wraps(plain)
        def noising(*args: Tensor) -> Tensor:
            if self.ruler is not None:
                self.scheduler.timesteps = self.timesteps
            x = plain(*args)
            if self._hold is None:
                self.known = args[init], args[noise]
                self._begin(*self.known, x, args[3 - init - noise])
            return x

        return noising

    def _begin(self, init: Tensor, noise: Tensor, x: Tensor, timestep: Tensor) -> None:
        scheduler, ladder = self.scheduler, self.ladder
        schedule = schedule_of(scheduler, lambda: self.index)
        if self.ruler is None:
            self.timesteps = scheduler.timesteps
            begin = getattr(scheduler, "begin_index", None)
            if begin is None:  # some keep no index
                begin = self.timesteps.tolist().index(timestep.reshape(-1)[0].item())
            self.begin = begin
        self.index = self.begin
        grid = (1, 1, *ladder.start.shape[-2:])
        if grid[2:] != tuple(init.shape[2:]):
            raise RuntimeError(f"the map is for {grid[2:]}, the pipeline denoises {init.shape[2:]}")

        def tensor(part: np.ndarray) -> Tensor:
            return torch.from_numpy(part).view(grid).to(init.device)

        start = tensor(ladder.start)
        weight = None if ladder.weight is None else tensor(ladder.weight)
        early = None if ladder.fine is None or not ladder.between else tensor(ladder.fine)
        held_weight, forked = weight, start
        if early is not None:
            # what begins early has had its first answer; a part of it is no history
            forked = torch.where(early > 0, NEVER, start)
            if weight is not None:
                forked = torch.where((early > 0) & (weight < 1), start, forked)
                held_weight = torch.where(early > 0, 1, weight)
        if self.anchor is not None:  # what its held pixels remember is right
            forked = torch.full_like(start, NEVER)
        self.forks = Forks(scheduler, forked, held_weight)
        make = Hold if self.anchor is None else self.anchor.hold
        self._hold = make(
            init,
            noise,
            start,
            schedule,
            self.begin // scheduler.order,
            habits_of(scheduler),
            predicts(scheduler),
            weight=held_weight,
        )
        if self.anchor is not None:
            self.anchor.warm(self)
        self.finite.see(START, init)
        if early is not None and self.ruler is not None:  # which a fine run has
            self.extra = Extra(ladder, self.ruler, early, weight, self.hold, self.forks)
        self._open(x)

    def _open(self, x: Tensor) -> None:
        self.hold.open(x, self.timesteps[self.index].reshape(1))

    def step(self, answer: Tensor, timestep: Any, sample: Tensor, *args: Any, **kwargs: Any) -> Any:
        """Do the scheduler's step on the held answer; anchors are in what it returns."""
        as_tuple = not kwargs.pop("return_dict", True)
        if self._hold is None:
            if self.known is None:
                raise RuntimeError("the pipeline has noised no latent")
            self._begin(*self.known, sample, timestep)
        x = self._grid(sample)
        channels = sample.shape[1] if sample.ndim == 4 else answer.shape[1]
        # a learned variance follows the answer
        answer, *variance = answer.split(channels, 1)
        answer = self._grid(answer)
        if self.extra is not None and self.extra.twin is not None:
            out = self.extra.step_on(x, answer, variance, timestep, *args, **kwargs)
            x = self.extra.pending
        else:
            step, held = self.index // self.scheduler.order, self.hold.close(x, answer)
            self.finite.see(step, held)  # some schedulers clip infinity
            see = getattr(self.progress, "see", None)
            if see is not None:
                level = self.hold.schedule.levels[self.hold.step]
                see(parts(self.hold.predicts, x, held, level)[0], self.hold.init)
            whole = torch.cat([held, *variance], 1) if variance else held
            with nullcontext() if self.anchor is None else fixed(x.shape[-2:]):
                out = self.forks.step(whole, timestep, x, *args, at=self.hold.step, **kwargs)
            self.index += 1
            reached = self._grid(out.prev_sample)
            if self.extra is not None:
                self.extra.begin(x, held, reached, self.hold.step + 1)
            if self.ruler is not None:
                self.ruler.gone(self.scheduler)
            x = reached
        x = self._next(x)
        self.finite.see(max(self.index - 1, self.begin) // self.scheduler.order, x)
        out.prev_sample = as_sample(x, sample)
        self.made += 1
        if self.progress is not None:
            self.progress(self.calls, self.all_calls)
        return out.to_tuple() if as_tuple else out

    def _next(self, x: Tensor) -> Tensor:
        """Return what the pipeline goes on with, from where the scheduler is."""
        if self.extra is not None and self.extra.due:
            return self.extra.show()
        if self.index < len(self.timesteps):
            self._open(x)
        else:
            x = self.hold.finish(x)
        return x if self.extra is None else self.extra.enter(x)

    def _grid(self, x: Tensor) -> Tensor:
        return as_grid(x, *self.hold.init.shape[2:])


@contextmanager
def hold_pipeline(
    pipe: Any, scheduler: Any, ladder: StartSteps | Fine, **options: Any
) -> Iterator[Held]:
    """Give the pipeline a held scheduler for the duration of the block.

    Args:
        pipe: a diffusers img2img pipeline.
        scheduler: whose class and config the run uses.
        ladder, **options: as in `Held`.
    """
    pipe = getattr(pipe, "decoder_pipe", pipe)  # Kandinsky has a separate pipeline for prompts
    users = pipe.scheduler
    held = Held(type(scheduler).from_config(scheduler.config), ladder, **options)
    pipe.scheduler = held.scheduler
    try:
        yield held
    finally:
        pipe.scheduler = users
