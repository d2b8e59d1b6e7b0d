"""`python -m benchmarks.conformance`: a constant map against plain img2img, sampler by sampler.

Every row runs a real sampler with a small nonlinear denoiser, with the hold on the full schedule
(strength 1, nothing skipped), and compares with the plain run of the same strength:

* constant: the largest relative error over constant maps 0.25, 0.5, 0.8;
* parts: a map of four strengths, with a denoiser that looks at one pixel at a time, so that each
  part must equal the plain run of its own strength;
* path: how far held pixels stray from `init (+) noise` at any call of that run;
* map 0 must give the init latent, map 1 the plain run at strength 1, both bit for bit;
* "no repair" is the same as "constant" with the sampler's memory left alone: the test can fail.

Exits 1 when a row exceeds its tolerance.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec

import numpy as np
import torch

from diffdiff.hold import Hold
from diffdiff.ladder import climb
from diffdiff.levels import noised, sigma_schedule, timestep_schedule, vp
from diffdiff.samplers import traits

from . import reference

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

    def __call__(self, x, sigma, **_):
        """Works in float32 at least, like a UNet under autocast; answers in x's dtype."""
        dtype, x = x.dtype, x.to(torch.promote_types(x.dtype, torch.float32))
        sigma = sigma.view(-1, 1, 1, 1).to(x.dtype)
        if not self.timesteps:
            return self.x0(x, sigma).to(dtype)
        a, s = vp(self.alphas_cumprod[sigma.round().long()])
        eps = (x - a * self.x0(x / a, s / a)) / s
        self.last_noise_uncond = (0.9 * eps + 0.1 * torch.tanh(x)).to(dtype)
        return eps.to(dtype)


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
    tolerance: float | None = 1e-5
    options: tuple = ()

    @property
    def timesteps(self) -> bool:
        return self.function in ("ddim", "ddim_cfgpp", "plms")


ROWS = [
    Row("Euler", "sample_euler", tolerance=0),
    Row("Heun", "sample_heun", tolerance=0),
    Row("DPM2", "sample_dpm_2", tolerance=0),
    Row("DPM++ SDE", "sample_dpmpp_sde", noise=True, tolerance=0),
    Row("DPM++ 2M SDE", "sample_dpmpp_2m_sde", noise=True, tolerance=0),
    Row("DPM++ 2M SDE Heun", "sample_dpmpp_2m_sde", noise=True, tolerance=0,
        options=(("solver_type", "heun"),)),
    Row("DPM++ 3M SDE", "sample_dpmpp_3m_sde", noise=True),
    Row("DPM++ 2M", "sample_dpmpp_2m"),
    Row("LMS", "sample_lms"),
    Row("Euler a, replayed noise", "sample_euler_ancestral", noise=True, tolerance=0),
    Row("DPM2 a, replayed noise", "sample_dpm_2_ancestral", noise=True, tolerance=0),
    Row("DPM++ 2S a, replayed noise", "sample_dpmpp_2s_ancestral", noise=True, tolerance=0),
    Row("LCM, replayed noise", "sample_lcm", noise=True, tolerance=0),
    Row("DDIM", "ddim", tolerance=0),
    Row("DDIM CFG++", "ddim_cfgpp", tolerance=0),
    Row("PLMS", "plms"),
    # rounding: one ulp in the noise moves the plain runs of these two by 2e-5 on these sigmas
    Row("IPNDM", "sample_ipndm", tolerance=1e-4),
    Row("IPNDM_V", "sample_ipndm_v", tolerance=1e-4),
    Row("DEIS", "sample_deis"),
    Row("HeunPP2", "sample_heunpp2"),
    Row("Restart", "restart_sampler", noise=True, tolerance=None),
    Row("DPM fast", "sample_dpm_fast", noise=True, tolerance=None),
    Row("DPM adaptive", "sample_dpm_adaptive", noise=True, tolerance=None),
]  # fmt: skip


