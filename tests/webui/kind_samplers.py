"""Sampler functions for the stand-in hosts, written from the published formulas.

This module stands for the hosts' `k_diffusion.sampling`: they put a `TorchHijack` in the place of
its `torch`, so that every picture of a batch draws its own noise. Answers are x0, but for those of
the timestep samplers, which are eps.
"""

from __future__ import annotations

import torch


def levels(x, sigmas):
    """Pairs of a step's level and the next one, and the sampler's argument for the model."""
    for s, s_next in zip(sigmas[:-1], sigmas[1:]):
        yield s, s_next, s * x.new_ones(len(x))


def told(callback, i, x, sigma, denoised):
    if callback is not None:
        callback({"i": i, "x": x, "sigma": sigma, "sigma_hat": sigma, "denoised": denoised})


def sample_euler(model, x, sigmas, extra_args=None, callback=None, disable=None, s_churn=0.0):
    """Euler's method on dx/dsigma = (x - x0) / sigma (Karras et al. 2022, algorithm 1)."""
    for i, (s, s_next, level) in enumerate(levels(x, sigmas)):
        x0 = model(x, level, **extra_args)
        told(callback, i, x, s, x0)
        x = x + (x - x0) / s * (s_next - s)
    return x


def sample_euler_ancestral(
    model, x, sigmas, extra_args=None, callback=None, disable=None, eta=1.0, s_noise=1.0
):
    """The same with part of each step's noise drawn anew (k-diffusion's ancestral step)."""
    for i, (s, s_next, level) in enumerate(levels(x, sigmas)):
        x0 = model(x, level, **extra_args)
        told(callback, i, x, s, x0)
        up = min(s_next, eta * (s_next**2 * (s**2 - s_next**2) / s**2) ** 0.5)
        x = x + (x - x0) / s * ((s_next**2 - up**2) ** 0.5 - s)
        if s_next > 0:
            x = x + torch.randn_like(x) * s_noise * up
    return x


def second_order(s_last, s, s_next, new, old):
    """DPM-Solver++(2M)'s D (Lu et al. 2022, algorithm 2), lambda being -log sigma."""
    r = (s_last / s).log() / (s / s_next).log()
    return (1 + 1 / (2 * r)) * new - 1 / (2 * r) * old


