"""Masks of moves by the names of their files: a command may open files, a request may not."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from ..errors import FieldError
from ..images import pictures
from ..settings.moves import parse_typed


def with_masks(text: str | None) -> str | None:
    """Return the field `move` with the masks that are files in place of their names.

    Args:
        text: as a person types it, such as "mask.png by 120,0"; anything else stays as it is.

    Raises:
        FieldError: "move", or for a file that cannot be read.
    """
    if not text or text.lstrip()[:1] in ("[", "{"):
        return text
    entries = [entry.strip() for entry in re.split(r"[;\n]", text) if entry.strip()]
    if not any(Path(entry.split()[0]).is_file() for entry in entries):
        return text
    return json.dumps([_parsed(entry) for entry in entries])


def _parsed(entry: str) -> dict[str, Any]:
    name, _, rest = entry.partition(" ")
    is_file = Path(name).is_file()
    try:
        parts = parse_typed(f"0,0,1,1 {rest}" if is_file else entry)
    except FieldError as error:
        raise FieldError("move", f"{error.field}: {error.problem}", error.remedy) from None
    if is_file:
        parts["region"] = base64.b64encode(pictures.load(name, "move")).decode("ascii")
    return parts
