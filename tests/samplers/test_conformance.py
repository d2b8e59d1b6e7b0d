"""The properties on the samplers themselves, k-diffusion's own functions among them."""

import math

import numpy as np
import pytest
import torch

from benchmarks.bench import STRENGTHS, Bench, error, four_parts
from benchmarks.conformance import ROWS, measure, passes
from diffdiff.sampling.draws import Draws
from diffdiff.sampling.noise_levels import flow, noised, sigma_schedule


def name(row):
    return row.name


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_constant_parts_zero_full_and_path(row):
    result = measure(row)
    assert passes(result), result


@pytest.mark.parametrize("steps", [4, 7, 33])
@pytest.mark.parametrize("row", ROWS, ids=name)
def test_other_numbers_of_steps(row, steps):
    result = measure(row, steps)
    assert passes(result), result


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_without_replay_it_would_be_wrong(row):
    result = measure(row)
    if result["memory"] not in ("0", "by level"):
        assert result["no replay"] > 0.05


@pytest.mark.parametrize("row", [r for r in ROWS if r.tolerance is not None], ids=name)
def test_a_short_memory_is_as_good_as_an_unlimited_one(row):
    """The oracle: what is replayed to the end needs no knowledge of the sampler's memory."""
    bench = Bench(row, local=True)
    short, _ = bench.held(four_parts())
    unlimited, _ = bench.held(four_parts(), memory=math.inf)
    assert torch.equal(short, unlimited)


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_later_start_gives_the_same_run(row):
    """Skip: beginning at the largest strength is beginning as plain img2img begins."""
    bench = Bench(row)
    first = 20 - 1 - 12
    out, _ = bench.held(0.6, first=first)
    assert torch.equal(out, bench.plain(0.6))


@pytest.mark.parametrize("row", [r for r in ROWS if r.tolerance is not None], ids=name)
def test_skipping_changes_nothing_else(row):
    """Two strengths, begun at the larger one: the smaller part is still exact."""
    bench = Bench(row, local=True)
    strengths = np.where(four_parts() > 0.6, 0.5, four_parts())
    out, _ = bench.held(strengths, first=20 - 1 - 10)
    part = torch.from_numpy(strengths == np.float32(0.25)).expand_as(out)
    assert error(out[part], bench.plain(0.25)[part]) <= row.tolerance


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_transition_ends_where_the_ladder_does(row):
    """On a rung itself there is nothing to blend; between rungs the result lies between."""
    bench = Bench(row)
    rung, _ = bench.held(0.6, transition=1.0)
    assert torch.equal(rung, bench.held(0.6)[0])
    between, _ = bench.held(0.625, transition=1.0)
    assert torch.isfinite(between).all()
    if row.name not in ("DPM fast", "DPM adaptive"):  # their steps rarely meet the ladder's
        assert not torch.equal(between, rung)


def test_plms_asks_once_more_with_every_pixel_where_it_will_be():
    """Its second call at a release looks at neighbours: those released long ago lie where the
    sampler itself takes them."""
    bench = Bench(next(r for r in ROWS if r.name == "PLMS"))
    strengths = np.full((8, 8), 0.8, np.float32)
    strengths[:, 4:] = 0.5
    hold, seen, model = bench.hold(strengths), [], bench.model
    x = noised(bench.init, bench.noise, bench.schedule.starts[0])

    def watch(x, sigma, **_):
        seen.append((float(sigma[0]), x.clone()))
        return model(x, sigma)

    def denoise(x, sigma, **_):
        return hold.denoise(watch, x, sigma)

    denoise.alphas_cumprod = model.alphas_cumprod
    hold.run(bench.call(x, 0), model, x, denoise, Draws())
    levels = [level for level, _ in seen]
    release = bench.schedule.coordinates[int(hold.start.max())]
    ahead = levels.index(release) + 1  # after the release: once more, and the step's own call
    assert levels[ahead] == levels[ahead + 1] < release
    extra, after = seen[ahead][1], seen[ahead + 1][1]
    assert error(extra[..., :4], after[..., :4]) < 1e-6
    assert error(extra[..., 4:], after[..., 4:]) > 1e-3  # these have been corrected since


def test_transition_is_continuous_on_euler():
    bench = Bench(next(r for r in ROWS if r.name == "Euler"))
    outs = [bench.held(s, transition=1.0)[0] for s in np.linspace(0.6, 0.65, 26)]
    jumps = [error(a, b) for a, b in zip(outs, outs[1:])]
    hard = error(bench.held(0.6)[0], bench.held(0.65)[0])
    assert max(jumps) < 0.2 * hard


@pytest.mark.parametrize(
    "row",
    [r for r in ROWS if not r.noise and not r.timesteps and r.tolerance is not None],
    ids=name,
)
def test_flow_matching(row):
    """SD3 and Flux: straight paths, sigma from 1 to 0 (what their hosts run without noise)."""
    bench = Bench(row, local=True)
    bench.times = torch.cat([torch.linspace(1.0, 0.05, 20), torch.zeros(1)])
    bench.schedule = sigma_schedule(bench.times, flow)
    assert torch.equal(bench.held(0.0)[0], bench.init)
    out, denoise = bench.held(four_parts())
    for strength in STRENGTHS:
        part = torch.from_numpy(four_parts() == np.float32(strength)).expand_as(out)
        assert error(out[part], bench.plain(strength)[part]) <= row.tolerance
    assert denoise.stray < 1e-6


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("row", ROWS, ids=name)
def test_half_precision_latents(row, dtype):
    """Kept pixels are exact in any dtype; released ones are as near as the dtype can tell."""
    bench = Bench(row, dtype=dtype)
    zero, _ = bench.held(0.0)
    assert zero.dtype == bench.plain(1.0).dtype  # several samplers go on in float32 themselves
    assert torch.equal(zero, bench.init.to(zero.dtype))
    out, _ = bench.held(0.6)
    assert torch.isfinite(out).all()
    if row.tolerance is not None:
        # the measure is the plain run itself, its noise moved by one unit in the last place
        plain = bench.plain(0.6).float()
        bench.noise = bench.noise * (1 + torch.finfo(dtype).eps)
        limit = error(bench.plain(0.6).float(), plain)
        assert error(out.float(), plain) <= 4 * limit + 4 * torch.finfo(dtype).eps