def sample_dpmpp_2m(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """DPM-Solver++(2M); the first step, and the last one to sigma 0, are of first order."""
    old = s_last = None
    for i, (s, s_next, level) in enumerate(levels(x, sigmas)):
        x0 = model(x, level, **extra_args)
        told(callback, i, x, s, x0)
        first = old is None or s_next == 0
        d = x0 if first else second_order(s_last, s, s_next, x0, old)
        x = s_next / s * x + (1 - s_next / s) * d
        old, s_last = x0, s
    return x


def sample_dpmpp_2m_sde(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """SDE-DPM-Solver++(2M) of the same paper: it remembers an answer, and draws noise."""
    old = s_last = None
    for i, (s, s_next, level) in enumerate(levels(x, sigmas)):
        x0 = model(x, level, **extra_args)
        told(callback, i, x, s, x0)
        ratio = s_next / s
        d = x0 if old is None or s_next == 0 else second_order(s_last, s, s_next, x0, old)
        x = ratio**2 * x + (1 - ratio**2) * d
        if s_next > 0:
            x = x + torch.randn_like(x) * s_next * (1 - ratio**2) ** 0.5
        old, s_last = x0, s
    return x


def heard(extra_args):
    """Listens for the answer without the prompt, as the CFG++ samplers of Forge's kin do: by a
    function in the model's options, which they write into the host's `extra_args`."""
    last = {}

    def after_guidance(args):
        last["uncond"] = args["uncond_denoised"]
        return args["denoised"]

    options = dict(extra_args.get("model_options", {}))
    before = options.get("sampler_post_cfg_function", [])
    options["sampler_post_cfg_function"] = [*before, after_guidance]
    options["disable_cfg1_optimization"] = True
    extra_args["model_options"] = options
    return last


def sample_euler_cfg_pp(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """CFG++ (Chung et al. 2024): to the guided x0, and back up by the unguided noise."""
    last = heard(extra_args)
    for i, (s, s_next, level) in enumerate(levels(x, sigmas)):
        x0 = model(x, level, **extra_args)
        told(callback, i, x, s, x0)
        x = x0 + (x - last["uncond"]) / s * s_next
    return x


def sample_dpmpp_2m_cfg_pp(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """CFG++ with a second order term: it remembers the answer without the prompt."""
    last = heard(extra_args)
    old = s_last = None
    for i, (s, s_next, level) in enumerate(levels(x, sigmas)):
        x0 = model(x, level, **extra_args)
        told(callback, i, x, s, x0)
        ratio = s_next / s
        mix = -ratio * last["uncond"]
        if old is not None and s_next > 0:
            r = (s_last / s).log() / (s / s_next).log()
            mix = mix + (1 - ratio) / (2 * r) * (x0 - old)
        x = x0 + mix + ratio * x
        old, s_last = last["uncond"], s
    return x


def sample_dpmpp_2m_alt_cfg_pp(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """Likewise with what the denoiser leaves beside its answer, as one of reForge's own does."""
    model.need_last_noise_uncond = True
    old = None
    for i, (s, s_next, level) in enumerate(levels(x, sigmas)):
        x0 = model(x, level, **extra_args)
        told(callback, i, x, s, x0)
        beside = model.last_noise_uncond
        d = beside if old is None else 1.5 * beside - 0.5 * old
        x = x0 + (x - d) / s * s_next
        old = beside
    return x


def sample_euler_dy(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """As reForge's Euler SMEA Dy: early steps move a larger picture, and every second pixel, once
    more, so the model is asked at other latent sizes."""
    resize = torch.nn.functional.interpolate
    for i, (s, s_next, level) in enumerate(levels(x, sigmas)):
        dt = s_next - s
        x0 = model(x, level, **extra_args)
        told(callback, i, x, s, x0)
        x = x + (x - x0) / s * dt
        if s_next > 0 and i == 0:
            large = resize(x, scale_factor=1.25, mode="nearest-exact")
            large = large + (large - model(large, level, **extra_args)) / s * dt
            x = resize(large, size=x.shape[-2:], mode="nearest-exact")
        if s_next > 0 and i == 1:
            part = x[..., 1::2, 1::2].clone()
            x = x.clone()
            x[..., 1::2, 1::2] = part + (part - model(part, level, **extra_args)) / s * dt
    return x


def rungs(model, timesteps):
    """Of each DDIM step: its timestep, its alpha and the next one's."""
    alphas = model.inner_model.inner_model.alphas_cumprod
    for i in range(len(timesteps) - 1, 0, -1):
        yield timesteps[i], alphas[timesteps[i]], alphas[timesteps[i - 1]]


def ddim(model, x, timesteps, extra_args=None, callback=None, disable=None, eta=0.0):
    """DDIM without noise (Song et al. 2020, equation 12)."""
    for i, (t, a, a_next) in enumerate(rungs(model, timesteps)):
        eps = model(x, t * x.new_ones(len(x)), **extra_args)
        x0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
        told(callback, i, x, 0, x0)
        x = a_next.sqrt() * x0 + (1 - a_next).sqrt() * eps
    return x


def ddim_cfgpp(model, x, timesteps, extra_args=None, callback=None, disable=None, eta=0.0):
    """DDIM CFG++: the direction is what the denoiser left beside its answer."""
    model.need_last_noise_uncond = True
    for i, (t, a, a_next) in enumerate(rungs(model, timesteps)):
        eps = model(x, t * x.new_ones(len(x)), **extra_args)
        x0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
        told(callback, i, x, 0, x0)
        x = a_next.sqrt() * x0 + (1 - a_next).sqrt() * model.last_noise_uncond
    return x
