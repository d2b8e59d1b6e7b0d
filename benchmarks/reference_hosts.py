"""More samplers to prove the hold on: short forms of those that only the WebUI hosts list.

Written from the published formulas. All but the two `_rf` ones take variance-exploding sigmas.
"""

from __future__ import annotations

import torch


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
