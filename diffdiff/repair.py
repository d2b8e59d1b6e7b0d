"""History repair: a released pixel's first steps get the order a fresh start would have had.

A multistep sampler remembers the answers of earlier steps. For a pixel that was held these are
not the model's, so the sampler's higher-order terms would be wrong. Two ways to mend that:

* `Fill` writes into the remembered tensors (samplers that keep the very tensors the denoise call
  returned), continuing the pixel's own few answers as a polynomial, so that the terms of too high
  an order vanish.
* `Takeover` makes the first steps of a pixel itself, as a fresh start would have made them, and
  writes the result into the sampler's x (samplers that keep derived tensors).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .levels import finest

Denoise = Callable[[Tensor, Tensor], Tensor]


class Memory:
    """What a sampler remembers. The base class remembers nothing (single-step samplers)."""

    def before(self, x: Tensor) -> None:
        """Called with the sampler's own x before each step's first model call."""

    def after(self, x: Tensor, answer: Tensor, sigma: Tensor, step: int, again: Denoise) -> None:
        """Called with the (held) answer of each step's first model call.

        again: asks the model once more, with the call's own conditioning.
        """

    def inner(self, x: Tensor, answer: Tensor, step: int) -> None:
        """Called with the (held) answer of each further model call of a step."""

    def finish(self, samples: Tensor) -> Tensor:
        """Called with the run's result."""
        return samples


def lagrange(nodes: Sequence[float], at: float) -> list[float]:
    """Weights of the polynomial through `nodes`, evaluated at `at`."""
    weights = []
    for j, node in enumerate(nodes):
        others = [n for k, n in enumerate(nodes) if k != j]
        weight = 1.0
        for other in others:
            weight *= (at - other) / (node - other)
        weights.append(weight)
    return weights


def _weighted(weights: Sequence[float], tensors: Sequence[Tensor]) -> Tensor:
    """The weighted sum; the tensor itself if it is one of weight 1."""
    if len(tensors) == 1 and weights[0] == 1:
        return tensors[0]
    result = tensors[0] * weights[0]
    for tensor, weight in zip(tensors[1:], weights[1:], strict=True):
        result.add_(tensor * weight)
    return result


class Fill(Memory):
    """Repair by reference, for samplers that keep the returned tensors themselves.

    DPM++ 2M and 2M SDE keep one, 3M SDE two; their extra terms are differences of answers in
    lambda = -log sigma, so a constant (then a line in lambda) makes them vanish.

    Args:
        start: `[B, 1, h, w]` first step of each pixel, `diffdiff.ladder.NEVER` for none.
        first: the step that the run begins with.
        depth: how many earlier answers the sampler keeps.
        coordinates: lambda of every step.
    """

    def __init__(self, start: Tensor, first: int, depth: int, coordinates: Sequence[float]):
        self.start, self.first, self.coordinates = start, first, coordinates
        self.starts = set(start.unique().tolist())
        self.kept: deque[Tensor] = deque(maxlen=depth)

    def after(self, x, answer, sigma, step, again):
        self.mend(answer, step)
        self.kept.appendleft(answer)

    def mend(self, answer: Tensor, step: int) -> None:
        """Continues the answers of pixels released in the last few steps backwards in time."""
        for age in range(len(self.kept)):
            if step - age > self.first and step - age in self.starts:
                self._fill(answer, step, age)

    def _fill(self, answer: Tensor, step: int, age: int) -> None:
        own = [answer, *self.kept][: age + 1]
        nodes = [self.coordinates[step - k] for k in range(age + 1)]
        fresh = self.start == step - age
        for k in range(age + 1, len(self.kept) + 1):
            value = _weighted(lagrange(nodes, self.coordinates[step - k]), own)
            torch.where(fresh, value, self.kept[k - 1], out=self.kept[k - 1])


