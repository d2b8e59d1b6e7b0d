"""Command-line flags from settings models: one flag per field, checked by the model itself."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable
from typing import Any, NamedTuple, NoReturn

from pydantic import BaseModel

from ..errors import FieldError
from ..settings.schema import fields


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are `FieldError`s, so that every mistake is reported the same
    way."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def error(self, message: str) -> NoReturn:
        named = re.match(r"argument -*([^\s:/]+)[^:]*: (.*)", message, re.DOTALL)
        field, problem = named.groups() if named else ("arguments", message)
        raise FieldError(field.replace("-", "_").lower(), problem, f"See {self.prog} --help")


def add(parser: Any, model: type[BaseModel], names: Iterable[str]) -> None:
    """Add a flag for each of these fields. One that is not given does not appear in the
    namespace."""
    for name in names:
        info = fields(model)[name]
        how: dict[str, Any] = {"default": argparse.SUPPRESS, "help": _help(info)}
        if info["type"] is bool:
            how["action"] = argparse.BooleanOptionalAction
        elif info["choices"]:
            how["metavar"] = "{" + ",".join(info["choices"]) + "}"
        else:
            how["metavar"] = {int: "N", float: "X", str: "TEXT"}[info["type"]]
        parser.add_argument("--" + name.replace("_", "-"), **how)


def flag(name: str, value: Any) -> str:
    """Return a field's flag with a value, as `add` takes it."""
    name = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    return f"--{name} {shlex.quote(str(value))}"


def _help(info: dict[str, Any]) -> str:
    text, default = info["help"].rstrip("."), info["default"]
    if info["low"] is not None:
        text += f"; {info['low']:.10g} to {info['high']:.10g}"
    if default not in (None, ""):
        shown = {True: "on", False: "off"}[default] if info["type"] is bool else default
        shown = f"{shown:g}" if isinstance(shown, float) else shown
        text += f" (default: {shown})"
    return text.replace("%", "%%")


class Use(NamedTuple):
    """Where a flag has an effect. needs: what it goes with, in words. applies: whether that is
    given. default: the flag's value when it is not given."""

    name: str
    needs: str
    applies: bool
    default: Any = None


def refuse_idle(chosen: argparse.Namespace, uses: Iterable[Use]) -> None:
    """Refuse a flag that would have no effect.

    Raises:
        FieldError: names the first such flag and what it goes with.
    """
    for use in uses:
        value = getattr(chosen, use.name, None)
        if not use.applies and value not in (None, "", use.default):
            raise FieldError(use.name, f"it only applies to {use.needs}", "Remove it")
