"""One sampler and a small nonlinear denoiser: plain runs and held runs, side by side."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from diffdiff.sampling.calls import SamplerCall
from diffdiff.sampling.draws import Draws
from diffdiff.sampling.hold import Hold
from diffdiff.sampling.noise_levels import flow, noised, sigma_schedule, timestep_schedule, vp
from diffdiff.sampling.probe import habits_of
from diffdiff.sampling.start_steps import WEBUI

from . import reference, reference_exponential, reference_hosts

STEPS = 20
STRENGTHS = (0.25, 0.5, 0.8)


class Denoiser:
    """A small nonlinear denoiser: predicts x0, or eps for timesteps.

    local: look at one pixel at a time (otherwise at its neighbours too).
    """

    def __init__(self, local: bool = False, timesteps: bool = False, seed: int = 7):
        g = torch.Generator().manual_seed(seed)
        self.mix = torch.randn(4, 4, generator=g) * 0.7
        self.local, self.timesteps = local, timesteps
        betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
        self.alphas_cumprod = (1 - betas).cumprod(0).float()

    def x0(self, x, sigma):
        scaled = x / (1 + sigma**2) ** 0.5
        mixed = torch.einsum("oc,bchw->bohw", self.mix, scaled)
        if not self.local:
            mixed = mixed + 0.3 * torch.roll(mixed, (1, 2), (2, 3))
        return torch.tanh(mixed + 0.3 * torch.sin(sigma)) + 0.2 * scaled / (1 + sigma)

    def __call__(self, x, sigma, model_options=None, **_):
        """Works in float32 at least, like a UNet under autocast; answers in x's dtype."""
        dtype, x = x.dtype, x.to(torch.promote_types(x.dtype, torch.float32))
        sigma = sigma.view(-1, 1, 1, 1).to(x.dtype)
        if not self.timesteps:
            answer = self.x0(x, sigma).to(dtype)
            uncond = (0.9 * answer + 0.1 * torch.tanh(x)).to(dtype)
            return told(answer, uncond, model_options)
        a, s = vp(self.alphas_cumprod[sigma.round().long()])
        eps = (x - a * self.x0(x / a, s / a)) / s
        self.last_noise_uncond = (0.9 * eps + 0.1 * torch.tanh(x)).to(dtype)
        return eps.to(dtype)


def told(answer, uncond, model_options=None):
    """The answer; those who listen through a model option hear it, and that without a prompt."""
    for function in (model_options or {}).get("sampler_post_cfg_function", ()):
        function({"denoised": answer, "uncond_denoised": uncond})
    return answer


class Cheap:
    """A model that costs nothing: always the same answer."""

    def __init__(self, answer, like):
        vars(self).update(vars(like), answer=answer, last_noise_uncond=answer)

    def __call__(self, x, sigma, model_options=None, **_):
        answer = self.answer.clone() if x.shape == self.answer.shape else x.tanh()
        return told(answer, answer, model_options)


def replayed(sigma, sigma_next, like):
    """The same noise for the same place on the schedule, wherever the run began."""
    seed = int(float(sigma_next) * 1e5) * 7 + int(float(sigma) * 1e5)
    g = torch.Generator().manual_seed(seed % 2**31)
    return torch.randn(like.shape, generator=g).to(like.dtype)


@dataclass(frozen=True)
class Row:
    """One sampler. tolerance: of "constant" and "parts"; None where a later start takes other
    steps or other noise, so that only the levels of release can be checked."""

    name: str
    function: str
    noise: bool = False
    tolerance: float | None = 0
    options: tuple = ()
    flow: bool = False

    @property
    def timesteps(self) -> bool:
        return self.function in ("ddim", "ddim_cfgpp", "plms")


