"""A job on a coarse picture: things moved, copied or deleted in it, new sides. The tab keeps its
own picture."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
from PIL import Image

from ..edit import coarse
from ..errors import FieldError
from ..patching import attribute
from ..settings.schema import EditArgs
from .job import originals

STEP = 8  # pixels: sides of a job are multiples of it


def check(p: Any, args: EditArgs, in_parts: bool) -> None:
    """Refuse a job whose picture is only a part of another.

    Raises:
        FieldError: "move" or "outpaint".
    """
    field = "move" if args.move else "outpaint"
    if in_parts:
        problem = "this script works on parts of pictures"
        raise FieldError(field, problem, "Run the edit first, then the script without it")
    if args.outpaint and getattr(p, "image_mask", None) is not None:
        problem = "this job has an inpaint mask, and it does not cover what is new"
        raise FieldError(field, problem, "Use the tab img2img, or send no mask")


def apply(
    p: Any, args: EditArgs, change_maps: list[np.ndarray]
) -> tuple[list[np.ndarray], ExitStack]:
    """Put the coarse pictures in place of a job's init images, and its size in proportion.

    Returns:
        A map for each picture, float32 `[H, W]`; and what gives the job its own pictures back.

    Raises:
        FieldError: "move" or "outpaint".
    """
    pictures, maps = [], []
    for i in range(len(p.init_images)):
        change_map = change_maps[i if len(change_maps) > 1 else 0] if change_maps else None
        flat = originals.flat(p, i).convert("RGB")
        result = coarse.coarse_of(np.asarray(flat), args, change_map)
        picture = Image.fromarray(result.picture)
        picture.info = dict(p.init_images[i].info)
        pictures.append(picture)
        maps.append(result.map)
    first = p.init_images[0].size
    sides = {
        name: getattr(p, name)
        if after == before
        else max(round(getattr(p, name) * after / before / STEP), 1) * STEP
        for name, before, after in zip(("width", "height"), first, pictures[0].size)
    }
    stack = ExitStack()
    stack.enter_context(attribute(p, init_images=pictures, **sides))
    return maps, stack
