"""Text in pictures, dark on white.

It is drawn large by OpenCV and averaged down to the size wanted: the hosts' Pillow (9.5) has no
font that scales.
"""

from __future__ import annotations

import cv2
import numpy as np

SMALLEST, LARGEST = 11, 40  # height of a line of text, pixels
INK, PAPER = 24, 255
FONT, SCALE, STROKE = cv2.FONT_HERSHEY_SIMPLEX, 2.0, 4  # as drawn, before it is averaged down


def text_width(text: str, height: int) -> int:
    """Return the pixels that a line of text takes at a line height."""
    (width, above), below = cv2.getTextSize(text, FONT, SCALE, STROKE)
    return max(round((width + 2 * STROKE) * height / (above + below + 2 * STROKE)), 1)


def text_mask(text: str, height: int) -> np.ndarray:
    """Draw a line of ASCII text: float32 `[height, text_width]`, 0 paper .. 1 ink."""
    (width, above), below = cv2.getTextSize(text, FONT, SCALE, STROKE)
    large = np.zeros((above + below + 2 * STROKE, width + 2 * STROKE), np.uint8)
    cv2.putText(large, text, (STROKE, above + STROKE), FONT, SCALE, 255, STROKE, cv2.LINE_AA)
    mask = cv2.resize(large, (text_width(text, height), height), interpolation=cv2.INTER_AREA)
    return mask.astype(np.float32) / 255


def fit_text(text: str, height: int, width: int) -> np.ndarray:
    """Fit text to `width`: smaller down to 11 pixels, then cut at its end."""
    if not text or text_width(".", SMALLEST) > width:
        return np.zeros((height, 0), np.float32)
    while text_width(text, height) > width and height > SMALLEST:
        height -= 1
    kept = text
    while text_width(kept, height) > width:
        text = text[:-1]
        kept = text + ".." if text else "."
    return text_mask(kept, height)


def write(picture: np.ndarray, mask: np.ndarray, left: int, top: int) -> None:
    """Draw a text mask in ink, in place."""
    height, width = mask.shape
    part = picture[top : top + height, left : left + width]
    part[:] = np.rint(part + (INK - part.astype(np.float32)) * mask[..., None])
