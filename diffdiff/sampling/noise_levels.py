"""Noise levels: what a latent looks like at a step, and the answer that keeps it there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate


class Level(NamedTuple):
    """`x = signal * init + noise * eps`. Each part is a 0-d tensor, `[B, 1, 1, 1]` or a float.

    `signal` None means 1 (variance exploding), which saves a multiplication.
    """

    signal: Tensor | float | None
    noise: Tensor | float


def extra_scale(level: Level, predicts: str) -> Tensor | float:
    """Return the factor of the hosts' extra noise at a run's start: the signal for timestep
    samplers, 1 for all others and for every flow model."""
    return level.signal if predicts == "eps" and level.signal is not None else 1.0


def finest(device: torch.device) -> torch.dtype:
    """Return float64 where the device has it, else float32 (MPS)."""
    return torch.float32 if device.type == "mps" else torch.float64


def ve(sigma: Tensor | float) -> Level:
    """Return a variance exploding level, k-diffusion's `x = init + sigma * eps`."""
    return Level(None, sigma)


def vp(alpha_cumprod: Tensor) -> Level:
    """Return a variance preserving level, DDPM's `x = sqrt(a) * init + sqrt(1 - a) * eps`."""
    return Level(alpha_cumprod.sqrt(), (1 - alpha_cumprod).sqrt())


def flow(t: Tensor | float) -> Level:
    """Return a flow matching level, `x = (1 - t) * init + t * eps`."""
    return Level(1.0 - t, t)


def _into(fresh: Tensor | None, other: Tensor | float) -> Tensor | None:
    """Return `fresh` if a result of both may be written into it, else None. fresh: a tensor that no
    one else uses."""
    if fresh is None or torch.result_type(fresh, other) != fresh.dtype:
        return None
    whole = not isinstance(other, Tensor) or other.shape[:1] in ((), (1,), fresh.shape[:1])
    return fresh if whole else None


def noised(init: Tensor, noise: Tensor, level: Level) -> Tensor:
    """Return the init latent at a noise level, `init (+) noise`; same operations as the hosts'
    own."""
    part = noise * level.noise
    if level.signal is not None:
        init = init * level.signal
    return torch.add(init, part, out=_into(part, init))


def held_answer(predicts: str, x: Tensor, init: Tensor, level: Level) -> Tensor:
    """Return the answer for `x` whose x0 is exactly the init latent.

    Args:
        predicts: "x0" (k-diffusion), "eps" (DDIM, PLMS, UniPC), "flow" (velocity `eps - x0`) or
            "v" (arXiv 2202.00512: `v = signal * eps - noise * x0`, variance preserving; of a
            variance exploding x the model sees `x / sqrt(1 + noise^2)`).
        x: `[B, C, h, w]`, what the sampler passed.
        init: `[B, C, h, w]`.
        level: the level of this call.

    Returns:
        `init` itself for "x0", else a tensor of the caller's own.
    """
    if predicts == "x0":
        return init
    scaled = None
    if predicts == "v" and level.signal is None:
        spread = (1 + level.noise**2) ** 0.5
        x, init = x / spread, init * spread
        scaled = init
    elif predicts == "v" and level.signal is not None:
        x = scaled = x * level.signal
    elif predicts == "eps" and level.signal is not None:
        init = scaled = init * level.signal
    difference = torch.sub(x, init, out=_into(scaled, init if scaled is x else x))
    return torch.div(difference, level.noise, out=_into(difference, level.noise))


def noisiness(level: Level) -> float:
    """Return how much of a latent at this level is noise: `noise / (signal + noise)`, 0..1. The
    flow time of flow matching; comparable between all kinds of models."""
    noise = float(torch.as_tensor(level.noise).reshape(-1)[0])
    signal = 1.0 if level.signal is None else float(torch.as_tensor(level.signal).reshape(-1)[0])
    return noise / (signal + noise)


def held_at_size(answer: Tensor, held: Tensor, init: Tensor) -> Tensor:
    """Hold an x0 answer that has another size than the latent.

    Args:
        answer: `[B, C, ..., h', w']`.
        held: bool `[B or 1, 1, ..., h, w]`.
        init: `[B, C, ..., h, w]`.
    """
    size = answer.shape[-2:]
    flat = interpolate(held.flatten(1, -3).to(answer.dtype), size, mode="nearest")
    where = flat.view(*held.shape[:-2], *size) > 0.5
    small = interpolate(init.flatten(1, -3), size, mode="area")
    return torch.where(where, small.view(*init.shape[:-2], *size).to(answer), answer)


def parts(predicts: str, x: Tensor, answer: Tensor, level: Level) -> tuple[Tensor, Tensor]:
    """Split an answer for `x = signal * x0 + noise * eps` into `(x0, eps)`. Inverse of
    `held_answer`; `x0` is the answer itself for "x0"."""
    signal = level.signal
    if predicts == "eps":
        x0 = x - answer * level.noise
        return (x0 if signal is None else x0 / signal), answer
    if predicts == "flow":
        return x - answer * level.noise, x + answer * (1.0 if signal is None else signal)
    if predicts == "v" and signal is None:
        spread = (1 + level.noise**2) ** 0.5
        answer = (x / spread - answer * level.noise) / spread
    elif predicts == "v" and signal is not None:
        answer = x * signal - answer * level.noise
    part = answer if signal is None else answer * signal
    return answer, (x - part) / level.noise


