"""Names of files that are the same to people: accents composed or not, capitals or not.

A Mac writes accents as separate characters (NFD), all others write composed letters (NFC); a table
written on Windows or a Mac may use other capitals than the disk.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path


def folded(name: str) -> str:
    """Return a name as people compare it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def hidden(name: str) -> bool:
    """Return whether a file is not the user's own: `._x` of a Mac, and other names with a dot
    first."""
    return name.startswith(".")


def alike(name: str, among: Iterable[str]) -> list[str]:
    """Return the names that mean this one: itself where it is there, else all that fold alike."""
    among = list(among)
    if name in among:
        return [name]
    want = folded(name)
    return [one for one in among if folded(one) == want]


class Folders:
    """Finds files whose names are written otherwise. Each folder is read once."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, list[str]]] = {}

    def find(self, path: str | Path) -> Path:
        """Return the file that a path means; the path itself where no file, or more than one, does.

        Raises:
            ValueError: for a path that no file can have.
        """
        path = Path(path)
        if os.path.lexists(path):
            return path
        start, *parts = path.parts or ("",)
        found = Path(start) if path.is_absolute() else Path()
        for part in parts if path.is_absolute() else path.parts:
            if not os.path.lexists(found / part):
                names = self._of(str(found)).get(folded(part), [])
                if len(names) != 1:
                    return path
                part = names[0]
            found /= part
        return found

    def _of(self, folder: str) -> dict[str, list[str]]:
        if folder not in self.known:
            listed: dict[str, list[str]] = {}
            try:
                for name in os.listdir(folder):
                    listed.setdefault(folded(name), []).append(name)
            except OSError:
                pass
            self.known[folder] = listed
        return self.known[folder]
