"""Errors of a run that a user can do something about, with their remedies."""

from __future__ import annotations

import json
import sys
from typing import Any

from .errors import FieldError, carried

REFUSED, NO_MEMORY, PARTLY, INTERRUPTED = 2, 3, 4, 130  # exit codes
EXTRAS = {  # module that may be missing -> what installs it
    "diffusers": "pip install diffusers transformers accelerate safetensors",
    "transformers": "pip install transformers",
    "accelerate": "pip install accelerate",
    "safetensors": "pip install safetensors",
    "gradio": "pip install gradio",
    "ray": 'pip install "ray[client]"',
}
NO_ROOM = ("out of memory", "can't allocate memory", "not enough memory")


def explain(error: BaseException) -> tuple[FieldError, int] | None:
    """Return an error for the user and its exit code; None for internal errors.

    Memory that ran out is known by its words, on any device, so that torch need not be imported.
    """
    if isinstance(error, FieldError):
        return error, REFUSED
    if isinstance(error, KeyboardInterrupt):
        return FieldError("run", "interrupted", "Run it again"), INTERRUPTED
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        problem = "it is required and not installed"
        return FieldError(error.name, problem, f"Run: {EXTRAS[error.name]}"), REFUSED
    short = isinstance(error, RuntimeError) and any(w in str(error).lower() for w in NO_ROOM)
    if short or isinstance(error, MemoryError):
        remedy = "Use a smaller width and height, --dtype float16, --offload model or --slicing"
        return FieldError("memory", "there is not enough for this run", remedy), NO_MEMORY
    return None


def as_json_text(value: Any) -> str:
    """Return JSON that any file and terminal takes: names of files may be no Unicode."""
    text = json.dumps(value, ensure_ascii=False)
    return text if carried(text) == text else json.dumps(value)


def put(text: str) -> None:
    """Print text; characters that the terminal's encoding lacks are written as their numbers."""
    try:
        print(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        print(text.encode(encoding, "backslashreplace").decode(encoding))


def line(error: FieldError) -> str:
    """Return the error as one line."""
    return " ".join(str(error).split())
