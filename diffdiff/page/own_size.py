"""The result at the picture's own size, where the model works at another one."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from ..edit.plan import EditPlan
from ..errors import FieldError
from ..maps import geometry
from ..maps.inpaint_mask import Work, shape_for
from ..pipelines.between import Leveled
from ..settings.run import RunArgs
from ..settings.schema import EditArgs


def check(args: EditArgs) -> None:
    """Refuse settings that leave no pixels of the original.

    Raises:
        FieldError: "own_size", for a fan and a sheet.
    """
    if args.mode not in ("edit", "soft inpaint"):
        problem = f"a {args.mode} shows several strengths at the model's size"
        raise FieldError("own_size", problem, "Untick it, or use the mode edit")


def enlarged(
    engine: Any,
    image: Image.Image,
    change_map: np.ndarray,
    args: EditArgs,
    run: RunArgs,
    result: Any,
) -> list[Image.Image]:
    """Return the result's pictures at the size of the input, with kept pixels from the input
    itself.

    Args:
        image: RGB. change_map: float32 [H, W], any size. result: of `Engine.edit` with them.
    """
    if all(picture.size == image.size for picture in result.pictures):
        return result.pictures  # kept pixels are the input's own already
    work = Work(*engine.worked_at(image, run))
    shaped = shape_for(geometry.resize(change_map, *image.size), args, work)
    rule = engine.rules.rule
    plan = EditPlan(shaped, args, run.strength, run.steps, run.steps - 1, rule)
    if result.settings.get("levels"):
        plan = plan.counted(*Leveled.exact_steps)
    original = np.asarray(image)
    return [
        Image.fromarray(
            plan.paste(
                np.asarray(edited.resize(image.size, Image.Resampling.LANCZOS)), original, args.soft
            )
        )
        for edited in result.pictures
    ]
