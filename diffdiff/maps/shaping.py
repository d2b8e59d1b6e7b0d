"""Shape a map: invert and levels, then softening. Arrays in, arrays out."""

from __future__ import annotations

import numpy as np

from ..settings.schema import EditArgs
from . import geometry
from .soften import MAX_RADIUS, soften


def level(change_map: np.ndarray, args: EditArgs) -> np.ndarray:
    """Apply invert and levels: float32 `[H, W]` in 0..1 -> the same."""
    if args.invert:
        change_map = geometry.invert(change_map)
    return geometry.levels(change_map, args.black, args.white, args.gamma)


def softened(
    change_map: np.ndarray,
    args: EditArgs,
    scale: float = 1.0,
    size: tuple[float, float] | None = None,
) -> np.ndarray:
    """Soften: float32 `[H, W]` in 0..1 -> the same.

    Args:
        scale: pixels of the map per pixel of the radius.
        size: (width, height) that is processed, which an automatic radius follows; None for that
            of the map at this scale.
    """
    height, width = change_map.shape
    radius = min(args.radius(size or (width / scale, height / scale)) * scale, MAX_RADIUS)
    return soften(change_map, radius, args.direction, args.soften_falloff, args.linear_light)


def shape(
    change_map: np.ndarray,
    args: EditArgs,
    scale: float = 1.0,
    size: tuple[float, float] | None = None,
) -> np.ndarray:
    """Invert, levels, soften: float32 `[H, W]` in 0..1 -> the same at the same resolution. scale,
    size: as in `softened`."""
    return softened(level(change_map, args), args, scale, size)
