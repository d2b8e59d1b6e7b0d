"""Tables as spreadsheets write them: CSV with commas, semicolons or tabs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from ..errors import FieldError, shown
from ..settings.run import RunArgs
from ..settings.schema import fields
from .columns import COLUMNS, Row, bad

SEPARATOR = re.compile(r'\s*"?sep=(.)"?\s*\Z', re.IGNORECASE)  # a first line that Excel reads
DECIMAL = re.compile(r"[+-]?\d*,\d+\Z")  # as most of Europe writes numbers
NUMBERS = {
    name
    for model in (None, RunArgs)
    for name, info in (fields(model) if model else fields()).items()
    if info["type"] is float
}


def read(name: str, file: Iterable[str]) -> Iterator[Row]:
    """Yield the rows of a table.

    Args:
        name: of the file, for messages.
        file: its lines, with their ends.

    Blanks around cells, columns and cells without content, and lines of blanks do not count. Names
    of columns may have capitals, and blanks or hyphens for underscores. Where `;` or tabs divide
    the cells, numbers may have a decimal comma.

    Raises:
        FieldError: "jobs", for a header that cannot be used.
    """
    lines, line, first, delimiter = iter(file), 0, "", None
    for first in lines:
        line += 1
        separator = SEPARATOR.match(first.strip("\ufeff\r\n")) if delimiter is None else None
        if separator:
            delimiter = separator[1]
        elif first.strip(" \t\r\n,;"):
            break
    delimiter = delimiter or max(",;\t", key=first.count)
    header = _cells(next(csv.reader([first], delimiter=delimiter, skipinitialspace=True), []))
    while header and not header[-1]:
        header.pop()
    header = [re.sub(r"[\s-]+", "_", column.lower()) for column in header]
    _check_header(name, header)
    yield from _rows(name, lines, line, header, delimiter)


def _rows(
    name: str, lines: Iterator[str], line: int, header: list[str], delimiter: str
) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    above = line
    while True:
        where = f"{name}:{line + 1}"
        try:
            row = _cells(next(reader))
        except StopIteration:
            return
        except csv.Error as error:  # the reader goes on with the next line
            yield Row(where, error=bad("it cannot be read", error, "Check its quotes"))
            row = []
        line = above + reader.line_num
        if not any(row):
            continue
        if any(row[len(header) :]):
            problem = f"it has {len(row)} cells, the header {len(header)}"
            remedy = f"Put a text with {delimiter!r} in quotes"
            yield Row(where, error=FieldError("row", problem, remedy))
            continue
        given = {column: cell for column, cell in zip(header, row) if cell}
        if delimiter != ",":
            for column in NUMBERS & given.keys():
                if DECIMAL.match(given[column]):
                    given[column] = given[column].replace(",", ".")
        yield Row(where, given)


def _cells(row: list[str]) -> list[str]:
    return [cell.strip() for cell in row]


def _check_header(name: str, header: list[str]) -> None:
    for column in header:
        if column not in COLUMNS:
            title = shown(column) if column else "without a name"
            problem = f"{name} has a column {title}, which is not known"
            raise FieldError("jobs", problem, f"Use: {', '.join(COLUMNS)}")
        if header.count(column) > 1:
            problem = f"{name} has the column {column} more than once"
            raise FieldError("jobs", problem, "Leave one of them out")
    if "picture" not in header:
        problem = f"{name} has no column picture in its first line"
        raise FieldError("jobs", problem, "Begin with a line of names, such as picture,map,prompt")
