"""Hold, anchor, repair: one img2img run in which every pixel begins at its own step.

At every denoise call, for pixels not yet released:

    anchor  x      = noised(init_latent, noise, level)   written into the sampler's own x
    hold    answer = what makes x0 the init latent
    repair  the sampler's memory, where a pixel has just been released

Arrays, noise, levels and the model are arguments; nothing here knows a host. Method: Differential
Diffusion (arXiv 2306.00950), in x0-space, so that no re-noised copies of the image are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .ladder import NEVER
from .levels import Level, Schedule, held_answer, noised
from .repair import Denoise, Memory
from .samplers import Run, Sampler


class Hold:
    """State of one run. Wrap the model call of a sampler: `hold.denoise(model, x, sigma, **kw)`.

    Args:
        init: `[B, C, h, w]` init latent.
        noise: `[B, C, h, w]` the run's own noise.
        start: `[B or 1, 1, h, w]` integer, start step of each pixel on `schedule`, `NEVER` = kept.
        schedule: the full schedule.
        first: the step that the run begins with.
        sampler: traits of the sampler (`diffdiff.samplers.traits`).
        predicts: what the model answers: "x0", "eps" or "flow".
        weight: same shape as `start`, how much of its first answer a pixel obeys; None = all.
        exact_levels: False when the sampler calls off its own levels (churn); then the level is
            read from the call.
        extra_noise: `[B, C, h, w]` or None, added to a pixel when it is released (A1111's
            "extra noise" option); see `Level` for its scale.
        function: the sampler function, for memories that need its coefficients.
        path: the anchors in the place of `init (+) noise`: a latent `[B, C, h, w]` for each of the
            schedule's levels from the last one back to that of step `first`, as DDIM inversion
            leaves them (`diffdiff.inversion`). Only for samplers that call at its levels.
    """

    def __init__(
        self,
        init: Tensor,
        noise: Tensor,
        start: Tensor,
        schedule: Schedule,
        first: int,
        sampler: Sampler,
        predicts: str = "x0",
        weight: Tensor | None = None,
        exact_levels: bool = True,
        extra_noise: Tensor | None = None,
        function: Callable | None = None,
        path: Sequence[Tensor] | None = None,
    ):
        if start.ndim != 4 or start.shape[1] != 1 or start.shape[2:] != init.shape[2:]:
            raise ValueError(
                f"start must be [B or 1, 1, {init.shape[2]}, {init.shape[3]}], "
                f"got {list(start.shape)}"
            )
        self.init, self.noise, self.start, self.weight = init, noise, start, weight
        self.schedule, self.first, self.sampler, self.predicts = schedule, first, sampler, predicts
        self.exact, self.extra_noise = sampler.on_schedule and exact_levels, extra_noise
        self.path = path
        starts = start.unique().tolist()
        self.last_held = max(starts) - (weight is None)  # the last step that holds any pixel
        self.releases = {s for s in starts if s != NEVER}
        self.memory = self._memory(function)
        # a sampler that chooses its own levels: the step of a call is known to the device only
        self.find = None if sampler.on_schedule else schedule.finder(first, start.device)
        self.calls, self.own_step, self.left = 0, -1, 0
        self.step, self.due, self.releasing = first - 1, False, False
        self.held = self.anchored = self.start > self.step

    @property
    def holding(self) -> bool:
        """Whether any pixel is held at the current step; may be, if only the device knows that."""
        return (self.step if self.find is None else self.first) <= self.last_held

    def _memory(self, function: Callable | None) -> Memory:
        if self.sampler.memory is None or self.last_held < self.first:
            return Memory()
        full = self.start
        if self.weight is not None:
            # a pixel that obeys only part of its first answer begins its history one step later
            full = torch.where((self.weight < 1) & (full != NEVER), full + 1, full)
        return self.sampler.memory(Run(self.schedule, self.first, full, function))

    def denoise(self, model: Callable[..., Tensor], x: Tensor, sigma: Tensor, **kwargs) -> Tensor:
        """One model call of the sampler.

        Args:
            model: the denoiser, `model(x, sigma, **kwargs) -> answer [B, C, h, w]`.
            x: `[B, C, h, w]`, the sampler's own tensor; released and held pixels are written.
            sigma: `[B]`, sigma or timestep.
        """
        self.open(x, sigma)

        def again(x_next: Tensor, sigma_next: Tensor) -> Tensor:
            self.calls += 1
            return model(x_next, sigma_next, **kwargs)

        return self.close(x, model(x, sigma, **kwargs), sigma, again)

    def open(self, x: Tensor, sigma: Tensor) -> None:
        """Before a model call: which step it belongs to; anchors are written into `x`."""
        self.opens = self._tick(sigma)
        self.level = self._level(sigma, self.opens)
        if self.opens:
            self.memory.before(x)
        self._anchor(x, self.level, self.opens)
        self.calls += 1

    def close(
        self, x: Tensor, answer: Tensor, sigma: Tensor, again: Denoise | None = None
    ) -> Tensor:
        """After the model call that `open` announced: the answer that the sampler gets.

        again: asks the model once more; None where that cannot be done.
        """
        answer = self.hold(x, answer)
        if self.opens:
            self.memory.after(x, answer, sigma, self.step, again)
        else:
            self.memory.inner(x, answer, self.step)
        return answer

    def hold(self, x: Tensor, answer: Tensor) -> Tensor:
        """The answer with held pixels replaced; `answer` itself where no pixel is held."""
        if not self.holding:
            return answer
        held = held_answer(self.predicts, x, self.init, self.level).to(answer.dtype)
        if self.weight is not None and self.due:
            part = torch.where(self.start == self.step, self.weight, 1).to(answer.dtype)
            answer = torch.lerp(held, answer, part)
        # into memory that is new anyway; the model's own answer may be someone else's as well
        return torch.where(self.held, held, answer, out=None if held is self.init else held)

    def picture(self, x0: Tensor) -> Tensor:
        """A predicted x0 with held pixels shown as the init latent (previews, interrupted runs)."""
        if not self.holding:
            return x0
        return torch.where(self.held, self.init.to(x0), x0)

    def finish(self, samples: Tensor) -> Tensor:
        """The run's result: last corrections, and pixels never released exactly as they were."""
        samples = self.memory.finish(samples)
        return self.picture(samples)

    def _tick(self, sigma: Tensor) -> bool:
        """Counts the call; True when it is the first of a step. Whether a pixel is released is
        decided here, once per step: Heun's second call lies on the next step's level."""
        opens = self.left == 0
        if opens:
            self.own_step += 1
            steps = len(self.schedule) - self.first
            self.left = self.sampler.calls(self.own_step, steps)
            was_held = self.held
            if self.find is None:
                self.step = self.first + self.own_step
                self.due = self.step in self.releases
            else:
                self.step, self.due = self.find(sigma), self.holding
            if self.due or self.own_step == 0:
                self.held = self.start > self.step
            # the run's own first step is noised by the host
            self.releasing = self.own_step > 0 and self.due
            # held, or released at this very call; a sampler that goes back up holds again
            self.anchored = was_held if self.find is None else was_held | self.held
        self.left -= 1
        return opens

    def _level(self, sigma: Tensor, opens: bool) -> Level | None:
        if not self.holding and not (opens and self.releasing):
            return None
        exact = opens and self.exact
        return self.schedule.levels[self.step] if exact else self.schedule.at(sigma)

    def _anchor(self, x: Tensor, level: Level | None, opens: bool) -> None:
        """Writes `init (+) noise` into the pixels that are held, and into those released now."""
        if level is None:
            return
        released_here = opens and self.releasing
        where = self.anchored if released_here else self.held
        if self.path is not None:
            anchor = self.path[len(self.schedule.levels) - 1 - self.step]
            torch.where(where, anchor.to(x), x, out=x)
            return
        self._write(x, level, where)
        if not released_here:
            return
        entry = self.schedule.starts[self.step] if self.exact else level
        if entry is not level or self.extra_noise is not None:
            self._write(x, entry, self.anchored & ~self.held, self.extra_noise)

    def _write(self, x: Tensor, level: Level, where: Tensor, extra: Tensor | None = None) -> None:
        anchor = noised(self.init, self.noise, level)
        if extra is not None:
            anchor = anchor + extra * (1.0 if level.signal is None else level.signal)
        torch.where(where, anchor.to(x.dtype), x, out=x)
