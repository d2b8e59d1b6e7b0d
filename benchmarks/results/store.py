"""What a part of the report found, kept so that the page can be written anew without it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from diffdiff.errors import FieldError


def save(folder: Path, part: str, figures: dict, arrays: dict[str, np.ndarray]) -> None:
    """figures: JSON types; arrays: any names. Both in files named after the part."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(arrays)
    told = {"figures": figures, "arrays": names}
    np.savez_compressed(folder / f"{part}.npz", **{str(i): arrays[n] for i, n in enumerate(names)})
    (folder / f"{part}.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def load(folder: Path, part: str) -> tuple[dict, dict[str, np.ndarray]]:
    """What `save` was given.

    Raises:
        FieldError: "parts", when there is nothing of that part.
    """
    path = folder / f"{part}.json"
    if not path.is_file():
        remedy = "Run it too: leave --parts out, or name it"
        raise FieldError("parts", f"there are no figures of {part} in {folder}", remedy)
    told = json.loads(path.read_text(encoding="utf-8"))
    with np.load(folder / f"{part}.npz") as kept:
        return told["figures"], {name: kept[str(i)] for i, name in enumerate(told["arrays"])}
