"""What the host knows of its scripts and upscalers: more of its private names (see `host`)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from modules import scripts, shared


def upscalers() -> list[Any]:
    """Return the host's upscalers, as far as they enlarge pictures."""
    known = [getattr(one, "scaler", None) for one in getattr(shared, "sd_upscalers", None) or ()]
    return list({id(one): one for one in known if hasattr(one, "upscale")}.values())


def script_title(p: Any) -> str:
    """Return the title of the script that was chosen for a job, empty for none."""
    runner, values = getattr(p, "scripts", None), getattr(p, "script_args", None) or ()
    chosen = values[0] if values and isinstance(values[0], int) else 0
    listed = getattr(runner, "selectable_scripts", None) or []
    return listed[chosen - 1].title() if 0 < chosen <= len(listed) else ""


def values_of(runner: Any, script_class: type, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return the values of one AlwaysOn script among all that a run was given; None without it."""
    for script in getattr(runner, "alwayson_scripts", None) or ():
        if isinstance(script, script_class):
            return tuple(args[script.args_from : script.args_to])
    return None


def around_runs(
    around: Callable[[Any, Any, tuple[Any, ...]], AbstractContextManager[Any]],
) -> Callable[[], None]:
    """Put a context around every run of a chosen script; return what takes it away again.

    around: called with the runner, the job and the values of all scripts.
    """
    plain = getattr(scripts.ScriptRunner, "run", None)
    if plain is None:
        return lambda: None

    @functools.wraps(plain)
    def run(self: Any, p: Any, *args: Any, **kwargs: Any) -> Any:
        values = args or tuple(getattr(p, "script_args", None) or ())
        if not values or not values[0]:  # none is chosen
            return plain(self, p, *args, **kwargs)
        with around(self, p, values):
            return plain(self, p, *args, **kwargs)

    scripts.ScriptRunner.run = run

    def stop() -> None:
        if scripts.ScriptRunner.run is run:  # else another extension has wrapped it since
            scripts.ScriptRunner.run = plain

    return stop
