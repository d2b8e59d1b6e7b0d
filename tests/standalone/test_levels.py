"""Pixels that begin between two steps of a diffusers scheduler are the run that begins there."""

import copy

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers", reason="diffusers is not installed")

import diffusers

from benchmarks.schedulers import BETAS, ROWS
from diffdiff.pipelines.ruler import refusal
from diffdiff.pipelines.scheduler_hook import Fine, Held
from diffdiff.pipelines.schedulers import schedule_of
from diffdiff.sampling.fine_levels import fine
from diffdiff.sampling.noise_levels import noised
from diffdiff.sampling.start_steps import DIFFUSERS

pytestmark = [
    pytest.mark.filterwarnings("ignore:The `scale_model_input` function"),
]

STRENGTHS = (1.0, 0.8, 0.47, 0.11)


def made(row, **more):
    options = dict(row.options) | more
    if not row.scheduler.startswith("Flow"):
        options = BETAS | options
    return getattr(diffusers, row.scheduler)(**options)


CAN = [row for row in ROWS if not refusal(made(row))]
CANNOT = [row for row in ROWS if refusal(made(row))]
SPACED = [
    (row, {option: True})
    for row in CAN
    for option in ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")
    if row.name
    in ("diffusers Euler", "diffusers LMS", "diffusers DPM++ 2M", "diffusers UniPC, order 2")
]
SHIFTED = [(row, {"shift": 9.0}) for row in CAN if row.name == "diffusers flow Euler"]
TIMES = [
    (row, {"timestep_spacing": spacing})
    for row in CAN
    for spacing in ("linspace", "leading", "trailing")
    if row.name in ("diffusers DDIM", "diffusers DDPM, replayed", "diffusers Euler")
]
KINDS = [
    (row, {"prediction_type": kind})
    for row in CAN
    for kind in ("v_prediction", "sample")
    if row.name
    in (
        "diffusers DDIM",
        "diffusers LCM, replayed",
        "diffusers Euler",
        "diffusers DPM++ 2M",
        "diffusers UniPC, order 2",
    )
]
CASES = [(row, {}) for row in CAN] + SPACED + SHIFTED + TIMES + KINDS


def case_name(case):
    row, more = case
    return "-".join([row.name.removeprefix("diffusers "), *map(str, more.values()), *more][:3])


