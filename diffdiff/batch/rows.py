"""The rows of a batch, one after another: a table, JSON lines, or a folder of pictures.

Nothing is held: a file of a million rows is read as it is worked off. A row that cannot be read
is a row with an error, and the next ones follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import FieldError
from . import folder, lines, tables
from .columns import COLUMNS, EDITED, Row

__all__ = ["COLUMNS", "EDITED", "Row", "base", "rows"]
TABLES, LINES = (".csv", ".tsv"), (".jsonl", ".ndjson")
JOBS = "Name a .csv or .jsonl file, or a folder with name.png and name.map.png"


def rows(jobs: Path) -> Iterator[Row]:
    """Return all rows, in their order; of a folder by name.

    Raises:
        FieldError: "jobs"; no such file, of no known kind, or no text.
    """
    if jobs.is_dir():
        return folder.read(jobs)
    kind = jobs.suffix.lower()
    if jobs.exists() and kind not in (*TABLES, *LINES):
        raise FieldError("jobs", f"{jobs} is of no known kind", JOBS)
    return _of_text(jobs, tables.read if kind in TABLES else lines.read)


def base(jobs: Path) -> Path:
    """Return the folder that the paths in the rows start from."""
    return jobs if jobs.is_dir() else jobs.parent


def _of_text(jobs: Path, read: Any) -> Iterator[Row]:
    try:
        with jobs.open(encoding="utf-8-sig", newline="") as file:  # a BOM is what Excel writes
            yield from read(jobs.name, file)
    except OSError as error:
        problem = f"{jobs} cannot be read ({error.strerror or error})"
        raise FieldError("jobs", problem, JOBS) from None
    except UnicodeDecodeError:
        raise FieldError("jobs", f"{jobs} is not UTF-8 text", "Save it as UTF-8") from None
