"""Extra model calls of a held diffusers run: pixels that start at a level between two steps.

The pipeline owns the model, so a level between steps is one entry more in the timesteps that it
goes through. At such a call every pixel is shown at that level: those that begin there as
`init (+) noise`, all others as the step before left them (`diffdiff.sampling.early`),

    x(level) = signal * x0 + noise * eps.

The pixels that begin there take the answer and step from that level to the next step's.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..sampling.hold import Hold
from ..sampling.noise_levels import Level, held_answer, noised, parts
from ..sampling.start_steps import StartSteps
from .ruler import Ruler
from .scheduler_forks import Forks


class Extra:
    """All extra calls of one run.

    Args:
        ladder: start steps of the run.
        ruler: ruler of the scheduler's schedule.
        fine: uint8 `[1, 1, h, w]`; i > 0 begins at `ladder.between[i - 1]`.
        weight: float like `fine` or None, how much of its first answer a pixel obeys.
        hold, forks: those of the run.
    """

    # known between `begin` and `enter`
    pending: Tensor  # where the main run is at the step
    step: int
    state: tuple[Tensor, Tensor]
    where: Tensor
    level: Level

    def __init__(
        self,
        ladder: StartSteps,
        ruler: Ruler,
        fine: Tensor,
        weight: Tensor | None,
        hold: Hold,
        forks: Forks,
    ):
        self.ladder, self.ruler, self.fine, self.weight = ladder, ruler, fine, weight
        self.hold, self.forks = hold, forks
        self.due: list[int] = []  # numbers of the levels before the next step
        self.arrived: list[tuple[Tensor, Tensor]] = []
        self.twin: Any = None

    def begin(self, x: Tensor, answer: Tensor, reached: Tensor, step: int) -> None:
        """Prepare the extra calls after a step of the main run.

        Args:
            x, answer: the model's input there, and its answer (held): `[B, C, h, w]`.
            reached: where the scheduler has come to.
            step: the next.
        """
        self.due = order(self.ladder, step)
        self.arrived = []
        if self.due:
            self.pending, self.step = reached, step
            self.state = parts(self.hold.predicts, x, answer, self.hold.schedule.levels[step - 1])

    def show(self) -> Tensor:
        """Return the latents of the next extra call: `[B, C, h, w]`."""
        number = self.due.pop(0)
        coordinate = self.ladder.between[number - 1].coordinate
        self.twin = self.forks.early(self.step - 1)
        self.ruler.put(self.twin, self.step - 1, coordinate)
        self.where, self.level = self.fine == number, self.ruler.level(coordinate)
        start = noised(self.hold.init, self.hold.noise, self.level).to(self.pending.dtype)
        picture = noised(*self.state, self.level).to(self.pending.dtype)
        return torch.where(self.where, start, picture)

    def step_on(
        self,
        x: Tensor,
        answer: Tensor,
        variance: list[Tensor],
        timestep: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Step the pixels of an extra call on its answer. Returns the scheduler's own output
        object.

        Args:
            x: the model's input: `[B, C, h, w]`.
            answer: its answer, without the learned variance that may follow.
            timestep, *args, **kwargs: as for `scheduler.step`.
        """
        twin, self.twin = self.twin, None
        hold, where = self.hold, self.where
        goes_on = where
        if self.weight is not None:
            held = held_answer(hold.predicts, x, hold.init, self.level).to(answer.dtype)
            answer = torch.lerp(held, answer, self.weight.to(answer.dtype))
            goes_on = where & (self.weight >= 1)  # the others begin again at the step
        new, old = parts(hold.predicts, x, answer, self.level), self.state
        self.state = torch.where(where, new[0], old[0]), torch.where(where, new[1], old[1])
        whole = torch.cat([answer, *variance], 1)
        at = self.step - 1
        out = self.forks.step_early(twin, at, goes_on, whole, timestep, x, *args, **kwargs)
        self.arrived.append((where, out.prev_sample))
        return out

    def enter(self, x: Tensor) -> Tensor:
        """Return `x` at the next step, with the pixels that have reached it."""
        for where, latent in self.arrived:
            x = torch.where(where, latent.to(x.dtype), x)
        self.arrived = []
        return x


def order(ladder: StartSteps, step: int) -> list[int]:
    """Return the numbers of the levels before a step, the noisiest first."""
    found = [(b.coordinate, i) for i, b in enumerate(ladder.between, 1) if b.step == step]
    return [i for _, i in sorted(found, reverse=True)]


def inserted(times: Tensor, ladder: StartSteps, ruler: Ruler, first: int) -> Tensor:
    """Return the timesteps of all model calls from a step on, including the extra ones."""
    plain, values = times.tolist(), []
    for step in range(first, len(plain) + 1):
        between = (ladder.between[i - 1].coordinate for i in order(ladder, step))
        values += [*map(ruler.timestep, between), *plain[step : step + 1]]
    return torch.tensor(values, dtype=times.dtype, device=times.device)
