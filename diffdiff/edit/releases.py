"""What a map of strengths means for a run, in numbers and as a picture: what is released when."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..maps.overlay import colours
from ..sampling.start_steps import NEVER, WEBUI, StartRule
from ..settings.schema import EditArgs
from .plan import EditPlan


class Releases(NamedTuple):
    """steps: of the schedule. kept: part of the picture that no step touches, 0..1. rungs: one for
    every step at which something is released, the first first: its step (counted from 0), the
    lowest and the highest strength released there, and its part of the picture. picture: uint8
    [H, W, 3], the earlier a pixel is released the brighter, black where it is kept."""

    steps: int
    kept: float
    rungs: list[dict[str, Any]]
    picture: np.ndarray


def releases(plan: EditPlan) -> Releases:
    """Return when each pixel of a picture is released. plan: its map `[H, W]`, 1 step or more."""
    return release_steps(plan.strengths, plan.args, plan.steps, plan.full, plan.rule)


def release_steps(
    strength: np.ndarray, args: EditArgs, steps: int, full: float, rule: StartRule = WEBUI
) -> Releases:
    """Return when each pixel of a run is released.

    Args:
        strength: [H, W], 0..1, as `diffdiff.edit.plan.strengths` gives it.
        steps: steps of the full schedule, 1 or more.
        full: strength of a white pixel, which begins first.
        rule: the host's own; the default is the WebUI's.
    """
    floor = min(rule.first(full, steps), steps - 1) if args.scale == "relative" else 0
    start = rule(strength, steps, steps - 1, args.transition, floor).start
    rungs = []
    for step in np.unique(start[start != NEVER]):
        own = start == step
        least, most = float(strength[own].min()), float(strength[own].max())
        rungs.append({"step": int(step), "from": least, "to": most, "share": float(own.mean())})
    early = np.where(start == NEVER, 0.0, (steps - np.minimum(start, steps)) / steps)
    picture = np.where((start == NEVER)[..., None], 0, colours(early)).astype(np.uint8)
    return Releases(steps, float((start == NEVER).mean()), rungs, picture)
