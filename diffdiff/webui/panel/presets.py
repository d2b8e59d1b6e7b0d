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


def listed() -> dict[str, Path]:
    """List the presets, name -> file, the user's own last. A file that cannot be read is not
    listed."""
    found = {}
    for path in [*sorted(FOLDER.glob("*.json")), *sorted((FOLDER / OWN).glob("*.json"))]:
        try:
            name = json.loads(path.read_text(encoding="utf-8")).get("name") or path.stem
        except (OSError, ValueError, AttributeError):
            continue
        found[str(name)] = path
    return found


def load(name: str) -> str:
    """Return the JSON of a preset.

    Raises:
        FieldError: "preset", or what is wrong with its layers.
    """
    path = listed().get(name)
    if path is None:
        raise FieldError("preset", f"there is no preset {name!r}", "Choose one from the list")
    text = path.read_text(encoding="utf-8")
    layers.loads(text)
    return text


def save(text: str) -> str:
    """Save layers under their name, over an older preset of the user's; return the name.

    Raises:
        FieldError: "layers", where they are wrong or have no name.
    """
    preset = layers.loads(text)
    name = preset.name.strip()
    stem = re.sub(r"[^\w-]+", "-", name.lower()).strip("-")[:80]
    if not stem:
        remedy = "Name them above the list of layers"
        raise FieldError("layers", "a preset needs a name", remedy)
    own = FOLDER / OWN
    own.mkdir(exist_ok=True)
    target = own / f"{stem}.json"
    part = target.with_suffix(".part")
    part.write_text(layers.dumps(preset), encoding="utf-8")
    part.replace(target)
    return name


def delete(name: str) -> None:
    """Delete one of the user's presets.

    Raises:
        FieldError: "preset", for another one.
    """
    path = listed().get(name)
    if path is None or path.parent.name != OWN:
        raise FieldError(
            "preset", f"{name!r} is not one of your presets", "Choose one that you saved"
        )
    path.unlink()