class Loop:
    """A pipeline's loop around a pixelwise model, which sees what a UNet would."""

    def __init__(self, case, steps, batch=1):
        row, more = case
        self.new = lambda: copy.deepcopy(made(row, **more))
        self.steps, self.draws = steps, "replayed" in row.name or "SDE" in row.name
        g = torch.Generator().manual_seed(3)
        self.init, self.noise = (torch.randn(batch, 4, 8, 8, generator=g) for _ in range(2))

    def run(self, scheduler, numbers):
        """numbers: of the calls' draws, one each; a later start draws as the whole run does."""
        scheduler.set_timesteps(self.steps)
        times = scheduler.timesteps
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(0)
        x = self.entry(scheduler, times[:1])
        for t in times:
            x = self.step(scheduler, t, x, next(numbers))
        return x, len(times)

    def entry(self, scheduler, time):
        if hasattr(scheduler, "scale_noise"):
            return scheduler.scale_noise(self.init, time, self.noise)
        return scheduler.add_noise(self.init, self.noise, time.repeat(len(self.init)))

    def step(self, scheduler, t, x, number):
        seen = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        answer = torch.tanh(seen * 1.3 + t.float() / 700) + 0.1 * seen.flip(1)
        drawn = {"generator": torch.Generator().manual_seed(number)} if self.draws else {}
        return scheduler.step(answer, t, x, **drawn).prev_sample

    def held(self, strength, extra=3, transition=0.0, skip=True):
        def ladder(ruler):
            found = fine(
                strength,
                ruler.coordinates,
                ruler.exact,
                self.steps,
                self.steps - 1,
                1.0,
                transition,
                extra,
                skip,
            )
            self.ladder, self.first = found
            return found

        held = Held(self.new(), Fine(DIFFUSERS, ladder))
        self.watch = held

        def numbers():
            while True:
                yield held.index

        result, calls = self.run(held.scheduler, numbers())
        assert calls == held.calls == held.all_calls
        return result

    def alone(self, strength, anchored=False):
        """The run whose schedule begins exactly at a strength: no step of it is ours."""
        self.held(np.full((8, 8), strength), 0)
        first, top, ruler = self.first, self.ladder.top, self.watch.ruler
        scheduler = self.new()
        scheduler.set_timesteps(self.steps)
        level = None
        if top is not None:
            level = ruler.level(top)
            scheduler.timesteps = scheduler.timesteps.clone()
            scheduler.timesteps[first] = ruler.timestep(top)
            if level.signal is None:
                sigma = level.noise
            elif hasattr(scheduler, "sigmas"):
                flows = "Flow" in type(scheduler).__name__ or scheduler.config.use_flow_sigmas
                sigma = level.noise if flows else level.noise / level.signal
            if hasattr(scheduler, "sigmas"):
                scheduler.sigmas = scheduler.sigmas.clone()
                scheduler.sigmas[first] = sigma
                if abs(sigma / self.watch.scheduler.sigmas[first] - 1) < 1e-6:  # but for rounding
                    scheduler.sigmas[first] = self.watch.scheduler.sigmas[first]
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(first)
        times = scheduler.timesteps[first:]
        x = self.entry(scheduler, times[:1])
        if anchored:  # the hold's own arithmetic: SASolver's add_noise is a rounding away from it
            x = noised(self.init, self.noise, schedule_of(scheduler).starts[first])
        for i, t in enumerate(times):
            if i == 0 and top is not None and type(scheduler).__name__ == "DDIMScheduler":
                x = self.ddim(scheduler, int(t), int(times[1]) if len(times) > 1 else -1, x)
            else:
                x = self.step(scheduler, t, x, first + i)
        return x

    def ddim(self, scheduler, t, later, x):
        """Equation 12 of arXiv 2010.02502 from one timestep to another, as diffusers writes it."""
        here = scheduler.alphas_cumprod[t]
        there = scheduler.alphas_cumprod[later] if later >= 0 else scheduler.final_alpha_cumprod
        answer = torch.tanh(x * 1.3 + torch.tensor(t).float() / 700) + 0.1 * x.flip(1)
        kind = scheduler.config.prediction_type
        if kind == "epsilon":
            x0, eps = (x - (1 - here) ** 0.5 * answer) / here**0.5, answer
        elif kind == "sample":
            x0, eps = answer, (x - here**0.5 * answer) / (1 - here) ** 0.5
        else:
            x0 = here**0.5 * x - (1 - here) ** 0.5 * answer
            eps = here**0.5 * answer + (1 - here) ** 0.5 * x
        return there**0.5 * x0 + (1 - there) ** 0.5 * eps


def columns(strengths=STRENGTHS):
    return np.repeat(np.array(strengths), 8 // len(strengths))[None].repeat(8, 0)


@pytest.mark.parametrize("steps", [4, 7])
@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_each_part_is_the_run_that_begins_at_its_own_level(case, steps):
    loop = Loop(case, steps)
    result = loop.held(columns())
    between = len(loop.ladder.between)
    for i, s in enumerate(STRENGTHS):
        part = (..., slice(2 * i, 2 * i + 2))
        assert torch.equal(result[part], loop.alone(s, anchored=i > 0)[part]), (s, between)
    assert between


@pytest.mark.parametrize("steps", [4, 7])
@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_a_constant_map_is_the_exact_start(case, steps):
    loop = Loop(case, steps)
    for strength in (0.6, 0.37, 0.05):
        assert torch.equal(loop.held(np.full((8, 8), strength), 0), loop.alone(strength))
        assert not loop.ladder.between


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_white_is_plain_and_black_the_input(case):
    loop = Loop(case, 4)
    result = loop.held(columns((1.0, 0.3, 0.0, 0.7)))
    assert torch.equal(result[..., :2], loop.alone(1.0)[..., :2])
    assert loop.ladder.top is None
    assert torch.equal(result[..., 4:6], loop.init[..., 4:6])


@pytest.mark.parametrize("case", [(row, {}) for row in CAN], ids=case_name)
def test_a_batch_of_two(case):
    loop = Loop(case, 4, batch=2)
    result = loop.held(columns())
    for i, s in enumerate(STRENGTHS):
        part = (..., slice(2 * i, 2 * i + 2))
        assert torch.equal(result[part], loop.alone(s, anchored=i > 0)[part]), s


@pytest.mark.parametrize("case", [(row, {}) for row in CAN], ids=case_name)
def test_every_start_at_once(case):
    """More levels than steps, two and more of them between the same two."""
    loop = Loop(case, 6)
    strengths = np.linspace(0.02, 1, 8)
    result = loop.held(columns(strengths), extra=8)
    assert len(loop.ladder.between) >= 5
    for i, s in enumerate(strengths):
        assert torch.equal(result[..., i], loop.alone(s, anchored=i < 7)[..., i]), s
