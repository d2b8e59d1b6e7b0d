"""Masks of moves by the names of their files: a command may open files, a request may not."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

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
    moves = []
    for entry in filter(None, map(str.strip, re.split(r"[;\n]", text))):
        name, _, rest = entry.partition(" ")
        if not Path(name).is_file():
            moves.append(parse_typed(entry))
            continue
        told = parse_typed(f"0,0,1,1 {rest}")
        told["region"] = base64.b64encode(pictures.load(name, "move")).decode("ascii")
        moves.append(told)
    return json.dumps(moves)
