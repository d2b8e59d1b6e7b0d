"""Markdown of the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def rows_of(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def marks(goals: dict[str, bool]) -> list[str]:
    return [f"- {'holds' if ok else '**MISSED**'}: {goal}" for goal, ok in goals.items()]
