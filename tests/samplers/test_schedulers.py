"""The same properties on diffusers' schedulers: here every row is equal bit for bit."""

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers", reason="diffusers is not installed")

import diffusers

from benchmarks.bench import error, four_parts
from benchmarks.conformance import passes
from benchmarks.schedulers import BETAS, ROWS, SchedulerBench, SchedulerRow, measure
from diffdiff.pipelines.schedulers import family, predicts, schedule_of
from diffdiff.sampling.noise_levels import held_answer, noised

pytestmark = [
    # torchsde on the ends of its interval
    pytest.mark.filterwarnings("ignore:Should have t[ab]:UserWarning"),
    # diffusers asks for scale_model_input, which a loop without a model has no use for
    pytest.mark.filterwarnings("ignore:The `scale_model_input` function"),
]


def name(row):
    return row.name


def named(wanted: str) -> SchedulerRow:
    return next(r for r in ROWS if r.name == f"diffusers {wanted}")


MULTISTEP = [
    named(n)
    for n in (
        "PNDM",
        "LMS",
        "DPM++ 2M",
        "DPM++ 2M SDE",
        "DPM++ 3M",
        "DPM++ 2S",
        "DPM++ 3S",
        "DEIS",
        "UniPC, order 2",
        "UniPC, order 3",
        "SASolver, replayed",
        "flow DPM++ 2M",
        "flow UniPC",
    )
]
DETERMINISTIC = [r for r in ROWS if not any(w in r.name for w in ("replayed", "SDE", "flow"))]


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_constant_parts_zero_and_full(row):
    result = measure(row)
    assert passes(result), result


@pytest.mark.parametrize("steps", [4, 7])
@pytest.mark.parametrize("row", ROWS, ids=name)
def test_other_numbers_of_steps(row, steps):
    result = measure(row, steps)
    if row.name == "diffusers PNDM":
        result["levels"] = True  # its second timestep comes twice, the level tells no step
    assert passes(result), result


@pytest.mark.parametrize("row", MULTISTEP, ids=name)
def test_without_forks_it_would_be_wrong(row):
    assert measure(row)["no replay"] > 0.05


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_pixel_for_every_step(row):
    """Every start step at once, and hardly more copies of the scheduler than it has orders."""
    bench = SchedulerBench(row, local=True, steps=15)
    strengths = np.arange(64, dtype=np.float32).reshape(8, 8) % 16 / 15
    out, _ = bench.held(strengths)
    for s in np.unique(strengths):
        part = torch.from_numpy(strengths == s).expand_as(out)
        want = bench.plain(s) if s else bench.init
        assert torch.equal(out[part], want[part]), s
    assert len(bench.forks.forks) <= 4


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_later_start_gives_the_same_run(row):
    bench = SchedulerBench(row, local=True)
    strengths = np.where(four_parts() > 0.6, 0.5, four_parts())
    assert torch.equal(bench.held(strengths, first=10)[0], bench.held(strengths)[0])


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_transition_ends_where_the_ladder_does(row):
    bench = SchedulerBench(row)
    rung, below = bench.held(0.6)[0], bench.held(0.55)[0]
    assert torch.equal(bench.held(0.6, transition=1.0)[0], rung)
    assert not torch.equal(bench.held(0.59, transition=1.0)[0], rung)
    if row in DETERMINISTIC and row.name not in ("diffusers PNDM", "diffusers LMS"):
        # next to nothing of the first answer is as good as none of it
        assert error(bench.held(0.55001, transition=1.0)[0], below) < 2e-3


# the others raise NotImplementedError on their own
SAMPLE = {
    f"{n}Scheduler"
    for n in (
        "DDIM",
        "DDPM",
        "LCM",
        "TCD",
        "EulerDiscrete",
        "LMSDiscrete",
        "DPMSolverMultistep",
        "DPMSolverSinglestep",
        "DEISMultistep",
        "UniPCMultistep",
        "SASolver",
    )
}


def models():
    for row in ROWS:
        if "flow" in row.name:
            continue
        yield row, "v_prediction"
        if row.scheduler in SAMPLE:
            yield row, "sample"


MODELS = [pytest.param(*m, id=f"{m[0].name}-{m[1]}") for m in models()]


def asked(row, **options) -> SchedulerRow:
    return SchedulerRow(row.name, row.scheduler, 0, (*(dict(row.options) | options).items(),))


@pytest.mark.parametrize(("row", "kind"), MODELS)
def test_models_that_predict_v_or_x0(row, kind):
    result = measure(asked(row, prediction_type=kind))
    assert passes(result), result


