"""Run several samplers in lockstep and batch their concurrent model calls.

Every run keeps its own sampler, with its own memory and noise, so each is the run that it would be
alone. A run is an ordinary function in a separate thread; only one of them is ever at work, so
nothing that they share can be changed under their hands. The model runs in the caller's thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..patching import attribute
from .paused import Paused, modes

INDICES = ("cond_indices", "uncond_indices")  # Forge: places in a batch, not values


class Apart(Exception):
    """Requests that cannot be batched."""


class Request(NamedTuple):
    """One model call of a run: `model(*args, **kwargs)`.

    step: step of its sampler. modes: what torch keeps for each thread, as it is in the run's.
    """

    model: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    step: bool = True
    modes: Callable[[], Any] = nullcontext

    @property
    def x(self) -> Tensor:
        return self.args[0] if self.args else next(iter(self.kwargs.values()))

    @property
    def time(self) -> float:
        """Timestep or sigma: larger is earlier in a run."""
        if len(self.args) > 1:
            time = self.args[1]
        else:
            time = self.kwargs["timestep" if "timestep" in self.kwargs else "t"]
        return float(torch.as_tensor(time).reshape(-1)[0])


class Lockstep:
    """Runs and their pending model calls.

    Args:
        works: one function for each run.
        at_once: how many runs a model call may serve; halved where memory runs out.
        moved: called after every model call with (model evaluations so far, counted by runs).
        stopped: asked before every model call; an exception that it returns is raised in all runs
            instead of an answer.
    """

    def __init__(
        self,
        works: Sequence[Callable[[], Any]],
        at_once: int = 1,
        moved: Callable[[int], None] = lambda calls: None,
        stopped: Callable[[], BaseException | None] = lambda: None,
    ):
        self.at_once, self.moved, self.stopped = max(at_once, 1), moved, stopped
        self.runs = [_Run(work, modes()) for work in works]
        self.batches: list[int] = []

    @property
    def calls(self) -> list[int]:
        """Model evaluations of each run."""
        return [run.calls for run in self.runs]

    @contextmanager
    def intercepted(self, owner: Any, name: str = "forward", step: bool = True) -> Iterator[None]:
        """Intercept the model, the attribute `name` of `owner`, for the duration of a `with`.

        step: False for work of each run alone, such as decoding: the caller's thread does it with
            memory that is warm, which a fresh thread's is not.
        """
        plain = getattr(owner, name)

        def ask(*args: Any, **kwargs: Any) -> Any:
            run = threading.current_thread()
            if not isinstance(run, _Run) or run not in self.runs:  # the call for all of them
                return plain(*args, **kwargs)
            return run.ask(Request(plain, args, kwargs, step, modes()))

        with attribute(owner, **{name: ask}):
            yield

    def go(self) -> list[Any]:
        """Run all and return their results. The first error ends them all."""
        try:
            for run in self.runs:
                run.resume()
            while waiting := [run for run in self.runs if run.question is not None]:
                error = self.stopped()
                group = waiting if error else self._next(waiting)
                answers = [None] * len(group) if error else self._answers(group)
                for run, answer in zip(group, answers):
                    run.resume(answer, error)
                self.moved(sum(self.calls))
        finally:
            for run in self.runs:
                run.abandon()
        return [run.result for run in self.runs]

    def _next(self, waiting: list[_Run]) -> list[_Run]:
        """Return the runs that wait at the earliest timestep; calls outside of steps come first."""
        for run in waiting:
            if not run.question.step:
                return [run]
        time = max(run.question.time for run in waiting)
        model = next(run.question.model for run in waiting if run.question.time == time)
        alike = [r for r in waiting if r.question.time == time and r.question.model == model]
        return alike[: self.at_once]

    def _answers(self, group: list[_Run]) -> list[Any]:
        requests = [run.question for run in group]
        try:
            with requests[0].modes():
                answers = together(requests)
        except Apart:
            with requests[0].modes():
                answers = [r.model(*r.args, **r.kwargs) for r in requests]
            self.batches += [1] * len(group)
        except RuntimeError as error:
            if len(group) == 1 or "out of memory" not in str(error).lower():
                raise
            answers = None
        else:
            self.batches += [len(group)] if requests[0].step else []
        if answers is None:  # outside of the handler, which keeps the failed call's tensors alive
            self.at_once = len(group) // 2
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            return [a for part in _parts(group, self.at_once) for a in self._answers(part)]
        for run in group:
            run.calls += run.question.step
        return answers


def _parts(items: list[Any], size: int) -> list[list[Any]]:
    return [items[i : i + size] for i in range(0, len(items), size)]


class _Run(Paused):
    """One of the runs; it asks by a `Request`."""

    calls = 0


def together(requests: Sequence[Request]) -> list[Any]:
    """Answer several requests by one model call.

    Of each argument the rows of all requests are interleaved, so what was a chunk of the batch
    (with and without the prompt) is one still.

    Raises:
        Apart: their arguments cannot be joined.
    """
    first = requests[0]
    if len(requests) == 1:
        return [first.model(*first.args, **first.kwargs)]
    rows, many = len(first.x), len(requests)
    args, kwargs = _joined([(r.args, r.kwargs) for r in requests], rows)
    answer = first.model(*args, **kwargs)
    return [_part(answer, i, many) for i in range(many)]


def _joined(values: Sequence[Any], rows: int, name: str = "") -> Any:
    first = values[0]
    if any(type(v) is not type(first) for v in values):
        raise Apart
    if isinstance(first, Tensor):
        if any(v.shape != first.shape for v in values):
            raise Apart
        if (first.ndim and len(first) == rows) or name == "sigmas":
            return torch.stack(list(values), 1).flatten(0, 1)
        if all(torch.equal(v, first) for v in values[1:]):
            return first
        raise Apart
    if isinstance(first, dict):
        if any(v.keys() != first.keys() for v in values):
            raise Apart
        joined = {k: _joined([v[k] for v in values], rows, k) for k in first}
        return joined if type(first) is dict else _made(first, joined)
    if isinstance(first, (list, tuple)):
        if any(len(v) != len(first) for v in values):
            raise Apart
        if name in INDICES:
            return [i * len(values) + n for i in first for n in range(len(values))]
        return type(first)(_joined([v[i] for v in values], rows) for i in range(len(first)))
    if any(v is not first and v != first for v in values):
        raise Apart
    return first


def _made(example: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Make a dict of the example's class: A1111's has a shape, diffusers' are outputs."""
    own: Any = type(example)
    try:
        return own(**content)
    except TypeError:
        return own(content, getattr(example, "shape", None))


def _part(answer: Any, index: int, many: int) -> Any:
    """Return one request's rows of a joint answer."""
    if isinstance(answer, Tensor):
        return answer.unflatten(0, (-1, many))[:, index]
    if isinstance(answer, dict):
        return _made(answer, {k: _part(v, index, many) for k, v in answer.items()})
    if isinstance(answer, (list, tuple)):
        return type(answer)(_part(v, index, many) for v in answer)
    return answer
