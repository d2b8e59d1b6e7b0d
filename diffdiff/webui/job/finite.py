"""Whether a job's latents and pictures are finite: each is read once, when it is complete."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import torch

from ...sampling.finite import PIXELS, Finite, failure
from ...sampling.hold import Hold
from .. import host_vae

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
        self.ending: weakref.finalize[[], Any] | None = None
        self.begin()

    def begin(self) -> None:
        """Forget an earlier iteration."""
        self.stop_listening()
        self.runs: list[tuple[Finite, int | None]] = []  # with the steps of its schedule
        self.damaged: list[bool] = []
        self.rows: list[torch.Tensor] = []  # a sum for each picture that the decoder answers

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
        _check_latents(samples)
        self.listen()

    def listen(self) -> None:
        """Note what the VAE's decoder answers until the pictures are complete. Forge and its forks
        clip that, and then infinity is plain white. The hook ends with the job, even a failed one.
        """
        decoder, rows = host_vae.decoder(), self.rows
        if decoder is None or self.ending is not None:
            return

        def hear(module: Any, inputs: Any, answer: Any) -> None:
            if torch.is_tensor(answer):
                rows.append(answer.detach().flatten(1).sum(1, dtype=torch.float32))

        self.ending = weakref.finalize(self, decoder.register_forward_hook(hear).remove)

    def decoded(self, pictures: Iterable[torch.Tensor]) -> None:
        """Look at what the VAE made, `[3, H, W]` each, before the host cuts it to 8 bits."""
        self.stop_listening()
        self.damaged = [not bool(torch.isfinite(one).all()) for one in pictures]
        if not self.rows:
            return
        heard = (~torch.isfinite(torch.cat(self.rows))).tolist()
        if len(heard) != len(self.damaged):  # in tiles or frames: whose they are is unknown
            heard = [any(heard)] * len(self.damaged)
        self.damaged = [one or other for one, other in zip(self.damaged, heard)]

    def listen_after(self, sampler: Any) -> None:
        """Listen from the end of a run that is not held; not before, where live previews are
        decoded. The sampler dies with it."""
        plain = sampler.sample

        def sample(*args: Any, **kwargs: Any) -> Any:
            samples = plain(*args, **kwargs)
            self.listen()
            return samples

        sampler.sample = sample

    def check_first(self, samples: Any, pictures: Any) -> None:
        """Look at a first pass, from which a second is to be made.

        Args:
            samples: its latents, None where the host has none.
            pictures: the same decoded, `[B, 3, H, W]`, or None where latents are enlarged.

        Raises:
            FieldError: "model" or "vae".
        """
        self.stop_listening()
        _check_latents(samples)
        decoded = [pictures] if torch.is_tensor(pictures) else []
        if not all(bool(torch.isfinite(one).all()) for one in [*decoded, *self.rows]):
            raise failure(PIXELS, None, MODEL, VAE)
        self.rows.clear()

    def stop_listening(self) -> None:
        """Take the hook off the decoder."""
        if self.ending is not None:
            self.ending()
            self.ending = None

    def check_picture(self, index: int) -> None:
        """Refuse a picture that was not finite.

        Raises:
            FieldError: "vae".
        """
        if index < len(self.damaged) and self.damaged[index]:
            raise failure(PIXELS, None, MODEL, VAE)


def _check_latents(samples: Any) -> None:
    if torch.is_tensor(samples) and not bool(torch.isfinite(samples).all()):
        raise failure(None, None, MODEL, VAE)
