"""More samplers to prove the hold on: short forms of those that only the WebUI hosts list.

Written from the published formulas. All but the two `_rf` ones take variance-exploding sigmas.
"""

from __future__ import annotations

import math

import numpy as np
import torch

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(16)


def begin(model, x, extra_args, callback, noise_sampler=None):
    """Makes `ask(x, sigma, i)`, the model's x0, told to the callback if i is given; and noise."""
    ones = x.new_ones([x.shape[0]])

    def ask(x, sigma, i=None):
        denoised = model(x, sigma * ones, **(extra_args or {}))
        if callback is not None and i is not None:
            callback({"x": x, "i": i, "sigma": sigma, "sigma_hat": sigma, "denoised": denoised})
        return denoised

    return ask, noise_sampler or (lambda sigma, sigma_next: torch.randn_like(x))


def log_snr(sigmas):
    """Converts sigmas to the time in which exponential integrators step."""
    return (-sigmas.double().log()).tolist()


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
def sample_gradient_estimation(
    model, x, sigmas, extra_args=None, callback=None, disable=None, gamma=2.0
):
    """Gradient estimation (openreview o2ND9v0CeK): Euler, gone further along what changed."""
    (ask, _), old_d = begin(model, x, extra_args, callback), None
    for i in range(len(sigmas) - 1):
        d, dt = (x - ask(x, sigmas[i], i)) / sigmas[i], sigmas[i + 1] - sigmas[i]
        x = x + d * dt
        if i >= 1:
            x += (gamma - 1) * (d - old_d) * dt
        old_d = d
    return x


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
def sample_euler_cfg_pp(
    model, x, sigmas, extra_args=None, callback=None, disable=None, second=False
):
    """Euler CFG++ (arXiv 2406.08070): the direction comes from the unconditional answer."""
    uncond = old_uncond = None

    def hear(args):
        nonlocal uncond
        uncond = args["uncond_denoised"]
        return args["denoised"]

    options = dict((extra_args or {}).get("model_options") or {})
    options["sampler_post_cfg_function"] = [*options.get("sampler_post_cfg_function", []), hear]
    extra_args = {**(extra_args or {}), "model_options": options}
    (ask, _), times = begin(model, x, extra_args, callback), log_snr(sigmas)
    for i in range(len(sigmas) - 1):
        denoised, ratio = ask(x, sigmas[i], i), sigmas[i + 1] / sigmas[i]
        x = denoised + ratio * (x - uncond)
        if second and i >= 1 and sigmas[i + 1] > 0:
            share = (times[i + 1] - times[i]) / (times[i] - times[i - 1]) / 2
            x = x + (1 - ratio) * share * (uncond - old_uncond)
        old_uncond = uncond
    return x


def sample_dpmpp_2m_cfg_pp(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """DPM-Solver++(2M) CFG++ (arXiv 2406.08070): remembers the unconditional answer."""
    return sample_euler_cfg_pp(model, x, sigmas, extra_args, callback, disable, second=True)


@torch.no_grad()
def sample_euler_ancestral_rf(
    model, x, sigmas, extra_args=None, callback=None, disable=None, noise_sampler=None, second=False
):
    """Ancestral Euler on a rectified flow (arXiv 2209.03003): sigma is its time."""
    ask, noise = begin(model, x, extra_args, callback, noise_sampler)
    for i in range(len(sigmas) - 1):
        t, t_next = sigmas[i : i + 2]
        denoised, down = ask(x, t, i), t_next**2 / t
        if second and t_next > 0:
            middle = torch.stack([t.clamp(max=0.9999), down]).logit().mean().sigmoid()
            denoised = ask(denoised + middle / t * (x - denoised), middle)
        x = denoised + down / t * (x - denoised)
        if t_next > 0:
            scale = (1 - t_next) / (1 - down)
            x = scale * x + (t_next**2 - (scale * down) ** 2) ** 0.5 * noise(t, t_next)
    return x


def sample_dpmpp_2s_ancestral_rf(
    model, x, sigmas, extra_args=None, callback=None, disable=None, noise_sampler=None
):
    """DPM-Solver++(2S) (arXiv 2211.01095), ancestral, on a rectified flow."""
    given = extra_args, callback, disable, noise_sampler
    return sample_euler_ancestral_rf(model, x, sigmas, *given, second=True)


@torch.no_grad()
def sample_ddpm(model, x, sigmas, extra_args=None, callback=None, disable=None, noise_sampler=None):
    """DDPM (arXiv 2006.11239, algorithm 2), between steps in variance-exploding scale."""
    ask, noise = begin(model, x, extra_args, callback, noise_sampler)
    for i in range(len(sigmas) - 1):
        eps = (x - ask(x, sigmas[i], i)) / sigmas[i]
        bar, bar_next = 1 / (1 + sigmas[i] ** 2), 1 / (1 + sigmas[i + 1] ** 2)
        alpha = bar / bar_next
        x = (bar**0.5 * x - (1 - alpha) / (1 - bar) ** 0.5 * eps) / alpha**0.5
        if sigmas[i + 1] > 0:
            variance = (1 - alpha) * (1 - bar_next) / (1 - bar)
            x = x + variance**0.5 * noise(sigmas[i], sigmas[i + 1])
        x = x / bar_next**0.5
    return x


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


@torch.no_grad()
def sample_kohaku_like(
    model, x, sigmas, extra_args=None, callback=None, disable=None, noise_sampler=None
):
    """Asks three times at a sigma in the first half of its steps, the second time at -x."""
    ask, noise = begin(model, x, extra_args, callback, noise_sampler)
    for i in range(len(sigmas) - 1):
        s, s_next = sigmas[i : i + 2]
        d, down = (x - ask(x, s, i)) / s, s_next**2 / s
        if i < (len(sigmas) - 1) // 2:
            mirrored = -x
            d_2 = (mirrored - ask(mirrored, s)) / s
            x_3 = x + (d + d_2) / 2 * (down - s)
            d = (d + (x_3 - ask(x_3, s)) / s) / 2
        x = x + d * (down - s)
        if s_next > 0:
            x = x + (s_next**2 - down**2) ** 0.5 * noise(s, s_next)
    return x


@torch.no_grad()
def sample_quarter(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """Euler that repeats its steps 2 and 3 for every second row and column by themselves."""
    ask, _ = begin(model, x, extra_args, callback)
    rows, columns = (n // 2 * 2 for n in x.shape[-2:])  # an odd last one is left alone
    for i in range(len(sigmas) - 1):
        s, s_next = sigmas[i : i + 2]
        x = x + (x - ask(x, s, i)) / s * (s_next - s)
        if i in (2, 3) and s_next > 0 and rows and columns:
            part = x[..., :rows:2, :columns:2].clone()
            x[..., :rows:2, :columns:2] += (part - ask(part, s)) / s * (s_next - s)
    return x
