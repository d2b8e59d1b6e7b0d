"""The published algorithm, from its formula, against the hold with the authors' thresholds."""

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.bench import error
from benchmarks.schedulers import SchedulerBench, SchedulerRow
from diffdiff.pipelines.schedulers import schedule_of
from diffdiff.sampling.noise_levels import noised
from diffdiff.sampling.start_steps import StartSteps, reference_start

DDIM = SchedulerRow("DDIM", "DDIMScheduler", options=(("clip_sample", False),))


def algorithm_1(bench: SchedulerBench, keep: torch.Tensor) -> torch.Tensor:
    """arXiv 2306.00950, Algorithm 1, with the thresholds of the authors' code: before step i the
    pixels whose map (white = keep) exceeds i / T are the original, noised with the same noise."""
    scheduler = bench.new()
    scheduler.set_timesteps(bench.steps)
    schedule = schedule_of(scheduler)
    model = bench.model(schedule, "eps")
    x, thresholds = None, torch.arange(bench.steps) / bench.steps
    for i, t in enumerate(scheduler.timesteps):
        original = noised(bench.init, bench.noise, schedule.levels[i])
        x = original if x is None else torch.where(keep > thresholds[i], original, x)
        x = scheduler.step(model(x, t.view(1)), t, x).prev_sample
    return x


def held(bench: SchedulerBench, keep: torch.Tensor) -> torch.Tensor:
    return bench.run(0, StartSteps(reference_start(keep.numpy(), bench.steps)))[0]


@pytest.mark.parametrize("steps", [5, 20, 50])
@pytest.mark.parametrize("kind", ["gradient", "random", "two", "black", "white"])
def test_ddim_is_algorithm_1(steps, kind):
    bench = SchedulerBench(DDIM, steps=steps)
    rng = np.random.default_rng(1)
    keep = {
        "gradient": np.broadcast_to(np.linspace(0, 1, 8), (8, 8)),
        "random": rng.random((8, 8)),
        "two": np.where(np.arange(8) < 4, 0.3, 0.7) * np.ones((8, 1)),
        "black": np.zeros((8, 8)),
        "white": np.ones((8, 8)),
    }[kind].astype(np.float32)
    keep = torch.from_numpy(keep)[None, None]
    assert error(held(bench, keep), algorithm_1(bench, keep)) < 1e-5


def test_the_paper_and_plain_img2img_differ_where_they_should():
    """Even white is denoised once by the authors' code; here white-is-keep pixels can be exact."""
    bench = SchedulerBench(DDIM, steps=20)
    white = torch.ones(1, 1, 8, 8)
    assert error(algorithm_1(bench, white), bench.init) > 1e-4
    assert torch.equal(bench.held(0.0)[0], bench.init)
