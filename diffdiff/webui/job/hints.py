"""Hints on a job: under its pictures on the page, and in their parameters."""

from __future__ import annotations

from typing import Any

from ...edit import hints
from .. import host

NOTE = "DD note"


def shape(p: Any, session: Any) -> None:
    """Say before a job whether its map has another shape than its picture."""
    _add_hints(p, session, None)


def ran(p: Any, session: Any, called: bool) -> None:
    """Say after a run of the sampler why nothing, or little, changed. called: the model was."""
    _add_hints(p, session, called)


def unused(p: Any, source: str) -> None:
    """Say that a map was sent in vain; on the page the painter says so itself."""
    if host.is_api(p):
        _write(p, [hints.unused(source)])


def _add_hints(p: Any, session: Any, called: bool | None) -> None:
    found: list[str] = []
    for i, change_map in enumerate(session.raw):
        size = session.picture_size(p, i)
        args, strength = session.args, session.user_strength
        found += hints.of_map(change_map, size, args, strength, called)
    _write(p, found)


def _write(p: Any, found: list[str]) -> None:
    known = p.extra_generation_params.get(NOTE)
    texts = known.split("; ") if known else []
    texts += [text for text in dict.fromkeys(found) if text not in texts]
    if texts:
        p.extra_generation_params[NOTE] = "; ".join(texts)
    for text in dict.fromkeys(found):
        p.comment(f"Differential Diffusion: {text}.")
