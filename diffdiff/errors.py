"""The one error that bad input raises: it names the field and the remedy."""

from __future__ import annotations

from typing import Any


class FieldError(ValueError):
    """A value that cannot be used, shown to the user as "field: problem. remedy".

    field    name of the argument as the UI, the API and the infotext write it, e.g. "soften_radius"
    problem  what is wrong with the value that was given
    remedy   what to send instead, an instruction

    A1111 builds its API answer from ``vars(error)``, which shows instance attributes only. So
    ``status_code`` (422: the request was understood, a value in it is wrong) and ``detail`` are
    set on the instance as well.
    """

    status_code = 422

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        field, problem, remedy = carried(field), carried(problem), carried(remedy)
        super().__init__(field, problem, remedy)  # all three in args, so that pickle and copy work
        self.field = field
        self.problem = problem
        self.remedy = remedy
        self.status_code = type(self).status_code
        self.detail = f"{field}: {_sentence(problem)} {_sentence(remedy)}"

    def __str__(self) -> str:
        return self.detail


class PageError(FieldError):
    """The same on a WebUI's page, which writes the class name of an error before its message: there
    the extension's name is of more use."""


PageError.__name__ = PageError.__qualname__ = "Differential Diffusion"


def carried(text: str) -> str:
    """Return text as a terminal, a file and a response can carry it: what is no Unicode, such as
    half of an emoji or bytes of another encoding in a file's name, is written as its number."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def shown(value: Any, length: int = 60) -> str:
    """Return a value as a message can hold it: short, in characters that a response can carry.

    Text with half a surrogate pair cannot be sent, a list that is nested too deep and a whole
    number of too many digits cannot even be written.
    """
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        return f"this {type(value).__name__}"
    return text if len(text) <= length else text[: length - 3] + "..."
