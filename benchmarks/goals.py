"""Whether a benchmark's goals hold, in words."""

from __future__ import annotations


def summary(held: dict[str, bool], note: str = "") -> str:
    """Such as "1 of 2 goals hold: fast holds, exact MISSED"; note: after "hold"."""
    words = ", ".join(f"{goal} {'holds' if ok else 'MISSED'}" for goal, ok in held.items())
    return f"{sum(held.values())} of {len(held)} goals hold{note}: {words}"
