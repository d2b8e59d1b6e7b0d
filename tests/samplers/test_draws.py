"""Noise: what a sampler draws is given to its replays, and nothing is drawn twice."""

import functools
import math

import pytest
import torch

from benchmarks.bench import error
from diffdiff.sampling import probe
from diffdiff.sampling.calls import SamplerCall
from diffdiff.sampling.draws import Draws
from diffdiff.sampling.noise_levels import noised
from diffdiff.sampling.paused import Paused
from diffdiff.sampling.probe import habits_of
from tests.samplers.tricky import (
    MODEL,
    SCHEDULE,
    SIGMAS,
    STARTS,
    STEPS,
    ask,
    edited,
    euler,
    habits,
    latents,
    plain,
    steps,
)


@pytest.fixture(autouse=True)
def fresh():
    probe.forget()


def churning(model, x, sigmas):
    for _, s, s_next in steps(sigmas):
        hat = s * 1.2
        x = x + torch.randn_like(x) * (hat**2 - s**2) ** 0.5
        x = x + (x - ask(model, x, hat)) / hat * (s_next - hat)
    return x


def seeded(model, x, sigmas, draw=torch.randn_like):
    """Noise by torch's own functions, of every kind; remembers one answer."""
    old = 0
    for _, s, s_next in steps(sigmas):
        answer = ask(model, x, s)
        guess = answer + 0.1 * (answer - old)
        x = guess + (x - guess) * s_next / s + 0.3 * s_next * draw(x)
        x, old = x + 0.1 * s_next * torch.empty_like(x).normal_(), answer
    return x


class Rng:
    """A host's own generator, in the place of `torch.randn_like`."""

    def __init__(self):
        self.calls, self.g = 0, torch.Generator().manual_seed(7)

    def next(self):
        self.calls += 1
        return torch.randn(latents()[0].shape, generator=self.g)


@pytest.mark.parametrize("kind", ["torch", "webui"])
def test_noise_is_the_main_runs_and_nothing_is_drawn_twice(kind):
    rng = Rng()
    draw = torch.randn_like if kind == "torch" else lambda x: rng.next()
    function = functools.partial(seeded, draw=draw)
    before = torch.get_rng_state()
    call = SamplerCall(function, sigmas=SIGMAS)
    found = habits_of(call, MODEL, SCHEDULE, 0, latents()[0], sources=[(rng, "next")])
    assert found.draws and found.memory == 1
    assert rng.calls == 0 and torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(3)
    out, hold = edited(function, sources=[(rng, "next")])
    assert not hold.remark
    after = torch.get_rng_state()
    drawn = rng.calls
    torch.manual_seed(3)
    rng.g.manual_seed(7)
    unlimited, _ = edited(
        function, sources=[(rng, "next")], found=probe.replace(found, memory=math.inf)
    )
    assert torch.equal(out, unlimited)
    torch.manual_seed(3)
    rng.g.manual_seed(7)
    whole = plain(function, 0)
    assert torch.equal(torch.get_rng_state(), after)  # as many draws as without a map
    assert rng.calls == 3 * drawn and torch.equal(out[..., 0], whole[..., 0])
    assert "next" not in vars(rng)


def test_a_start_that_draws_before_it_asks_gets_the_last_of_the_noise():
    found = habits(churning)
    assert found.lead == 1 and not found.exact and found.memory >= 1
    torch.manual_seed(5)
    drawn = [torch.randn(1, 4, 4, 7) for _ in range(STEPS)]
    torch.manual_seed(5)
    out, hold = edited(churning)
    assert not hold.remark
    init, noise = latents()
    for i, k in enumerate(STARTS[:-1]):
        x = noised(init, noise, SCHEDULE.starts[k])
        for n, s, s_next in steps(SIGMAS):
            if n >= k:
                hat = s * 1.2
                x = x + drawn[n] * (hat**2 - s**2) ** 0.5
                x = x + (x - ask(MODEL, x, hat)) / hat * (s_next - hat)
        assert error(out[..., i], x[..., i]) < 1e-6


class BrownianTreeNoiseSampler:
    """k-diffusion's, in short: one call is many of torch's draws."""

    def __init__(self, x):
        self.x, self.seed = x, int(torch.randint(0, 2**31, []))

    def __call__(self, sigma, sigma_next):
        g = torch.Generator().manual_seed(self.seed + int(1e4 * float(sigma)))
        return sum(torch.randn(self.x.shape, generator=g) for _ in range(4)) / 2


def brownian(model, x, sigmas, noise_sampler=None):
    noise_sampler = BrownianTreeNoiseSampler(x) if noise_sampler is None else noise_sampler
    old = 0
    for _, s, s_next in steps(sigmas):
        answer = ask(model, x, s)
        guess = answer + 0.1 * (answer - old)
        x = guess + (x - guess) * s_next / s + 0.3 * s_next * noise_sampler(s, s_next)
        old = answer
    return x


def test_a_noise_sampler_that_a_function_makes_itself_is_watched():
    plain_class = BrownianTreeNoiseSampler
    assert habits(brownian).memory == 1
    torch.manual_seed(2)
    out, hold = edited(brownian)
    assert not hold.remark and plain_class is BrownianTreeNoiseSampler
    torch.manual_seed(2)
    init, noise = latents()
    tree = BrownianTreeNoiseSampler(init)
    for i, k in enumerate(STARTS[:-1]):
        x = noised(init, noise, SCHEDULE.starts[k])
        alone = brownian(MODEL, x, SIGMAS[k:], tree)
        assert torch.equal(out[..., i], alone[..., i])


def test_runs_side_by_side_keep_their_own_noise():
    """The tiles of a sheet: each in a thread, their model calls in turn, one source for all."""
    rng = Rng()
    function = functools.partial(seeded, draw=lambda x: rng.next())
    sources = [(rng, "next")]
    call = SamplerCall(function, sigmas=SIGMAS)
    found = habits_of(call, MODEL, SCHEDULE, 0, latents()[0], sources=sources)

    def own(seed):
        def work():
            torch.manual_seed(seed)
            rng.g.manual_seed(seed)
            return edited(function, sources, found=found)[0]

        return work

    alone = [own(seed)() for seed in (1, 2)]
    runs = [Paused(own(seed)) for seed in (1, 2)]
    for run in runs:
        run.resume()
    assert torch.equal(runs[0].result, alone[0]) and torch.equal(runs[1].result, alone[1])
    assert "next" not in vars(rng)


def test_a_stand_in_stays_until_the_last_run_has_ended():
    rng = Rng()
    first, second = Draws([(rng, "next")]), Draws([(rng, "next")])
    one, two = first.watched(euler), second.watched(euler)
    seen = []

    def watching(watched, name):
        def work():
            with watched:
                run.ask(None)
                rng.next()
                seen.append(name)
                run.ask(None)

        run = Paused(work)
        return run

    runs = [watching(one, "first"), watching(two, "second")]
    for run in runs * 2:
        run.resume()
    assert (len(first.seen), len(second.seen)) == (1, 1)
    runs[0].resume()  # the first to begin is the first to end
    assert "next" in vars(rng)
    runs[1].resume()
    assert "next" not in vars(rng)
