"""Fill a hole in a picture from its surroundings, fast: a start for the model, not the result."""

from __future__ import annotations

import cv2
import numpy as np

LARGE = 96  # pixels: a hole is inpainted where its longer side is at most this
RADIUS = 3  # of the inpainting, pixels
AROUND = 0.35  # of the hole's sides: what is looked at around it


def filled(picture: np.ndarray, hole: np.ndarray, corner: tuple[int, int] = (0, 0)) -> None:
    """Fill a hole in place by OpenCV's inpainting (Telea), a large one at reduced size.

    Args:
        picture: uint8 `[H, W, C]`.
        hole: bool `[h, w]`, a part of the picture. It is not filled where nothing is around it.
        corner: (left, top) of that part.
    """
    left, top, width, height = cv2.boundingRect(hole.view(np.uint8))
    if not width:
        return
    more = int(AROUND * max(width, height)) + RADIUS + 2
    left, top = left + corner[0], top + corner[1]
    x, y = max(left - more, 0), max(top - more, 0)
    part = picture[y : top + height + more, x : left + width + more]
    mask = np.zeros(part.shape[:2], bool)
    rows = slice(max(corner[1] - y, 0), None), slice(max(y - corner[1], 0), None)
    columns = slice(max(corner[0] - x, 0), None), slice(max(x - corner[0], 0), None)
    there, given = mask[rows[0], columns[0]], hole[rows[1], columns[1]]
    h, w = min(there.shape[0], given.shape[0]), min(there.shape[1], given.shape[1])
    there[:h, :w] = given[:h, :w]
    if mask.all():
        return
    part[mask] = _guessed(part, mask)[mask]


def _guessed(part: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the part with a guess where the mask is."""
    scale = max(max(cv2.boundingRect(mask.view(np.uint8))[2:]) / LARGE, 1.0)
    if scale == 1:
        return _inpainted(part, mask)
    size = [max(round(side / scale), 1) for side in mask.shape[::-1]]
    # the mean of what is known only: an object's color would shine through
    known = (~mask).astype(np.float32)
    weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(part * known[..., None], size, interpolation=cv2.INTER_AREA)
    small = small.reshape(size[1], size[0], part.shape[2]) / np.maximum(weight, 1e-3)[..., None]
    lacking = weight < 0.25
    if lacking.all():
        lacking = weight <= 0
    small = np.rint(np.clip(small, 0, 255)).astype(np.uint8)
    guess = _inpainted(small, lacking).astype(np.float32)
    large = cv2.resize(guess, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.rint(large).astype(np.uint8).reshape(part.shape)


def _inpainted(part: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Inpaint each group of up to three channels: OpenCV takes one or three."""
    flags = mask.astype(np.uint8)
    colors = np.ascontiguousarray(part[..., :3])
    done = cv2.inpaint(colors, flags, RADIUS, cv2.INPAINT_TELEA).reshape(colors.shape)
    if part.shape[2] <= 3:
        return done
    rest = [
        cv2.inpaint(np.ascontiguousarray(part[..., i]), flags, RADIUS, cv2.INPAINT_TELEA)
        for i in range(3, part.shape[2])
    ]
    return np.dstack([done, *rest])
