"""Paste the kept pixels of the original back into the edited picture, exactly."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..errors import FieldError


def paste_weight(strength: np.ndarray, feather: float = 0) -> np.ndarray:
    """Return how much of the edited picture each pixel shows: float32 [H, W] in 0..1.

    Args:
        strength: [H, W], any number; 0 = kept, above 0 = changed.
        feather: pixels, 0 or more. Inside the changed side the weight is d / feather up to 1,
            with d the exact distance to the nearest kept pixel; 0 means a hard edge.

    Raises:
        FieldError: "strength" for another shape, "feather" for a negative or infinite value.
    """
    changed = _changed(strength, feather)
    weight = changed.astype(np.float32)
    band, inner = _band(changed, feather)
    weight.reshape(-1)[band] = inner
    return weight


def paste_back(
    original: np.ndarray,
    edited: np.ndarray,
    strength: np.ndarray,
    feather: float = 0,
    limit: np.ndarray | None = None,
) -> np.ndarray:
    """Return the edited picture with kept pixels from the original: uint8 [H, W, C].

    Args:
        original, edited: uint8 [H, W, C] of one shape, values 0..255.
        strength: [H, W], any number; where it is 0 the result is the original, byte for byte.
        feather: as in `paste_weight`. Where the weight is 1 the result is the edited picture byte
            for byte; between, the mean of the two by weight, rounded to the nearest.

    Raises:
        FieldError: "edited", "strength" or "feather", for shapes, types or values that do not fit.
    """
    _check_pictures(original, edited, strength)
    if limit is not None:
        weight = np.minimum(paste_weight(strength, feather), limit)
        # it divides by the sum of weights + 1e-5: far less than the rounding, so 0 and 1 are exact
        return cv2.blendLinear(edited, original, weight, 1 - weight)
    changed = _changed(strength, feather)
    if changed.all():
        return edited
    result = cv2.copyTo(edited, changed.view(np.uint8), original.copy()).reshape(original.shape)
    band, weight = _band(changed, feather)
    if len(band):
        channels = original.shape[2]
        old = original.reshape(-1, channels)[band].astype(np.float32)
        new = edited.reshape(-1, channels)[band]
        old += (new - old) * weight[:, None]
        result.reshape(-1, channels)[band] = np.rint(old, out=old)
    return result


def _changed(strength: np.ndarray, feather: float) -> np.ndarray:
    if strength.ndim != 2:
        problem = f"its shape is {list(strength.shape)}"
        raise FieldError("strength", problem, "Give one strength for every pixel, [H, W]")
    if not 0 <= feather < math.inf:  # false for NaN too
        raise FieldError("feather", f"{feather} pixels", "Use a number of pixels of 0 or more")
    return np.ascontiguousarray(strength > 0)


def _check_pictures(original: np.ndarray, edited: np.ndarray, strength: np.ndarray) -> None:
    if original.ndim != 3 or original.dtype != np.uint8 or edited.dtype != np.uint8:
        problem = f"{original.dtype} {list(original.shape)} and {edited.dtype} are not pictures"
        raise FieldError("edited", problem, "Give two uint8 pictures [H, W, C]")
    if original.shape != edited.shape:
        problem = f"its shape is {list(edited.shape)}, the original's {list(original.shape)}"
        raise FieldError("edited", problem, "Give two pictures of one size and channel count")
    if strength.shape != original.shape[:2]:
        problem = f"its shape is {list(strength.shape)}, the picture's {list(original.shape[:2])}"
        raise FieldError("strength", problem, "Resize the map to the picture first")


def _band(changed: np.ndarray, feather: float) -> tuple[np.ndarray, np.ndarray]:
    """Return flat indices and weights of the changed pixels nearer than `feather` to a kept one."""
    none = np.empty(0, np.intp), np.empty(0, np.float32)
    left, top, width, height = cv2.boundingRect(changed.view(np.uint8))
    if feather <= 1 or width * height == 0 or changed.all():
        return none
    # The distance transform is the cost. One pixel around the changed part is enough of the kept
    # side: a kept pixel farther out always has a nearer one in that frame.
    top, left = max(0, top - 1), max(0, left - 1)
    part = changed[top : top + height + 2, left : left + width + 2].view(np.uint8)
    distance = cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    band = np.flatnonzero((distance > 0) & (distance < feather))
    weight = distance.reshape(-1)[band] / np.float32(feather)
    rows, columns = np.divmod(band, part.shape[1])
    return (rows + top) * changed.shape[1] + columns + left, weight
