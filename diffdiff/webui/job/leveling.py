"""Where the pixels of a job start: at the host's steps, or between them too."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ...edit.plan import EditPlan
from ...sampling.fine_levels import STEPS, Exact
from ...sampling.hold import Hold
from ...sampling.level_report import starts
from ...sampling.noise_levels import Schedule, noisiness
from ...sampling.start_steps import StartSteps


class Leveling:
    """The levels of one job."""

    def __init__(self) -> None:
        self.fine = False  # whether pixels have begun between steps
        self.exact: Exact | None = None

    def plan(
        self,
        edit: EditPlan,
        schedule: Schedule,
        slider_first: int,
        exact: Callable[[], Exact],
    ) -> tuple[StartSteps, int | None, tuple[StartSteps, int | None] | None]:
        """Return the start steps of a run, its first step, and both for a sampler that cannot start
        between steps.

        Args:
            edit: of the latent cells `[B or 1, 1, ..., h, w]` of a batch.
            schedule, slider_first, exact: of `sampler_hook.hold_sampler`'s planner.
        """
        args = edit.args
        self.steps, self.schedule, self.strength = edit.steps, schedule, edit.strengths
        coarse = edit.start_steps(slider_first)
        if not args.fine(edit.steps) or args.anchor != "noised":
            return *coarse, None
        self.exact = exact()
        self.ladder, first = edit.fine_start_steps(schedule.coordinates, self.exact)
        return self.ladder, first, coarse if args.levels == "auto" else None

    def ran(self, hold: Hold | None) -> None:
        """Record how the run went."""
        self.fine = hold is not None and hold.fine is not None

    @property
    def counted(self) -> tuple[int, int]:
        """Return the steps, and the last of them, that decide whether a strength changes anything
        (`diffdiff.sampling.start_steps.StartRule`)."""
        return (
            (STEPS, self.exact.last)
            if self.fine and self.exact is not None
            else (self.steps, len(self.schedule) - 1)
        )

    def text(self, first: int) -> str:
        """Return where strengths started, for the parameters; empty if at the host's steps."""
        if not self.fine:
            return ""

        def noise(coordinate: float) -> float:
            return noisiness(self.schedule.at(torch.tensor([coordinate])))

        coordinates = self.schedule.coordinates
        return "; ".join(map(str, starts(self.strength, self.ladder, first, coordinates, noise)))


def planned(levels: Leveling | None) -> Leveling:
    """Return the levels of a job whose sampler has requested its plan.

    Raises:
        RuntimeError: it has not.
    """
    if levels is None:
        raise RuntimeError("the sampler has not requested the job's plan")
    return levels
