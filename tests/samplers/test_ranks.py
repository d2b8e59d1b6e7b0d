"""Latents of any rank: pictures, videos whose frames share a map or have one each, any channels."""

import pytest
import torch

from benchmarks import reference
from diffdiff.sampling.calls import SamplerCall
from diffdiff.sampling.draws import Draws
from diffdiff.sampling.hold import Hold
from diffdiff.sampling.noise_levels import flow, noised, sigma_schedule
from diffdiff.sampling.probe import habits_of
from diffdiff.sampling.start_steps import NEVER
from tests.samplers.tricky import MODEL, SIGMAS, STEPS

FLOW = torch.cat([torch.linspace(1.0, 0.05, STEPS), torch.zeros(1)])
SAMPLING = reference.k_diffusion_sampling()


def model(x, sigma, **kwargs):
    """Pixel by pixel, of any rank and number of channels."""
    return torch.tanh(1.2 * x / (1 + sigma.view(-1, *[1] * (x.ndim - 1))) + 0.2)


def run(shape, start, function, sigmas=SIGMAS, path=None):
    g = torch.Generator().manual_seed(2)
    init, noise = (torch.randn(shape, generator=g) for _ in range(2))
    more = {} if path is None else {"path": path}
    schedule = sigma_schedule(sigmas, rank=len(shape), **more)
    call = SamplerCall(function, sigmas=sigmas, disable=True)
    habits = habits_of(call, MODEL, schedule, 0, init)
    hold = Hold(init, noise, start, schedule, 0, habits)
    ask = lambda x, sigma, **kwargs: hold.denoise(model, x, sigma)  # noqa: E731
    out = hold.run(call, model, noised(init, noise, schedule.starts[0]), ask, Draws())

    def plain(step):
        x = noised(init, noise, schedule.starts[step])
        return function(model, x, sigmas[step:], disable=True)

    return init, out, plain


def exact(init, out, plain, start):
    for step in start.unique().tolist():
        where = (start == step).expand_as(out)
        want = init if step == NEVER else plain(step)
        assert torch.equal(out[where], want[where]), step


@pytest.mark.parametrize("name", ["sample_euler", "sample_heun", "sample_dpmpp_2m", "sample_lms"])
@pytest.mark.parametrize(
    ("shape", "map_shape"),
    [
        ((1, 3, 4, 6), (1, 1, 4, 6)),
        ((2, 128, 3, 5), (2, 1, 3, 5)),
        ((1, 16, 1, 4, 6), (1, 1, 1, 4, 6)),
        ((2, 16, 1, 4, 6), (2, 1, 1, 4, 6)),
        ((1, 16, 3, 4, 6), (1, 1, 1, 4, 6)),
        ((1, 16, 3, 4, 6), (1, 1, 3, 4, 6)),
        ((2, 4, 3, 4, 6), (2, 1, 3, 4, 6)),
    ],
)
def test_every_cell_is_the_run_of_its_own_start(name, shape, map_shape):
    function = getattr(SAMPLING, name)
    g = torch.Generator().manual_seed(4)
    steps = torch.tensor([0, 2, 5, 8, NEVER], dtype=torch.int16)
    start = steps[torch.randint(0, 5, map_shape, generator=g)]
    exact(*run(shape, start, function), start)


def test_flow_latents_of_rank_five():
    start = torch.tensor([0, 3, 6, NEVER], dtype=torch.int16).view(1, 1, 1, 2, 2)
    function = SAMPLING.sample_dpmpp_2m
    exact(*run((1, 16, 2, 2, 2), start, function, FLOW, flow), start)


def test_a_map_of_another_rank_is_refused():
    with pytest.raises(ValueError, match="start must be"):
        run((1, 16, 1, 2, 2), torch.zeros(1, 1, 2, 2, dtype=torch.int16), SAMPLING.sample_euler)
