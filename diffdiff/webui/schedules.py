"""How noisy each strength starts on the host's schedule, without a run: for legend and previews."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import numpy as np
import torch
from modules import processing, sd_samplers, shared

from ..edit.plan import EditPlan
from ..patching import attribute
from ..sampling.fine_levels import DENSE, Exact
from ..sampling.level_report import Start, starts
from ..sampling.noise_levels import Schedule, noisiness
from ..sampling.start_steps import NEVER
from . import host, host_shift

logger = logging.getLogger("diffdiff")
POINTS = 51  # strengths of a table, from 0 to 1


class RunSettings(NamedTuple):
    """A run's settings, as the tab or a request has them. scheduler: None where the host's
    sampler decides. shift: of a flow model's schedule; None where it is that of the last run."""

    sampler: str
    scheduler: str | None
    steps: int
    width: int
    height: int
    shift: float | None = None


def run_settings(sent: dict[str, Any]) -> RunSettings | None:
    """Read a run's settings from the page; None where there is no sampler or no steps."""
    if not sent.get("sampler") or not sent.get("steps"):
        return None
    width, height = int(sent.get("width") or 512), int(sent.get("height") or 512)
    shift = float(sent.get("shift") or 0) or None
    return RunSettings(
        str(sent["sampler"]),
        sent.get("scheduler") or None,
        int(sent["steps"]),
        width,
        height,
        shift,
    )


class Known(NamedTuple):
    """A run's schedule, and where strengths start without rounding."""

    schedule: Schedule
    exact: Exact

    def noise(self, coordinate: float) -> float:
        """Return the fraction of noise at a coordinate, 0..1."""
        return noisiness(self.schedule.at(torch.tensor([coordinate])))


def exact_of(sampler: Any, p: Any, schedule: Schedule, like: torch.Tensor) -> Exact:
    """Return where strengths start without rounding, by the host's own schedule of very many steps.

    Args:
        schedule: schedule of the run itself.
        like: as for `host.schedule_of`.
    """
    try:
        with attribute(p, extra_generation_params=dict(p.extra_generation_params)):
            dense = host.schedule_of(sampler, p, DENSE, like).coordinates
        rises = any(b > a for a, b in zip(dense, dense[1:]))
        if len(dense) > DENSE // 2 and not rises and np.isfinite(dense).all():
            return Exact(dense)
    except Exception:  # a scheduler of fixed length, or one that cannot make so many
        logger.debug("no schedule of %s steps", DENSE, exc_info=True)
    return Exact.of_steps(schedule.coordinates)


def known(run: RunSettings) -> Known | None:
    """Return the schedule of a run to come; None where no model is loaded, or the sampler has
    none."""
    if run.steps < 1 or not host.is_loaded():
        return None
    try:
        p = processing.StableDiffusionProcessingImg2Img(
            sd_model=shared.sd_model,
            steps=run.steps,
            sampler_name=run.sampler,
            width=run.width,
            height=run.height,
            denoising_strength=1.0,
        )
        if run.scheduler:
            p.scheduler = run.scheduler
        sampler = sd_samplers.create_sampler(run.sampler, shared.sd_model)
        host_shift.set_shift(sampler, run.shift)
        cell = host.cell()
        like = torch.zeros(1, 4, max(run.height // cell, 1), max(run.width // cell, 1))
        schedule = host.schedule_of(sampler, p, run.steps, like)
        return Known(schedule, exact_of(sampler, p, schedule, like))
    except Exception:  # a host's own, for settings that it would refuse itself
        logger.debug("no schedule for %s", run, exc_info=True)
        return None


def table(run: RunSettings | None) -> dict[str, Any]:
    """Return fractions of noise for the legend: of each step, and of strengths from 0 to 1. Empty:
    unknown."""
    if run is None:
        return {}
    found = known(run)
    if found is None:
        return {}
    coordinates = found.schedule.coordinates
    exact = found.exact.coordinate(np.linspace(0, 1, POINTS))
    return {
        "steps": run.steps,
        "last": len(found.schedule) - 1,
        "noise": [round(found.noise(c), 4) for c in coordinates[:-1]],
        "exact": [0.0, *(round(found.noise(float(c)), 4) for c in exact[1:])],
    }


def begun(found: Known, edit: EditPlan) -> list[Start]:
    """Return where the pixels of a map would start, the strongest first.

    Args:
        edit: the edit of the latent cells `[h, w]`.
    """
    coordinates = found.schedule.coordinates
    edit = edit.counted(edit.steps, len(found.schedule) - 1)
    if edit.args.fine(edit.steps) and edit.args.anchor == "noised":
        ladder, first = edit.fine_start_steps(coordinates, found.exact)
    else:
        ladder, first = edit.start_steps(edit.rule.first(edit.full, edit.steps))
    if first is None or (ladder.start == NEVER).all():
        return []
    return starts(edit.strengths, ladder, first, coordinates, found.noise)
