"""Whether a job's latents and pictures are finite: each is read once, when it is complete."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from ...sampling.finite import PIXELS, Finite, failure
from ...sampling.hold import Hold

MODEL = (
    "Start the WebUI with --no-half or --upcast-sampling (Forge: --all-in-fp32, Forge Neo: "
    "--fp32-unet), or use another checkpoint"
)
VAE = (
    "Start the WebUI with --no-half-vae (Forge: --vae-in-fp32, Forge Neo: --fp32-vae), or choose "
    "another VAE in Settings"
)


class JobFinite:
    """What a job's runs of the sampler left to be looked at."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget an earlier iteration."""
        self.runs: list[tuple[Finite, int | None]] = []  # with the steps of its schedule
        self.damaged: list[bool] = []

    def heard(self, hold: Hold | None) -> None:
        """Take what a held run noted."""
        if hold is not None:
            self.runs.append((hold.finite, len(hold.schedule)))

    def watch(self, denoiser: Any) -> None:
        """Note what a run that is not held is answered; the denoiser dies with it."""
        notes, plain = Finite(), denoiser.forward
        self.runs.append((notes, None))

        def forward(*args: Any, **kwargs: Any) -> Any:
            answer = plain(*args, **kwargs)
            notes.see(f"call {len(notes.notes) + 1} of the model", answer)
            return answer

        denoiser.forward = forward

    def check(self, samples: Any) -> None:
        """Refuse latents that are not finite.

        Args:
            samples: `[B, C, ..., h, w]`, or pictures that are decoded already.

        Raises:
            FieldError: "model", with the first step at which it failed.
        """
        for run, steps in self.runs:
            run.check(steps, MODEL, VAE)
        if torch.is_tensor(samples) and not bool(torch.isfinite(samples).all()):
            raise failure(None, None, MODEL, VAE)

    def decoded(self, pictures: Iterable[torch.Tensor]) -> None:
        """Look at what the VAE made, `[3, H, W]` each, before the host cuts it to 8 bits."""
        self.damaged = [not bool(torch.isfinite(one).all()) for one in pictures]

    def check_picture(self, index: int) -> None:
        """Refuse a picture that was not finite.

        Raises:
            FieldError: "vae".
        """
        if index < len(self.damaged) and self.damaged[index]:
            raise failure(PIXELS, None, MODEL, VAE)
