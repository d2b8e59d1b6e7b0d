"""A host's call of a sampler function, repeated from a later step, and what is known about the
function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .draws import Draws

Model = Callable[..., Tensor]
"""A denoiser: (x, sigma, **kwargs) -> answer, of the shape of x."""

SCHEDULES = ("sigmas", "sigma_sched", "timesteps")
"""Arguments of a sampler function that hold the levels it steps through."""


AFTER_GUIDANCE = "sampler_post_cfg_function"
HEARD = ("uncond_denoised", "cond_denoised")  # what such functions get
ASIDE = "last_noise_uncond"  # what the WebUI's own CFG++ samplers read from the model


@dataclass(frozen=True)
class Habits:
    """How a sampler function works through a schedule (`diffdiff.sampling.probe` finds out).

    opens: which of its model calls, counted from 0, are the first of a step; None: each is.
    by_level: a step's place is found by its level, since a later start uses other ones.
    exact: steps begin at the schedule's own levels.
    memory: for how many steps a released pixel is replayed; 0: the sampler remembers nothing, inf:
        it never forgets, or keeps its x where nothing can be written into it.
    extra: how many more model calls than the main run a later start makes after its first one.
    lead: how often a later start draws noise before its first question.
    draws: it draws noise.
    alone: its last step can be a separate run.
    as_is: its first question is the x that it is given.
    mirrored: model calls that ask at -x.
    early: for each level between steps that was tried, how many model calls a start there makes
        before the next step; None: such a start is not possible, as `early_why` says.
    why: what keeps it from being replayed, where it is not.
    """

    opens: tuple[int, ...] | None = None
    by_level: bool = True
    exact: bool = False
    memory: float = 0
    extra: int = 0
    lead: int = 0
    draws: bool = True
    alone: bool = True
    as_is: bool = False
    mirrored: frozenset[int] = frozenset()
    early: tuple[int, ...] | None = ()
    early_why: str = ""
    why: str = ""


class SamplerCall:
    """A host's call of a sampler function, which can be repeated from a later step.

    Args:
        function: `function(model, x, *args, **kwargs) -> latents`.
        args, kwargs: what follows `model` and `x`.
    """

    def __init__(self, function: Callable[..., Tensor], *args: Any, **kwargs: Any):
        self.function = function
        self.known = inspect.signature(function).parameters
        names = [*self.known][2 : 2 + len(args)]
        self.options = {**dict(zip(names, args)), **kwargs}
        # a sampler may change this dict
        self.extra = dict(self.options.get("extra_args") or {})

    @property
    def schedule(self) -> str:
        """Name of the argument with the levels; empty where there is none."""
        return next((name for name in SCHEDULES if name in self.options), "")

    def run(self, model: Any, x: Tensor) -> Tensor:
        """Run the sampler."""
        return self.function(model, x, **self.options)

    def watched(self, draws: Draws) -> SamplerCall:
        """Return the same call with its noise sampler watched."""
        given = self.options.get("noise_sampler")
        noise = {} if given is None else {"noise_sampler": draws.noise_sampler(given)}
        return SamplerCall(self.function, **(self.options | noise))

    @functools.cached_property
    def silent(self) -> dict[str, Any]:
        """The options, with no callback and no progress bar."""
        known = {"callback": None, "disable": True}
        return self.options | {k: v for k, v in known.items() if k in self.known}

    @functools.cached_property
    def rising(self) -> bool:
        """Whether the schedule goes from low to high, as the WebUI's timesteps do."""
        levels = self.options[self.schedule]
        return bool(levels[0] < levels[-1])

    def quiet(self) -> SamplerCall:
        """Return the same call without callback and progress bar."""
        return SamplerCall(self.function, **self.silent)

    def later(
        self,
        model: Any,
        x: Tensor,
        at: int,
        noise_sampler: Callable[..., Any],
        callback: Any = None,
        before: float | None = None,
    ) -> Tensor:
        """Run the same call from its step `at` on, silently, with the given noise.

        before: a level (sigma or timestep) above that step, from which it goes to it first.
        """
        own = {"callback": callback, "noise_sampler": noise_sampler, "extra_args": dict(self.extra)}
        options: dict[str, Any] = self.silent | {k: v for k, v in own.items() if k in self.known}
        if at:
            levels = options[self.schedule]
            cut = slice(0, len(levels) - at) if self.rising else slice(at, None)
            options[self.schedule] = levels[cut]
        if before is not None:
            levels = options[self.schedule]
            more = torch.as_tensor([before]).to(levels)
            options[self.schedule] = torch.cat([levels, more] if self.rising else [more, levels])
        return self.function(model, x, **options)

    def begun_at(self, level: float) -> SamplerCall:
        """Return the same call with its first level replaced."""
        levels = self.options[self.schedule].clone()
        levels[-1 if self.rising else 0] = level
        return SamplerCall(self.function, **self.options | {self.schedule: levels})

    @property
    def brownian(self) -> Callable[..., Tensor] | None:
        """Its noise sampler, if that has the noise of any stretch of the schedule: a tree."""
        given = self.options.get("noise_sampler")
        return given if hasattr(given, "tree") else None

    def listeners(self, kwargs: dict[str, Any]) -> list[Callable[..., Any]]:
        """Return the functions that the sampler has put into the options of a model call to read
        the model's answers with and without the prompt (the CFG++ samplers of Forge and its forks).
        """
        before = _after_guidance(self.extra)
        return [function for function in _after_guidance(kwargs) if function not in before]

    def overheard(
        self, kwargs: dict[str, Any], held: Callable[[str, Tensor], Tensor]
    ) -> dict[str, Any]:
        """Return the arguments of a model call whose listeners get `held(name, value)` of each
        answer."""
        own = self.listeners(kwargs)
        if not own:
            return kwargs

        def through(function: Callable[..., Any]) -> Callable[..., Any]:
            def hear(heard: dict[str, Any]) -> Any:
                values = {k: held(k, heard[k]) for k in HEARD if torch.is_tensor(heard.get(k))}
                return function(heard | values)

            return hear

        functions = _after_guidance(kwargs)
        options = dict(kwargs["model_options"])
        options[AFTER_GUIDANCE] = [through(f) if f in own else f for f in functions]
        return kwargs | {"model_options": options}

    def beside(self, model: Any, kwargs: dict[str, Any]) -> tuple[str, ...]:
        """Return the names of what this sampler reads from a `StandIn` besides its answer."""
        asked = (ASIDE,) if vars(model).get("need_" + ASIDE) else ()
        return (*asked, *HEARD) if self.listeners(kwargs) else asked

    def deliver(self, model: StandIn, values: dict[str, Any], kwargs: dict[str, Any]) -> None:
        """Give a replay what the model produced besides its answer."""
        vars(model).update({k: v for k, v in values.items() if k == ASIDE})
        for function in self.listeners(kwargs):
            function(dict(values))


def _after_guidance(kwargs: dict[str, Any]) -> list[Callable[..., Any]]:
    return list((kwargs.get("model_options") or {}).get(AFTER_GUIDANCE) or ())


class StandIn:
    """The model as a replay sees it: calls are answered by `answer(x, level, kwargs)`; all other
    attributes are the real model's."""

    def __init__(
        self, real: Any, answer: Callable[[StandIn, Tensor, Tensor, dict[str, Any]], Tensor]
    ):
        vars(self).update(_real=real, _answer=answer)

    def __call__(self, x: Tensor, level: Tensor, **kwargs: Any) -> Tensor:
        return self._answer(self, x, level, kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __delattr__(self, name: str) -> None:
        vars(self).pop(name, None)  # the real one keeps its own
