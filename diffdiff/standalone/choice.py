"""Which scheduler a run uses: the checkpoint's own, or one by name."""

from __future__ import annotations

from inspect import signature
from typing import Any

from ..errors import FieldError
from . import schedulers

# schedulers whose img2img cannot be held -> what is used in their place
SUBSTITUTES = {"PNDM": "DPMSolverMultistep"}


def choose(own: Any, name: str | None) -> tuple[Any, str]:
    """The scheduler of a run, and what must be said about it.

    Args:
        own: the pipeline's.
        name: of a diffusers scheduler, with or without "Discrete" and "Scheduler"; None = own.

    Raises:
        FieldError: there is no such scheduler, or it does not fit the model.
    """
    if name is None:
        short = type(own).__name__.removesuffix("Scheduler")
        if short not in SUBSTITUTES:
            return _checked(own, short), ""
        name = SUBSTITUTES[short]
        note = f"{short} is replaced by {name}"
    else:
        note = ""
    kind = _known(name)
    if (kind in schedulers.FLOW) != _flows(own):
        models = "a flow matching model" if _flows(own) else "this model"
        raise FieldError("scheduler", f"{kind} does not fit {models}", _remedy(_flows(own)))
    import diffusers

    wanted = getattr(diffusers, f"{kind}Scheduler")
    options = {}
    if "variance_type" in own.config and "variance_type" not in signature(wanted).parameters:
        options["variance_type"] = "fixed_small"  # it cannot use a learned one; pipelines look here
    return _checked(wanted.from_config(own.config, **options), kind), note


def names(flow: bool | None = None) -> list[str]:
    """The schedulers that can be held; of flow matching, of the others, or all."""
    others = [*schedulers.VE, *schedulers.SIGMA_VP, *schedulers.ALPHA_VP]
    return [*(schedulers.FLOW if flow is not False else ()), *(others if not flow else ())]


def _known(name: str) -> str:
    wanted = name.removesuffix("Scheduler").lower()
    for known in names():
        if wanted in (known.lower(), known.removesuffix("Discrete").lower()):
            return known
    raise FieldError("scheduler", f"{name!r} is not known", _remedy(None))


def _flows(scheduler: Any) -> bool:
    return type(scheduler).__name__.startswith("FlowMatch")


def _remedy(flow: bool | None) -> str:
    return f"Use one of: {', '.join(names(flow))}."


def _checked(scheduler: Any, name: str) -> Any:
    try:
        schedulers.family(scheduler)
        schedulers.predicts(scheduler)
    except ValueError as error:
        problem = f"{name} cannot be held ({error})"
        raise FieldError("scheduler", problem, _remedy(_flows(scheduler))) from None
    return scheduler
