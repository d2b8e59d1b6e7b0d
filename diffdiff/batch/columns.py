"""What a row of a batch may say, and the row itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import FieldError
from ..settings.coarse import SKETCHED
from ..settings.run import RunArgs
from ..settings.schema import fields

FILES = ("picture", "map", "out")  # columns that are paths
ELSEWHERE = (  # fields of an edit that only a WebUI or other commands have
    *SKETCHED,
    "map",
    "enabled",
    "combine",
    "mask_channel",
    "other_image",
    "annotator",
    "layers",
)
EDITED = tuple(name for name in fields() if name not in ELSEWHERE)
COLUMNS = (*FILES, *fields(RunArgs), *EDITED)


@dataclass
class Row:
    """One requested edit.

    where: file and line, or the file, for messages. given: column -> value, what was left out is
    not in it; paths are text. error: why this is no row.
    """

    where: str
    given: dict[str, Any] = field(default_factory=dict)
    error: FieldError | None = None


def bad(what: str, error: Exception, remedy: str) -> FieldError:
    """Return the error of a row whose text cannot be read."""
    return FieldError("row", f"{what} ({' '.join(str(error).split())[:120]})", remedy)
