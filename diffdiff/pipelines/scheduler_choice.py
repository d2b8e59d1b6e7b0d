"""Which scheduler a run uses: the checkpoint's own, or one by name."""

from __future__ import annotations

from inspect import signature
from typing import Any

from ..errors import FieldError
from . import schedulers

# PNDM of diffusers calls the model one level late in every img2img run -> what is used instead
SUBSTITUTES = {"PNDM": "DPMSolverMultistep"}


def choose(current: Any, name: str | None, seed: int = 0) -> tuple[Any, str]:
    """Choose the scheduler of a run; return it with a note for the user.

    Args:
        current: the pipeline's.
        name: name of a diffusers scheduler, with or without "Discrete" and "Scheduler"; None: the
            current one.
        seed: seed of the run.

    Raises:
        FieldError: there is no such scheduler, or it does not fit the model.
    """
    kind = _short(current) if name is None else known(name)
    note = ""
    if kind in SUBSTITUTES:
        note = f"{kind} is replaced by {SUBSTITUTES[kind]}"
        kind = SUBSTITUTES[kind]
    chosen = current if kind == _short(current) else create(kind, current)
    try:
        schedulers.family(chosen)
        schedulers.predicts(chosen)
    except ValueError as error:
        problem = f"{kind} cannot be held ({error})"
        raise FieldError("scheduler", problem, _remedy(_flows(current))) from None
    if "noise_sampler_seed" in chosen.config:  # DPMSolverSDE draws from a separate seed
        chosen = type(chosen).from_config({**chosen.config, "noise_sampler_seed": seed})
    return chosen, note


def names(flow: bool | None = None) -> list[str]:
    """Return the schedulers that can be used: for flow matching, for other models, or all."""
    others = [*schedulers.VE, *schedulers.SIGMA_VP, *schedulers.ALPHA_VP]
    both = [*(schedulers.FLOW if flow is not False else ()), *(others if not flow else ())]
    return [name for name in both if name not in SUBSTITUTES]


def known(name: str) -> str:
    """Return the name of a scheduler as diffusers has it, without "Scheduler".

    Raises:
        FieldError: there is no such scheduler.
    """
    short = name.removesuffix("Scheduler").lower()
    for kind in (*names(), *SUBSTITUTES):
        if short in (kind.lower(), kind.removesuffix("Discrete").lower()):
            return kind
    raise FieldError("scheduler", f"{name!r} is not known", _remedy(None))


def create(kind: str, current: Any) -> Any:
    """Make a scheduler of another kind with the configuration of the pipeline's."""
    import diffusers

    if (kind in schedulers.FLOW) != _flows(current):
        models = "a flow matching model" if _flows(current) else "this model"
        raise FieldError("scheduler", f"{kind} does not fit {models}", _remedy(_flows(current)))
    kind_class = getattr(diffusers, f"{kind}Scheduler")
    config = dict(current.config)
    if "variance_type" in config and "variance_type" not in signature(kind_class).parameters:
        config["variance_type"] = "fixed_small"  # it cannot use a learned one; pipelines look here
    return kind_class.from_config(config)


def _short(scheduler: Any) -> str:
    return type(scheduler).__name__.removesuffix("Scheduler")


def _flows(scheduler: Any) -> bool:
    return _short(scheduler).startswith("FlowMatch")


def _remedy(flow: bool | None) -> str:
    return f"Use one of: {', '.join(names(flow))}."
