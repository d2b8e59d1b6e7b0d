"""The stand-in hosts' sampler objects, by the hosts' rules."""

from __future__ import annotations

import inspect
import sys
import types
from contextlib import contextmanager

import kind_samplers
import torch
from kind_denoisers import (
    Denoiser,
    ForgeDenoiser,
    InterruptedException,
    TellingDenoiser,
    TimestepDenoiser,
    shared,
    sigma_of,
)


@contextmanager
def patched(p, **values):
    before = {name: getattr(p, name) for name in values}
    vars(p).update(values)
    yield
    vars(p).update(before)


def setup_img2img_steps(p, steps=None):
    if shared().opts.img2img_fix_steps or steps is not None:
        requested = steps or p.steps
        steps = int(requested / min(p.denoising_strength, 0.999)) if p.denoising_strength else 0
        return steps, requested - 1
    return p.steps, int(min(p.denoising_strength, 0.999) * p.steps)


class TorchHijack:
    """What the hosts put in the place of k-diffusion's `torch`."""

    def __init__(self, p):
        self.rng = p.rng

    def __getattr__(self, name):
        return getattr(torch, name)

    def randn_like(self, x):
        return self.rng.next()


class KDiffusionSampler:
    def __init__(self, kind, func, options):
        self.kind, self.func, self.options = kind, func, options
        self.model_wrap = Wrap(kind)
        by_name = {"a1111": Denoiser, "forge": ForgeDenoiser}
        self.model_wrap_cfg = by_name.get(kind.name, TellingDenoiser)(self)
        self.last_latent = self.p = self.sampler_extra_args = None
        self.ran = None  # steps of the latest run

    def get_sigmas(self, p, steps):
        if not self.kind.flow:
            return torch.cat([torch.linspace(2.6, -3.0, steps).exp(), torch.zeros(1)])
        t = torch.linspace(1, 0, steps + 1)
        shift = self.model_wrap.predictor.shift if self.kind.forge else 3.0
        return shift * t / (1 + (shift - 1) * t)

    def extra_scale(self, p, steps, t_enc):
        return 1.0

    def sample_img2img(
        self,
        p,
        x,
        noise,
        conditioning,
        unconditional_conditioning,
        steps=None,
        image_conditioning=None,
    ):
        unet = self.kind.model.forge_objects.unet if self.kind.forge else None
        if unet is not None:
            sys.modules[type(self).__module__].sampling_prepare(unet, x=x)
        steps, t_enc = setup_img2img_steps(p, steps)
        xi, options = self.begin(p, x, noise, steps, t_enc)
        if shared().opts.img2img_extra_noise > 0:
            xi = xi + noise * shared().opts.img2img_extra_noise * self.extra_scale(p, steps, t_enc)
        self.initialize(p)
        self.model_wrap_cfg.init_latent = self.last_latent = x
        extra = {
            "cond": conditioning,
            "image_cond": image_conditioning,
            "s_min_uncond": 0.0,
            "uncond": unconditional_conditioning,
            "cond_scale": p.cfg_scale,
        }
        self.sampler_extra_args, self.ran = extra, t_enc + 1
        known = inspect.signature(self.func).parameters
        options = {name: value for name, value in options.items() if name in known}
        try:
            samples = self.func(
                self.model_wrap_cfg,
                xi,
                extra_args=extra,
                disable=False,
                callback=self.callback_state,
                **options,
            )
        except InterruptedException:
            samples = self.last_latent
        if unet is not None:
            sys.modules[type(self).__module__].sampling_cleanup(unet)
        return samples

    def sample(
        self, p, x, conditioning, unconditional_conditioning, steps=None, image_conditioning=None
    ):
        """From noise alone: as from a black picture at full strength."""
        nothing, steps = torch.zeros_like(x), steps or p.steps
        with patched(p, steps=steps, denoising_strength=1.0):
            return KDiffusionSampler.sample_img2img(
                self, p, nothing, x, conditioning, unconditional_conditioning, steps
            )

    def begin(self, p, x, noise, steps, t_enc):
        """The noised latent, and where the sampler function goes from it."""
        sigmas = self.get_sigmas(p, steps)[steps - t_enc - 1 :]
        model = self.kind.model
        if hasattr(self.model_wrap, "predictor"):
            xi = self.model_wrap.predictor.noise_scaling(sigmas[0], noise, x, max_denoise=False)
        elif hasattr(model, "add_noise_to_latent"):
            xi = model.add_noise_to_latent(x, noise, sigmas[0])
        else:
            xi = x + noise * sigmas[0]
        return xi, {"sigmas": sigmas, "eta": 1.0}

    def initialize(self, p):
        denoiser, self.p = self.model_wrap_cfg, p
        denoiser.p, denoiser.step = p, 0
        denoiser.mask, denoiser.nmask = getattr(p, "mask", None), getattr(p, "nmask", None)
        kind_samplers.torch = TorchHijack(p)

    def callback_state(self, told):
        shared().state.sampling_step = told["i"]


