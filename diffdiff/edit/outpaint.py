"""Extend a picture at its sides: what the new pixels are to start with, and their map."""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import FieldError
from ..images.read import MAX_PIXELS, MAX_SIDE
from ..settings.coarse import FILLS
from .compose import Coarse

EDGE_PART = 16  # the shorter side in edges where none is given
BLUR = 4  # pixels that are drawn out are blurred along the side by the distance over this
NOISE = 40.0  # standard deviation, of 255
FIELD = "outpaint"


def outpaint(
    picture: np.ndarray,
    left: int = 0,
    right: int = 0,
    top: int = 0,
    bottom: int = 0,
    fill: str = "mirror",
    edge: float | None = None,
) -> Coarse:
    """Extend a picture by pixels at its sides. The same input gives the same picture.

    Args:
        picture: uint8 `[H, W, C]`.
        fill: "mirror" the picture at its side, "smear" its outermost pixels outwards, or the same
            with "noise".
        edge: pixels of the old picture over which the strength falls from 1 to 0; None: 1/16 of
            its shorter side.

    Returns:
        Picture and map of the new size; the old pixels are in them as they were.

    Raises:
        FieldError: "outpaint", "outpaint_fill", "outpaint_edge".
    """
    sides = {"left": left, "right": right, "top": top, "bottom": bottom}
    if fill not in FILLS:
        remedy = f"Use one of {', '.join(FILLS)}"
        raise FieldError("outpaint_fill", f"{fill!r} is not known", remedy)
    if min(sides.values()) < 0 or not any(sides.values()):
        problem = "no side gets any pixels"
        raise FieldError(FIELD, problem, "Use text such as left 128, top 64")
    height, width = picture.shape[:2]
    tall, wide = height + top + bottom, width + left + right
    if tall * wide > MAX_PIXELS or max(tall, wide) > MAX_SIDE:
        problem = f"the picture would have {wide}x{tall} pixels"
        raise FieldError(FIELD, problem, f"Stay below {MAX_SIDE} a side, and 67 million pixels")
    fade = min(height, width) / EDGE_PART if edge is None else float(edge)
    if not 0 <= fade < np.inf:
        raise FieldError("outpaint_edge", f"{fade} pixels", "Use a number of 0 or more")
    around = ((top, bottom), (left, right), (0, 0))
    if fill == "mirror":
        made = np.pad(picture, around, mode="symmetric")
    else:
        made = _smeared(np.pad(picture, around, mode="edge"), sides)
        if fill == "noise":
            noise = np.random.default_rng(0).normal(0, NOISE, made.shape)
            made = np.rint(np.clip(made + noise, 0, 255)).astype(np.uint8)
        made[top : top + height, left : left + width] = picture
    return Coarse(made, _map(height, width, sides, fade))


def _map(height: int, width: int, sides: dict[str, int], edge: float) -> np.ndarray:
    top, left = sides["top"], sides["left"]
    old = np.zeros((height + top + sides["bottom"], width + left + sides["right"]), bool)
    old[top : top + height, left : left + width] = True
    if edge == 0:
        return (~old).astype(np.float32)
    away = cv2.distanceTransform(old.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.where(old, np.clip(1 - away / np.float32(edge), 0, 1), 1).astype(np.float32)


def _smeared(padded: np.ndarray, sides: dict[str, int]) -> np.ndarray:
    """Blur what was drawn out along the sides, the more the farther out, so that it has no
    stripes."""
    made = padded.copy()
    for name, depth in sides.items():
        upright = name in ("left", "right")
        plane = made.transpose(1, 0, 2) if upright else made
        lines = plane if name in ("top", "left") else plane[::-1]
        for at in range(depth):  # from the outermost inwards
            radius = (depth - at) / BLUR
            line = np.ascontiguousarray(lines[at])[None]
            blurred = cv2.GaussianBlur(line, (0, 0), radius, borderType=cv2.BORDER_REPLICATE)
            lines[at] = blurred.reshape(lines[at].shape)
    return made
