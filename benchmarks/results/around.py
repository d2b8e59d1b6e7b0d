"""What other methods do about a model call, in the place of this project's hold.

Each runs in the same engine, pipeline, schedule and noise as ours: `instead` swaps the hold for
the length of a `with`, so that nothing else differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffdiff.maps import geometry
from diffdiff.patching import attribute
from diffdiff.pipelines import job as job_module
from diffdiff.pipelines.scheduler_hook import Held
from diffdiff.pipelines.schedulers import predicts, schedule_of
from diffdiff.sampling.finite import Finite
from diffdiff.sampling.noise_levels import Level, Schedule, held_answer, noised
from diffdiff.sampling.start_steps import StartSteps

from .. import blends


def clean(kind: str, x: Tensor, answer: Tensor, level: Level) -> Tensor:
    """The x0 that an answer means: the inverse of `diffdiff.sampling.noise_levels.held_answer`."""
    if kind == "x0":
        return answer
    if kind == "flow":
        return x - answer * level.noise
    if kind == "v":
        if level.signal is not None:
            return level.signal * x - level.noise * answer
        spread = (1 + level.noise**2) ** 0.5
        return (x / spread - answer * level.noise) / spread
    scaled = x - level.noise * answer
    return scaled if level.signal is None else scaled / level.signal


class Around:
    """Plain img2img. The others override what they do before, in and after a step.

    Args:
        init, noise: `[B, C, h, w]`.
        schedule: the full one; first: the step that the run begins with.
        per_step: model calls in a step.
        kind: what the model answers, as in `diffdiff.sampling.noise_levels.held_answer`.
        change_map: float32 `[H, W]`, 1 = change.
    """

    def __init__(
        self,
        init: Tensor,
        noise: Tensor,
        schedule: Schedule,
        first: int,
        per_step: int,
        kind: str,
        change_map: np.ndarray,
    ):
        self.init, self.noise, self.schedule, self.kind = init, noise, schedule, kind
        self.per_step, self.calls, self.step = per_step, first * per_step, first
        grid = geometry.to_latent(change_map, *init.shape[2:])[None, None]
        self.map = torch.from_numpy(grid).to(init)
        self.prepare()

    def open(self, x: Tensor, sigma: Tensor) -> None:
        """Before a model call; writes into x."""
        self.step, self.level = self.calls // self.per_step, self.schedule.at(sigma)
        self.calls += 1
        self.before(x)

    def close(self, x: Tensor, answer: Tensor) -> Tensor:
        """After it: what the scheduler gets."""
        return answer

    def prepare(self) -> None: ...

    def before(self, x: Tensor) -> None: ...

    def finish(self, x: Tensor) -> Tensor:
        return x


class Algorithm1(Around):
    """The paper's Algorithm 1 as its code has it: all noised originals and masks made beforehand,
    `x = where(keep > i / T, noised original, x)` before step i, and every step is run."""

    def prepare(self) -> None:
        steps = len(self.schedule)
        self.originals = [noised(self.init, self.noise, level) for level in self.schedule.starts]
        self.masks = [(1 - self.map) > i / steps for i in range(steps)]

    def before(self, x: Tensor) -> None:
        torch.where(self.masks[self.step], self.originals[self.step].to(x), x, out=x)


class Blended(Around):
    """Blended latent diffusion (arXiv 2206.02779): outside of a binary mask, the noised original
    after every step. Of a map, the mask is what is at least 0.5."""

    def prepare(self) -> None:
        self.alpha = (self.map >= 0.5).to(self.init)

    def before(self, x: Tensor) -> None:
        x.copy_(torch.lerp(noised(self.init, self.noise, self.level).to(x), x, self.alpha))

    def finish(self, x: Tensor) -> Tensor:
        return torch.lerp(self.init.to(x), x, self.alpha)


class BuiltIn(Around):
    """The WebUI's soft inpainting: every predicted x0 is blended with the original."""

    def close(self, x: Tensor, answer: Tensor) -> Tensor:
        signal, noise = self.level
        as_sigma = float(noise if signal is None else noise / signal)
        x0 = clean(self.kind, x, answer, self.level)
        mixed = blends.builtin_blend(self.init.to(x0), x0, self.map, as_sigma)
        return held_answer(self.kind, x, mixed, self.level).to(answer)

    def finish(self, x: Tensor) -> Tensor:
        self.moved = (x - self.init).norm(dim=1).float().cpu().numpy()
        return x


class _Swapped(Held):
    """A scheduler with a method around its steps."""

    def __init__(
        self, scheduler: Any, ladder: StartSteps, method: Callable[..., Around], **options
    ):
        self.method = method
        whole = StartSteps(np.zeros_like(ladder.start))  # all pixels run from the first step on
        super().__init__(scheduler, whole, **options)

    def _begin(self, init: Tensor, noise: Tensor, x: Tensor, timestep: Tensor) -> None:
        super()._begin(init, noise, x, timestep)
        schedule = schedule_of(self.scheduler)
        per_step = self.scheduler.order
        self._hold = self.method(
            init, noise, schedule, self.begin // per_step, per_step, predicts(self.scheduler)
        )
        self._open(x)


class _Bare:
    """The scheduler as it is."""

    calls, known = 0, None

    def __init__(self):
        self.finite = Finite()


@contextmanager
def instead(method: Callable[..., Around] | None) -> Iterator[list]:
    """Engines hold by `method(init, noise, ...)`; None: not at all.

    Yields:
        a list that gets each run's method when the run is complete.
    """
    done: list = []

    @contextmanager
    def hold_pipeline(pipe, scheduler, ladder, **options):
        pipe = getattr(pipe, "decoder_pipe", pipe)
        own, fresh = pipe.scheduler, type(scheduler).from_config(scheduler.config)
        held = _Bare() if method is None else _Swapped(fresh, ladder, method, **options)
        pipe.scheduler = fresh
        try:
            yield held
        finally:
            pipe.scheduler = own
        done.append(getattr(held, "hold", None))

    with attribute(job_module, hold_pipeline=hold_pipeline):
        yield done
