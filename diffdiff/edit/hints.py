"""What the user should know of a run that worked, but perhaps not as it was meant."""

from __future__ import annotations

import numpy as np

from ..settings.schema import EditArgs

STRETCHED = 0.02  # by how much the sides of map and picture may differ in ratio
DARK = 0.07  # the largest value of a map that was saved with too few bits: 12 bits in 16 are 0.0625
ONE = 1.5 / 255  # above a map of 0 and 1 in 8 bits
TWELVE = 4095.5 / 65535


def of_map(
    change_map: np.ndarray, size: tuple[int, int], args: EditArgs, strength: float, ran: bool | None
) -> list[str]:
    """Return sentences, none for most runs.

    Args:
        change_map: as it was decoded, float32 `[H, W]` in 0..1.
        size: (width, height) of the picture that it is for.
        strength: denoising strength of the run.
        ran: whether the model was called at all; None before that is known.
    """
    low, high = float(change_map.min()), float(change_map.max())
    found = []
    height, width = change_map.shape
    if low < high and abs(width * size[1] / (height * size[0]) - 1) > STRETCHED:
        found.append(
            f"The map has {width}x{height} pixels and another shape than the picture "
            f"({size[0]}x{size[1]}): it was stretched to fit"
        )
    if ran is None:
        return found
    dark = "" if args.invert else _dark(high, args)
    if not ran:
        found.append(f"Nothing changed: {dark or _why(low, high, args, strength)}")
    elif dark and high > 0:
        found.append(f"Little changed: {dark}")
    return found


def _dark(high: float, args: EditArgs) -> str:
    """Return why a map is darker than it was meant, judging by its largest value."""
    if high == 0:
        return (
            "the map is black everywhere. White changes; black paint on a transparent layer is "
            "black too (invert turns a map around)"
        )
    if high > DARK or high >= 0.99 * args.white:
        return ""
    if high < ONE:
        top = f"1 of 255 ({high:.4f}). It seems to be a mask of 0 and 1"
    elif high < TWELVE:
        top = f"{high:.4f} of 1. It seems to have 12 bits or fewer in a file of 16"
    else:
        top = f"{high:.4f} of 1"
    return f"the map's largest value is {top}; white = {high:.4f} stretches it to full strength"


def _why(low: float, high: float, args: EditArgs, strength: float) -> str:
    if args.scale == "relative" and strength == 0:
        return "the denoising strength is 0"
    if args.invert and low == 1:
        return "the map is white everywhere, and invert turns it black"
    return "no strength of the map reaches the first step. More steps, or a brighter map, would"


def unused(source: str) -> str:
    """Return the sentence for a map that was sent although the source makes its own."""
    return f"The map that was sent is not used: source is {source}"


def cut(title: str, end: str) -> str:
    """Return the sentence for a prompt that is longer than the model reads; end: what it misses."""
    short = end if len(end) < 80 else f"{end[:80]}…"
    return f"The model did not read the end of the {title.lower()}: “{short}”"
