"""TIFF: which layouts are read, by their tags, since Pillow's mode does not show all.

Pillow leaves 16-bit and float grays that store white as 0 as they are, reads signed values as
unsigned ones, 12 bits as a sixteenth of their range, and guesses what a further channel is. What
is not in the list here is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BITS, PHOTOMETRIC, FILL_ORDER, CHANNELS = 258, 262, 266, 277
PLANES, EXTRA, SAMPLE_FORMAT = 284, 338, 339
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
UNSIGNED, FLOAT = 1, 3
COLORS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3}  # channels
ALPHA = (1, 2)  # associated, unassociated
REMEDY = "Save it as PNG"
HOST_REMEDY = "Save it as PNG, with 8 or 16 bits"


def problem(picture: Any) -> str | None:
    """Return what of a TIFF's layout is not read; None for a TIFF that is, and for other formats.

    Args:
        picture: as Pillow opened it.
    """
    tags = getattr(picture, "tag_v2", None)
    if getattr(picture, "format", None) != "TIFF" or tags is None:
        return None
    color = tags.get(PHOTOMETRIC, WHITE_IS_ZERO)
    if color not in COLORS:
        return f"TIFF of photometric interpretation {color} is not read"
    channels = tags.get(CHANNELS, 1)
    bits, kinds = _all(tags, BITS, 1), _all(tags, SAMPLE_FORMAT, UNSIGNED)
    if len(bits) > 1 or len(kinds) > 1:
        return "TIFF with channels of different types is not read"
    (depth,), (kind,) = bits, kinds
    if (kind, depth) not in (
        (UNSIGNED, 1),
        (UNSIGNED, 2),
        (UNSIGNED, 4),
        (UNSIGNED, 8),
        (UNSIGNED, 16),
        (FLOAT, 32),
    ):
        name = {UNSIGNED: "unsigned", 2: "signed", FLOAT: "float"}.get(kind, f"type {kind}")
        return f"TIFF with {depth}-bit {name} values is not read"
    if kind == FLOAT and (channels > 1 or color not in (WHITE_IS_ZERO, BLACK_IS_ZERO)):
        return "TIFF with colors or alpha as floats is not read"
    extra = tags.get(EXTRA, ())
    extra = tuple(extra) if isinstance(extra, tuple) else (extra,)
    further = channels - COLORS[color]
    if further not in (0, 1) or (further and extra and extra[0] not in ALPHA):
        return f"TIFF with {channels} channels, of which {further} are not declared, is not read"
    if further and (color not in (BLACK_IS_ZERO, RGB) or depth != 8):
        return "TIFF with alpha is read with 8 bits, as gray (0 is black) or RGB only"
    if tags.get(PLANES, 1) == 2 and channels > 1 and (further or depth != 8):
        return "TIFF with its channels in planes is read with 8 bits and without alpha only"
    if tags.get(PLANES, 1) == 2 and color == WHITE_IS_ZERO and depth <= 8:
        return "TIFF in planes that stores white as 0 is not read"
    if tags.get(FILL_ORDER, 1) == 2 and depth > 8:
        return "TIFF with reversed bits is not read"
    return None


def as_stored(picture: Any, pixels: np.ndarray) -> np.ndarray:
    """Return the pixels with 0 as black, where a TIFF stores white as 0 and Pillow leaves it so.

    Args:
        pixels: `[H, W]` of uint16 or float32 in 0..1, as Pillow decoded them.
    """
    tags = getattr(picture, "tag_v2", None)
    if getattr(picture, "format", None) != "TIFF" or tags is None:
        return pixels
    if tags.get(PHOTOMETRIC, WHITE_IS_ZERO) != WHITE_IS_ZERO or pixels.ndim != 2:
        return pixels
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2:
        return np.iinfo(pixels.dtype).max - pixels
    return 1 - pixels if pixels.dtype.kind == "f" else pixels


def _all(tags: Any, tag: int, default: int) -> set[int]:
    """Return the different values of a tag that has one for each channel."""
    value = tags.get(tag, default)
    return set(value) if isinstance(value, tuple) else {value}
