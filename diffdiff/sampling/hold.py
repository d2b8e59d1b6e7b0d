"""Hold, anchor, replay: one img2img run in which every pixel starts at its own step.

At every denoise call, for pixels not yet released:

    anchor  x      = noised(init_latent, noise, level)   written into the sampler's own x
    hold    answer = what makes x0 the init latent

and for pixels released lately (`diffdiff.sampling.replay`):

    replay  x      = what the sampler's own function, started at their step, asks next

Arrays, noise, levels and the model are arguments; nothing here knows a host. Method: Differential
Diffusion (arXiv 2306.00950), in x0-space, so that no re-noised copies of the image are kept.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from .calls import Habits, Model, SamplerCall
from .draws import Draws
from .early import Early, replays_of
from .finite import Finite
from .noise_levels import Level, Schedule, extra_scale, held_answer, held_at_size, noised
from .replay import Replays
from .start_steps import NEVER, Between


class Hold:
    """State of one run. Wrap the model call of a sampler: `hold.denoise(model, x, sigma, **kw)`.

    Args:
        init: `[B, C, ..., h, w]` init latent.
        noise: the same shape, the run's own noise.
        start: `[B or 1, 1, ..., h, w]` integer, start step of each pixel on `schedule`, `NEVER` =
            kept.
        schedule: the full schedule.
        first: the step that the run begins with.
        habits: habits of the sampler function (`diffdiff.sampling.probe`).
        predicts: what the model answers: "x0", "eps" or "flow".
        weight: same shape as `start`, how much of its first answer a pixel obeys; None = all.
        extra_noise: shape of `init` or None, added to a pixel when it is released (A1111's
            "extra noise" option), scaled by `diffdiff.sampling.noise_levels.extra_scale`.
        path: the anchors instead of `init (+) noise`: a latent like `init` for each of the
            schedule's levels from the last one back to that of step `first`, as DDIM inversion
            leaves them (`diffdiff.sampling.inversion`). Only for samplers that call at its levels.
        fine: uint8 like `start` or None; i > 0: the pixel begins at `between[i - 1]`, before its
            start step.
        between: levels between steps (`diffdiff.sampling.early`).
    """

    def __init__(
        self,
        init: Tensor,
        noise: Tensor,
        start: Tensor,
        schedule: Schedule,
        first: int,
        habits: Habits,
        predicts: str = "x0",
        weight: Tensor | None = None,
        extra_noise: Tensor | None = None,
        path: Sequence[Tensor] | None = None,
        fine: Tensor | None = None,
        between: Sequence[Between] = (),
    ):
        if start.ndim != init.ndim or start.shape[1] != 1 or start.shape[-2:] != init.shape[-2:]:
            raise ValueError(
                f"start must be [B or 1, 1, {', '.join(map(str, init.shape[2:]))}], "
                f"got {list(start.shape)}"
            )
        self.init, self.noise, self.start, self.weight = init, noise, start, weight
        self.schedule, self.first, self.habits, self.predicts = schedule, first, habits, predicts
        self.extra_noise, self.path = extra_noise, path
        self.fine, self.between = fine, between
        self.first_weight = weight
        if between and weight is not None and fine is not None:
            self.weight = torch.where(fine > 0, 1, weight)  # theirs is of the first answer
        starts = start.unique().tolist()
        self.last_held = max(starts) - (weight is None)  # the last step that holds any pixel
        self.releases = {s for s in starts if s != NEVER}
        self.replays: Replays | None = None
        self.early: Early | None = None
        self.beside: dict[str, Tensor] | None = None  # what comes beside an extra answer
        self.draws: Draws | None = None
        self.finite = Finite()
        self.exact = habits.exact
        # a sampler that chooses its own levels: the step of a call is known to the device only
        self.find = schedule.finder(first, start.device) if habits.by_level else None
        self.starting = None if habits.opens is None else set(habits.opens)
        self.calls, self.call, self.own_step = 0, -1, -1
        self.step: Any = first - 1  # a 0-d tensor where only the device knows it
        self.due, self.releasing = False, False
        self.held = self.anchored = self.start > self.step

    @property
    def holding(self) -> bool:
        """Whether any pixel is held at the current step; True where only the device knows it."""
        return (self.step if self.find is None else self.first) <= self.last_held

    @property
    def remark(self) -> str:
        """A note for the user on how this sampler was held; empty: nothing to say."""
        why = self.habits.why
        if self.replays is not None:
            why = self.replays.astray or why
        if not why or not self.releases - {self.first}:
            return ""
        return f"strengths in between are approximate with this sampler: {why}"

    def run(self, call: SamplerCall, model: Any, x: Tensor, ask: Any, draws: Draws) -> Tensor:
        """Run the sampler, held.

        Args:
            call: the call of the sampler function.
            model: what the host calls it with.
            x: `[B, C, ..., h, w]`, where the run begins.
            ask: passed to the sampler instead of `model`; it calls `denoise`.
            draws: watches its noise.
        """
        watched = draws.made_up is not None
        self.replays, self.early = replays_of(self, call, model, draws)
        if self.replays is not None:
            watched = watched or self.habits.draws
        if watched:
            self.draws = draws
            call = call.watched(draws)
        try:
            with draws.watched(call.function) if watched else nullcontext():
                return self.finish(call.run(ask, x))
        finally:
            if self.replays is not None:
                self.replays.end()

    def denoise(self, model: Model, x: Tensor, sigma: Tensor, **kwargs: Any) -> Tensor:
        """Make one model call of the sampler.

        Args:
            model: the denoiser, `model(x, sigma, **kwargs) -> answer`, of the shape of `x`.
            x: `[B, C, ..., h, w]`, the sampler's own tensor; released and held pixels are written.
            sigma: `[B]`, sigma or timestep.
        """

        def ask(x: Tensor, sigma: Tensor) -> Tensor:
            self.calls += 1
            with nullcontext() if self.draws is None else self.draws.away():
                return model(x, sigma, **kwargs)

        if x.shape[-2:] != self.init.shape[-2:]:
            return self._elsewhere(ask(x, sigma))
        self.ask = ask
        self.open(x, sigma)
        step = self.step - self.first
        if self.replays is not None:
            begins = self.schedule.starts[min(self.step, len(self.schedule) - 1)]
            entry = functools.partial(self._entry, begins)
            drawn = self.replays.ask(x, step, self.opens, entry, self._again)
            if self.early is not None:
                drawn = self.early.drew(drawn, self.opens)
                if self.opens:
                    self.early.begin(step, x, drawn, self._again)
        answer = self.close(x, ask(x, sigma))
        self.finite.see(self.first + self.own_step, answer)
        if self.replays is not None:
            self.replays.note(answer)
            if self.early is not None and self.opens:
                self.early.remember(step, x, answer, self.schedule.at(sigma))
        return answer

    def _again(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Make one more model call: return the answer, and what came with it."""
        self.beside = {}
        try:
            return self.ask(x, sigma), self.beside
        finally:
            self.beside = None

    def open(self, x: Tensor, sigma: Tensor) -> None:
        """Find the step that a model call belongs to, before it, and write anchors into `x`."""
        self._tick(sigma)
        self.level = self._level(sigma)
        self._anchor(x)

    def close(self, x: Tensor, answer: Tensor) -> Tensor:
        """Return the answer for the sampler, after the model call that `open` announced."""
        if not self.holding or self.level is None:
            return answer
        init = self._side(self.init)
        held = held_answer(self.predicts, x, init, self.level).to(answer.dtype)
        if self.weight is not None and self.due:
            part = torch.where(self.start == self.step, self.weight, 1).to(answer.dtype)
            answer = torch.lerp(held, answer, part)
        # into memory that is new anyway; the model's own answer may be someone else's as well
        return torch.where(self.held, held, answer, out=None if held is self.init else held)

    def also(self, name: str, x: Tensor, value: Tensor) -> Tensor:
        """Hold what the model gives the sampler besides its answer, as `close` does; record it by
        name."""
        if self.beside is not None:
            self.beside[name] = value
            return value
        if value.shape[-2:] != self.init.shape[-2:]:
            return self._elsewhere(value)
        value = self.close(x, value)
        if self.replays is not None:
            self.replays.also(name, value)
        return value

    def picture(self, x0: Tensor) -> Tensor:
        """Return a predicted x0 with held pixels shown as the init latent (previews, interrupted
        runs)."""
        if not self.holding:
            return x0
        return torch.where(self.held, self.init.to(x0), x0)

    def finish(self, samples: Tensor) -> Tensor:
        """Return the run's result: finish replays, and put back pixels that were never released."""
        if self.replays is None:
            return self.picture(samples)
        samples = samples.clone()
        drawn = self.replays.finish(samples, self._again)
        samples = self.picture(samples)
        if self.early is not None:
            drawn = self.early.drew(drawn, True)
            self.early.begin(self.own_step + 1, samples, drawn, self._again)
        return samples

    def _tick(self, sigma: Tensor) -> None:
        """Count the call. Whether a pixel is released is decided once per step, at its first
        call: Heun's second call lies on the next step's level."""
        self.call += 1
        self.opens = self.starting is None or self.call in self.starting
        if not self.opens:
            return
        self.own_step += 1
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

    def _level(self, sigma: Tensor) -> Level | None:
        if not self.holding and not (self.opens and self.releasing):
            return None
        if self.opens and self.exact:
            return self.schedule.levels[self.step]
        return self.schedule.at(sigma)

    def _side(self, latents: Tensor) -> Tensor:
        """Negate latents for samplers that sometimes call the model at -x."""
        return -latents if self.call in self.habits.mirrored else latents

    def _anchor(self, x: Tensor) -> None:
        """Write `init (+) noise` into the pixels that are held, and into those released now."""
        if self.level is None:
            return
        released_here = self.opens and self.releasing
        where = self.anchored if released_here else self.held
        if self.path is not None:
            anchor = self.path[len(self.schedule.levels) - 1 - self.step]
            torch.where(where, anchor.to(x), x, out=x)
            return
        anchor = self._side(noised(self.init, self.noise, self.level))
        torch.where(where, anchor.to(x.dtype), x, out=x)
        if released_here:
            begins = self.schedule.starts[self.step] if self.exact else self.level
            if begins is not self.level or self.extra_noise is not None:
                entry = self._entry(begins).to(x.dtype)
                torch.where(self.anchored & ~self.held, entry, x, out=x)

    def _entry(
        self, level: Level, of: Callable[[Tensor], Tensor] = lambda latents: latents
    ) -> Tensor:
        """Return where pixels that are released at a level start from. of: selects some of them."""
        if self.path is not None:
            return of(self.path[len(self.schedule.levels) - 1 - self.step])
        anchor = noised(of(self.init), of(self.noise), level)
        if self.extra_noise is not None:
            anchor = anchor + of(self.extra_noise) * extra_scale(level, self.predicts)
        return anchor

    def _elsewhere(self, answer: Tensor) -> Tensor:
        """Return the answer to a question at another size, with what is held there; some samplers
        ask for a quarter of the latent, or a larger one, between two steps."""
        if not self.holding or self.predicts != "x0":
            return answer
        return held_at_size(answer, self.held, self.init)
