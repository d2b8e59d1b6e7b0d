"""Soft inpainting: from a binary inpaint mask to the map and the region of the run.

The mask is softened at the resolution of the init image, by a radius in pixels of the size that the
run works at. Method: the soft inpainting of *Differential Diffusion* (Levin & Fried, arXiv
2306.00950). A size is (width, height), a box (left, top, right, bottom), both in pixels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..errors import FieldError
from ..settings.schema import EditArgs
from . import geometry
from .shaping import shape, softened
from .soften import reach

Box = tuple[int, int, int, int]
HALF = 128  # of 255: the hosts round a mask's latents to the nearer of 0 and 1
CLOSE = 1e-3  # relative error of a scale


class Work(NamedTuple):
    """How a job processes its picture: the size, and which of the hosts' resize modes. padding: of
    *only masked*, pixels of the picture; None for the whole picture."""

    width: int
    height: int
    resize_mode: int = 0
    padding: int | None = None


def soft_mask(hard: np.ndarray, args: EditArgs, work: Work) -> np.ndarray:
    """Soften the mask of a picture, bool `[H, W]`, as a run would: float32 `[H, W]`."""
    size, box = hard.shape[::-1], box_of(hard)
    worked = work.width, work.height
    if work.padding is not None and box is not None:
        beyond = reach(args.radius(worked), args.direction, args.soften_falloff)
        scale = crop_scale(box, beyond, work.padding, size, *worked)
    else:
        scale = picture_scale(work.resize_mode, size, *worked)
    return softened(hard.astype(np.float32), args, scale, worked)


def shape_for(change_map: np.ndarray, args: EditArgs, work: Work) -> np.ndarray:
    """Shape a map of a whole picture as a run would: float32 `[H, W]`. A radius of soft inpaint is
    in pixels of the size that is processed."""
    soft, size = args.soft, change_map.shape[::-1]
    worked = work.width, work.height
    scale = picture_scale(work.resize_mode, size, *worked) if soft else 1.0
    return shape(change_map, args, scale, worked)


def joined(soft: np.ndarray, change_maps: list[np.ndarray], how: str) -> list[np.ndarray]:
    """Join the softened mask with each change map, or return it alone."""
    return [
        combine(geometry.resize(soft, m.shape[1], m.shape[0]), m, how) for m in change_maps
    ] or [soft]


def hard(mask: np.ndarray, invert: bool = False) -> np.ndarray:
    """Read a mask as it was drawn, uint8 `[H, W]` -> bool, true where it is inpainted."""
    return (mask >= HALF) != bool(invert)


def combine(soft: np.ndarray, change_map: np.ndarray, how: str) -> np.ndarray:
    """Combine a softened mask and a change map: float32 `[H, W]` in 0..1 each.

    how: "max", "min" or "multiply".
    """
    ways = {"max": np.maximum, "min": np.minimum, "multiply": np.multiply}
    if how not in ways:
        raise FieldError("combine", f"{how!r} is not known", f"Use one of {', '.join(ways)}.")
    return ways[how](soft, change_map)


def box_of(region: np.ndarray) -> Box | None:
    """Return the smallest box around what is true in bool `[H, W]`, None when nothing is."""
    columns, rows = np.flatnonzero(region.any(0)), np.flatnonzero(region.any(1))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def grown(box: Box, by: float, size: tuple[int, int]) -> Box:
    """Enlarge a box by a margin of at least `by` pixels, cut at the picture's borders."""
    by = math.ceil(by)
    return (
        max(box[0] - by, 0),
        max(box[1] - by, 0),
        min(box[2] + by, size[0]),
        min(box[3] + by, size[1]),
    )


def crop_region(box: Box, padding: int, size: tuple[int, int], width: int, height: int) -> Box:
    """Return the region that the hosts process with *only masked*: padded, then stretched along one
    axis to the shape of the job.

    Args:
        box: what must be inside, of a picture of `size`.
        width, height: size of the job.
    """
    left, top, right, bottom = grown(box, padding, size)
    wanted = width / height
    if (right - left) / (bottom - top) > wanted:
        top, bottom = _stretched(top, bottom, int((right - left) / wanted), size[1])
    else:
        left, right = _stretched(left, right, int((bottom - top) * wanted), size[0])
    return left, top, right, bottom


def _stretched(low: int, high: int, length: int, limit: int) -> tuple[int, int]:
    missing = length - (high - low)
    low -= missing // 2
    high += missing - missing // 2
    back = max(high - limit, 0)
    low, high = low - back, high - back
    return max(low, 0), min(high - min(low, 0), limit)


def picture_scale(resize_mode: int, size: tuple[int, int], width: int, height: int) -> float:
    """Return pixels of the picture per pixel of the job.

    resize_mode: the hosts'. 1 fills the job's size, 2 fits into it; 0 and 3 stretch, which
    counts by its geometric mean.
    """
    x, y = size[0] / width, size[1] / height
    return {1: min(x, y), 2: max(x, y)}.get(resize_mode, math.sqrt(x * y))


def crop_scale(
    box: Box, reach: float, padding: int, size: tuple[int, int], width: int, height: int
) -> float:
    """Return pixels of the picture per pixel of the job, when the job processes a crop.

    The crop has to hold what the softening adds to the mask, and how much that is in the picture
    depends on the crop's scale: the smallest scale at which both agree.

    Args:
        box: box of the hard mask, in a picture of `size`.
        reach: pixels *of the job* that the softening adds on every side.
        padding: pixels of the picture.
        width, height: size of the job.
    """
    scale = 0.0
    while True:
        region = crop_region(grown(box, reach * scale, size), padding, size, width, height)
        needed = max((region[2] - region[0]) / width, (region[3] - region[1]) / height)
        if needed <= scale * (1 + CLOSE):  # it only grows, and a picture ends somewhere
            return needed
        scale = needed
