"""The stand-in hosts' denoisers, by the hosts' rules."""

from __future__ import annotations

import sys

import torch
from torch import Tensor


class InterruptedException(BaseException):
    pass


def shared():
    return sys.modules["modules.shared"]


class Denoiser(torch.nn.Module):
    """A1111's CFGDenoiser. It is asked with exactly these arguments."""

    mask_before_denoising = False

    def __init__(self, sampler):
        super().__init__()
        self.sampler, self.mask, self.nmask, self.init_latent = sampler, None, None, None
        self.step, self.total_steps, self.p = 0, None, None
        self.need_last_noise_uncond, self.last_noise_uncond = False, None
        self.blends = self.own_noises = 0  # of the host's: a held run has none

    @property
    def inner_model(self):
        return self.sampler.model_wrap

    def forward(self, x, sigma, uncond, cond, cond_scale, s_min_uncond, image_cond):
        self._stopped()
        if self.mask_before_denoising and self.mask is not None:
            x = self._blend(x)
        both = [torch.cat([x, x]), torch.cat([sigma, sigma]), torch.cat([cond, uncond])]
        out = self.inner_model(*both)
        if self.need_last_noise_uncond:
            self.last_noise_uncond = out[-len(x) :].clone()
        conds_list = [[(i, 1.0)] for i in range(len(x))]
        denoised = self.combine_denoised(out, conds_list, uncond, cond_scale)
        if not self.mask_before_denoising and self.mask is not None:
            denoised = self._blend(denoised)
        return self._end(denoised, denoised)

    def combine_denoised(self, x_out, conds_list, uncond, cond_scale):
        denoised = x_out[-len(uncond) :].clone()
        for i, conds in enumerate(conds_list):
            for at, weight in conds:
                denoised[i] += (x_out[at] - x_out[-len(uncond) + i]) * (weight * cond_scale)
        return denoised

    def _stopped(self):
        if shared().state.interrupted or shared().state.skipped:
            raise InterruptedException

    def _blend(self, x):
        self.blends += 1
        return x * self.nmask + self.init_latent * self.mask

    def _end(self, answer: Tensor, preview: Tensor) -> Tensor:
        self.sampler.last_latent = preview
        sys.modules["modules.sd_samplers_common"].store_latent(preview)
        self.step += 1
        return answer


class TimestepDenoiser(Denoiser):
    """A1111's for DDIM and its kin: it blends before the model, and what it answers is eps."""

    mask_before_denoising = True


class ForgeDenoiser(Denoiser):
    """That of Forge's kin. With a mask it noises the original anew, from torch's generator."""

    classic_ddim_eps_estimation = False

    def forward(self, x, sigma, uncond, cond, cond_scale, s_min_uncond, image_cond):
        return self._forward(x, sigma, uncond, cond, cond_scale, {})

    def _forward(self, x, sigma, uncond, cond, cond_scale, options):
        self._stopped()
        dims = (-1, *[1] * (x.ndim - 1))
        if self.classic_ddim_eps_estimation:
            sigma = sigma_of(self.inner_model.inner_model.alphas_cumprod, sigma)
            x = x * (sigma**2 + 1).sqrt().view(dims)
        unet = self.inner_model.inner_model.forge_objects.unet
        if self.mask is not None:
            self.own_noises += 1
            noised = self.init_latent + sigma.view(dims) * torch.randn_like(self.init_latent)
            x = x * self.nmask + noised * self.mask
        both = [torch.cat([x, x]), torch.cat([sigma, sigma]), torch.cat([cond, uncond])]
        cond_pred, uncond_pred = unet.model.apply_model(*both).chunk(2)
        denoised = uncond_pred + (cond_pred - uncond_pred) * cond_scale
        for function in {**unet.model_options, **options}.get("sampler_post_cfg_function", []):
            told = {
                "denoised": denoised,
                "cond_denoised": cond_pred,
                "input": x,
                "sigma": sigma,
                "uncond_denoised": uncond_pred,
            }
            denoised = function(told)
        if self.need_last_noise_uncond:
            reforge = self.sampler.kind.name == "reforge"  # there it is what was answered
            aside = denoised.clone() if reforge else (x - uncond_pred) / sigma.view(dims)
            self.last_noise_uncond = aside
        if self.mask is not None:
            denoised = self._blend(denoised)
        eps = self.classic_ddim_eps_estimation
        return self._end((x - denoised) / sigma.view(dims) if eps else denoised, denoised)


class TellingDenoiser(ForgeDenoiser):
    """Neo's and reForge's: a call may bring options of its own for the model."""

    def forward(self, x, sigma, uncond, cond, cond_scale, s_min_uncond, image_cond, **kwargs):
        options = kwargs.pop("model_options", None) or {}
        assert not kwargs
        return self._forward(x, sigma, uncond, cond, cond_scale, options)


def sigma_of(alphas: Tensor, timestep: Tensor) -> Tensor:
    return ((1 - alphas) / alphas).sqrt()[timestep.round().long()]
