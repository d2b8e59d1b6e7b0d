"""A folder of pictures as rows: each with its map, prompt and settings in files next to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import FieldError
from ..images.formats import ENDINGS
from ..images.names import folded, hidden
from . import lines
from .columns import Row, bad

MAP = ".map"  # at the end of a map's stem
TEXTS = (".json", ".txt")
REMEDY = "Name each map and text as its picture, one for one picture"


def read(folder: Path) -> Iterator[Row]:
    """Yield a row for each picture: name.png, with its map in name.map.png, its settings in
    name.json or its prompt alone in name.txt.

    Names that differ in capitals or in how accents are composed belong together. Hidden files do
    not count.

    Raises:
        FieldError: "jobs"; the folder cannot be read.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        problem = f"{folder} cannot be read ({error.strerror})"
        remedy = "Name a .csv or .jsonl file, or a folder with name.png and name.map.png"
        raise FieldError("jobs", problem, remedy) from None
    found = _Folder([name for name in names if not hidden(name)])
    for name in found.pictures:
        yield _row(folder, name, found)
    for name in found.lost():
        stem = _stem(name)
        problem = f"there is no picture {stem}.png beside {name}"
        yield Row(name, error=FieldError("picture", problem, REMEDY))


class _Folder:
    """The names of a folder, by what they are for."""

    def __init__(self, names: list[str]):
        self.pictures: list[str] = []
        self.beside: dict[str, dict[str, list[str]]] = {}  # folded stem -> kind -> names
        self.stems: dict[str, list[str]] = {}  # folded stem -> pictures
        for name in names:
            kind = Path(name).suffix.lower()
            if kind in ENDINGS and _is_map(name):
                self._beside(_stem(name), MAP).append(name)
            elif kind in ENDINGS:
                self.pictures.append(name)
                self.stems.setdefault(folded(_stem(name)), []).append(name)
            elif kind in TEXTS:
                self._beside(_stem(name), kind).append(name)

    def _beside(self, stem: str, kind: str) -> list[str]:
        return self.beside.setdefault(folded(stem), {}).setdefault(kind, [])

    def of(self, picture: str, kind: str) -> str | None:
        """Return the file of a kind that belongs to a picture.

        Raises:
            FieldError: more than one does, or it may belong to another picture.
        """
        stem = _stem(picture)
        names = self.beside.get(folded(stem), {}).get(kind, [])
        rivals = self.stems[folded(stem)]
        exact = [name for name in names if _stem(name) == stem]
        twins = [rival for rival in rivals if _stem(rival) == stem]
        if len(exact) == 1 and len(twins) == 1:
            return exact[0]
        taken = {_stem(rival) for rival in rivals if rival != picture}
        others = exact or [name for name in names if _stem(name) not in taken]
        if not others:
            return None
        field = "map" if kind == MAP else "row"
        if len(others) > 1:
            problem = f"{' and '.join(others[:3])} are all meant for it"
            raise FieldError(field, problem, REMEDY)
        if len(rivals) > 1:
            problem = f"{others[0]} may be meant for {' or '.join(rivals[:3])}"
            raise FieldError(field, problem, REMEDY)
        return others[0]

    def lost(self) -> list[str]:
        """Return the maps without a picture."""
        kinds = (of.get(MAP, []) for stem, of in self.beside.items() if stem not in self.stems)
        return [name for names in kinds for name in names]


def _is_map(name: str) -> bool:
    return Path(name).stem.lower().endswith(MAP)


def _stem(name: str) -> str:
    stem = Path(name).stem
    return stem[: -len(MAP)] if _is_map(name) else stem


def _row(folder: Path, name: str, found: _Folder) -> Row:
    given: dict[str, Any] = {"picture": name}
    row = Row(name, given)
    try:
        change_map, *texts = (found.of(name, kind) for kind in (MAP, *TEXTS))
    except FieldError as error:
        row.error = error
        return row
    if change_map:
        given["map"] = change_map
    for text in filter(None, texts):
        try:
            said = (folder / text).read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            row.error = bad(f"{text} cannot be read", error, "Save it as UTF-8 text")
            return row
        more = Row(name, {"prompt": said.strip()})
        if text.lower().endswith(".json"):
            more = lines.row(name, said)
        row.error = more.error
        for column in set(row.given) & set(more.given):
            remedy = "Say it in one place only"
            row.error = FieldError(column, f"{text} gives it a second time", remedy)
        row.given |= more.given
        if row.error:
            return row
    return row
