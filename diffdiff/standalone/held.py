"""A diffusers pipeline whose scheduler holds: the hook, and how it undoes itself.

An img2img pipeline tells its scheduler everything the hold needs: `add_noise` (or `scale_noise`)
is given the init latent and the noise, `step` the guided answer and the sample. So the pipeline
gets a scheduler of its own class and config with these methods wrapped, for one run. No pipeline
is copied, and the user's scheduler is never touched.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from ..hold import Hold
from ..ladder import Ladder
from .forks import Forks
from .schedulers import habits_of, predicts, schedule_of

Progress = Callable[[int, int], None]


class Held:
    """One run of one scheduler that obeys a ladder.

    Args:
        scheduler: a fresh one; its methods are wrapped.
        ladder: start steps `[h, w]` of the grid that is denoised.
        known: init latent and noise `[B, C, h, w]` of an earlier part of the run, for a pipeline
            that goes on from there and adds no noise.
        progress: called with (model calls made, model calls in all).
    """

    def __init__(
        self,
        scheduler: Any,
        ladder: Ladder,
        known: tuple[Tensor, Tensor] | None = None,
        progress: Progress | None = None,
    ):
        self.scheduler, self.ladder, self.known, self.progress = scheduler, ladder, known, progress
        self.hold: Hold | None = None
        # pipelines read the signature to see what else `step` takes
        scheduler.step = functools.wraps(scheduler.step)(lambda *a, **k: self.step(*a, **k))
        for name, order in (("add_noise", (0, 1)), ("scale_noise", (0, 2))):
            if hasattr(scheduler, name):
                setattr(scheduler, name, self._noising(getattr(scheduler, name), *order))

    @property
    def calls(self) -> int:
        return self.index - self.begin if self.hold else 0

    def _noising(self, plain: Callable[..., Tensor], init: int, noise: int) -> Callable:
        """init, noise: which arguments these are; the third one is the timestep."""

        @functools.wraps(plain)
        def noising(*args: Tensor) -> Tensor:
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

        start, weight = tensor(self.ladder.start), tensor(self.ladder.weight)
        self.forks = Forks(scheduler, start, weight)
        self.hold = Hold(
            init,
            noise,
            start,
            schedule,
            self.begin // scheduler.order,
            habits_of(scheduler),
            predicts(scheduler),
            weight=weight,
        )
        self._open(x)

    def _open(self, x: Tensor) -> None:
        self.hold.open(x, self.timesteps[self.index].reshape(1))

    def step(self, answer: Tensor, timestep: Any, sample: Tensor, *args, **kwargs) -> Any:
        """The scheduler's own step, on the held answer; anchors are in what it returns."""
        as_tuple = not kwargs.pop("return_dict", True)
        if self.hold is None:
            self._begin(sample, timestep)
        x = self._grid(sample)
        channels = sample.shape[1] if sample.ndim == 4 else answer.shape[1]
        # a learned variance follows the answer
        answer, *variance = answer.split(channels, 1)
        held = self.hold.close(x, self._grid(answer))
        if variance:
            held = torch.cat([held, *variance], 1)
        out = self.forks.step(held, timestep, x, *args, at=self.hold.step, **kwargs)
        self.index += 1
        x = self._grid(out.prev_sample)
        if self.index < len(self.timesteps):
            self._open(x)
        else:
            x = self.hold.finish(x)
        out.prev_sample = self._like(sample, x)
        if self.progress is not None:
            self.progress(self.calls, len(self.timesteps) - self.begin)
        return out.to_tuple() if as_tuple else out

    def _grid(self, x: Tensor) -> Tensor:
        """`[B, C, h, w]` of a sample; Flux packs 2x2 cells into a token, `[B, h*w/4, 4*C]`."""
        if x.ndim == 4:
            return x
        h, w = (side // 2 for side in self.hold.init.shape[2:])
        x = x.view(len(x), h, w, -1, 2, 2).permute(0, 3, 1, 4, 2, 5)
        return x.reshape(*x.shape[:2], 2 * h, 2 * w)

    @staticmethod
    def _like(sample: Tensor, x: Tensor) -> Tensor:
        """A grid in the sample's own layout."""
        if sample.ndim == 4:
            return x
        b, c, h, w = x.shape
        x = x.view(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5)
        return x.reshape(sample.shape)


@contextmanager
def hold_pipeline(pipe: Any, scheduler: Any, ladder: Ladder, **options: Any) -> Iterator[Held]:
    """The pipeline with a held scheduler, for the length of the block.

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
