"""The page's draft: one edit in few steps and small, of which nothing is kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from PIL import Image

from ..edit import coarse
from ..edit import draft as small
from ..pipelines import anchors
from . import actions, incoming


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
    small.check(args)
    image = incoming.picture(sent)
    size: dict[str, int] = {}
    part = 1.0
    if engine.native is None:  # a model of one size would make something else
        whole = engine.worked_at(image, run)
        size = dict(zip(("width", "height"), small.size_of(*whole)))
        part = math.sqrt(size["width"] * size["height"] / (whole[0] * whole[1]))
    steps = min(run.steps, small.STEPS)
    args, run = actions.settings({**sent, **size, "steps": steps, "count": 1})
    needed = (args.needs_map or args.soft) and not coarse.wanted(args)
    change_map = incoming.change_map(sent) if needed or sent["map"] else None
    image, change_map, args = coarse.prepared(image, change_map, args)
    args = small.sized(args, part)
    result = anchors.editing(engine, args, run)(image, change_map, args, run, progress)
    picture = result.pictures[-1]
    worked = "{} × {}".format(*engine.worked_at(image, run))
    return picture, f"{run.steps} step{'' if run.steps == 1 else 's'}, {worked}"
