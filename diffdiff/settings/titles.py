"""What the controls of a page call the fields of a request."""

from __future__ import annotations

from functools import cache

from ..errors import FieldError
from .click import ClickArgs
from .run import RunArgs
from .schema import EditArgs, fields
from .sources import DiffEditArgs, SourceArgs, WordsArgs

MODELS = (SourceArgs, DiffEditArgs, WordsArgs, ClickArgs, RunArgs, EditArgs)  # the last one decides


@cache
def _titles() -> dict[str, str]:
    return {name: info["title"] for model in MODELS for name, info in fields(model).items()}


def control_of(field: str) -> str:
    """Return the label of a field's control; a name without one, such as "model", stays."""
    return _titles().get(field, field)


def for_page(error: FieldError) -> FieldError:
    """Return the error as a page words it: the label of the control in place of the field."""
    return FieldError(control_of(error.field), error.problem, error.remedy)
