"""The rows of a batch, one after another: a CSV file, JSON lines, or a folder of pictures.

Nothing is held: a file of a million rows is read as it is worked off. A row that cannot be read
is a row with an error, and the next ones follow.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import FieldError
from ..settings.run import RunArgs
from ..settings.schema import fields

FILES = ("picture", "map", "out")  # columns that are paths
ELSEWHERE = (  # fields of an edit that only a WebUI or other commands have
    "map", "enabled", "combine", "mask_channel", "other_image", "annotator", "layers", "anchor",
)  # fmt: skip
EDITED = tuple(name for name in fields() if name not in ELSEWHERE)
COLUMNS = (*FILES, *fields(RunArgs), *EDITED)
TABLES, LINES = (".csv", ".tsv"), (".jsonl", ".ndjson")
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
JOBS = "Name a .csv or .jsonl file, or a folder with name.png and name.map.png"


@dataclass
class Row:
    """One edit that is asked for.

    where: file and line, or the file, for messages. given: column -> value, what was left out is
    not in it. error: why this is no row.
    """

    where: str
    given: dict[str, Any] = field(default_factory=dict)
    error: FieldError | None = None


def rows(jobs: Path) -> Iterator[Row]:
    """All rows, in their order; of a folder by name.

    Raises:
        FieldError: "jobs"; no such file, of no known kind, or no text.
    """
    if jobs.is_dir():
        return _of_folder(jobs)
    kind = jobs.suffix.lower()
    if jobs.exists() and kind not in (*TABLES, *LINES):
        raise FieldError("jobs", f"{jobs} is of no known kind", JOBS)
    return _of_text(jobs, _of_table if kind in TABLES else _of_lines)


def base(jobs: Path) -> Path:
    """The folder that the paths in the rows start from."""
    return jobs if jobs.is_dir() else jobs.parent


def _of_text(jobs: Path, read: Any) -> Iterator[Row]:
    try:
        with jobs.open(encoding="utf-8-sig", newline="") as file:  # a BOM is what Excel writes
            yield from read(jobs.name, file)
    except OSError as error:
        problem = f"{jobs} cannot be read ({error.strerror or error})"
        raise FieldError("jobs", problem, JOBS) from None
    except UnicodeDecodeError:
        raise FieldError("jobs", f"{jobs} is no UTF-8 text", "Save it as UTF-8") from None


def _of_table(name: str, file: Iterable[str]) -> Iterator[Row]:
    lines = iter(file)
    first = next(lines, "")
    delimiter = max(",;\t", key=first.count)  # ";" is what Excel writes where "," is decimal
    (header,) = list(csv.reader([first], delimiter=delimiter)) or [[]]
    header = [column.strip() for column in header]
    _check_header(name, header)
    cells, line = csv.reader(lines, delimiter=delimiter, strict=True), 1
    while True:
        where = f"{name}:{line + 1}"
        try:
            row = next(cells)
        except StopIteration:
            return
        except csv.Error as error:  # the reader goes on with the next line
            yield Row(where, error=_bad("it cannot be read", error, "Check its quotes"))
            row = None
        line = 1 + cells.line_num
        if row is None or not any(row):
            continue
        if len(row) > len(header):
            problem = f"it has {len(row)} cells, the header {len(header)}"
            remedy = f"Put a text with {delimiter!r} in quotes"
            yield Row(where, error=FieldError("row", problem, remedy))
            continue
        yield Row(where, {column: cell for column, cell in zip(header, row) if cell.strip()})


def _check_header(name: str, header: list[str]) -> None:
    for column in header:
        if column not in COLUMNS:
            problem = f"{name} has a column {column!r}, which is not known"
            raise FieldError("jobs", problem, f"Use: {', '.join(COLUMNS)}")
        if header.count(column) > 1:
            problem = f"{name} has the column {column} more than once"
            raise FieldError("jobs", problem, "Leave one of them out")
    if "picture" not in header:
        problem = f"{name} has no column picture in its first line"
        raise FieldError("jobs", problem, "Begin with a line of names, such as picture,map,prompt")


def _of_lines(name: str, file: Iterable[str]) -> Iterator[Row]:
    for number, text in enumerate(file, 1):
        if text.strip():
            yield _of_json(f"{name}:{number}", text)


def _of_json(where: str, text: str) -> Row:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        remedy = 'Write one JSON object per line: {"picture": "a.png", "map": "b.png"}'
        return Row(where, error=_bad("it is no JSON", error, remedy))
    if not isinstance(given, dict):
        problem = f"it is a JSON {type(given).__name__}"
        return Row(where, error=FieldError("row", problem, 'Write an object: {"picture": "a.png"}'))
    for column in given:
        if column not in COLUMNS:
            error = FieldError(column, "there is no such column", f"Use: {', '.join(COLUMNS)}")
            return Row(where, given, error)
    for column in FILES:
        if not isinstance(given.get(column) or "", str):
            error = FieldError(column, f"{given[column]!r} is no path", "Use text")
            return Row(where, given, error)
    return Row(where, {c: value for c, value in given.items() if value not in (None, "")})


def _of_folder(folder: Path) -> Iterator[Row]:
    """name.png with name.map.png; its settings in name.json, or its prompt alone in name.txt."""
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        raise FieldError("jobs", f"{folder} cannot be read ({error.strerror})", JOBS) from None
    drawn: dict[str, str] = {}
    for name in names:
        stem, suffix = Path(name).stem, Path(name).suffix.lower()
        if suffix in PICTURES and stem.endswith(".map"):
            drawn[stem.removesuffix(".map")] = name
    known = set(names)
    for name in names:
        stem, suffix = Path(name).stem, Path(name).suffix.lower()
        if suffix in PICTURES and not stem.endswith(".map"):
            yield _of_file(folder, name, drawn.pop(stem, None), known)
    for stem, name in drawn.items():
        problem = f"there is no picture {stem}.png beside {name}"
        remedy = "Name a map as its picture, one map for one picture"
        yield Row(name, error=FieldError("picture", problem, remedy))


def _of_file(folder: Path, name: str, change_map: str | None, known: set[str]) -> Row:
    stem = Path(name).stem
    given: dict[str, Any] = {"picture": name, **({"map": change_map} if change_map else {})}
    row, texts = Row(name, given), [stem + end for end in (".json", ".txt") if stem + end in known]
    for text in texts:
        try:
            said = (folder / text).read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            row.error = _bad(f"{text} cannot be read", error, "Save it as UTF-8 text")
            return row
        more = Row(name, {"prompt": said.strip()})
        if text.endswith(".json"):
            more = _of_json(name, said)
        row.error = more.error
        for column in set(row.given) & set(more.given):
            remedy = "Say it in one place only"
            row.error = FieldError(column, f"{text} gives it a second time", remedy)
        row.given |= more.given
        if row.error:
            return row
    return row


def _bad(what: str, error: Exception, remedy: str) -> FieldError:
    return FieldError("row", f"{what} ({' '.join(str(error).split())[:120]})", remedy)
