"""Clicks as a patient person would make them, who knows the region and sees each map."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

CUT = 0.5


def clicked(find: Callable[[str], np.ndarray], region: np.ndarray, count: int) -> np.ndarray:
    """Return the map after some clicks: float32 `[H, W]`.

    The first lies deepest in the region, each later one deepest in the largest connected part that
    is missing, or too much and then with a minus, at a cut of 0.5.

    Args:
        find: points as text to a map.
        region: bool `[H, W]`, not empty.
    """
    points = [_point(region, "")]
    m = find("; ".join(points))
    while len(points) < count:
        lost, few = _largest(region & ~(m > CUT))
        false, many = _largest((m > CUT) & ~region)
        if not max(few, many):
            return m
        points.append(_point(lost, "") if few >= many else _point(false, "-"))
        m = find("; ".join(points))
    return m


def box(region: np.ndarray) -> str:
    """Return the bounding box of a region, as points are written."""
    (top, *_, bottom), (left, *_, right) = (np.flatnonzero(region.any(axis)) for axis in (1, 0))
    return f"box {left},{top},{right + 1},{bottom + 1}"


def _point(part: np.ndarray, sign: str) -> str:
    padded = np.pad(part.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    return f"{sign}{x + 0.5},{y + 0.5}"


def _largest(wrong: np.ndarray) -> tuple[np.ndarray, int]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8), None, 4)
    if count < 2:
        return wrong, 0
    i = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return labels == i, int(stats[i, cv2.CC_STAT_AREA])