class CompVisSampler(KDiffusionSampler):
    """DDIM and its kin: they step through timesteps, upwards in the list."""

    def __init__(self, kind, func, options):
        super().__init__(kind, func, options)
        self.model_wrap.eps = not kind.forge
        if kind.forge:
            self.model_wrap_cfg.classic_ddim_eps_estimation = True
        else:
            self.model_wrap_cfg = TimestepDenoiser(self)

    def get_timesteps(self, p, steps):
        return torch.clip(torch.arange(0, 1000, 1000 // steps) + 1, 0, 999)

    def extra_scale(self, p, steps, t_enc):
        return self.kind.model.alphas_cumprod[self.get_timesteps(p, steps)[t_enc]].sqrt()

    def begin(self, p, x, noise, steps, t_enc):
        timesteps = self.get_timesteps(p, steps)
        alpha = self.kind.model.alphas_cumprod[timesteps[t_enc]]
        xi = x * alpha.sqrt() + noise * (1 - alpha).sqrt()
        return xi, {"timesteps": timesteps[:t_enc], "eta": 0.0}


class Wrap:
    """The hosts' wrapper of the model, `sampler.model_wrap`: x0 from x and sigma, or eps from the
    timestep samplers' x and timestep."""

    def __init__(self, kind):
        self.inner_model, self.eps = kind.model, False
        if kind.forge and hasattr(kind.model.core, "predictor"):
            self.predictor = kind.model.core.predictor
        else:
            self.sigmas = torch.linspace(0.03, 14.6, 1000)

    def __call__(self, x, level, cond):
        if not self.eps:
            return self.inner_model.apply_model(x, level, cond)
        dims = (-1, *[1] * (x.ndim - 1))
        alpha = self.inner_model.alphas_cumprod[level.round().long()].view(dims)
        sigma = sigma_of(self.inner_model.alphas_cumprod, level)
        x0 = self.inner_model.apply_model(x / alpha.sqrt(), sigma, cond)
        return (x - alpha.sqrt() * x0) / (1 - alpha).sqrt()


FUNCTIONS = {
    "Euler": "sample_euler",
    "Euler a": "sample_euler_ancestral",
    "DPM++ 2M": "sample_dpmpp_2m",
    "DPM++ 2M SDE": "sample_dpmpp_2m_sde",
    "Euler CFG++": "sample_euler_cfg_pp",
    "DPM++ 2M CFG++": "sample_dpmpp_2m_cfg_pp",
    "DPM++ 2M alt CFG++": "sample_dpmpp_2m_alt_cfg_pp",
    "Euler SMEA Dy": "sample_euler_dy",
    "DDIM": "ddim",
    "DDIM CFG++": "ddim_cfgpp",
}


def create(kind, name: str):
    """`sd_samplers.create_sampler`: a new object for every job."""
    module = sys.modules["modules.sd_samplers_kdiffusion"]
    made = module.CompVisSampler if name.startswith("DDIM") else module.KDiffusionSampler
    return made(kind, getattr(kind_samplers, FUNCTIONS[name]), {})


def module(kind) -> dict:
    """The module of the sampler classes; Forge's kin have two functions beside them, which make a
    model ready and clear up after it."""
    found = {
        made.__name__: types.new_class(
            made.__name__,
            (made,),
            {},
            lambda own: own.update(__module__="modules.sd_samplers_kdiffusion"),
        )
        for made in (KDiffusionSampler, CompVisSampler)
    }
    if kind.forge:
        found["sampling_prepare"] = lambda unet, x: kind.unets.append(unet)
        found["sampling_cleanup"] = lambda unet: kind.unets.clear()
    return found
