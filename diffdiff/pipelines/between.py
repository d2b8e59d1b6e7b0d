"""Levels between the steps in an edit by a pipeline: whether it has them, and how they are
reported."""

from __future__ import annotations

from typing import Any

from ..edit.plan import EditPlan
from ..errors import FieldError
from ..sampling.fine_levels import STEPS
from ..sampling.level_report import Start, starts
from ..sampling.start_steps import NEVER, StartSteps
from ..settings.run import RunArgs
from ..settings.schema import EditArgs
from .ruler import Ruler, refusal
from .scheduler_hook import Fine

REMEDY = "Use levels steps"


def wanted(args: EditArgs, run: RunArgs, scheduler: Any, refines: bool, own_rule: bool) -> bool:
    """Return whether pixels may start between the steps of a run.

    Args:
        scheduler: scheduler of the run.
        refines: a refiner takes over in between.
        own_rule: strengths start where the caller decides, not the pipeline.

    Raises:
        FieldError: "levels", where they are required and not possible.
    """
    if not args.fine(run.steps) or (own_rule and args.levels != "fine"):
        return False
    name = type(scheduler).__name__.removesuffix("Scheduler")
    why, other = refusal(scheduler), ", or another scheduler such as Euler, DPMSolverMultistep"
    if why:
        problem = f"no pixel can begin between the steps of {name}: it {why}"
    elif refines:
        problem, other = "a refiner goes on from the steps' own levels only", ", or no refiner"
    else:
        return True
    if args.levels == "fine":
        raise FieldError("levels", problem, REMEDY + other)
    return False


class Leveled:
    """The start steps of a map with levels between steps, once the schedule is known.

    Args:
        edit: the edit of the latent cells `[h, w]`.
    """

    exact_steps = STEPS, STEPS - 1  # where the rule has a different strength for every level

    def __init__(self, edit: EditPlan):
        self.edit = edit
        self.first: int | None = None
        self.starts: list[Start] = []

    @property
    def nothing(self) -> bool:
        """Whether no pixel is ever released."""
        start = self.edit.rule(self.edit.strengths, *self.exact_steps).start
        return bool((start == NEVER).all())

    def held(self) -> Fine:
        """Return what makes the start steps, for `scheduler_hook.hold_pipeline`."""
        return Fine(self.edit.rule, self._ladder)

    def _ladder(self, ruler: Ruler) -> tuple[StartSteps, int]:
        coordinates = ruler.coordinates
        ladder, first = self.edit.fine_start_steps(coordinates, ruler.exact)
        assert first is not None  # where nothing is released nothing is run
        self.first = first
        self.starts = starts(self.edit.strengths, ladder, first, coordinates, ruler.noise)
        return ladder, first


def record(found: list[Start]) -> list[dict[str, Any]]:
    """Return where strengths started, the strongest first: JSON types only.

    strength: the lowest and the highest that begin there. noise: percent. calls: of the model that
    such a pixel obeys. share: of the map.
    """
    return [
        {
            "strength": [round(start.lowest, 4), round(start.highest, 4)],
            "noise": round(100 * start.noise, 1),
            "calls": start.steps,
            "share": round(start.share, 4),
        }
        for start in found
    ]
