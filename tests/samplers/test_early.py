"""Pixels that begin between two steps are the run that begins there, on real samplers."""

from functools import partial

import numpy as np
import pytest
import torch

from benchmarks.bench import Bench, Held, replayed
from benchmarks.conformance import ROWS
from diffdiff.sampling.draws import Draws
from diffdiff.sampling.fine_levels import DENSE, Exact, fine
from diffdiff.sampling.hold import Hold
from diffdiff.sampling.noise_levels import held_answer, noised, sigma_schedule, timestep_schedule
from diffdiff.sampling.probe import habits_of

STRENGTHS = (1.0, 0.8, 0.47, 0.11)


class Tree(partial):
    """Noise of any stretch of the schedule, as a Brownian tree has it."""

    tree = True


class FineBench(Bench):
    def __init__(self, row, steps, local=True):
        super().__init__(row, local=local, steps=steps)
        if row.timesteps:
            times = torch.arange(0, 1000, 1000 // DENSE) + 1
            dense = timestep_schedule(times, self.model.alphas_cumprod, DENSE)
        elif row.flow:
            dense = sigma_schedule(torch.cat([torch.linspace(1.0, 0.05, DENSE), torch.zeros(1)]))
        else:
            from benchmarks import reference

            sampling = reference.k_diffusion_sampling()
            dense = sigma_schedule(sampling.get_sigmas_karras(DENSE, 0.0292, 14.6146))
        self.exact = Exact(dense.coordinates)

    def call(self, x, first):
        call = super().call(x, first)
        if self.row.noise:
            call.options["noise_sampler"] = Tree(replayed, like=x)
        return call

    def plan(self, strength, extra, transition=0.0):
        return fine(
            strength,
            self.schedule.coordinates,
            self.exact,
            self.steps,
            len(self.schedule) - 1,
            1.0,
            transition,
            extra,
        )

    def predicts(self):
        return "eps" if self.row.timesteps else "x0"

    def held(self, strength, extra=3, transition=0.0):
        ladder, first = self.plan(strength, extra, transition)
        schedule, call = self.schedule.exact_below(first), self.call(self.init, first)
        if ladder.top is not None:
            schedule, call = schedule.begun_at(first, ladder.top), call.begun_at(ladder.top)
        between = ladder.between
        habits = habits_of(
            call, self.model, schedule, first, self.init, self.predicts(), between=between
        )

        def tensor(part):
            return None if part is None else torch.from_numpy(part.copy())[None, None]

        hold = Hold(
            self.init,
            self.noise,
            tensor(ladder.start),
            schedule,
            first,
            habits,
            self.predicts(),
            weight=tensor(ladder.weight),
            fine=tensor(ladder.fine),
            between=between,
        )
        x = noised(self.init, self.noise, schedule.starts[first])
        denoise = Held(hold, self.model, call, watched=False)
        return hold.run(call, self.model, x, denoise, Draws()), hold, ladder

    def alone(self, strength):
        """The run that begins exactly at a strength, and its first level."""
        ladder, first = self.plan(np.full((1, 1), strength), 0)
        call = self.call(self.init, first)
        if ladder.top is None:
            return call.run(self.model, noised(self.init, self.noise, self.schedule.starts[first]))
        level = self.schedule.at(torch.tensor([ladder.top]))
        return call.begun_at(ladder.top).run(self.model, noised(self.init, self.noise, level))


@pytest.mark.parametrize("steps", [4, 7])
@pytest.mark.parametrize("row", [r for r in ROWS if r.tolerance == 0], ids=lambda r: r.name)
def test_each_part_is_the_run_that_begins_at_its_own_level(row, steps):
    bench = FineBench(row, steps)
    strength = np.repeat(np.array(STRENGTHS), 2)[None].repeat(8, 0)
    result, hold, ladder = bench.held(strength)
    if hold.habits.early is None:
        pytest.fail(hold.habits.early_why)
    assert hold.remark == ""
    assert len(ladder.between) == (2 if row.timesteps else 3)
    for i, s in enumerate(STRENGTHS):
        part = (..., slice(2 * i, 2 * i + 2))
        assert torch.equal(result[part], bench.alone(s)[part]), s


class Softly:
    """A model of which the first questions are answered by a part only, and which notes the x of
    each question."""

    def __init__(self, bench, part, until):
        self.bench, self.part, self.until, self.asked = bench, part, until, []
        vars(self).update({k: v for k, v in vars(bench.model).items() if k not in vars(self)})

    def __call__(self, x, sigma, **kwargs):
        self.asked.append(x.clone())
        answer = self.bench.model(x, sigma, **kwargs)
        self.last_noise_uncond = getattr(self.bench.model, "last_noise_uncond", None)
        if len(self.asked) > self.until:
            return answer
        level = self.bench.schedule.at(sigma)
        held = held_answer(self.bench.predicts(), x, self.bench.init, level)
        return torch.lerp(held, answer, self.part)


# these listen to what comes beside the answer, or ask once more at a later start
PLAIN = [r for r in ROWS if r.tolerance == 0 and "CFG++" not in r.name and r.name != "PLMS"]


@pytest.mark.parametrize("row", PLAIN, ids=lambda r: r.name)
def test_a_gradual_start_is_forgotten_after_its_step(row):
    """A pixel that obeys part of its first answer goes on as a run that begins at the next step,
    so that nothing is extrapolated from that part."""
    bench = FineBench(row, 6)
    strength = np.full((8, 8), 0.7)
    strength[:, 4:] = 0.62
    result, hold, ladder = bench.held(strength, extra=0, transition=1.0)
    part = float(ladder.weight[0, 7])
    step = int(ladder.start[0, 7]) - hold.first
    assert 0 < part < 1 and hold.remark == ""
    call = bench.call(bench.init, hold.first + step)
    if not step and ladder.top is not None:
        call = call.begun_at(ladder.top)
    opens = hold.habits.opens
    model = Softly(bench, part, opens[step + 1] - opens[step])
    schedule = hold.schedule
    x = noised(bench.init, bench.noise, schedule.starts[hold.first + step])
    call.run(model, x)
    later = model.asked[opens[step + 1] - opens[step]]
    want = bench.call(bench.init, hold.first + step + 1)
    if hold.habits.as_is or not hold.habits.memory:
        want = want.run(bench.model, later)
        assert torch.equal(result[..., 4:], want[..., 4:])
    else:
        assert torch.isfinite(result).all()
