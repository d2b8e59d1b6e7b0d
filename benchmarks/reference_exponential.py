"""Samplers of the WebUI hosts that integrate exponentially: ER-SDE, RES, SA-Solver, SEEDS, UniPC.

Written from the published formulas. All take variance-exploding sigmas.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from .reference_hosts import begin, log_snr

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(16)


def quadrature(start, end):
    """Returns Gauss-Legendre points and weights between two bounds."""
    return start + (POINTS + 1) / 2 * (end - start), WEIGHTS / 2 * (end - start)


def adams(nodes, answers, start, end, rate=1):
    """Integrates `rate * exp(rate * (u - end))` times the polynomial through the answers."""
    if end == math.inf:
        return answers[0]
    nodes, (u, weights) = nodes[: len(answers)], quadrature(start, end)
    weights = weights * rate * np.exp(rate * (u - end))
    rows = (math.prod((u - m) / (n - m) for m in nodes if m != n) for n in nodes)
    return sum(float((weights * row).sum()) * a for row, a in zip(rows, answers, strict=True))


@torch.no_grad()
def sample_er_sde(
    model,
    x,
    sigmas,
    extra_args=None,
    callback=None,
    disable=None,
    noise_sampler=None,
    phi=lambda s: s * (np.exp(s**0.3) + 10),
):
    """ER-SDE-Solver-3 (arXiv 2309.06169) with the noise scaler phi."""
    ask, noise = begin(model, x, extra_args, callback, noise_sampler)
    s, slope, old, old_slope = sigmas.tolist(), None, None, None
    for i in range(len(s) - 1):
        denoised = ask(x, sigmas[i], i)
        if s[i + 1] == 0:
            return denoised
        r, dt = float(phi(s[i + 1]) / phi(s[i])), s[i + 1] - s[i]
        u, weights = quadrature(s[i], s[i + 1])
        weights = weights * phi(s[i + 1]) / phi(u)
        x = r * x + (1 - r) * denoised
        if i >= 1:
            slope = (denoised - old) / (s[i] - s[i - 1])
            x = x + (dt - float(weights.sum())) * slope
        if i >= 2:
            curve = 2 * (slope - old_slope) / (s[i] - s[i - 2])
            x = x + (dt**2 / 2 - float((weights * (u - s[i])).sum())) * curve
        x = x + (s[i + 1] ** 2 - (r * s[i]) ** 2) ** 0.5 * noise(sigmas[i], sigmas[i + 1])
        old, old_slope = denoised, slope
    return x


@torch.no_grad()
def sample_res_multistep(
    model,
    x,
    sigmas,
    extra_args=None,
    callback=None,
    disable=None,
    noise_sampler=None,
    ancestral=False,
):
    """Refined exponential solver (arXiv 2308.02157), second-order multistep."""
    ask, noise = begin(model, x, extra_args, callback, noise_sampler)
    times, kept = log_snr(sigmas), []
    for i in range(len(sigmas) - 1):
        s, s_next = sigmas[i : i + 2]
        kept = [ask(x, s, i), *kept][:2]
        down = s_next**2 / s if ancestral else s_next
        x = down / s * x + adams(times[i::-1], kept, times[i], log_snr(down))
        if ancestral and s_next > 0:
            x = x + (s_next**2 - down**2) ** 0.5 * noise(s, s_next)
    return x


def sample_res_multistep_ancestral(
    model, x, sigmas, extra_args=None, callback=None, disable=None, noise_sampler=None
):
    """Refined exponential solver (arXiv 2308.02157), ancestral."""
    given = extra_args, callback, disable, noise_sampler
    return sample_res_multistep(model, x, sigmas, *given, ancestral=True)


@torch.no_grad()
def sample_sa_solver(
    model,
    x,
    sigmas,
    extra_args=None,
    callback=None,
    disable=None,
    noise_sampler=None,
    tau_range=(0.1, 5.0),
    pece=False,
):
    """SA-Solver (arXiv 2309.05019): predictor order 3, corrector 4, tau 1 within tau_range."""
    ask, noise = begin(model, x, extra_args, callback, noise_sampler)
    s, times, kept, state, added = sigmas.tolist(), log_snr(sigmas), [], x, 0
    rates = [1 + (tau_range[0] <= level <= tau_range[1]) for level in s]  # 1 + tau**2

    def step(i, answers, newest):
        moved = adams(times[newest::-1], answers, times[i], times[i + 1], rates[i])
        return (s[i + 1] / s[i]) ** rates[i] * state + moved + added

    for i in range(len(s) - 1):
        denoised = ask(x, sigmas[i], i)
        if i >= 1:
            state = step(i - 1, [denoised, *kept], i)
            denoised = ask(state, sigmas[i]) if pece else denoised
        kept, added = [denoised, *kept][:3], 0
        if rates[i] == 2 and s[i + 1] > 0:
            added = s[i + 1] * (1 - s[i + 1] ** 2 / s[i] ** 2) ** 0.5 * noise(*sigmas[i : i + 2])
        x = step(i, kept, i)
    return x


def sample_sa_solver_pece(
    model,
    x,
    sigmas,
    extra_args=None,
    callback=None,
    disable=None,
    noise_sampler=None,
    tau_range=(0.1, 5.0),
):
    """SA-Solver (arXiv 2309.05019) that asks about the corrected state as well."""
    given = extra_args, callback, disable, noise_sampler, tau_range
    return sample_sa_solver(model, x, sigmas, *given, pece=True)


@torch.no_grad()
def sample_seeds_2(
    model,
    x,
    sigmas,
    extra_args=None,
    callback=None,
    disable=None,
    noise_sampler=None,
    stages=(1 / 2,),
):
    """SEEDS-2 (arXiv 2305.14267): stochastic and exponential, two calls a step."""
    ask, noise = begin(model, x, extra_args, callback, noise_sampler)
    for i in range(len(sigmas) - 1):
        s, s_next = sigmas[i : i + 2]
        answers, last, added, h = [ask(x, s, i)], 0, 0, log_snr(s_next) - log_snr(s)
        if s_next == 0:
            return answers[0]
        for c in (*stages, 1.0):
            before, sigma = s ** (1 - last) * s_next**last, s ** (1 - c) * s_next**c
            fade = math.exp(-2 * (c - last) * h)
            added = fade * added + sigma * (1 - fade) ** 0.5 * noise(before, sigma)
            moved = adams([0, last * h], answers, 0, c * h, rate=2)
            point = math.exp(-2 * c * h) * x + moved + added
            if c < 1:
                answers, last = [answers[0], ask(point, sigma)], c
        x = point
    return x


def sample_seeds_3(
    model, x, sigmas, extra_args=None, callback=None, disable=None, noise_sampler=None
):
    """SEEDS-3 (arXiv 2305.14267): stochastic and exponential, three calls a step."""
    given = extra_args, callback, disable, noise_sampler
    return sample_seeds_2(model, x, sigmas, *given, stages=(1 / 3, 2 / 3))


@torch.no_grad()
def sample_unipc(
    model, x, sigmas, extra_args=None, callback=None, disable=None, order=3, variant="bh2"
):
    """UniPC (arXiv 2302.04867), variance-preserving on a copy that the model never sees."""
    (ask, _), n, s = begin(model, x, extra_args, callback), len(sigmas) - 1, sigmas.tolist()
    times, scales, kept = log_snr(sigmas), (1 + sigmas**2) ** 0.5, []
    orders = [min(order, i + 1, n - i) for i in range(n)]  # what a warm-up and an end allow
    x = state = x / scales[0]

    def step(state, i, answers, newest):
        moved = adams(times[newest::-1], answers, times[i], times[i + 1])
        if len(answers) == 2:  # the only sums that B(h) does not drop out of
            h, gap = times[i + 1] - times[i], times[newest] - times[newest - 1]
            b = h if variant == "bh1" else 1 - math.exp(-h)
            moved = (1 - math.exp(-h)) * answers[newest - i]
            moved = moved + b * h / 2 / gap * (answers[0] - answers[1])
        return (s[i + 1] / s[i] * scales[i] * state + moved) / scales[i + 1]

    for i in range(n):
        denoised = ask(x * scales[i], sigmas[i], i)
        if i >= 1:
            x = step(state, i - 1, [denoised, *kept][: orders[i - 1] + 1], i)
        kept, state = [denoised, *kept][:order], x
        x = step(state, i, kept[: orders[i]], i)
    return x * scales[n]
