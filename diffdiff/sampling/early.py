"""Early groups: pixels that start at a level between two steps, for one more model call.

Such a group is a replay (`replay`) whose schedule has one level more in front. Before the
main run asks at the step that follows that level, the group's sampler function makes its way down
to it: each of its questions is a model call more. The model sees the whole picture at one noise
level: all other pixels are their own state brought to that level, by the deterministic step of
DDIM (arXiv 2010.02502, equation 12 with sigma = 0; Euler's step) from the step before,

    x(level) = signal * x0 + noise * eps,

with x0 and eps from the model's answer there. For a pixel that is held, x0 is
the original and eps the run's noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from .calls import SamplerCall
from .draws import Draws
from .noise_levels import Level, held_answer, noised, parts
from .replay import Group, Replay, Replays
from .start_steps import NEVER, Between

Again = Callable[[Tensor, Tensor], tuple[Tensor, dict[str, Tensor]]]


class Early:
    """All early groups of one run.

    Args:
        replays: replays of the run.
        between: the levels, `step` counted from the main run's first.
        fine: uint8 `[B or 1, 1, ..., h, w]`, on the CPU: i > 0 begins at `between[i - 1]`.
        calls: how many questions each level's groups ask before the main run's next step.
        weight: float like `fine` or None, how much of its first answer a pixel obeys.
        init: the init latent `[B, C, ..., h, w]`.
        predicts: as for `diffdiff.sampling.hold.Hold`.
        level_of: the level of a question's `sigma` argument `[B]`.
        entry: what pixels start from at a level: `(level, picker) -> latents`.
    """

    def __init__(
        self,
        replays: Replays,
        between: Sequence[Between],
        fine: Tensor,
        calls: Sequence[int],
        weight: Tensor | None,
        init: Tensor,
        predicts: str,
        level_of: Callable[[Tensor], Level],
        entry: Callable[[Level, Callable[[Tensor], Tensor]], Tensor],
    ):
        self.replays, self.fine, self.calls, self.weight = replays, fine, calls, weight
        self.init, self.predicts, self.level_of, self.entry = init, predicts, level_of, entry
        self.steps: dict[int, list[tuple[float, int]]] = {}
        for number, (coordinate, step) in enumerate(between, 1):
            if (fine == number).any():
                self.steps.setdefault(step, []).append((coordinate, number))
        for groups in self.steps.values():
            groups.sort(reverse=True)  # the noisiest first
        self.state: tuple[Tensor, Tensor] | None = None
        self.drawn: list[Tensor] = []
        self.lead: list[Tensor] = []

    def drew(self, drawn: list[Tensor], opens: bool) -> list[Tensor]:
        """Note what the main run drew since its last question. At a step's first question it
        returns what a group needs that makes the step before it: that step's draws."""
        if not self.replays.habits.draws:
            return []
        self.drawn += drawn
        if not opens:
            return []
        whole, lead = self.lead + self.drawn, self.replays.habits.lead
        self.lead = self.drawn[len(self.drawn) - lead :]
        self.drawn = []
        return whole

    def remember(self, step: int, x: Tensor, answer: Tensor, level: Level) -> None:
        """Record where all pixels are after a step's first answer (held), if a group starts before
        the next step."""
        self.state = None
        if step + 1 in self.steps:
            x0, eps = parts(self.predicts, x, answer, level)
            self.state = (x0.clone() if x0 is answer else x0), eps

    def begin(self, step: int, x: Tensor, drawn: list[Tensor], again: Again) -> None:
        """Before the main run's first call of a step, bring the groups that start before it down to
        it, and write what they ask, or have reached, into `x`."""
        for coordinate, number in self.steps.get(step, ()):
            group = Group.of_mask(self.fine == number, x.device)
            with self.replays.guarded((step, number)):
                replay = self._descend(group, step, coordinate, number, x, drawn, again)
                group.put(x, replay.x)
                self.replays.young((step, number), replay)
            if self.replays.soft is not None:
                lead = drawn[len(drawn) - self.replays.habits.lead :]
                soft = self.replays.soft & (self.fine == number)
                self.replays.renew((step, -1 - number), soft, x, lead)
        self.state = None

    def _descend(
        self,
        group: Group,
        step: int,
        coordinate: float,
        number: int,
        x: Tensor,
        drawn: list[Tensor],
        again: Callable[..., Any],
    ) -> Replay:
        """Bring one group from its own level down to the step."""
        sigma = torch.full((len(x),), coordinate, dtype=x.dtype, device=x.device)
        begins = self.entry(self.level_of(sigma), group.of)
        replay = Replay(self.replays, group, step, begins, drawn, before=coordinate)
        assert self.state is not None  # a group begins after a step that was remembered
        x0, eps = self.state
        for i in range(self.calls[number - 1]):
            asked, sigma = replay.run.question
            level = self.level_of(sigma)
            picture = noised(x0, eps, level).to(x.dtype)
            group.put(picture, asked)
            answer, beside = again(picture, sigma)
            weight = None
            if self.weight is not None and not i:
                weight = group.of(self.weight.to(x.device))
            own = self._obeyed(group, asked, group.of(answer), level, weight)
            replay.beside = {
                name: self._obeyed(group, asked, group.of(value), level, weight)
                for name, value in beside.items()
            }
            for whole, part in zip((x0, eps), parts(self.predicts, asked, own, level)):
                group.put(whole, part)
            replay.answer = own
            replay.go_on()
        replay.arrived()
        return replay

    def _obeyed(
        self, group: Group, asked: Tensor, answer: Tensor, level: Level, weight: Tensor | None
    ) -> Tensor:
        """Return an answer, or the part of it that a pixel follows."""
        if weight is None:
            return answer
        held = held_answer(self.predicts, asked, group.of(self.init), level).to(answer)
        return torch.lerp(held, answer, weight.to(answer))


def replays_of(
    hold: Any, call: SamplerCall, model: Any, draws: Draws
) -> tuple[Replays | None, Early | None]:
    """Prepare the replays that a held run will have; None where it has none.

    Args:
        hold: the `diffdiff.sampling.hold.Hold` of the run.
        call, model, draws: as for `Hold.run`.
    """
    start = torch.where(hold.start == NEVER, hold.start, hold.start - hold.first).cpu()
    if hold.between:
        start = torch.where(hold.fine.cpu() > 0, NEVER, start)
    count = len(hold.schedule) - hold.first - (not hold.habits.alone)
    steps = {s for s in start.unique().tolist() if 0 < s < count}
    soft = None if hold.first_weight is None else (hold.first_weight < 1).cpu()
    if soft is not None and not soft.any():
        soft = None
    if not ((hold.habits.memory and (steps or soft is not None)) or hold.between):
        return None, None
    steps = steps if hold.habits.memory else set()
    replays = Replays(call, model, draws, start, steps, hold.habits, soft, count - 1)
    early = None
    if hold.between:
        from_here = [Between(c, step - hold.first) for c, step in hold.between]
        weight = None if hold.first_weight is None else hold.first_weight.cpu()
        early = Early(
            replays,
            from_here,
            hold.fine.cpu(),
            hold.habits.early,
            weight,
            hold.init,
            hold.predicts,
            hold.schedule.at,
            hold._entry,
        )
    return replays, early
