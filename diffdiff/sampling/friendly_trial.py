"""Whether a sampler function can have a friendly anchor, found on a few made-up pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stderr
from typing import Any

import torch
from torch import Tensor

from .calls import Habits, SamplerCall
from .friendly import Friendly, Inversion, Inverting
from .noise_levels import Schedule
from .probe import TRIED, Probe
from .start_steps import NEVER
from .trial import Endless, Trial

OTHER = "it chooses other noise levels for another prompt"


class _Answering(Probe):
    """A probe whose made-up model has a prompt: a factor of its answers."""

    prompt = 1.0

    def answer(self, x: Tensor, level: Tensor) -> Tensor:
        return self.prompt * super().answer(x, level)


def refusal(
    call: SamplerCall,
    model: Any,
    schedule: Schedule,
    like: Tensor,
    predicts: str,
    sources: Sequence[tuple[Any, str]],
    habits: Habits,
    noisy: bool,
) -> str:
    """Return why a sampler function cannot have a friendly anchor; empty: it can.

    Args:
        call, model, schedule, like, predicts, sources: as for `diffdiff.sampling.probe.habits_of`,
            of a run of the full schedule.
        habits: its habits.
        noisy: whether it must draw noise.
    """
    try:
        with torch.no_grad(), redirect_stderr(io.StringIO()):
            probe = _Answering(call, model, schedule, 0, like, predicts, sources)
            return _refusal(probe, habits, noisy)
    except (Exception, Endless) as error:
        return f"it failed when it was tried out ({type(error).__name__}: {error})"


def _refusal(probe: _Answering, habits: Habits, noisy: bool) -> str:
    schedule, seeds = probe.schedule, range(len(probe.init))

    def inverted(drawn: float) -> tuple[Inverting, str]:
        run = Inverting(probe.init, seeds, schedule, habits, drawn)
        return run, Trial(probe, 0, run).why

    found, why = inverted(0.0)
    if why:
        return why
    start = torch.arange(TRIED, dtype=torch.int16) % len(schedule)
    start[-1] = NEVER
    start = start.expand_as(probe.init[:1]).contiguous()
    for probe.prompt in (1.0, 0.7):
        hold = Friendly(found.found, probe.init, start, schedule, 0, habits, probe.predicts)
        edited = Trial(probe, 0, hold)
        if edited.why or edited.result is None:
            return OTHER if edited.why.startswith("OtherQuestions") else edited.why
        same = edited.result if probe.prompt == 1 else edited.result[..., -1:]
        if not torch.equal(same, probe.init[..., -same.shape[-1] :].to(same)):
            return "the same answers do not lead to the same image"
    probe.prompt = 1.0
    other, why = inverted(1.0)
    if noisy and not why and _alike(found.found, other.found):
        return "it draws no noise"
    return ""


def _alike(one: Inversion, other: Inversion) -> bool:
    """Return whether two inversions asked and ended the same."""
    asked = [(a.question, b.question) for a, b in zip(one.calls, other.calls)]
    pairs = [(one.end, other.end), *asked]
    return all(torch.equal(a, b) for a, b in pairs if a is not None and b is not None)