class Bench:
    """One sampler, one denoiser: plain runs and held runs on the same init, noise and schedule."""

    def __init__(
        self, row: Row, local: bool = False, dtype=torch.float32, steps: int = STEPS, size: int = 8
    ):
        sampling = reference.k_diffusion_sampling()
        self.row, self.steps = row, steps
        known = (reference, reference_hosts, reference_exponential, sampling)
        self.function = next(getattr(m, row.function) for m in known if hasattr(m, row.function))
        self.model = Denoiser(local, row.timesteps)
        g = torch.Generator().manual_seed(3)
        self.init = torch.randn(1, 4, size, size, generator=g).to(dtype)
        self.noise = torch.randn(1, 4, size, size, generator=g).to(dtype)
        if row.timesteps:
            self.times = torch.arange(0, 1000, 1000 // steps) + 1
            self.schedule = timestep_schedule(self.times, self.model.alphas_cumprod, steps)
        elif row.flow:
            self.times = torch.cat([torch.linspace(1.0, 0.05, steps), torch.zeros(1)])
            self.schedule = sigma_schedule(self.times, flow)
        else:
            self.times = sampling.get_sigmas_karras(steps, 0.0292, 14.6146)
            self.schedule = sigma_schedule(self.times)

    def call(self, x, first: int) -> SamplerCall:
        """The sampler function on the part of the schedule that begins at step `first`."""
        options = dict(self.row.options)
        if "extra_args" in inspect.signature(self.function).parameters:
            options["extra_args"] = {}
        if self.row.noise:
            options["noise_sampler"] = partial(replayed, like=x)
        if self.row.function in ("sample_dpm_fast", "sample_dpm_adaptive"):
            part = self.times[first:]
            options |= {"sigma_min": part[-2].item(), "sigma_max": part[0].item(), "eta": 1.0}
            if self.row.function == "sample_dpm_fast":
                options["n"] = len(part) - 1
        elif self.row.timesteps:
            options["timesteps"] = self.times[: self.steps - 1 - first]
        else:
            options["sigmas"] = self.times[first:]
        if self.function.__module__ == "k_diffusion.sampling":
            options["disable"] = True
        return SamplerCall(self.function, **options)

    @property
    def memory(self) -> str:
        """How long the sampler remembers, in steps, as the probe found it."""
        habits = self.habits()
        if habits.by_level:
            return "by level"
        return "by step" if habits.why else f"{habits.memory:g}"

    def first(self, strength: float) -> int | None:
        """Where the plain run of a strength begins; None when it calls no model."""
        return WEBUI(np.array(strength), self.steps, len(self.schedule) - 1).first

    def plain(self, strength: float):
        first = self.first(strength)
        if first is None:
            # few steps and a timestep sampler: the plain run calls no model at this strength
            return self.init
        x = noised(self.init, self.noise, self.schedule.starts[first])
        return self.call(x, first).run(self.model, x)

    def habits(self, first: int = 0):
        kind = "eps" if self.row.timesteps else "x0"
        return habits_of(
            self.call(self.init, first), self.model, self.schedule, first, self.init, kind
        )

    def hold(self, strength, replay: bool = True, first: int = 0, transition: float = 0.0) -> Hold:
        """strength: scalar or `[h, w]`."""
        strength = np.broadcast_to(np.asarray(strength, np.float32), self.init.shape[2:])
        ladder = WEBUI(strength, self.steps, len(self.schedule) - 1, transition)
        habits = self.habits(first)
        return Hold(
            self.init,
            self.noise,
            torch.from_numpy(ladder.start.copy())[None, None],
            self.schedule,
            first,
            habits if replay else replace(habits, memory=0),
            predicts="eps" if self.row.timesteps else "x0",
            weight=None if ladder.weight is None else torch.from_numpy(ladder.weight)[None, None],
        )

    def held(
        self, strength, replay: bool = True, first: int = 0, transition: float = 0.0, memory=None
    ):
        """Result, and the denoiser that watched held pixels. memory: instead of the probe's."""
        hold = self.hold(strength, replay, first, transition)
        if memory is not None:
            hold.habits = replace(hold.habits, memory=memory)
        x = noised(self.init, self.noise, self.schedule.starts[first])
        call = self.call(x, first)
        denoise = Held(hold, self.model, call)
        return hold.run(call, self.model, x, denoise, Draws()), denoise


class Held:
    """The denoiser as a sampler sees it, watching how far held pixels stray from their path.

    released: `(sigma or timestep, released pixels)` at the first call of every step.
    """

    def __init__(self, hold: Hold, model, call: SamplerCall | None = None, watched: bool = True):
        """watched: False where only the hold itself is of interest."""
        self.call, self.asked = call, self.watch if watched else model
        self.hold, self.model, self.stray, self.released = hold, model, 0.0, []
        self.alphas_cumprod = getattr(model, "alphas_cumprod", None)
        self.last_noise_uncond = getattr(model, "last_noise_uncond", None)

    def watch(self, x, sigma, **kwargs):
        hold = self.hold
        if x.shape != hold.init.shape:  # some ask for a part of the latent in between
            return self.model(x, sigma, **kwargs)
        level = hold.schedule.at(sigma)
        if hold.held.any():
            path = noised(hold.init, hold.noise, level)
            off = (x - (-path if hold.call in hold.habits.mirrored else path)).abs()
            stray = (off / (1 + torch.as_tensor(level.noise))).masked_fill(~hold.held, 0)
            self.stray = max(self.stray, float(stray.max()))
        if hold.opens:
            self.released.append((float(sigma[0]), ~hold.held))
        return self.model(x, sigma, **kwargs)

    def ask(self, x, sigma, **kwargs):
        answer = self.asked(x, sigma, **kwargs)
        if self.hold.beside is not None and getattr(self, "need_last_noise_uncond", False):
            self.hold.also("last_noise_uncond", x, self.model.last_noise_uncond)
        return answer

    def __call__(self, x, sigma, **kwargs):
        if self.call is not None:
            hear = self.hold.also
            kwargs = self.call.overheard(kwargs, lambda name, value: hear(name, x, value))
        answer = self.hold.denoise(self.ask, x, sigma, **kwargs)
        if getattr(self, "need_last_noise_uncond", False):  # the sampler says so
            self.last_noise_uncond = self.hold.also(
                "last_noise_uncond", x, self.model.last_noise_uncond
            )
        return answer


def error(got, want) -> float:
    return float((got - want).abs().max() / want.abs().max())


def four_parts() -> np.ndarray:
    strengths = np.full((8, 8), 0.0, np.float32)
    strengths[:, 2:4], strengths[:, 4:6], strengths[:, 6:] = 0.25, 0.5, 0.8
    return strengths


def levels_right(bench, denoise: Held) -> bool:
    """At every step, just those parts are released whose own level is not below the step's."""
    strengths = torch.from_numpy(four_parts())
    for s in STRENGTHS:
        first = bench.first(s)
        if first is None:
            continue
        own, part = denoise.hold.schedule.coordinates[first], strengths == np.float32(s)
        for at, released in denoise.released:
            out = released[0, 0][part]
            if not (out.all() if at <= own * 1.001 else not out.any()):
                return False
    return True


def measure(bench, local) -> dict:
    """One row of the conformance table.

    Args:
        bench, local: a `Bench` or `SchedulerBench`, and the same with a local denoiser: they have
            `row`, `init`, `first(strength)`, `plain(strength)` and
            `held(strength, replay) -> (result, Held)`.
    """
    strengths = four_parts()
    parts, denoise = local.held(strengths)
    part_error = error(parts[..., :2], local.init[..., :2])
    for s in STRENGTHS:
        where = torch.from_numpy(strengths == np.float32(s)).expand_as(parts)
        part_error = max(part_error, error(parts[where], local.plain(s)[where]))
    plain = {s: bench.plain(s) for s in STRENGTHS}
    return {
        "sampler": bench.row.name,
        "constant": max(error(bench.held(s)[0], plain[s]) for s in STRENGTHS),
        "parts": part_error,
        "path": denoise.stray,
        "zero": torch.equal(bench.held(0.0)[0], bench.init),
        "full": torch.equal(bench.held(1.0)[0], bench.plain(1.0)),
        "no replay": max(error(bench.held(s, replay=False)[0], plain[s]) for s in STRENGTHS),
        "memory": local.memory,
        "levels": levels_right(local, denoise),
        "tolerance": bench.row.tolerance,
    }