class Takeover(Memory):
    """Repair through x, for samplers linear in derivatives that they keep out of reach.

    Such a sampler makes the step `x_next = carry(x) + sum_j c_j d[-j]` with coefficients of the
    order that the run has reached. A pixel of age a (steps since its release) should have had
    those of order a + 1: that step is made here, and written into x before the next one.

    Args:
        start, first: as in `Fill`.
        coefficients: `(step, order) -> [c_0, c_1, ...]`, newest first.
        order: the sampler's highest order.
        derivative: `(x, answer, step) -> d`, what the sampler remembers.
        carry: `(x, step) -> x`, the part of a step that is not made of derivatives.
        improved: for PLMS, whose very first step is an improved Euler step: `step -> timestep`
            of its second model call. Costs one model call at each step that releases pixels.
    """

    def __init__(
        self,
        start: Tensor,
        first: int,
        coefficients: Callable[[int, int], Sequence[float]],
        order: int,
        derivative: Callable[[Tensor, Tensor, int], Tensor],
        carry: Callable[[Tensor, int], Tensor] = lambda x, step: x,
        improved: Callable[[int], float] | None = None,
    ):
        self.start, self.first, self.order = start, first, order
        self.starts = set(start.unique().tolist())
        self.coefficients, self.derivative = coefficients, derivative
        self.carry, self.improved = carry, improved
        # a young pixel's step never reaches the oldest answer
        self.kept: deque[Tensor] = deque(maxlen=order if improved else max(order - 1, 1))
        self.young: Tensor | None = None

    def before(self, x):
        if self.young is not None:
            torch.where(self.young, self.x_next.to(x.dtype), x, out=x)
            self.young = None

    def finish(self, samples):
        if self.young is None:
            return samples
        return torch.where(self.young, self.x_next.to(samples.dtype), samples)

    def after(self, x, answer, sigma, step, again):
        self.kept.appendleft(self.derivative(x, answer, step))
        self._take_over(x, sigma, step, again)
        if len(self.kept) == self.kept.maxlen:
            self.kept.pop()  # the next step's own answer takes its place

    def _take_over(self, x: Tensor, sigma: Tensor, step: int, again: Denoise) -> None:
        reached = min(step - self.first + 1, self.order)
        ages = [a for a in range(reached - 1) if step - a in self.starts]
        if not ages:
            return
        precise = torch.promote_types(x.dtype, torch.float32)
        carried = self.carry(x, step).to(precise)
        kept = [derivative.to(precise) for derivative in self.kept]
        # PLMS's second call sees the pixels that are no longer young, too
        oldest = ages[-1] if self.improved is None else reached - 1
        self.x_next = self._stepped(carried, kept, step, oldest)
        for age in (a for a in ages if a != oldest):
            own = self._stepped(carried, kept, step, age)
            torch.where(self.start == step - age, own, self.x_next, out=self.x_next)
        if self.improved is not None and step in self.starts:
            sigma_next = torch.full_like(sigma, self.improved(step))
            bend = again(self.x_next.to(x.dtype), sigma_next) - self.kept[0]
            bend *= self.coefficients(step, 1)[0] / 2
            self.x_next += torch.where(self.start == step, bend, 0)
        self.young = (self.start <= step) & (self.start > step - reached + 1)

    def _stepped(self, carried: Tensor, kept: Sequence[Tensor], step: int, age: int) -> Tensor:
        """The step that a pixel of this age should have made, in memory of its own."""
        coefficients = self.coefficients(step, age + 1)
        x_next = torch.add(carried, kept[0], alpha=coefficients[0])
        for derivative, weight in zip(kept[1:], coefficients[1:]):
            x_next.add_(derivative, alpha=weight)
        return x_next


class HeunPP(Memory):
    """HeunPP2 weights its derivatives by sigma / (m * sigma of the *run's* start).

    A pixel released later should have had its own start there:
    `x += (1/sigma_start - 1/sigma_first) * dt * sum_k sigma_k / m * (d_k - d_0)`.
    """

    def __init__(self, start: Tensor, first: int, sigmas: Sequence[float]):
        self.sigmas = sigmas
        inverse = torch.tensor(
            [*(1 / s - 1 / sigmas[first] for s in sigmas[:-1]), 0.0],
            dtype=finest(start.device),
            device=start.device,
        )
        self.factor = inverse[start.long().clamp(first, len(sigmas) - 1)]
        self.pending: Tensor | None = None

    def before(self, x):
        if self.pending is not None:
            x.add_(self.pending)
            self.pending = None

    def finish(self, samples):
        return samples if self.pending is None else samples + self.pending

    def after(self, x, answer, sigma, step, again):
        self.derivative, self.call = (x - answer).div_(self.sigmas[step]), 0

    def inner(self, x, answer, step):
        self.call += 1
        n = len(self.sigmas) - 1
        sigma = self.sigmas[step + self.call]
        change = (x - answer).div_(sigma).sub_(self.derivative)
        dt = self.sigmas[step + 1] - self.sigmas[step]
        weight = dt * sigma / (3 if step < n - 2 else 2)
        self.factor = self.factor.to(x.dtype)
        change.mul_(weight).mul_(self.factor)
        self.pending = change if self.pending is None else self.pending.add_(change)
