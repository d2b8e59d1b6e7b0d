"""Hints on a run of the engine, in its result's settings."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from ..edit import hints
from ..images import whole
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, fields
from .prompts import left_out


def add(
    result: Any,
    engine: Any,
    change_map: np.ndarray | None,
    size: tuple[int, int],
    args: EditArgs,
    run: RunArgs,
) -> None:
    """Put what the user should know into `result.settings["hints"]`, if there is anything.

    Args:
        change_map: as it was decoded, float32 `[H, W]`; None where there is none.
        size: (width, height) of the picture.
    """
    found = []
    if change_map is not None:
        found += hints.of_map(change_map, size, args, run.strength, result.calls > 0)
    for name in ("prompt", "negative_prompt"):
        end = left_out(engine, getattr(run, name))
        if end:
            found.append(hints.cut(fields(RunArgs)[name]["title"], end))
    result.settings.pop("hints", None)
    if found:
        result.settings["hints"] = found


def given_back(
    result: Any, image: Image.Image, data: bytes, composed: bool = False
) -> list[Image.Image | np.ndarray]:
    """Return a result's pictures with the transparency and the 16 bits of what was kept; where
    that cannot be, a hint in the result's settings says so.

    Args:
        image: what `diffdiff.images.pictures.read` made of `data`, the input's file.
        composed: it was composed anew since: nothing can be given back.
    """
    original = whole.original(data)
    lost = whole.lost(original)
    if composed:
        if lost:
            text = f"Things were moved or added, so the result is without {lost}"
            result.settings["hints"] = [*result.settings.get("hints", []), text]
        return result.pictures
    restored = [whole.restored(picture, image, original) for picture in result.pictures]
    if lost and any(one is picture for one, picture in zip(restored, result.pictures)):
        text = f"The result has another size than the picture, so it is without {lost}"
        result.settings["hints"] = [*result.settings.get("hints", []), text]
    return restored
