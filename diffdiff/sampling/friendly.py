"""The friendly anchor: noise that explains the original, step by step.

Edit-friendly DDPM inversion (Huberman-Spiegelglas et al., CVPR 2024) noises the original for every
level of the schedule *independently*, `x_t = init (+) eps_t`, and asks which noise z_t would make
the sampler step from each of these to the next under a prompt that says what the picture shows. An
edit starts at one of them and takes the same z_t, under its own prompt.

What z_t adds to a step is `x_(t-1) - mean`, whatever its factor; so here the sampler's own function
runs with its noise set to zero, and what it asks instead of each anchor is kept. An edit's question
becomes `anchor + (question - question of the inversion)`. Every sampler that asks at fixed levels
can be inverted so, those of several calls per step and with memory too, and no formula of any is
needed: the same answers give the same questions again, so the reference prompt returns the original
bit for bit. Where a sampler draws no noise, the differences alone are left; for Euler's method on a
flow model that is FlowEdit (Kulikov et al., arXiv 2412.08629) with one noise per step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .calls import Habits, Model, SamplerCall
from .draws import Draws
from .finite import Finite
from .hold import Hold
from .noise_levels import Schedule, noised


class OtherQuestions(Exception):
    """A sampler asks other questions in the edit than in the inversion."""


class RecordedCall(NamedTuple):
    """One question of an inversion; tensors are on the CPU.

    level: sigma or timestep. anchor: the noised original there, `[B, C, ..., h, w]`. question: what
    the sampler asked instead. Both are None for a question at another size than the latent's.
    answer: the model's to the anchor, under the reference prompt. beside: what came with it.
    """

    level: float
    anchor: Tensor | None
    question: Tensor | None
    answer: Tensor
    beside: dict[str, Tensor]


class Inversion(NamedTuple):
    """An inverted latent, on the CPU: three latents per question.

    init: the latent, `[B, C, ..., h, w]`. calls: all questions of a run of the full schedule. end:
    what the run came to instead of `init`.
    """

    init: Tensor
    calls: list[RecordedCall]
    end: Tensor


class Inverting:
    """The run of a sampler that finds an inversion. Used as a `Hold` is.

    Args:
        init: `[B, C, ..., h, w]` init latent.
        seeds: one for each picture; its noise depends on it alone.
        schedule: the full schedule.
        habits: habits of the sampler function; of these, `mirrored` alone.
        drawn: what the sampler draws instead of noise; another value than 0 for a trial.
    """

    beside, step = None, 0

    def __init__(
        self,
        init: Tensor,
        seeds: Sequence[int],
        schedule: Schedule,
        habits: Habits,
        drawn: float = 0.0,
    ):
        self.drawn = drawn
        self.init, self.schedule, self.mirrored = init, schedule, habits.mirrored
        self.generators = [torch.Generator().manual_seed(int(s) % 2**63) for s in seeds]
        self.record: list[RecordedCall] = []
        self.draws: Draws | None = None
        self.end: Tensor | None = None
        self.finite = Finite()
        self.now: tuple[float, Tensor | None, Tensor | None] = 0.0, None, None
        self.heard: dict[str, Tensor] = {}
        self.at_size = 0  # questions so far

    @property
    def calls(self) -> int:
        """Model calls made."""
        return len(self.record)

    def run(self, call: SamplerCall, model: Any, x: Tensor, ask: Any, draws: Draws) -> Tensor:
        """Run the sampler from `x [B, C, ..., h, w]`, its noise set to zero; as `Hold.run`."""
        return self.finish(silently(call, x, ask, draws, self))

    def denoise(self, model: Model, x: Tensor, sigma: Tensor, **kwargs: Any) -> Tensor:
        """Make one model call of the sampler; as `Hold.denoise`."""
        if x.shape[-2:] == self.init.shape[-2:]:
            self.open(x, sigma)
        else:
            self.now, self.heard = (_level(sigma), None, None), {}
        with nullcontext() if self.draws is None else self.draws.away():
            answer = model(x, sigma, **kwargs)
        return self.close(x, answer)

    def open(self, x: Tensor, sigma: Tensor) -> None:
        """Write the anchor of a model call into `x`, before it."""
        shape = self.init.shape[1:]
        with nullcontext() if self.draws is None else self.draws.away():
            noise = torch.stack([torch.randn(shape, generator=g) for g in self.generators])
        anchor = noised(self.init, noise.to(self.init), self.schedule.at(sigma)).to(x.dtype)
        anchor = -anchor if self.at_size in self.mirrored else anchor
        self.at_size += 1
        self.now, self.heard = (_level(sigma), _kept(anchor), _kept(x)), {}
        x.copy_(anchor)

    def close(self, x: Tensor, answer: Tensor) -> Tensor:
        """Record the answer of the model call that `open` announced."""
        self.finite.see(f"call {len(self.record) + 1} of the inversion", answer)
        self.record.append(RecordedCall(*self.now, _kept(answer), self.heard))
        return answer

    def also(self, name: str, x: Tensor, value: Tensor) -> Tensor:
        """Record by name what the model gives besides its answer."""
        # it comes before the answer through an option, after it as an attribute of the model
        self.heard[name] = _kept(value)
        return value

    def picture(self, x0: Tensor) -> Tensor:
        """Return what to show of a predicted x0: the original, nothing has been edited yet."""
        return self.init.to(x0)

    def finish(self, samples: Tensor) -> Tensor:
        """Record what the run has come to; return the original."""
        self.end = _kept(samples)
        return self.init.to(samples)

    @property
    def found(self) -> Inversion:
        """The inversion, after the run."""
        assert self.end is not None
        return Inversion(_kept(self.init), self.record, self.end)


class Friendly(Hold):
    """An edit along an inversion.

    A pixel that is not released lies on the inversion's anchors, its answers are those of the
    reference prompt, and so is what the sampler remembers of them: nothing is replayed. A released
    pixel differs from the anchor as its question does from the inversion's.

    Args:
        inversion: of this latent, sampler and schedule.
        begin: the first step that needs the model; until then its recorded answers are given.
        number: the inversion's question that this run begins with.
        others: as for `Hold`.
    """

    recorded: RecordedCall  # the inversion's question that the sampler has come to

    def __init__(
        self,
        inversion: Inversion,
        init: Tensor,
        start: Tensor,
        schedule: Schedule,
        first: int,
        habits: Habits,
        predicts: str = "x0",
        weight: Tensor | None = None,
        begin: int = 0,
        number: int = 0,
    ):
        super().__init__(init, init, start, schedule, first, habits, predicts, weight)
        if not torch.equal(inversion.init, init.cpu()):
            raise ValueError("the inversion is that of another latent")
        self.inversion, self.begin, self.number = inversion, begin, number
        self.inverted = 0  # model calls that the inversion has cost this run
        self.deliver: Callable[[dict[str, Tensor], dict[str, Any]], None] = lambda beside, kwargs: (
            None
        )

    @property
    def remark(self) -> str:
        return ""

    def run(self, call: SamplerCall, model: Any, x: Tensor, ask: Any, draws: Draws) -> Tensor:
        return self.finish(silently(call, x, ask, draws, self))

    def denoise(self, model: Model, x: Tensor, sigma: Tensor, **kwargs: Any) -> Tensor:
        at_size = x.shape[-2:] == self.init.shape[-2:]
        if at_size:
            self.open(x, sigma)
        else:
            self._next(sigma)
        if self.step < self.begin:
            self.deliver({name: v.to(x) for name, v in self.recorded.beside.items()}, kwargs)
            return self.recorded.answer.to(x.device)
        self.calls += 1
        with nullcontext() if self.draws is None else self.draws.away():
            answer = model(x, sigma, **kwargs)
        if not at_size:
            return self._mixed(answer, self.recorded.answer)
        self.finite.see(self.first + self.own_step, answer)
        return self.close(x, answer)

    def open(self, x: Tensor, sigma: Tensor) -> None:
        self._tick(sigma)
        self._next(sigma)
        if self.recorded.anchor is None or self.recorded.question is None:
            raise OtherQuestions("it asks at other sizes in the edit than in the inversion")
        anchor = self.recorded.anchor.to(x)
        if self.call == 0:  # wherever the host has begun
            x.copy_(anchor)
            return
        x.sub_(self.recorded.question.to(x)).add_(anchor)
        torch.where(self.anchored if self.opens and self.releasing else self.held, anchor, x, out=x)

    def close(self, x: Tensor, answer: Tensor) -> Tensor:
        if not self.holding:
            return answer
        held = self.recorded.answer.to(answer)
        if self.weight is not None and self.due:
            part = torch.where(self.start == self.step, self.weight, 1).to(answer.dtype)
            answer = torch.lerp(held, answer, part)
        return torch.where(self.held, held, answer)

    def also(self, name: str, x: Tensor, value: Tensor | None) -> Tensor:
        held = self.recorded.beside[name].to(x.device)
        if value is None or self.step < self.begin:
            return held
        return self._mixed(value, held)

    def finish(self, samples: Tensor) -> Tensor:
        if self.number != len(self.inversion.calls):
            raise OtherQuestions("it asks less often in the edit than in the inversion")
        return self.picture(samples - self.inversion.end.to(samples) + self.init.to(samples))

    def _next(self, sigma: Tensor) -> None:
        """Go on to the inversion's next question."""
        if self.number >= len(self.inversion.calls):
            raise OtherQuestions("it asks more often in the edit than in the inversion")
        self.recorded = self.inversion.calls[self.number]
        self.number += 1
        # elsewhere the questions are counted, and a level would have to be read from the device
        if self.habits.by_level and not math.isclose(
            self.recorded.level, _level(sigma), rel_tol=1e-3
        ):
            raise OtherQuestions("it asks at other levels in the edit than in the inversion")

    def _mixed(self, answer: Tensor, held: Tensor) -> Tensor:
        """Return an answer of any size with the inversion's where pixels are held."""
        if not self.holding:
            return answer
        where, size = self.held, answer.shape[-2:]
        if size != where.shape[-2:]:
            flat = where.flatten(1, -3).to(answer.dtype)
            flat = torch.nn.functional.interpolate(flat, size, mode="nearest")
            where = flat.view(*where.shape[:-2], *size) > 0.5
        return torch.where(where, held.to(answer), answer)


def silently(call: SamplerCall, x: Tensor, ask: Any, draws: Draws, run: Any) -> Tensor:
    """Run a sampler whose pixels' noise is zero.

    Args:
        call: the call of the sampler function.
        x: `[B, C, ..., h, w]`, where it begins.
        ask: passed to it as the model.
        draws: watches its noise.
        run: `Inverting` or `Friendly`, gets `draws`.
    """
    draws.fixed = x.shape[-2:], getattr(run, "drawn", 0.0)
    run.draws = draws
    with draws.watched(call.function):
        return call.watched(draws).run(ask, x)


def _level(sigma: Tensor) -> float:
    return float(sigma.reshape(-1)[0])


def _kept(value: Tensor) -> Tensor:
    """Return a copy in the computer's own memory."""
    return value.detach().to("cpu", copy=True)
