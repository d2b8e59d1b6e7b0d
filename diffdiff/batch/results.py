"""results.jsonl: one line for each row of the last run, written as the row ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..error_report import as_json_text
from ..error_report import line as explained
from ..errors import FieldError
from ..pipelines import png
from .tasks import Outcome

NAME = "results.jsonl"
TOLD = 10  # failures that are reported in full


class Results:
    """Collects outcomes, and writes their pictures and lines.

    It is a record only: what is finished is known by the pictures themselves.

    Raises:
        FieldError: "out"; the file cannot be written.
    """

    def __init__(self, folder: Path):
        self.path = folder / NAME
        self.counts = {"done": 0, "kept": 0, "failed": 0}
        self.hinted = 0
        self.first: list[str] = []
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
            self.file = os.open(self.path, flags, 0o644)
        except OSError as error:
            problem = f"{self.path} cannot be written ({error.strerror})"
            raise FieldError("out", problem, "Name another folder") from None

    def __enter__(self) -> Results:
        return self

    def __exit__(self, *error: Any) -> None:
        os.close(self.file)

    def add(self, outcome: Outcome) -> None:
        """Write the pictures of a finished row, then its line, in one write."""
        try:
            for data, path in zip(outcome.pictures, outcome.files):
                png.write(data, path)
        except FieldError as error:
            outcome.status, outcome.error = "failed", error
        self.counts[outcome.status] += 1
        self.hinted += bool(outcome.hints)
        if outcome.error and len(self.first) < TOLD:
            self.first.append(f"{outcome.where}: {explained(outcome.error)}")
        text = as_json_text(line(outcome, self.path.parent))
        try:
            os.write(self.file, f"{text}\n".encode())
        except OSError as error:
            problem = f"{self.path} cannot be written ({error.strerror})"
            raise FieldError("out", problem, "Make room, then run the batch again") from None

    @property
    def rows(self) -> int:
        """How many were collected."""
        return sum(self.counts.values())

    def lines(self) -> list[str]:
        """Return lines for the user: the first failures, and the count per status."""
        more = self.counts["failed"] - len(self.first)
        rest = [f"... and {more} more, see {self.path}"] if more else []
        counts = ", ".join(f"{number} {status}" for status, number in self.counts.items())
        hinted = [f"hints on {self.hinted} rows, see {self.path}"] if self.hinted else []
        return [*(f"failed: {text}" for text in self.first), *rest, *hinted, counts]


def line(outcome: Outcome, folder: Path) -> dict[str, Any]:
    """Return a row of results.jsonl; files relative to the folder."""
    error = outcome.error
    return {
        "row": outcome.where,
        "out": outcome.out,
        "status": outcome.status,
        "files": [] if error else [str(path.relative_to(folder)) for path in outcome.files],
        "error": error and {"field": error.field, "problem": error.problem, "remedy": error.remedy},
        "seconds": round(outcome.seconds, 3),
        "hash": outcome.mark,
        **({"levels": outcome.levels} if outcome.levels else {}),
        **({"hints": outcome.hints} if outcome.hints else {}),
    }
