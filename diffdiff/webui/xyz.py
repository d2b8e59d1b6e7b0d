"""X/Y/Z plot: an axis for every number and every choice of the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modules import scripts

from ..settings.schema import fields

ATTRIBUTE = "diffdiff_axes"  # on a cell's job: the settings that its axes chose


def register() -> None:
    """Add the axes to the host's script, once per time that it is loaded."""
    for module in {id(d.module): d.module for d in scripts.scripts_data}.values():
        known = getattr(module, "axis_options", None)
        if known is None or not hasattr(module, "AxisOption"):
            continue
        labels = {option.label for option in known}
        known += [o for o in axes(module.AxisOption) if o.label not in labels]


def axes(axis_option: Callable[..., Any]) -> list[Any]:
    """Make the axes with the host's `AxisOption(label, type, apply, choices=)`."""
    options = []
    for name, info in fields().items():
        choices = ["True", "False"] if info["type"] is bool else info["choices"]
        if info["low"] is None and len(choices or ()) < 2:  # text, or one choice so far
            continue
        kind = str if choices else info["type"]
        more = {"choices": lambda choices=choices: list(choices)} if choices else {}
        options.append(
            axis_option(f"[Differential Diffusion] {info['title']}", kind, setter(name), **more)
        )
    return options


def setter(name: str) -> Callable[[Any, Any, Any], None]:
    """Return a function that applies an axis value to a cell's job."""

    def apply(p: Any, value: Any, values: Any) -> None:
        if fields()[name]["type"] is bool:
            value = value == "True"
        # a new dict: a cell's job is a flat copy of another's
        setattr(p, ATTRIBUTE, {**chosen(p), name: value})

    return apply


def chosen(p: Any) -> dict[str, Any]:
    """Return the settings that the axes set for this job."""
    return getattr(p, ATTRIBUTE, {})
