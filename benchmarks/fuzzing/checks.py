"""How a check ends: right, refused in words that help, or wrong."""

from __future__ import annotations

from diffdiff.errors import FieldError, carried

RIGHT, REFUSED = "right", "refused"


class Wrong(AssertionError):
    """A result that is not what was sent, or a refusal that helps nobody."""


def must(held: bool, what: object) -> None:
    if not held:
        raise Wrong(what)


def refused(error: FieldError) -> str:
    message = str(error)
    must(bool(error.field and error.problem.strip() and error.remedy.strip()), message)
    must(carried(message) == message and len(message) < 2000, message)
    return REFUSED
