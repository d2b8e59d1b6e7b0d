"""Presets of layers: JSON files in the extension's folder, the included ones and the user's own.

A file is found by the name that a list shows, never by a path.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from ...errors import FieldError
from ...maps import layers

FOLDER = Path(__file__).resolve().parents[3] / "presets"
OWN = "own"  # the folder of the user's presets, which an update leaves alone
LONGEST = 80  # characters of a name
MOST_BYTES = 200  # of a file's name
# what would reorder the text around a name
BIDI = "\N{ARABIC LETTER MARK}\u200e\u200f\u202a-\u202e\u2066-\u2069"
UNSEEN = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029{BIDI}]")
# Windows has no files of these names, whatever their ending
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$")


def listed() -> dict[str, Path]:
    """List the presets, name -> file, the user's own last. A file that cannot be read is not
    listed."""
    found = {}
    for path in [*sorted(FOLDER.glob("*.json")), *sorted((FOLDER / OWN).glob("*.json"))]:
        try:
            name = json.loads(path.read_text(encoding="utf-8")).get("name") or path.stem
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
        found[UNSEEN.sub("", str(name))[:LONGEST]] = path
    return found


def load(name: str) -> str:
    """Return the JSON of a preset.

    Raises:
        FieldError: "preset", or what is wrong with its layers.
    """
    path = listed().get(str(name))
    if path is None:
        raise FieldError("preset", f"there is no preset {name!r}", "Choose one from the list")
    text = path.read_text(encoding="utf-8")
    layers.loads(text)
    return text


def save(text: str) -> str:
    """Save layers under their name, over the user's older preset of this name; return the
    name.

    Raises:
        FieldError: "layers", where they are wrong, or their name is none that a list can show.
    """
    preset = layers.loads(text)
    name = preset.name.strip()
    if len(name) > LONGEST:
        problem = f"the name has {len(name)} characters"
        raise FieldError("layers", problem, f"Use at most {LONGEST}")
    if UNSEEN.search(name):
        problem = "the name has characters that cannot be seen"
        raise FieldError("layers", problem, "Type it again")
    folder = FOLDER / OWN
    folder.mkdir(exist_ok=True)
    target = _file(folder, name)
    part = target.with_suffix(".part")
    part.write_text(layers.dumps(preset), encoding="utf-8")
    part.replace(target)
    return name


def _file(folder: Path, name: str) -> Path:
    """Return the file of a preset of this name; other names of the same letters keep theirs."""
    stem = re.sub(r"[^\w-]+", "-", name.lower()).strip("-")
    stem = stem.encode("utf-8")[:MOST_BYTES].decode("utf-8", "ignore")
    if not stem:
        remedy = "Name them above the list of layers"
        raise FieldError("layers", "a preset needs a name", remedy)
    if RESERVED.match(stem):
        stem += "-"
    taken = {path: known for known, path in listed().items() if path.parent == folder}
    target, number = folder / f"{stem}.json", 2
    while target.exists() and taken.get(target) not in (None, name):
        target, number = folder / f"{stem}-{number}.json", number + 1
    return target


def delete(name: str) -> None:
    """Delete one of the user's presets.

    Raises:
        FieldError: "preset", for another one.
    """
    path = listed().get(str(name))
    if path is None or path.parent.name != OWN:
        raise FieldError(
            "preset", f"{name!r} is not one of your presets", "Choose one that you saved"
        )
    path.unlink()
