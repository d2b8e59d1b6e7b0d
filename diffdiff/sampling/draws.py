"""The noise that a sampler draws: recorded in the main run, repeated in a replay.

A sampler gets its noise in one of three ways: from a `noise_sampler` that it is passed (or makes
itself), from the host's replacement for `torch.randn_like` (the sources), or
from torch's own random functions. All three are watched, so that a replay gets the same noise that
the main run has drawn at that place, and never advances a generator.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ..patching import attribute

FRESH = {
    torch.randn,
    torch.randn_like,
    torch.rand,
    torch.rand_like,
    torch.randint,
    torch.randint_like,
    torch.normal,
    torch.randperm,
    torch.bernoulli,
    torch.poisson,
    torch.multinomial,
}
IN_PLACE = {
    Tensor.normal_,
    Tensor.uniform_,
    Tensor.random_,
    Tensor.exponential_,
    Tensor.bernoulli_,
    Tensor.cauchy_,
    Tensor.log_normal_,
    Tensor.geometric_,
}
# a class of k-diffusion, one of whose draws is many of torch's
MAKER = "BrownianTreeNoiseSampler"


class Astray(Exception):
    """A replay has left the path of the main run."""


_watching: ContextVar[Draws | None] = ContextVar("watching", default=None)
_given: ContextVar[Callable[[], Tensor] | None] = ContextVar("given", default=None)
_apart: ContextVar[bool] = ContextVar("apart", default=False)


class Draws:
    """The draws of one run. Several runs may be in progress side by side, each in its own thread.

    Args:
        sources: attributes of other people's objects that draw when they are called.
        made_up: instead of drawing, answers every draw of the main run (for a probe).

    Attributes:
        any: whether anything was drawn.
        fixed: a size (h, w) and a value: draws of that size have that value everywhere, and
            nothing is recorded. None: all are as they come.
    """

    def __init__(
        self,
        sources: Sequence[tuple[Any, str]] = (),
        made_up: Callable[[], Tensor] | None = None,
    ):
        self.sources, self.made_up = sources, made_up
        self.seen: list[Tensor] = []
        self.any = False
        self.fixed: tuple[tuple[int, ...], float] | None = None
        self.mode: _Mode | None = None

    def take(self) -> list[Tensor]:
        """Return what the main run has drawn since the last call."""
        seen, self.seen = self.seen, []
        return seen

    def draw(self, plain: Callable[[], Tensor]) -> Tensor:
        """Make one draw: record the main run's, or repeat it in a replay."""
        given = _given.get()
        if given is not None:
            return given()
        if _apart.get():  # a draw within a draw, or one of the model's
            return plain()
        with _set(_apart, True):
            value = self.made_up() if self.made_up else plain()
        self.any = True
        if self.fixed is not None:
            size, everywhere = self.fixed
            return torch.full_like(value, everywhere) if value.shape[-2:] == size else value
        self.seen.append(value.clone())
        return value

    @contextmanager
    def away(self) -> Iterator[None]:
        """Run a model call: nothing it draws belongs to the sampler, and torch runs at full
        speed."""
        mode, self.mode = self.mode, None
        with _set(_apart, True):
            if mode is not None:
                mode.__exit__(None, None, None)
            try:
                yield
            finally:
                if mode is not None:
                    mode.__enter__()
        self.mode = mode

    @contextmanager
    def watched(self, function: Callable[..., Any]) -> Iterator[None]:
        """Watch the main run's draws for the duration of a `with`.

        function: the sampler function; its noise sampler is watched by `noise_sampler`.
        """
        with ExitStack() as stack:
            for owner, name in self.sources:
                stack.enter_context(_stand_in(owner, name, _drawing))
            module = inspect.getmodule(inspect.unwrap(function))
            if hasattr(module, MAKER):
                stack.enter_context(_stand_in(module, MAKER, _making))
            stack.enter_context(_set(_watching, self))
            self.mode = stack.enter_context(_Mode(self))
            try:
                yield
            finally:
                self.mode = None

    @contextmanager
    def given(self, next_one: Callable[[], Tensor]) -> Iterator[None]:
        """Run a replay: each draw inside returns what `next_one` returns."""
        with _set(_given, next_one), _Mode(self):
            yield

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Ignore what is drawn inside: neither record nor repeat it."""
        with _set(_given, None), _set(_apart, True):
            yield

    def noise_sampler(self, plain: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """Return a noise sampler that is watched."""
        return lambda *args, **kwargs: self.draw(lambda: plain(*args, **kwargs))


@contextmanager
def fixed(size: tuple[int, ...], value: float = 0.0) -> Iterator[None]:
    """What torch's own functions draw inside is one value for a size (h, w)."""
    draws = Draws()
    draws.fixed = size, value
    with _Mode(draws):
        yield


@contextmanager
def _set(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def _drawing(plain: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Wrap a function that draws, for whichever run calls it."""

    def call(*args: Any, **kwargs: Any) -> Tensor:
        draws = _watching.get()
        return (draws.noise_sampler(plain) if draws else plain)(*args, **kwargs)

    return call


def _making(plain: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function that makes a noise sampler, for whichever run calls it."""

    def make(*args: Any, **kwargs: Any) -> Callable[..., Tensor]:
        draws = _watching.get()
        if draws is None:
            return plain(*args, **kwargs)
        with _set(_apart, True):
            drawn = draws.made_up
            own = (lambda *_: drawn()) if drawn else plain(*args, **kwargs)
        return draws.noise_sampler(own)

    return make


_places: dict[tuple[int, str], list[ExitStack]] = {}
_lock = threading.Lock()


@contextmanager
def _stand_in(owner: Any, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    """Return `wrap(owner.name)` in its place, once for all runs that are under way: the last one to
    end puts back what was there."""
    key = id(owner), name
    with _lock:
        users = _places.setdefault(key, [])
        if not users:
            users.append(ExitStack())
            users[0].enter_context(attribute(owner, **{name: wrap(getattr(owner, name))}))
        users.append(users[0])
    try:
        yield
    finally:
        with _lock:
            users.pop()
            if len(users) == 1:
                users.pop().close()
                del _places[key]


class _Mode(TorchFunctionMode):
    """torch's own random functions, watched."""

    def __init__(self, draws: Draws):
        super().__init__()
        self.draws = draws

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in FRESH:
            return self.draws.draw(lambda: func(*args, **kwargs))
        if func in IN_PLACE:
            drawn = self.draws.draw(lambda: func(args[0].clone(), *args[1:], **kwargs))
            return args[0].copy_(drawn)
        return func(*args, **kwargs)
