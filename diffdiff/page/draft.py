"""A draft: the run in few steps and small, to see early where it leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL import Image

from ..edit import coarse
from ..errors import FieldError
from ..pipelines import anchors
from . import actions, incoming

STEPS = 6  # at most
PART = 0.5  # of each side
LEAST = 256  # pixels: the shorter side is not made smaller than this
MODES = ("edit", "soft inpaint")


def size_of(width: int, height: int) -> tuple[int, int]:
    """Return the size of a draft of a run that works at a size, both in pixels."""
    part = min(1.0, max(PART, LEAST / min(width, height)))
    return round(width * part), round(height * part)


def draft(
    engine: Any, sent: dict[str, Any], progress: Callable[[int, int], None] | None
) -> tuple[Image.Image, str]:
    """Run one edit in few steps at half the size, and keep nothing of it.

    Args:
        sent: as in `actions.edit`.

    Returns:
        The picture, and what it is, for its mark on the canvas.

    Raises:
        FieldError: "mode" and "outpaint" for what the painter cannot show, and whatever else the
            engine raises.
    """
    args, run = actions.settings(sent)
    if args.mode not in MODES:
        remedy = f"Choose the mode {' or '.join(MODES)}, or press Generate"
        raise FieldError("mode", f"a draft shows one picture, not a {args.mode}", remedy)
    if args.outpaint:
        raise FieldError("outpaint", "a draft has no new sides", "Press Generate")
    image = incoming.picture(sent)
    size: dict[str, int] = {}
    if engine.native is None:  # a model of one size would make something else
        size = dict(zip(("width", "height"), size_of(*engine.worked_at(image, run))))
    small = {**sent, **size, "steps": min(run.steps, STEPS), "count": 1}
    args, run = actions.settings(small)
    needed = (args.needs_map or args.soft) and not coarse.wanted(args)
    change_map = incoming.change_map(sent) if needed or sent["map"] else None
    image, change_map, args = coarse.prepared(image, change_map, args)
    result = anchors.editing(engine, args, run)(image, change_map, args, run, progress)
    picture = result.pictures[-1]
    worked = "{} × {}".format(*engine.worked_at(image, run))
    return picture, f"{run.steps} step{'' if run.steps == 1 else 's'}, {worked}"
