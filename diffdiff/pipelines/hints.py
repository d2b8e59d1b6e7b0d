"""Hints on a run of the engine, in its result's settings."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..edit import hints
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
