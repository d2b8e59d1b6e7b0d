"""Where the pixels of a job begin: at the host's steps, or between them too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from ...edit.plan import leveled, plan
from ...sampling.fine_levels import STEPS, Exact
from ...sampling.hold import Hold
from ...sampling.level_report import starts
from ...sampling.noise_levels import Schedule, noisiness
from ...sampling.start_steps import Ladder
from ...settings.schema import EditArgs


class Leveling:
    """The levels of one job.

    Args:
        args: checked settings.
        denoising_strength: of the tab.
    """

    def __init__(self, args: EditArgs, denoising_strength: float):
        self.args, self.denoising_strength = args, denoising_strength
        self.fine = False  # whether pixels have begun between steps
        self.exact: Exact | None = None

    def plan(
        self,
        strength: np.ndarray,
        steps: int,
        schedule: Schedule,
        slider_first: int,
        exact: Callable[[], Exact],
    ) -> tuple[Ladder, int | None, tuple[Ladder, int | None] | None]:
        """The ladder of a run, its first step, and both for a sampler that cannot have it so.

        Args:
            strength: `[B or 1, 1, ..., h, w]`, 0..1.
            steps, schedule, slider_first, exact: of `adapter.hold_sampler`'s planner.
        """
        args = self.args
        self.steps, self.schedule, self.strength = steps, schedule, strength
        coarse = plan(strength, args, steps, len(schedule) - 1, slider_first)
        if not args.fine(steps) or args.anchor != "noised":
            return *coarse, None
        self.exact = exact()
        self.ladder, first = leveled(
            strength, args, steps, schedule.coordinates, self.exact, self.denoising_strength
        )
        return self.ladder, first, coarse if args.levels == "auto" else None

    def ran(self, hold: Hold | None) -> None:
        """Notes how the run went."""
        self.fine = hold is not None and hold.fine is not None

    @property
    def counted(self) -> tuple[int, int]:
        """Steps, and the last of them, by which a strength is one that changes
        (`diffdiff.sampling.start_steps.climb`)."""
        return (STEPS, self.exact.last) if self.fine else (self.steps, len(self.schedule) - 1)

    def text(self, first: int) -> str:
        """Where strengths have begun, for the parameters; empty if at the host's steps."""
        if not self.fine:
            return ""

        def noise(coordinate: float) -> float:
            return noisiness(self.schedule.at(torch.tensor([coordinate])))

        coordinates = self.schedule.coordinates
        return "; ".join(map(str, starts(self.strength, self.ladder, first, coordinates, noise)))
