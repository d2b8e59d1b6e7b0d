"""Settings of the training: seeds, steps, batches and learning rates."""

from __future__ import annotations

import dataclasses

STRONG = 600  # timesteps from here on are strong noise


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What the shipped weights were made with."""

    seed: int = 7
    pictures: int = 12000
    vae_steps: int = 4800
    vae_batch: int = 8
    vae_crop: int = 64  # pixels; the last fifth of the steps sees whole pictures, a quarter as many
    vae_rate: float = 1e-3
    unet_steps: int = 15000
    unet_batch: int = 32
    unet_rate: float = 6e-4
    # steps in which all noise levels count alike (a scene's light and season are learnt), then the
    # faintest noise counts less (its terrain), then the strongest too (its thing); from
    # `unet_strong` on the strongest is drawn more often, captions say nearly everything and `Hints`
    # are given (its colour and place)
    unet_even: int = 2424
    unet_coarse: int = 4293
    unet_strong: int = 7000
    polish_steps: int = 2000
    polish_batch: int = 4
    polish_rate: float = 5e-4
    drop: float = 0.1  # captions left empty, for guidance
    average: float = 0.999  # of the moving average of the weights
    strong_share: float = 0.5  # of the timesteps drawn from `STRONG` on
    strong_keep: float = 0.95  # chance of an attribute to be named then
