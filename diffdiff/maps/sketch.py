"""A map of what was painted on a picture: a dab of color is an edit."""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import FieldError

LEAST = 3  # of 255: smaller differences are a file format's
FULL = 24  # of 255: from this difference on the strength is 1


def sketch_map(untouched: np.ndarray, painted: np.ndarray, radius: float) -> np.ndarray:
    """Return where a picture was painted on: float32 `[H, W]` in 0..1.

    Args:
        untouched, painted: uint8 `[H, W, 3]`; the untouched one is brought to the other's size.
        radius: pixels over which the strength falls to 0 around what was painted.

    The greatest difference of a channel counts: from 3 of 255 on it is seen, from 24 on it is 1.

    Raises:
        FieldError: "untouched" where nothing was painted, or the proportions differ.
    """
    height, width = painted.shape[:2]
    if untouched.shape != painted.shape:
        h, w = untouched.shape[:2]
        if abs(w * height - width * h) > 0.02 * w * height:
            problem = f"{w}x{h} pixels, the painted picture has {width}x{height}"
            raise FieldError("untouched", problem, "Send the picture that was painted on")
        untouched = cv2.resize(untouched, (width, height), interpolation=cv2.INTER_AREA)
    far = np.abs(untouched.astype(np.int16) - painted.astype(np.int16)).max(2).astype(np.float32)
    m = np.clip((far - (LEAST - 1)) / (FULL - (LEAST - 1)), 0, 1)
    if not m.any():
        problem = "the picture is the same, so nothing was painted on it"
        raise FieldError("untouched", problem, "Paint on it first, or use another source")
    if radius <= 0:
        return m
    away = cv2.distanceTransform((m == 0).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = np.clip(1 - away / np.float32(radius), 0, 1)
    # the ring is as strong as what it surrounds
    size = 2 * int(np.ceil(radius)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.where(m > 0, m, near * cv2.dilate(m, disc)).astype(np.float32)
