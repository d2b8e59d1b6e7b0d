"""Settings given as texts, by a command line or a table, checked by their models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from .schema import fields, parse


def given(chosen: Any, model: type[BaseModel], of: Iterable[str] | None = None) -> Any:
    """Check settings that were given as texts, with the model's own ranges and messages.

    Args:
        chosen: an object with an attribute for each setting that was given.
        of: the fields that it may have; None: all of the model's.

    Raises:
        FieldError: as `diffdiff.settings.schema.parse` raises it.
    """
    known = fields(model)
    names = [n for n in (known if of is None else of) if n != "map" and hasattr(chosen, n)]
    return parse({n: _value(getattr(chosen, n), known[n]["type"]) for n in names}, model)


def _value(text: Any, type_: type) -> Any:
    """Return a number where the text is one, so that messages show it as the API's do; the model
    checks the rest."""
    try:
        return type_(text) if type_ in (int, float) and isinstance(text, str) else text
    except ValueError:
        return text