def path_cases():
    for row in [
        *DETERMINISTIC,
        named("flow Euler"),
        named("flow Heun"),
        named("flow DPM++ 2M"),
        named("flow UniPC"),
    ]:
        yield pytest.param(row, None, id=row.name)
    for case in MODELS:
        # PNDM averages answers of several levels as they are: of v that leaves the path a little
        if case.values[0] in DETERMINISTIC and "PNDM" not in case.id:
            yield case


@pytest.mark.parametrize(("row", "kind"), [*path_cases()])
def test_the_held_answer_keeps_to_the_path_unanchored(row, kind):
    """A scheduler without noise lands on `init (+) noise` at every call's level by itself."""
    bench = SchedulerBench(asked(row, **({"prediction_type": kind} if kind else {})))
    scheduler = bench.new()
    scheduler.set_timesteps(bench.steps)
    schedule, x = schedule_of(scheduler), None
    for t in scheduler.timesteps:
        level = schedule.at(t.view(1))
        want = noised(bench.init, bench.noise, level)
        x = want if x is None else x
        assert error(x, want) < 2e-5
        answer = held_answer(predicts(scheduler), x, bench.init, level)
        x = scheduler.step(answer, t, x).prev_sample


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_levels_are_the_schedulers_own(row):
    """As its img2img noises the picture, and as it scales what the model gets at every call."""
    bench = SchedulerBench(row)
    scheduler = bench.new()
    scheduler.set_timesteps(bench.steps)
    schedule = schedule_of(scheduler)
    for i in range(0, len(scheduler.timesteps), scheduler.order):
        scheduler.set_timesteps(bench.steps)
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(i)
        t = scheduler.timesteps[i : i + 1]
        if hasattr(scheduler, "scale_noise"):
            want = scheduler.scale_noise(bench.init, t, bench.noise)
        else:
            want = scheduler.add_noise(bench.init, bench.noise, t)
        got = noised(bench.init, bench.noise, schedule.starts[i // scheduler.order])
        assert error(got, want) < 1e-6
    if schedule.levels[0].signal is not None:
        return
    scheduler.set_timesteps(bench.steps)
    scheduler.set_begin_index(0)
    for t in scheduler.timesteps:
        shrunk = scheduler.scale_model_input(torch.ones(1, 4, 8, 8), t)
        sigma = float((1 / shrunk**2 - 1).clamp(min=0).sqrt().flatten()[0])
        assert float(schedule.at(t.view(1)).noise) == pytest.approx(sigma, rel=1e-3)
        scheduler.step(torch.zeros(1, 4, 8, 8), t, torch.ones(1, 4, 8, 8))


CLIPPED = [
    ("DDIM", {"clip_sample": True}),
    ("DDPM, replayed", {"clip_sample": True}),
    *(
        (n, {"thresholding": True, "sample_max_value": 1.5})
        for n in (
            "DDIM",
            "DDPM, replayed",
            "DPM++ 2M",
            "DPM++ 2M SDE",
            "DPM++ 3S",
            "DEIS",
            "UniPC, order 2",
            "SASolver, replayed",
        )
    ),
]


@pytest.mark.parametrize("row", [asked(named(n), **o) for n, o in CLIPPED], ids=name)
def test_clipping_does_not_leak_into_held_pixels(row):
    """clip_sample and DeepFloyd IF's dynamic thresholding alter even a held x0; the init latent
    of the bench lies far outside of what they let through."""
    bench = SchedulerBench(row)
    assert bench.init.abs().max() > 2
    for strength in (0.25, 0.5, 0.8):
        assert torch.equal(bench.held(strength)[0], bench.plain(strength))
    out, denoise = bench.held(four_parts())
    kept = torch.from_numpy(four_parts() == 0).expand_as(out)
    assert torch.equal(out[kept], bench.init[kept])
    assert denoise.stray == 0


def test_unsupported_schedulers_are_named():
    with pytest.raises(ValueError, match=r"VQDiffusion is not supported\. Use one of: EulerDis"):
        family(diffusers.VQDiffusionScheduler(num_vec_classes=4))
    with pytest.raises(ValueError, match="PNDM needs skip_prk_steps=True"):
        family(diffusers.PNDMScheduler(**BETAS))
    scheduler = diffusers.DDIMScheduler()
    scheduler.register_to_config(prediction_type="score")
    with pytest.raises(ValueError, match=r"score is not supported\. Use one of: epsilon, v_pred"):
        predicts(scheduler)
