"""The packaged toy world, asked directly: by k-diffusion's samplers, by DDIM, and as a flow.

The flow-matching denoiser is the same model under an exact change of variables. A flow's
`x_t = (1 - t) x0 + t eps`, divided by its norm `sqrt((1 - t)^2 + t^2)`, is the variance-preserving
`sqrt(a) x0 + sqrt(1 - a) eps` of the timestep with the same signal-to-noise ratio, and what the
model says of the one it says of the other. Beyond the noisiest timestep that the model was trained
on it is told that one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from benchmarks.recipe.model import skip_finest

from ..results.scenes import Ask

BATCH = 32  # pictures that the autoencoder gets at once


class Toy:
    """UNet, autoencoder and text encoder. guidance: 1 asks with the prompt only, as models made for
    few steps are asked."""

    def __init__(self, guidance: float = 1.0):
        from ..toyworld import TOYWORLD, pipeline

        self.pipe, self.guidance = pipeline(TOYWORLD), guidance
        skip_finest(self.pipe.vae)
        for part in (self.pipe.unet, self.pipe.vae, self.pipe.text_encoder):
            part.requires_grad_(False)
        self.alphas_cumprod = self.pipe.scheduler.alphas_cumprod
        alphas = self.alphas_cumprod.double()
        self.log_sigmas = ((1 - alphas) / alphas).log() / 2

    @torch.no_grad()
    def encoded(self, pictures: np.ndarray) -> Tensor:
        """uint8 `[N, H, W, 3]` -> latents."""
        x = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1
        latents = [self.pipe.vae.encode(part).latent_dist.mean for part in x.split(BATCH)]
        return torch.cat(latents) * self.pipe.vae.config.scaling_factor

    @torch.no_grad()
    def decoded(self, latents: Tensor) -> np.ndarray:
        """Latents -> uint8 `[N, H, W, 3]`."""
        x = latents / self.pipe.vae.config.scaling_factor
        y = torch.cat([self.pipe.vae.decode(part).sample for part in x.split(BATCH)])
        y = ((y.permute(0, 2, 3, 1) + 1) * 127.5).round().clamp(0, 255)
        return y.to(torch.uint8).numpy()

    @torch.no_grad()
    def told(self, prompts: Sequence[str]) -> Tensor:
        """`[N, 77, 128]`."""
        tokens = self.pipe.tokenizer(
            list(prompts),
            padding="max_length",
            truncation=True,
            return_tensors="pt",
        )
        return self.pipe.text_encoder(tokens.input_ids)[0]

    def velocity(self, x: Tensor, timestep: Tensor, text: Tensor, nothing: Tensor) -> Tensor:
        """v of a variance-preserving x; the model's own answer, guided."""
        if self.guidance == 1:
            return self.pipe.unet(x, timestep, encoder_hidden_states=text).sample
        both = self.pipe.unet(
            torch.cat([x, x]),
            torch.cat([timestep, timestep]),
            encoder_hidden_states=torch.cat([text, nothing]),
        ).sample
        own, other = both.chunk(2)
        return other + self.guidance * (own - other)

    def timestep(self, log_sigma: Tensor) -> Tensor:
        """Of noise over signal: as k-diffusion's wrappers find it, straight between timesteps."""
        known = self.log_sigmas
        log_sigma = log_sigma.double().clamp(known[0], known[-1])
        above = torch.searchsorted(known, log_sigma).clamp(1, len(known) - 1)
        low, high = known[above - 1], known[above]
        return (above - 1 + (log_sigma - low) / (high - low)).float()


class Denoiser:
    """The model as a sampler sees it, for pictures of one batch.

    Args:
        toy: the model.
        kind: "ve" (sigma, answers x0), "flow" (time, answers x0) or "timesteps" (answers eps).
        prompts: one for each picture.
    """

    def __init__(self, toy: Toy, kind: str, prompts: Sequence[str]):
        self.toy, self.kind, self.calls = toy, kind, 0
        self.alphas_cumprod = toy.alphas_cumprod
        self.text = toy.told(prompts)
        self.nothing = toy.told([""]).expand_as(self.text)

    @torch.no_grad()
    def __call__(self, x: Tensor, sigma: Tensor, **_) -> Tensor:
        self.calls += 1
        level = sigma.to(torch.float64).expand(len(x))
        if self.kind == "timesteps":
            alpha = self.alphas_cumprod.double()[level.round().long()]
            signal, noise = alpha.sqrt(), (1 - alpha).sqrt()
            timestep, size = level.round().float(), torch.ones_like(level)
        else:
            signal = 1 - level if self.kind == "flow" else torch.ones_like(level)
            size = (signal**2 + level**2).sqrt()
            timestep = self.toy.timestep((level / signal).log())
            signal, noise = signal / size, level / size
        signal, noise, size = (part.float().view(-1, 1, 1, 1) for part in (signal, noise, size))
        x = (x / size).contiguous()  # in another layout a convolution rounds in another way
        v = self.toy.velocity(x, timestep, self.text, self.nothing)
        if self.kind == "timesteps":
            return signal * v + noise * x
        return signal * x - noise * v


def noise_of(asks: Sequence[Ask], like: Tensor, *where: float) -> Tensor:
    """The noise of each picture by its own seed; where: a place on the schedule."""
    made = []
    for ask in asks:
        seeds = np.random.SeedSequence([ask.seed, *(round(1e5 * w) for w in where)])
        g = torch.Generator().manual_seed(int(seeds.generate_state(1)[0]))
        made.append(torch.randn(like.shape[1:], generator=g))
    return torch.stack(made)
