"""DDIM inversion, and decoding with a change map along the inverted path.

DiffEdit (Couairon et al., arXiv 2210.11427) encodes a picture by deterministic DDIM run backwards
and decodes it with the query prompt: a pixel that is not released yet lies on the path of the
inversion instead of on the noised original. The paper's mask has two values; here each pixel is
released at the step that its strength names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import FieldError
from .noise_levels import Schedule
from .start_steps import DIFFUSERS, NEVER

Predict = Callable[[Tensor, int], Tensor]
"""`(x [B, C, h, w], timestep) -> predicted noise [B, C, h, w]`."""


@dataclass(frozen=True)
class Ddim:
    """K steps of DDIM between a picture and a noise level.

    timesteps: K rising ones; `timesteps[k - 1]` belongs to level k.
    alphas: K + 1 cumulative alphas, falling; level 0 is the picture itself.
    """

    timesteps: tuple[int, ...]
    alphas: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.timesteps)


def ddim(alphas_cumprod: Sequence[float] | Tensor, steps: int = 50, ratio: float = 1.0) -> Ddim:
    """Return the lowest `int(ratio * steps)` of `steps` evenly spaced levels ("trailing" spacing).

    Args:
        alphas_cumprod: `[T]` of the model, falling.
        steps: steps of the full schedule.
        ratio: the encoding ratio, 0..1.

    Raises:
        FieldError: "steps" outside 1..T, "diffedit_ratio" outside 0..1 or up to pure noise.
    """
    count = len(alphas_cumprod)
    if not 1 <= steps <= count:
        raise FieldError("steps", f"{steps} steps", f"Use 1 to {count}")
    if not 0 <= ratio <= 1:
        raise FieldError("diffedit_ratio", f"{ratio} is not a ratio", "Use a number from 0 to 1")
    run = int(round(ratio * steps, 6))
    timesteps = tuple(round((k + 1) * count / steps) - 1 for k in range(run))
    alphas = (1.0, *(float(alphas_cumprod[t]) for t in timesteps))
    if alphas[-1] < 1e-6:
        problem = f"at {ratio:g} this model's schedule leaves nothing of the picture"
        raise FieldError("diffedit_ratio", problem, "Use a smaller ratio")
    return Ddim(timesteps, alphas)


def of_levels(schedule: Schedule, first: int) -> Ddim:
    """Return the steps of a timestep sampler's schedule between its end and step `first`.

    The run's end, which a DDIM of the WebUI takes for the picture, is level 0.
    """
    timesteps = [round(c) for c in reversed(schedule.coordinates[first:])]
    signals = [level.signal for level in reversed(schedule.levels[first:])]
    return Ddim(tuple(timesteps[1:]), tuple(1.0 if s is None else float(s) ** 2 for s in signals))


def ddim_step(x: Tensor, eps: Tensor, alpha: float, alpha_to: float) -> Tensor:
    """Move x from cumulative alpha `alpha` to `alpha_to` along its predicted noise.

    Deterministic DDIM (arXiv 2010.02502, equation 12 with sigma 0); towards noise it is the
    inversion.
    """
    x0 = (x - math.sqrt(1 - alpha) * eps) / math.sqrt(alpha)
    return math.sqrt(alpha_to) * x0 + math.sqrt(1 - alpha_to) * eps


def invert(predict: Predict, init: Tensor, schedule: Ddim, refine: int = 0) -> list[Tensor]:
    """Invert a latent by DDIM: K + 1 times `[B, C, h, w]`, the first is `init` itself.

    Args:
        predict: the model; without a prompt in DiffEdit.
        init: `[B, C, h, w]`.
        refine: further model calls per step. The inverse step needs the model at the noisier end of
            a step, which is not known yet; the first call uses the nearer end instead, and each
            further one the result of the last (a fixed-point iteration).
    """
    path = [init]
    for k, t in enumerate(schedule.timesteps):
        alpha, alpha_to = schedule.alphas[k : k + 2]
        x = init_k = path[-1]
        for _ in range(1 + refine):
            x = ddim_step(init_k, predict(x, t), alpha, alpha_to)
        path.append(x)
    return path


def rungs(m: np.ndarray, steps: int) -> Tensor:
    """Return for how many of K steps each pixel is decoded: int64 `[1, 1, h, w]`, 0..K.

    diffusers' rule, the last `int(m * K)` steps; a mask of 0 and 1 gives DiffEdit's own decoding.
    """
    start = DIFFUSERS(np.asarray(m), steps, steps - 1).start.astype(np.int64)
    return torch.from_numpy(np.where(start == NEVER, 0, steps - start))[None, None]


def decode(predict: Predict, path: Sequence[Tensor], schedule: Ddim, rung: Tensor) -> Tensor:
    """Denoise along an inverted path: `[B, C, h, w]`.

    Args:
        predict: the model with the query prompt.
        path: K + 1 latents from `invert`.
        schedule: schedule of the inversion.
        rung: `[B or 1, 1, h, w]` integer 0..K, how many steps a pixel is decoded for; until then
            it is taken from the path. 0 keeps the init latent, bit for bit; K everywhere is
            Encode-Decode. Levels above the largest rung are not run.
    """
    top = int(rung.max())
    if len(path) != len(schedule) + 1 or not 0 <= int(rung.min()) <= top <= len(schedule):
        raise ValueError(
            f"a path of {len(path)} latents and rungs {int(rung.min())}..{top} do not fit "
            f"{len(schedule)} steps"
        )
    rung = rung.to(path[0].device)
    x = path[top]
    for k in range(top, 0, -1):
        eps = predict(x, schedule.timesteps[k - 1])
        x = ddim_step(x, eps, schedule.alphas[k], schedule.alphas[k - 1])
        x = torch.where(rung < k, path[k - 1], x)
    return x
