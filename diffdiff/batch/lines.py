"""JSON lines as rows: one object per line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import FieldError, shown
from .columns import COLUMNS, FILES, Row, bad

REMEDY = 'Write one JSON object per line: {"picture": "a.png", "map": "b.png"}'


def read(name: str, file: Iterable[str]) -> Iterator[Row]:
    """Yield the rows of a file; name: of the file, for messages."""
    for number, text in enumerate(file, 1):
        if text.strip():
            yield row(f"{name}:{number}", text)


def row(where: str, text: str) -> Row:
    """Read one object. What is wrong with it is in the row's error, and then nothing is given but
    text."""
    try:
        given = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        return Row(where, error=bad("it is not JSON", error, REMEDY))
    if not isinstance(given, dict):
        problem = f"it is a JSON {type(given).__name__}"
        return Row(where, error=FieldError("row", problem, 'Write an object: {"picture": "a.png"}'))
    given = {column: value for column, value in given.items() if value not in (None, "")}
    error = _wrong(given)
    if error is not None:
        given = {c: value for c, value in given.items() if c in FILES and isinstance(value, str)}
    return Row(where, given, error)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = dict(pairs)
    if len(given) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has {shown(twice)} more than once")
    return given


def _wrong(given: dict[str, Any]) -> FieldError | None:
    for column, value in given.items():
        if column not in COLUMNS:
            named = column if column.isidentifier() and len(column) < 60 else "row"
            problem = "there is no such column"
            if named == "row":
                problem = f"there is no column {shown(column)}"
            return FieldError(named, problem, f"Use: {', '.join(COLUMNS)}")
        if column in FILES and not isinstance(value, str):
            return FieldError(column, f"{shown(value)} is not a path", "Use text")
    return None
