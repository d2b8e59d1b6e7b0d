"""A diffusers pipeline whose scheduler holds: the hook, and how it undoes itself.

An img2img pipeline tells its scheduler everything the hold needs: `add_noise` (or `scale_noise`)
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

import torch
from torch import Tensor

from ..sampling.draws import fixed
from ..sampling.finite import START, Finite
from ..sampling.hold import Hold
from ..sampling.noise_levels import parts
from ..sampling.start_steps import NEVER, StartRule, StartSteps
from .extra import Extra, inserted
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

    def __init__(
        self,
        scheduler: Any,
        ladder: StartSteps | Fine,
        known: tuple[Tensor, Tensor] | None = None,
        progress: Progress | None = None,
        anchor: Any = None,
    ):
        self.scheduler, self.ladder, self.known, self.progress = scheduler, ladder, known, progress
        self.anchor = anchor
        self.hold: Hold | None = None
        self.ruler: Ruler | None = None
        self.extra: Extra | None = None
        self.made, self.finite = 0, Finite()
        if isinstance(ladder, Fine):
            self._fine(ladder)
        # pipelines read the signature to see what else `step` takes
        scheduler.step = functools.wraps(scheduler.step)(lambda *a, **k: self.step(*a, **k))
        for name, order in (("add_noise", (0, 1)), ("scale_noise", (0, 2))):
            if hasattr(scheduler, name):
                setattr(scheduler, name, self._noising(getattr(scheduler, name), *order))

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
            given = dict(inspect.signature(plain).bind(*args, **kwargs).arguments)
            self.ruler = ruler = Ruler(scheduler, fine.rule, given)
            self.ladder, self.begin = fine.ladder(ruler)
            if self.ladder.top is not None:
                ruler.put(scheduler, self.begin, self.ladder.top)
            self.timesteps = scheduler.timesteps
            scheduler.timesteps = inserted(self.timesteps, self.ladder, ruler, self.begin)

        def scale_model_input(x: Tensor, timestep: Any, *args: Any) -> Tensor:
            twin = None if self.extra is None else self.extra.twin
            if twin is None:
                return scale(x, timestep, *args)
            return type(twin).scale_model_input(twin, x, timestep, *args)

        scheduler.set_timesteps = set_timesteps
        if place is not None:
            scheduler.set_begin_index = lambda index=0: place(self.begin + index)
        if scale is not None:
            scheduler.scale_model_input = functools.wraps(scale)(scale_model_input)

    def _noising(self, plain: Callable[..., Tensor], init: int, noise: int) -> Callable:
        """Handle the pipeline's noising. init, noise: which arguments these are; the third one is
        the timestep."""

        @functools.wraps(plain)
        def noising(*args: Tensor) -> Tensor:
            if self.ruler is not None:
                self.scheduler.timesteps = self.timesteps
            x = plain(*args)
            if self.hold is None:
                self.known = args[init], args[noise]
                self._begin(x, args[3 - init - noise])
            return x

        return noising

    def _begin(self, x: Tensor, timestep: Tensor) -> None:
        init, noise = self.known
        scheduler = self.scheduler
        schedule = schedule_of(scheduler, lambda: self.index)
        if self.ruler is None:
            self.timesteps = scheduler.timesteps
            self.begin = getattr(scheduler, "begin_index", None)
            if self.begin is None:  # some keep no index
                self.begin = self.timesteps.tolist().index(timestep.reshape(-1)[0].item())
        self.index = self.begin
        grid = (1, 1, *self.ladder.start.shape[-2:])
        if grid[2:] != tuple(init.shape[2:]):
            raise RuntimeError(f"the map is for {grid[2:]}, the pipeline denoises {init.shape[2:]}")

        def tensor(part):
            return None if part is None else torch.from_numpy(part).view(grid).to(init.device)

        start, weight, early = map(tensor, self.ladder[:3])
        held_weight, forked, first = weight, start, weight
        if self.ladder.between:
            # what begins early has had its first answer; a part of it is no history
            forked = torch.where(early > 0, NEVER, start)
            if weight is not None:
                forked = torch.where((early > 0) & (weight < 1), start, forked)
                held_weight = torch.where(early > 0, 1, weight)
        if self.anchor is not None:  # what its held pixels remember is right
            forked = torch.full_like(start, NEVER)
        self.forks = Forks(scheduler, forked, held_weight)
        make = Hold if self.anchor is None else self.anchor.hold
        self.hold = make(
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
        if self.ladder.between:
            self.extra = Extra(self.ladder, self.ruler, early, first, self.hold, self.forks)
        self._open(x)

    def _open(self, x: Tensor) -> None:
        self.hold.open(x, self.timesteps[self.index].reshape(1))

    def step(self, answer: Tensor, timestep: Any, sample: Tensor, *args, **kwargs) -> Any:
        """Do the scheduler's step on the held answer; anchors are in what it returns."""
        as_tuple = not kwargs.pop("return_dict", True)
        if self.hold is None:
            self._begin(sample, timestep)
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
        out.prev_sample = self._like(sample, x)
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
        """Return a sample as `[B, C, h, w]`; Flux packs 2x2 cells into a token, `[B, h*w/4,
        4*C]`."""
        if x.ndim == 4:
            return x
        h, w = (side // 2 for side in self.hold.init.shape[2:])
        x = x.view(len(x), h, w, -1, 2, 2).permute(0, 3, 1, 4, 2, 5)
        return x.reshape(*x.shape[:2], 2 * h, 2 * w)

    @staticmethod
    def _like(sample: Tensor, x: Tensor) -> Tensor:
        """Return a grid in the sample's own layout."""
        if sample.ndim == 4:
            return x
        b, c, h, w = x.shape
        x = x.view(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5)
        return x.reshape(sample.shape)


@contextmanager
def hold_pipeline(pipe: Any, scheduler: Any, ladder: StartSteps, **options: Any) -> Iterator[Held]:
    """Give the pipeline a held scheduler for the duration of the block.

    Args:
        pipe: a diffusers img2img pipeline.
        scheduler: whose class and config the run uses.
        ladder, **options: as in `Held`.
    """
    pipe = getattr(pipe, "decoder_pipe", pipe)  # Kandinsky's prompts have a pipeline of their own
    own = pipe.scheduler
    held = Held(type(scheduler).from_config(scheduler.config), ladder, **options)
    pipe.scheduler = held.scheduler
    try:
        yield held
    finally:
        pipe.scheduler = own
