"""One img2img run that obeys a change map: the project's core around a k-diffusion sampler."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from benchmarks.reference import k_diffusion_sampling
from diffdiff import prepare
from diffdiff.args import EditArgs
from diffdiff.composite import paste_back
from diffdiff.hold import Hold
from diffdiff.ladder import NEVER, climb
from diffdiff.levels import noised, sigma_schedule
from diffdiff.samplers import traits

SIGMAS = (0.02, 10.0)  # of the last step and the first
SEED = 1  # of the noise


def to_tensor(picture: np.ndarray) -> torch.Tensor:
    """uint8 `[H, W, 3]` to `[1, 3, H, W]` in -1..1."""
    return torch.from_numpy(picture).permute(2, 0, 1)[None] / 127.5 - 1


def to_picture(x: torch.Tensor) -> np.ndarray:
    """`[1, 3, H, W]` in -1..1 to uint8 `[H, W, 3]`; undoes `to_tensor` exactly."""
    return ((x[0].permute(1, 2, 0).clamp(-1, 1) + 1) * 127.5).round().byte().numpy()


class Edit(NamedTuple):
    """picture: uint8 `[H, W, 3]`. kept: bool `[H, W]`, pixels that no model step touches."""

    picture: np.ndarray
    kept: np.ndarray
    calls: int
    skipped: int
    seconds: float


def img2img(
    model: Callable,
    picture: np.ndarray,
    change_map: np.ndarray,
    args: EditArgs,
    strength: float,
    steps: int,
    seed: int = SEED,
) -> Edit:
    """One run that obeys a map.

    Args:
        model: `model(x, sigma) -> x0`.
        picture: uint8 `[H, W, 3]`, the input.
        change_map: float32 `[H, W]` in 0..1, already shaped.
        strength: the denoising strength of a white pixel.
        steps: of the full schedule.
        seed: of the noise.
    """
    began = time.perf_counter()
    sampling = k_diffusion_sampling()
    sigmas = sampling.get_sigmas_karras(steps, *SIGMAS)
    schedule = sigma_schedule(sigmas)
    init = to_tensor(picture)
    noise = torch.randn(init.shape, generator=torch.Generator().manual_seed(seed))

    slider_first = climb(np.array(strength), steps, steps - 1).first
    wanted = prepare.strengths(change_map, args, strength)
    ladder, first = prepare.plan(wanted, args, steps, steps - 1, slider_first or 0)
    kept = ladder.start == NEVER
    if first is None:
        return Edit(picture, kept, 0, steps, time.perf_counter() - began)
    hold = Hold(
        init,
        noise,
        torch.from_numpy(ladder.start)[None, None],
        schedule,
        first,
        traits("sample_dpmpp_2m"),
        weight=None if ladder.weight is None else torch.from_numpy(ladder.weight)[None, None],
        function=sampling.sample_dpmpp_2m,
    )

    def denoise(x: torch.Tensor, sigma: torch.Tensor, **kwargs) -> torch.Tensor:
        return hold.denoise(model, x, sigma, **kwargs)

    x = noised(init, noise, schedule.starts[first])
    samples = sampling.sample_dpmpp_2m(denoise, x, sigmas[first:], disable=True)
    result = to_picture(hold.finish(samples))
    # the hold alone keeps them; the paste would hide it if it did not
    if not np.array_equal(result[kept], picture[kept]):
        raise AssertionError("a kept pixel has changed")
    if args.paste_back:
        result = paste_back(picture, result, np.where(kept, 0, wanted), args.feather)
    return Edit(result, kept, hold.calls, first, time.perf_counter() - began)
