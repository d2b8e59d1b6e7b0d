"""A draft: an edit in few steps and small, to see early where it leads.

Every strength stays: few steps share the same noise range. What a run measures in pixels of the
size that it works at shrinks with that size.
"""

from __future__ import annotations

import math
from typing import Any

from ..errors import FieldError
from ..settings.schema import EditArgs, replaced

STEPS = 6  # at most
PART = 0.5  # of each side
LEAST = 256  # pixels: the shorter side is not made smaller than this
MODES = ("edit", "soft inpaint")
GRIDS = (64, 8)  # pixels: what every model and host works at, and the least that they all take
SKEW = 0.01  # relative change of the proportions that a coarser grid may cost
NEAR = (0.8, 1.25)  # factors of the wanted side, within which a side of a grid is looked for


def check(args: EditArgs) -> None:
    """Refuse what a draft cannot show.

    Raises:
        FieldError: "mode", "outpaint".
    """
    if args.mode not in MODES:
        remedy = f"Choose the mode {' or '.join(MODES)}, or press Generate"
        raise FieldError("mode", f"a draft shows one picture, not a {args.mode}", remedy)
    if args.outpaint:
        raise FieldError("outpaint", "a draft has no new sides", "Press Generate")


def size_of(width: int, height: int) -> tuple[int, int]:
    """Return the size of a draft of a run that works at a size, both in pixels."""
    part = min(1.0, max(PART, LEAST / min(width, height)))
    return round(width * part), round(height * part)


def on_grid(width: int, height: int) -> tuple[int, int]:
    """Return the size of a draft as `size_of`, in steps that hosts and models work at: on the
    coarsest grid that keeps the proportions, never larger than the run."""
    wide, high = size_of(width, height)
    if (wide, high) == (width, height):
        return width, height
    least = min(LEAST, width, height)
    skew: dict[tuple[int, int], float] = {}
    for step in GRIDS:
        low, most = (round(wide * factor / step) for factor in NEAR)
        sizes = [
            (n * step, _nearest(n * step * height / width, step)) for n in range(low, most + 1)
        ]
        fitting = [(w, h) for w, h in sizes if least <= w <= width and least <= h <= height]
        skew = {size: abs(math.log(size[0] * height / (size[1] * width))) for size in fitting}
        kept = [size for size in fitting if skew[size] <= SKEW]
        if kept:
            return min(kept, key=lambda size: abs(size[0] - wide))
    return min(skew, key=skew.__getitem__) if skew else (width, height)


def _nearest(side: float, step: int) -> int:
    return round(side / step) * step


def sized(args: EditArgs, part: float, pasted: bool = True) -> EditArgs:
    """Return the settings for a draft: what is in pixels of the size that is worked at, in
    proportion.

    Args:
        part: sides of the draft, of those of the run.
        pasted: whether kept pixels are pasted back at the draft's size, not at the picture's.
    """
    small: dict[str, Any] = {"area_padding": round(args.area_padding * part)}
    if args.soft and args.soften_radius is not None:
        small["soften_radius"] = args.soften_radius * part
    if pasted:
        small["feather"] = args.feather * part
    return replaced(args, **small)
