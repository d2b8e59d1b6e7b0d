"""Lists of strengths for a fan and a sheet: evenly spaced, the paper's, or the user's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import FieldError

FEWEST, MOST = 2, 16

# Lowest and highest strength of the paper's fans. The maps on the authors' page
# (static/images/str_fan, where white = keep) run from 0 to 1, 0 to 0.5, 0.5 to 1 and 0.4 to 0.8.
PRESETS = {"full": (0.0, 1.0), "dark": (0.5, 1.0), "light": (0.0, 0.5), "central": (0.2, 0.6)}


def chosen(
    values: str | Sequence[float] | None, name: str, count: int, low: float, high: float
) -> tuple[float, ...]:
    """Return the strengths that the settings of a fan or a sheet choose: the user's own, else those
    of a preset, else evenly spaced ones.

    Raises:
        FieldError: as `listed`, `preset` and `spread` do.
    """
    if values is not None:
        return listed(values)
    return preset(name, count) if name != "none" else spread(count, low, high)


def spread(count: int, low: float = 0.0, high: float = 1.0) -> tuple[float, ...]:
    """Return `count` evenly spaced strengths from low to high, to six decimals.

    Raises:
        FieldError: "fan_count" outside 2..16, "fan_low" or "fan_high" for values outside 0..1,
            "fan_low" where it is not below high.
    """
    _check_count(count)
    for field, value in (("fan_low", low), ("fan_high", high)):
        if not 0 <= value <= 1:  # false for NaN too
            raise FieldError(field, f"{value} is not a strength", "Use a number from 0 to 1")
    if not low < high:
        problem = f"{low:g} is not below fan_high ({high:g})"
        raise FieldError("fan_low", problem, "Set fan_low below fan_high")
    return tuple(round(float(s), 6) for s in np.linspace(low, high, count))


def preset(name: str, count: int = 5) -> tuple[float, ...]:
    """Return the strengths of one of the paper's fans, in its order: strongest first (black on the
    left there).

    Raises:
        FieldError: "fan_preset" for an unknown name, "fan_count".
    """
    if name not in PRESETS:
        known = ", ".join(PRESETS)
        raise FieldError("fan_preset", f"{name!r} is not known", f"Use one of {known}")
    return spread(count, *PRESETS[name])[::-1]


def listed(values: str | Sequence[float]) -> tuple[float, ...]:
    """Parse 2 to 16 strengths as the user gave them: numbers, or text with commas or spaces.

    Raises:
        FieldError: "fan_strengths".
    """
    remedy = "Use 2 to 16 numbers from 0 to 1, such as 0.2, 0.4, 0.6"
    try:
        items = values.replace(",", " ").split() if isinstance(values, str) else values
        strengths = tuple(round(float(v), 6) for v in items)
    except (TypeError, ValueError, OverflowError) as error:
        raise FieldError("fan_strengths", "it is not a list of numbers", remedy) from error
    if not FEWEST <= len(strengths) <= MOST:
        raise FieldError("fan_strengths", f"{len(strengths)} strengths", remedy)
    wrong = [s for s in strengths if not 0 <= s <= 1]
    if wrong:
        raise FieldError("fan_strengths", f"{wrong[0]:g} is not a strength", remedy)
    return strengths


def _check_count(count: int) -> None:
    if isinstance(count, bool) or int(count) != count or not FEWEST <= count <= MOST:
        remedy = f"Use a whole number from {FEWEST} to {MOST}"
        raise FieldError("fan_count", f"{count} stripes", remedy)
