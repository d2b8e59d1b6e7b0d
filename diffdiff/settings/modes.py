"""The registry of modes, and the fields that only some of them use."""

from __future__ import annotations

from dataclasses import dataclass

STRENGTHS = ("fan_preset", "fan_low", "fan_high", "fan_count", "fan_strengths")


@dataclass(frozen=True)
class Mode:
    """One mode.

    about: what it does, in the help of the field `mode`. several: it makes several strengths.
    fields: fields of `EditArgs`, those that mean nothing in a mode without them.
    """

    name: str
    about: str
    several: bool = False
    fields: tuple[str, ...] = ()


REGISTRY = (
    Mode("edit", "the change map sets how much each pixel may change."),
    Mode(
        "soft inpaint",
        "the inpaint mask does, with a soft rim that blends into its surroundings.",
        fields=("combine", "mask_channel"),
    ),
    Mode("fan", "one image in stripes of different strength.", True, (*STRENGTHS, "fan_layout")),
    Mode("sheet", "one image per strength.", True, (*STRENGTHS, "sheet_batch")),
)
MODES = {mode.name: mode for mode in REGISTRY}
NAMES = tuple(MODES)
SEVERAL = tuple(mode.name for mode in REGISTRY if mode.several)
"""Modes of several strengths."""
OF_SEVERAL = (*STRENGTHS, "fan_layout", "sheet_batch")
"""Fields that only those use, in the order of a panel."""
HELP = " ".join(f"{mode.name}: {mode.about}" for mode in REGISTRY)


def idle(mode: str) -> tuple[str, ...]:
    """Return the fields that have no effect in a mode."""
    own = MODES[mode].fields
    every = dict.fromkeys(name for other in REGISTRY for name in other.fields)
    return tuple(name for name in every if name not in own)
