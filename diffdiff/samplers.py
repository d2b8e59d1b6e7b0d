"""What the hold must know of a sampler: its model calls per step, and what it remembers.

Keys are the names of the sampler functions: k-diffusion's, and those of A1111 v1.10.1 and Forge.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.polynomial import polynomial
from torch import Tensor

from .levels import Schedule
from .repair import Fill, HeunPP, Memory, Takeover


@dataclass(frozen=True)
class Run:
    """One run of a sampler: the part `first..N` of a schedule, and the map's start steps.

    start: `[B, 1, h, w]` step from which a pixel is denoised in full.
    function: the sampler function itself, whose module may own coefficients (DEIS).
    """

    schedule: Schedule
    first: int
    start: Tensor
    function: Any = None


def _once(i: int, n: int) -> int:
    return 1


def _twice(i: int, n: int) -> int:
    # the last step is a single Euler call, but nothing follows it
    return 2


def _plms(i: int, n: int) -> int:
    return 2 if i == 0 else 1


def _heunpp(i: int, n: int) -> int:
    return 3 if i < n - 2 else 2


def _thrice(i: int, n: int) -> int:
    return 3


def _dpm_fast(i: int, n: int) -> int:
    """Model calls of DPM-Solver-fast (arXiv 2206.00927, section 3.4): orders 3, 3, ..., rest."""
    full = n // 3 + 1
    orders = [3] * (full - 2) + [2, 1] if n % 3 == 0 else [3] * (full - 1) + [n % 3]
    return orders[i] if i < len(orders) else 1


def _lambdas(schedule: Schedule) -> list[float]:
    return [-math.log(c) for c in schedule.coordinates[:-1]]


def _fill(depth: int) -> Callable[[Run], Memory]:
    return lambda run: Fill(run.start, run.first, depth, _lambdas(run.schedule))


Coefficients = Callable[[Sequence[float], int, int], Sequence[float]]


def _in_sigma(run: Run, coefficients: Coefficients, order: int) -> Memory:
    """A sampler that steps by `x + sum_j c_j d[-j]`, with `d = (x - x0) / sigma`.

    coefficients: `(sigmas, step, order) -> [c_0, c_1, ...]`, newest first, the step size included.
    """
    sigmas = run.schedule.coordinates
    return Takeover(
        run.start,
        run.first,
        lambda step, order: coefficients(sigmas, step, order),
        order,
        derivative=lambda x, answer, step: (x - answer).div_(sigmas[step]),
    )


def lms_coefficients(sigmas: Sequence[float], i: int, order: int) -> list[float]:
    """Integrals over step i of the Lagrange polynomials of the last `order` sigmas, newest first.

    The linear multistep rule of k-diffusion's LMS, integrated exactly.
    """
    nodes = [sigmas[i - k] for k in range(order)]
    coefficients = []
    for j, node in enumerate(nodes):
        others = [n for k, n in enumerate(nodes) if k != j]
        # centred at sigma_i, where float64 loses nothing
        integral = polynomial.polyint(polynomial.polyfromroots([n - sigmas[i] for n in others]))
        area = polynomial.polyval(sigmas[i + 1] - sigmas[i], integral)
        coefficients.append(float(area) / math.prod(node - n for n in others))
    return coefficients


ADAMS_BASHFORTH = {
    1: (1.0,),
    2: (3 / 2, -1 / 2),
    3: (23 / 12, -16 / 12, 5 / 12),
    4: (55 / 24, -59 / 24, 37 / 24, -9 / 24),
}


def ipndm_coefficients(sigmas: Sequence[float], i: int, order: int) -> list[float]:
    """Adams-Bashforth of equal steps, whatever the sigmas (IPNDM, arXiv 2204.13902)."""
    return [(sigmas[i + 1] - sigmas[i]) * c for c in ADAMS_BASHFORTH[order]]


def ipndm_v_coefficients(sigmas: Sequence[float], i: int, order: int) -> list[float]:
    """Variable-step Adams-Bashforth as the hosts' IPNDM_V has it, its fourth-order term included.

    Orders 1 and 2 are the textbook's; 3 and 4 follow the published solver
    (zju-pi/diff-sampler), whose weights differ from exact integration.
    """
    h = [sigmas[i + 1 - k] - sigmas[i - k] for k in range(order)]
    if order == 1:
        return [h[0]]
    r = h[0] / h[1]
    weights = [(2 + r) / 2, -r / 2]
    if order >= 3:
        s01, s12 = h[0] + h[1], h[1] + h[2]
        third = (1 - h[0] / (3 * s01) * (h[0] * s01) / (h[1] * s12)) / 2
        q = h[1] / h[2]
        weights = [weights[0] + third, weights[1] - (1 + q) * third, third * q]
    if order == 4:
        s012, s123, s23 = s01 + h[2], s12 + h[3], h[2] + h[3]
        inner = (1 - h[0] / (3 * s01)) / 2 + (1 - h[0] / (2 * s01)) * h[0] / (6 * s012)
        fourth = inner * (h[0] * s01 * s012) / (h[1] * s12 * s123)
        p = h[1] * s12 / (h[2] * s23)
        extra = [1, -(1 + q + p), q + p * (1 + h[2] / h[3]), -p * q]
        weights = [w + e * fourth for w, e in zip([*weights, 0.0], extra, strict=True)]
    return [h[0] * w for w in weights]


def _deis(run: Run) -> Memory:
    """DEIS integrates numerically; its own module is asked, so that both agree."""
    own = inspect.unwrap(run.function).__globals__["deis"].get_deis_coeff_list

    def coefficients(sigmas: Sequence[float], i: int, order: int) -> list[float]:
        if order == 1 or sigmas[i + 1] <= 0:
            return [sigmas[i + 1] - sigmas[i]] + [0.0] * (order - 1)
        window = torch.tensor(sigmas[i - order + 1 : i + 2])
        return [float(c) for c in own(window, order, deis_mode="tab")[-1]]

    return _in_sigma(run, coefficients, 3)


def _plms_memory(run: Run) -> Memory:
    levels = torch.stack([torch.stack([*level]) for level in run.schedule.levels]).tolist()
    timesteps = run.schedule.coordinates

    def slope(i: int) -> float:
        # DDIM's step is x' = (s'/s) x + (n' - s' n / s) eps
        (s, n), (s_next, n_next) = levels[i], levels[i + 1]
        return n_next - s_next * n / s

    return Takeover(
        run.start,
        run.first,
        lambda i, order: [slope(i) * c for c in ADAMS_BASHFORTH[order]],
        order=4,
        derivative=lambda x, answer, step: answer,
        carry=lambda x, i: x * (levels[i + 1][0] / levels[i][0]),
        improved=lambda i: timesteps[i + 1],
    )


def _heunpp_memory(run: Run) -> Memory:
    return HeunPP(run.start, run.first, run.schedule.coordinates)


@dataclass(frozen=True)
class Sampler:
    """Traits of a sampler function.

    calls: model calls in step i of a run of n steps.
    on_schedule: its steps are the schedule's; otherwise a step's place is found by its level.
    memory: what it remembers between steps, None for nothing.
    """

    calls: Callable[[int, int], int] = _once
    on_schedule: bool = True
    memory: Callable[[Run], Memory] | None = None


SAMPLERS = {
    "sample_euler": Sampler(),
    "sample_euler_ancestral": Sampler(),
    "sample_heun": Sampler(_twice),
    "sample_dpm_2": Sampler(_twice),
    "sample_dpm_2_ancestral": Sampler(_twice),
    "sample_lms": Sampler(memory=lambda run: _in_sigma(run, lms_coefficients, 4)),
    "sample_dpmpp_2s_ancestral": Sampler(_twice),
    "sample_dpmpp_sde": Sampler(_twice),
    "sample_dpmpp_2m": Sampler(memory=_fill(1)),
    "sample_dpmpp_2m_sde": Sampler(memory=_fill(1)),
    "sample_dpmpp_3m_sde": Sampler(memory=_fill(2)),
    "sample_dpm_fast": Sampler(_dpm_fast, on_schedule=False),
    "sample_dpm_adaptive": Sampler(_thrice, on_schedule=False),
    "restart_sampler": Sampler(_twice, on_schedule=False),
    "sample_lcm": Sampler(),
    "sample_heunpp2": Sampler(_heunpp, memory=_heunpp_memory),
    "sample_ipndm": Sampler(memory=lambda run: _in_sigma(run, ipndm_coefficients, 4)),
    "sample_ipndm_v": Sampler(memory=lambda run: _in_sigma(run, ipndm_v_coefficients, 4)),
    "sample_deis": Sampler(memory=_deis),
    "sample_ddpm": Sampler(),
    "ddim": Sampler(),
    "ddim_cfgpp": Sampler(),
    "plms": Sampler(_plms, memory=_plms_memory),
    "unipc": Sampler(on_schedule=False),
}

UNKNOWN = Sampler(on_schedule=False)
"""A sampler that is not listed: every model call is taken for a step, placed by its level."""


def traits(name: str) -> Sampler:
    """Traits of a sampler by its function's name."""
    return SAMPLERS.get(name, UNKNOWN)