@dataclass(frozen=True)
class Schedule:
    """The full schedule (strength 1) that a run is a suffix of.

    levels: N + 1 levels; `levels[i]` is that of step i's first model call, the last one is where
        the run ends.
    starts: N levels; where a run that begins at step i is noised to. The same as `levels` but for
        the WebUI's timestep samplers, which start one rung higher than their first call.
    coordinates: N + 1 descending floats (sigma or timestep), what the sampler passes at step i;
        the last one is where the run ends.
    at: the level for the `sigma` argument `[B]` of any denoise call.
    """

    levels: Sequence[Level]
    starts: Sequence[Level]
    coordinates: Sequence[float]
    at: Callable[[Tensor], Level]

    def __len__(self) -> int:
        return len(self.starts)

    def exact_below(self, step: int) -> Schedule:
        """Return the same schedule, but runs that start after a step are noised to the level of
        their first call, where a host's would start one level higher."""
        starts = [*self.starts[: step + 1], *self.levels[step + 1 : len(self.starts)]]
        return Schedule(self.levels, starts, self.coordinates, self.at)

    def begun_at(self, step: int, coordinate: float) -> Schedule:
        """Return the same schedule with step `step` starting at another level."""
        level = self.at(torch.tensor([coordinate]))
        noise, signal = level.noise, level.signal
        one = Level(
            signal.reshape(()) if isinstance(signal, Tensor) else signal,
            noise.reshape(()) if isinstance(noise, Tensor) else noise,
        )
        levels, starts = [*self.levels], [*self.starts]
        coordinates = [*self.coordinates]
        levels[step], starts[step], coordinates[step] = one, one, coordinate
        return Schedule(levels, starts, coordinates, self.at)

    def finder(self, first: int, device: torch.device) -> Callable[[Tensor], Tensor]:
        """Return a function that finds a call's step by its level on the device, so that nothing is
        read back from it.

        Of the `sigma` argument of a denoise call it returns, as a 0-d tensor, the last step whose
        level is not below it, and never one before `first`. A hair of tolerance (0.1 %) lets a
        level that was rounded in between be found again.
        """
        later = [c / 0.999 for c in self.coordinates[first + 1 : -1]]
        reached = torch.tensor([math.inf] * first + later, dtype=finest(device), device=device)
        return lambda sigma: (reached >= sigma.reshape(-1)[0]).sum()


def sigma_schedule(sigmas: Tensor, path: Callable[..., Level] = ve, rank: int = 4) -> Schedule:
    """Make the schedule of a k-diffusion sampler.

    Args:
        sigmas: `[N + 1]` descending, the last one 0.
        path: `ve`, or `flow` where sigma is the flow time.
        rank: rank of the latents, `[B, C, ..., h, w]`.
    """
    levels = [path(s) for s in sigmas]

    def at(sigma: Tensor) -> Level:
        return path(sigma.view(-1, *[1] * (rank - 1)))

    return Schedule(levels, levels[:-1], sigmas.tolist(), at)


def timestep_schedule(
    timesteps: Tensor, alphas_cumprod: Tensor, steps: int, rank: int = 4
) -> Schedule:
    """Make the schedule of the WebUI's timestep samplers (DDIM, DDIM CFG++, PLMS, UniPC).

    Their img2img at rung `t_enc` is noised to `timesteps[t_enc]`, calls the model at
    `timesteps[t_enc - 1]` down to `timesteps[1]` and ends at `timesteps[0]`
    (`CompVisSampler.sample_img2img` and `ddim` of A1111 v1.10.1).

    Args:
        timesteps: `[>= steps]` ascending integers.
        alphas_cumprod: `[T]`.
        steps: the user's steps (strength 1).
        rank: rank of the latents, `[B, C, ..., h, w]`.
    """
    # step i stands for t_enc = steps - 1 - i
    times = timesteps.tolist()
    called = [times[t_enc - 1] for t_enc in range(steps - 1, 0, -1)]
    levels = [vp(alphas_cumprod[t]) for t in called]
    starts = [vp(alphas_cumprod[times[t_enc]]) for t_enc in range(steps - 1, 1, -1)]
    fine = finest(alphas_cumprod.device)
    log_alphas = alphas_cumprod.to(fine).log()

    def at(timestep: Tensor) -> Level:
        # UniPC asks between the integers; its own noise schedule is linear in log alpha
        t = timestep.to(fine).clamp(0, len(log_alphas) - 1)
        low, high = log_alphas[t.floor().long()], log_alphas[t.ceil().long()]
        alpha = torch.lerp(low, high, t.frac()).exp().to(alphas_cumprod.dtype)
        return vp(alpha.view(-1, *[1] * (rank - 1)))

    return Schedule(levels, starts, [float(t) for t in called], at)
