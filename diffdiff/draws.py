"""The noise that a sampler draws: noted in the main run, given again in a replay.

A sampler gets its noise in one of three ways: from a `noise_sampler` that it is passed (or makes
itself), from something that its host has put in the place of `torch.randn_like` (the sources), or
from torch's own random functions. All three are watched, so that a replay gets the very noise that
the main run has drawn at that place, and never advances a generator.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from .attributes import attribute

FRESH = {
    torch.randn, torch.randn_like, torch.rand, torch.rand_like, torch.randint, torch.randint_like,
    torch.normal, torch.randperm, torch.bernoulli, torch.poisson, torch.multinomial,
}  # fmt: skip
IN_PLACE = {
    Tensor.normal_, Tensor.uniform_, Tensor.random_, Tensor.exponential_, Tensor.bernoulli_,
    Tensor.cauchy_, Tensor.log_normal_, Tensor.geometric_,
}  # fmt: skip
# a class of k-diffusion, one of whose draws is many of torch's
MAKER = "BrownianTreeNoiseSampler"


class Astray(Exception):
    """A replay has not gone the way of the main run."""


class Draws:
    """Who draws what.

    Args:
        sources: attributes of other people's objects that draw when they are called.
        made_up: instead of drawing, answers every draw of the main run (for a probe).

    Attributes:
        seen: what the main run has drawn since `take` was last called.
    """

    def __init__(
        self,
        sources: Sequence[tuple[Any, str]] = (),
        made_up: Callable[[], Tensor] | None = None,
    ):
        self.sources, self.made_up = sources, made_up
        self.seen: list[Tensor] = []
        self.any = False
        self.mode: _Mode | None = None
        self.here = threading.local()

    def take(self) -> list[Tensor]:
        """What the main run has drawn since the last call."""
        seen, self.seen = self.seen, []
        return seen

    def draw(self, plain: Callable[[], Tensor]) -> Tensor:
        """One draw: the main run's own, noted; or that same one once more in a replay."""
        given = getattr(self.here, "given", None)
        if given is not None:
            return given()
        if getattr(self.here, "busy", False):  # a draw within a draw, or one of the model's
            return plain()
        with self.apart():
            value = self.made_up() if self.made_up else plain()
        self.any = True
        self.seen.append(value.clone())
        return value

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Nothing that is drawn inside is the sampler's."""
        before = getattr(self.here, "busy", False)
        self.here.busy = True
        try:
            yield
        finally:
            self.here.busy = before

    @contextmanager
    def away(self) -> Iterator[None]:
        """A model call: apart, and at torch's full speed."""
        mode, self.mode = self.mode, None
        with self.apart():
            if mode is not None:
                mode.__exit__(None, None, None)
            try:
                yield
            finally:
                if mode is not None:
                    mode.__enter__()
        self.mode = mode

    @contextmanager
    def watched(self, function: Callable) -> Iterator[None]:
        """Watches the main run's draws, for the length of a `with`.

        function: of the sampler; what it is passed is watched by `noise_sampler`.
        """
        with ExitStack() as stack:
            for owner, name in self.sources:
                plain = getattr(owner, name)
                stack.enter_context(attribute(owner, **{name: self._wrapped(plain)}))
            module = inspect.getmodule(inspect.unwrap(function))
            if hasattr(module, MAKER):
                stack.enter_context(
                    attribute(module, **{MAKER: self._maker(getattr(module, MAKER))})
                )
            self.mode = stack.enter_context(_Mode(self))
            try:
                yield
            finally:
                self.mode = None

    @contextmanager
    def given(self, next_one: Callable[[], Tensor]) -> Iterator[None]:
        """A replay: what is drawn inside, in this thread, is what `next_one` returns."""
        self.here.given = next_one
        try:
            with _Mode(self):
                yield
        finally:
            self.here.given = None

    def noise_sampler(self, plain: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """The main run's noise sampler, watched."""
        return self._wrapped(plain)

    def _wrapped(self, plain: Callable[..., Tensor]) -> Callable[..., Tensor]:
        return lambda *args, **kwargs: self.draw(lambda: plain(*args, **kwargs))

    def _maker(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def make(*args: Any, **kwargs: Any) -> Callable[..., Tensor]:
            if self.made_up:
                return self._wrapped(self.made_up)
            with self.apart():
                return self._wrapped(plain(*args, **kwargs))

        return make


class _Mode(TorchFunctionMode):
    """torch's own random functions, watched."""

    def __init__(self, draws: Draws):
        super().__init__()
        self.draws = draws

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in FRESH:
            return self.draws.draw(lambda: func(*args, **kwargs))
        if func in IN_PLACE:
            drawn = self.draws.draw(lambda: func(args[0].clone(), *args[1:], **kwargs))
            return args[0].copy_(drawn)
        return func(*args, **kwargs)
