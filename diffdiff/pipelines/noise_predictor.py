"""A loaded pipeline's noise prediction for a prompt: the model behind DiffEdit and DDIM
inversion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..errors import FieldError
from ..maps import diffedit
from ..sampling.finite import PIXELS, failure
from ..sampling.noise_levels import Level, vp
from ..settings.sources import DiffEditArgs, check_prompts
from .engine import Engine
from .finite import MODEL, VAE

FAMILIES = ("sd", "sdxl")
CELLS = 40960  # latent cells of one model call, unless set otherwise: ten of 64x64
SCORE = 6.0  # the aesthetic score that Stable Diffusion XL's refiner gets by default


class Words(NamedTuple):
    """Prompts as the UNet takes them. tokens: `[B, n, c]`. added: further inputs `[B, k]`, by name.

    B is 1, or the number of latents that they are for.
    """

    tokens: Tensor
    added: dict[str, Tensor] | None = None


def _repeated(words: Words, n: int) -> Words:
    added = words.added and {k: v.repeat(n, 1) for k, v in words.added.items()}
    return Words(words.tokens.repeat(n, 1, 1), added)


def _joined(a: Words, b: Words) -> Words:
    added = None
    if a.added is not None and b.added is not None:
        added = {name: torch.cat([value, b.added[name]]) for name, value in a.added.items()}
    return Words(torch.cat([a.tokens, b.tokens]), added)


class Prompted:
    """Latents, prompts and noise predictions of an engine's pipeline.

    Args:
        engine: engine of Stable Diffusion 1, 2 or XL.
        what: wants them, for the message.

    Raises:
        FieldError: "model", for another family, and for a model without a text encoder.
    """

    def __init__(self, engine: Engine, what: str = "DiffEdit"):
        if engine.family not in FAMILIES:
            problem = f"{what} is not offered for {engine.rules.about}"
            raise FieldError("model", problem, "Use Stable Diffusion 1.x, 2.x or XL")
        if not engine.reads_text:
            remedy = "Load the whole pipeline, its text encoder too"
            raise FieldError("model", "it has no text encoder", remedy)
        self.pipe, self.family = engine.pipe, engine.family
        self.device = self.pipe._execution_device
        self.alphas = self.pipe.scheduler.alphas_cumprod.cpu().double()
        self.predicts = self.pipe.scheduler.config.prediction_type
        self.calls = 0

    @contextmanager
    def session(self) -> Iterator[Prompted]:
        """Run without gradients; models that an offload moved to the accelerator leave it
        afterwards."""
        try:
            with torch.no_grad():
                yield self
        finally:
            self.pipe.maybe_free_model_hooks()

    def level(self, timestep: int) -> Level:
        """Return the noise level of a timestep."""
        signal, noise = vp(self.alphas[timestep])
        assert signal is not None  # of a variance preserving level
        return Level(float(signal), float(noise))

    def encode(self, picture: Image.Image) -> Tensor:
        """Encode a picture from `Engine.fit`: float32 `[1, C, h, w]`, on the device.

        The middle of the VAE's distribution, so that one picture has one latent.
        """
        x = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None] / 127.5 - 1
        with self._vae() as vae:
            mean = vae.encode(x.to(self.device, vae.dtype)).latent_dist.mode().float()
        shift, scale = self._spread(mean)
        return (mean - shift) * scale

    def decode(self, latent: Tensor) -> Image.Image:
        """Decode a latent `[1, C, h, w]` to an RGB picture."""
        shift, scale = self._spread(latent)
        with self._vae() as vae:
            x = vae.decode((latent / scale + shift).to(vae.dtype)).sample[0].float()
        if not torch.isfinite(x).all():
            raise failure(PIXELS, None, MODEL, VAE)
        x = ((x.permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255)
        return Image.fromarray(x.to(torch.uint8).cpu().numpy())

    def words(self, prompt: str, width: int, height: int) -> Words:
        """Encode a prompt for pictures of a size in pixels; "" is the model's empty prompt."""
        if self.family == "sd":
            return Words(self.pipe.encode_prompt(prompt, self.device, 1, False)[0])
        parts = self.pipe.encode_prompt(prompt, device=self.device)
        tokens, pooled = parts[0::2] if prompt else parts[1::2]
        ids: list[float] = [height, width, 0, 0, height, width]
        if self.pipe.config.requires_aesthetics_score:
            ids[4:] = [SCORE]
        times = torch.tensor([ids], dtype=tokens.dtype, device=tokens.device)
        return Words(tokens, {"text_embeds": pooled, "time_ids": times})

    def noise(self, x: Tensor, timestep: int, words: Words) -> Tensor:
        """Predict the noise of `x [B, C, h, w]`, in its dtype."""
        self.calls += len(x)
        unet, n = self.pipe.unet, len(x)
        words = words if len(words.tokens) == n else _repeated(words, n)
        answer = unet(
            x.to(words.tokens.dtype),
            torch.tensor(timestep, device=x.device),
            encoder_hidden_states=words.tokens,
            added_cond_kwargs=words.added,
            return_dict=False,
        )[0].to(x.dtype)
        answer = answer[:, : x.shape[1]]  # a learned variance follows
        signal, noise = self.level(timestep)
        if self.predicts == "v_prediction":
            return signal * answer + noise * x
        if self.predicts == "sample":
            return (x - signal * answer) / noise
        return answer

    def guided(
        self, x: Tensor, timestep: int, words: Words, empty: Words, guidance: float
    ) -> Tensor:
        """Predict the noise with classifier-free guidance (arXiv 2207.12598); 1 is without."""
        if guidance == 1:
            return self.noise(x, timestep, words)
        pair = _joined(*(_repeated(w, len(x)) for w in (empty, words)))
        alone, answer = self.noise(torch.cat([x, x]), timestep, pair).chunk(2)
        return alone + guidance * (answer - alone)

    def batch(self, latent: Tensor) -> int:
        """Return how many noises of a latent's size one model call takes."""
        return max(CELLS // (latent.shape[-1] * latent.shape[-2]), 1)

    @contextmanager
    def _vae(self) -> Iterator[Any]:
        """Run the VAE in float32 where half precision would overflow, as its config says."""
        vae = self.pipe.vae
        dtype = vae.dtype
        upcast = dtype == torch.float16 and getattr(vae.config, "force_upcast", False)
        if upcast:
            vae.to(torch.float32)
        try:
            yield vae
        finally:
            if upcast:
                vae.to(dtype)

    def _spread(self, like: Tensor) -> tuple[Any, Any]:
        """Return the offset and the scale of the VAE's latents: subtract, then multiply."""
        config = self.pipe.vae.config
        mean, std = (getattr(config, n, None) for n in ("latents_mean", "latents_std"))
        scale = config.scaling_factor
        if mean is None or std is None:
            return 0.0, scale
        mean, std = (torch.tensor(v).view(1, -1, 1, 1).to(like) for v in (mean, std))
        return mean, scale / std


def differ(
    prompted: Prompted,
    picture: Image.Image,
    reference: str,
    query: str,
    args: DiffEditArgs,
    progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Return `diffdiff.maps.diffedit.differences` of a picture from `Engine.fit`: `[n, h, w]`.

    Args:
        reference: what the picture shows; "" = the model without a prompt.
        query: what it is to show.
        progress: called with (noises predicted, noises to predict), both prompts counted.

    Raises:
        FieldError: "query" for no query, or for prompts that the model does not tell
            apart; "diffedit_level"; "model".
    """
    check_prompts(reference, query)
    timestep = diffedit.noise_timestep(args.diffedit_level, len(prompted.alphas))
    with prompted.session():
        init = prompted.encode(picture)
        after, before = (prompted.words(words, *picture.size) for words in (query, reference))
        generator = torch.Generator().manual_seed(args.diffedit_seed)
        noises = diffedit.draw(init, args.diffedit_noises, generator)
        return diffedit.differences(
            lambda x: (prompted.noise(x, timestep, after), prompted.noise(x, timestep, before)),
            init,
            prompted.level(timestep),
            noises,
            args.diffedit_batch or prompted.batch(init),
            progress,
        )
