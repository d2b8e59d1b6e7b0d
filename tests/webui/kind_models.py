"""The stand-in hosts' models, nets and predictors, by the hosts' rules."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch


class Predictor:
    """Of Forge's kin: how a latent is noised, and the levels that the model knows."""

    def __init__(self, prediction_type: str):
        self.prediction_type, self.shift = prediction_type, 1.0
        self.sigmas = torch.linspace(0.03, 14.6, 1000)

    def set_parameters(self, *, shift=None):
        self.shift = shift or self.shift

    def noise_scaling(self, sigma, noise, latent, max_denoise=False):
        sigma = sigma.view(sigma.shape[:1] + (1,) * (noise.ndim - 1))
        if self.prediction_type == "const":
            return sigma * noise + (1.0 - sigma) * latent
        return noise * sigma + latent


class Net:
    """The UNet: pixel by pixel, so that what is beside a pixel never shows in it."""

    def __init__(self, predictor=None):
        self.batches, self.sizes = [], set()
        self.before = lambda: None  # what happens before it answers
        self.ready = lambda: True
        if predictor is not None:
            self.predictor = predictor

    def apply_model(self, x, t, cond=None):
        self.before()
        assert self.ready(), "the model has been taken from its device"
        self.batches.append(len(x))
        self.sizes.add(tuple(x.shape[-2:]))
        shape = (-1, *[1] * (x.ndim - 1))
        return (1.3 * x / (1 + t.view(shape)) + cond.view(shape)).sin()


class ReForgeNet(Net):
    """reForge keeps the levels in a `model_sampling`."""

    def __init__(self):
        super().__init__()
        self.model_sampling = type("ModelSamplingDiscrete", (), {})()


@dataclass
class Vae:
    latent_channels: int
    downscale_ratio: int | tuple = 8


@dataclass
class Unet:
    model: Net
    model_options: dict = field(default_factory=lambda: {"transformer_options": {}})


@dataclass
class Parts:
    """`forge_objects`."""

    unet: Unet
    vae: Vae


class Model:
    """`shared.sd_model`."""

    cond_stage_key = "txt"
    parameterization = "eps"

    def __init__(self, kind):
        self.kind = kind
        self.channels = 16 if kind.flow or kind.rank == 5 else 4
        if kind.cell == 16:
            self.channels = 128
        self.alphas_cumprod = torch.linspace(0.9998, 0.005, 1000)
        if kind.forge:
            predictor = Predictor("const" if kind.flow else "epsilon")
            net = ReForgeNet() if kind.name == "reforge" else Net(predictor)
            net.ready = lambda: bool(kind.unets)
            # a video's: of time by a function, then of height and width
            ratio = (lambda frames: (frames + 3) // 4, 8, 8) if kind.rank == 5 else kind.cell
            self.forge_objects = Parts(Unet(net), Vae(self.channels, ratio))
        else:
            self.net = Net()
            if kind.flow:
                self.add_noise_to_latent = lambda x, noise, t: x * (1 - t) + noise * t
        if kind.neo:
            self.is_wan, self.ini_latent, self.ref_latents = kind.rank == 5, None, []
            self.use_shift = kind.flow
            self.fix_dimensions = lambda w, h: (w // 16 * 16, h // 16 * 16)

    def apply_model(self, x, t, cond=None):
        return self.net.apply_model(x, t, cond)

    @property
    def core(self) -> Net:
        return self.forge_objects.unet.model if self.kind.forge else self.net

    def encode_first_stage(self, x):
        """-1..1 `[B, 3, H, W]` to a latent. Edit models keep what they encode as a reference."""
        if self.kind.rank == 5:
            x = x[:1]  # the hosts' video autoencoders take the first picture of a batch
        if not self.kind.neo:
            torch.rand(1)  # a VAE's posterior, from the generator of all
        if self.kind.references:
            if self.kind.dynamic_args.is_referencing:
                self.ref_latents.append(x.cpu())
            else:
                self.ini_latent = x.cpu()
        small = torch.nn.functional.avg_pool2d(x, self.kind.cell) * 2
        latent = small.repeat(1, self.channels // 3 + 1, 1, 1)[:, : self.channels]
        return latent.unsqueeze(2) if self.kind.rank == 5 else latent

    def get_first_stage_encoding(self, x):
        return x

    def decode_first_stage(self, latent):
        """A latent to -1..1 `[B, 3, H, W]`."""
        small = latent.reshape(-1, *latent.shape[1:2], *latent.shape[-2:])[:, :3] / 2
        return torch.nn.functional.interpolate(small, scale_factor=self.kind.cell)

    def get_learned_conditioning(self, prompts):
        """A number for each prompt. An edit model uses its reference up for this."""
        if self.kind.references and not getattr(prompts, "is_negative_prompt", False):
            self.kind.dynamic_args.ref_latents = [] if self.ini_latent is None else [1]
            self.ini_latent = None
        return torch.tensor([sum(map(ord, p[::2])) % 97 / 50 for p in prompts])