class Bench:
    """One sampler, one denoiser: plain runs and held runs on the same init, noise and schedule."""

    def __init__(
        self, row: Row, local: bool = False, dtype=torch.float32, steps: int = STEPS, size: int = 8
    ):
        sampling = reference.k_diffusion_sampling()
        self.row, self.steps = row, steps
        self.function = getattr(reference, row.function, None) or getattr(sampling, row.function)
        self.model = Denoiser(local, row.timesteps)
        g = torch.Generator().manual_seed(3)
        self.init = torch.randn(1, 4, size, size, generator=g).to(dtype)
        self.noise = torch.randn(1, 4, size, size, generator=g).to(dtype)
        if row.timesteps:
            self.times = torch.arange(0, 1000, 1000 // steps) + 1
            self.schedule = timestep_schedule(self.times, self.model.alphas_cumprod, steps)
        else:
            self.times = sampling.get_sigmas_karras(steps, 0.0292, 14.6146)
            self.schedule = sigma_schedule(self.times)

    def call(self, model, x, first: int):
        """The sampler function on the part of the schedule that begins at step `first`."""
        options = dict(self.row.options)
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
        return self.function(model, x, **options)

    def plain(self, strength: float):
        first = climb(np.array(strength), self.steps, len(self.schedule) - 1).first
        if first is None:
            # few steps and a timestep sampler: the plain run calls no model at this strength
            return self.init
        x = noised(self.init, self.noise, self.schedule.starts[first])
        return self.call(self.model, x, first)

    def hold(self, strength, repair: bool = True, first: int = 0, transition: float = 0.0) -> Hold:
        """strength: scalar or `[h, w]`."""
        strength = np.broadcast_to(np.asarray(strength, np.float32), self.init.shape[2:])
        ladder = climb(strength, self.steps, len(self.schedule) - 1, transition)
        known = traits(self.row.function)
        return Hold(
            self.init, self.noise, torch.from_numpy(ladder.start.copy())[None, None],
            self.schedule, first, known if repair else replace(known, memory=None),
            predicts="eps" if self.row.timesteps else "x0",
            weight=None if ladder.weight is None else torch.from_numpy(ladder.weight)[None, None],
            function=self.function,
        )  # fmt: skip

    def held(self, strength, repair: bool = True, first: int = 0, transition: float = 0.0):
        """Result, and the denoiser that watched held pixels."""
        hold = self.hold(strength, repair, first, transition)
        denoise = Held(self, hold)
        x = noised(self.init, self.noise, self.schedule.starts[first])
        return hold.finish(self.call(denoise, x, first)), denoise


class Held:
    """The denoiser as a sampler sees it, watching how far held pixels stray from their path."""

    def __init__(self, bench: Bench, hold: Hold):
        self.bench, self.hold, self.stray, self.released = bench, hold, 0.0, []
        self.alphas_cumprod = bench.model.alphas_cumprod

    def watch(self, x, sigma, **_):
        level = self.hold.schedule.at(sigma)
        if self.hold.held.any():
            off = (x - noised(self.bench.init, self.bench.noise, level)).abs()
            stray = (off / (1 + torch.as_tensor(level.noise))).masked_fill(~self.hold.held, 0)
            self.stray = max(self.stray, float(stray.max()))
        step, n = self.hold.own_step, len(self.hold.schedule) - self.hold.first
        if self.hold.left == self.hold.sampler.calls(step, n) - 1:
            self.released.append((float(sigma[0]), ~self.hold.held))
        return self.bench.model(x, sigma)

    def __call__(self, x, sigma, **_):
        answer = self.hold.denoise(self.watch, x, sigma)
        if self.bench.row.function == "ddim_cfgpp":
            self.last_noise_uncond = self.hold.hold(x, self.bench.model.last_noise_uncond)
        return answer


def error(got, want) -> float:
    return float((got - want).abs().max() / want.abs().max())


def four_parts() -> np.ndarray:
    strengths = np.full((8, 8), 0.0, np.float32)
    strengths[:, 2:4], strengths[:, 4:6], strengths[:, 6:] = 0.25, 0.5, 0.8
    return strengths


def measure(row: Row, steps: int = STEPS) -> dict:
    bench, local = Bench(row, steps=steps), Bench(row, local=True, steps=steps)
    strengths = four_parts()
    parts, denoise = local.held(strengths)
    part_error = error(parts[..., :2], local.init[..., :2])
    for s in STRENGTHS:
        where = torch.from_numpy(strengths == np.float32(s)).expand_as(parts)
        part_error = max(part_error, error(parts[where], local.plain(s)[where]))
    zero = torch.equal(bench.held(0.0)[0], bench.init)
    full, plain = bench.held(1.0)[0], bench.plain(1.0)
    return {
        "sampler": row.name,
        "constant": max(error(bench.held(s)[0], bench.plain(s)) for s in STRENGTHS),
        "parts": part_error,
        "path": denoise.stray,
        "zero": zero,
        "full": torch.equal(full, plain),
        "no repair": max(error(bench.held(s, repair=False)[0], bench.plain(s)) for s in STRENGTHS),
        "levels": levels_right(local, denoise),
        "tolerance": row.tolerance,
    }


def levels_right(bench: Bench, denoise: Held) -> bool:
    """At every step, just those parts are released whose own level is not below the step's."""
    strengths = torch.from_numpy(four_parts())
    for s in STRENGTHS:
        first = climb(np.array(s), bench.steps, len(bench.schedule) - 1).first
        if first is None:
            continue
        own, part = bench.schedule.coordinates[first], strengths == np.float32(s)
        for at, released in denoise.released:
            out = released[0, 0][part]
            if not (out.all() if at <= own * 1.001 else not out.any()):
                return False
    return True


def passes(result: dict) -> bool:
    limit = result["tolerance"]
    close = limit is None or (result["constant"] <= limit and result["parts"] <= limit)
    equal = result["zero"] and result["full"] and result["levels"]
    return close and equal and result["path"] < 1e-4


def results() -> Iterator[dict]:
    for row in ROWS:
        yield measure(row)
    # k-diffusion's functions need no diffusers
    if find_spec("diffusers") is None:
        print("diffusers is not installed: its schedulers are left out", file=sys.stderr)
        return
    from . import schedulers

    for row in schedulers.ROWS:
        yield schedulers.measure(row)


def line(result: dict) -> str:
    compared = result["tolerance"] is not None
    cells = [f"{result[k]:9.1e}" if compared else f"{'-':>9}" for k in ("constant", "parts")]
    same = ["equal  " if result[k] else "DIFFERS" for k in ("zero", "full")]
    control = f"{result['no repair']:9.1e}" if compared else f"{'-':>9}"
    limit = f"{result['tolerance']:g}" if compared else "levels"
    return (
        f"{result['sampler']:28} {cells[0]} {cells[1]} {result['path']:9.1e}  {same[0]} {same[1]} "
        f"{control}  {limit}{'' if passes(result) else '   FAILS'}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object per row")
    args = parser.parse_args()
    verdicts = []
    if not args.json:
        print(f"{'sampler':28} {'constant':>9} {'parts':>9} {'path':>9}  map 0   map 1   "
              f"{'no repair':>9}  limit")  # fmt: skip
    for result in results():
        verdicts.append(passes(result))
        print(json.dumps(result | {"ok": verdicts[-1]}) if args.json else line(result), flush=True)
    if not args.json:
        print(f"{sum(verdicts)} of {len(verdicts)} samplers within their limit")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
