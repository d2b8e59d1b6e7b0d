"""Held runs of made-up sampler functions, a column for each start step."""

import torch

from benchmarks.bench import Denoiser, error
from diffdiff.sampling.calls import SamplerCall
from diffdiff.sampling.draws import Draws
from diffdiff.sampling.hold import Hold
from diffdiff.sampling.noise_levels import noised, sigma_schedule
from diffdiff.sampling.probe import habits_of
from diffdiff.sampling.start_steps import NEVER

STEPS = 12
SIGMAS = torch.cat([torch.linspace(2.6, -3.0, STEPS).exp(), torch.zeros(1)])
SCHEDULE = sigma_schedule(SIGMAS)
MODEL = Denoiser(local=True)
STARTS = (0, 1, 4, 7, 10, 11, NEVER)


def latents(shape=(1, 4, 4, 7)):
    g = torch.Generator().manual_seed(1)
    return [torch.randn(shape, generator=g) for _ in range(2)]


def habits(function, schedule=SCHEDULE, **options):
    call = SamplerCall(function, sigmas=SIGMAS, **options)
    return habits_of(call, MODEL, schedule, 0, latents()[0])


def edited(function, sources=(), model=MODEL, found=None, schedule=SCHEDULE, **options):
    """A run in which every column begins at its own step; and how it was held."""
    init, noise = latents()
    call = SamplerCall(function, sigmas=options.pop("sigmas", SIGMAS), **options)
    found = found or habits_of(call, model, schedule, 0, init, sources=sources)
    start = torch.tensor(STARTS, dtype=torch.int16).expand(1, 1, 4, 7)
    hold = Hold(init, noise, start, schedule, 0, found)

    class Asked:
        def __call__(self, x, sigma, **kwargs):
            kwargs = call.overheard(kwargs, lambda name, value: hold.also(name, x, value))
            return hold.denoise(model, x, sigma, **kwargs)

        def __getattr__(self, name):
            return getattr(model, name)

    x = noised(init, noise, schedule.starts[0])
    return hold.run(call, model, x, Asked(), Draws(sources)), hold


def plain(function, start, schedule=SCHEDULE, sigmas=SIGMAS, **options):
    init, noise = latents()
    x = noised(init, noise, schedule.starts[start])
    return function(MODEL, x, sigmas=sigmas[start:], **options)


def worst(function, alone=True, **options):
    """The largest error of any column."""
    out, hold = edited(function, **options)
    assert not hold.remark
    init = latents()[0]
    last = [] if alone else [STEPS - 1]
    off = [
        error(out[..., i], plain(function, k, **options)[..., i])
        for i, k in enumerate(STARTS)
        if k not in (NEVER, *last)
    ]
    assert torch.equal(out[..., -1], init[..., -1])
    return max(off)


def steps(sigmas):
    return [(i, sigmas[i], sigmas[i + 1]) for i in range(len(sigmas) - 1)]


def ask(model, x, s):
    return model(x, s * x.new_ones(len(x)))


def euler(model, x, sigmas):
    for _, s, s_next in steps(sigmas):
        x = x + (x - ask(model, x, s)) / s * (s_next - s)
    return x
