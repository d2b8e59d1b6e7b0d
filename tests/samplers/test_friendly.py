"""The friendly anchor on the samplers themselves: what holds for any map, prompt and sampler."""

import numpy as np
import pytest
import torch

from benchmarks import reference
from benchmarks.bench import Bench, Denoiser, Held, error, four_parts
from benchmarks.conformance import ROWS
from diffdiff.sampling.draws import Draws
from diffdiff.sampling.friendly import Friendly, Inverting, OtherQuestions
from diffdiff.sampling.friendly_trial import refusal
from diffdiff.sampling.start_steps import WEBUI

SOLVED = [row for row in ROWS if row.name != "DPM adaptive"]
KINDS = (  # one call, several, memory, a model with more than an answer, levels of its own
    "Euler a, replayed noise",
    "DPM++ SDE",
    "DPM++ 3M SDE",
    "DDIM CFG++",
    "DPM++ 2M CFG++",
    "PLMS",
    "UniPC, on a copy",
    "Restart",
)
SOME = [row for row in ROWS if row.name in KINDS]
SEEDS = (3,)


def name(row):
    return row.name


def bench(row_name, **how):
    return Bench(next(row for row in ROWS if row.name == row_name), **how)


def other(model):
    """Another prompt: a model that answers otherwise."""
    made = Denoiser(model.local, model.timesteps, seed=9)
    made.last_noise_uncond = None  # as the hosts' have it before the first call
    return made


def started(b):
    return torch.zeros_like(b.init)  # whatever a run begins with is overwritten


def inverted(b, seeds=SEEDS):
    x, call = started(b), b.call(b.init, 0)
    run = Inverting(b.init, seeds, b.schedule, b.habits())
    out = run.run(call, b.model, x, Held(run, b.model, call, watched=False), Draws())
    assert torch.equal(out, b.init.to(out))
    return run.found


def edited(b, inversion, strengths, model=None, skip=True, transition=0.0):
    """The result of an edit, and its hold."""
    model = model or b.model
    strengths = np.broadcast_to(np.asarray(strengths, np.float32), b.init.shape[2:])
    ladder = WEBUI(strengths, b.steps, len(b.schedule) - 1, transition)
    weight = None if ladder.weight is None else torch.from_numpy(ladder.weight)[None, None]
    hold = Friendly(
        inversion,
        b.init,
        torch.from_numpy(ladder.start.copy())[None, None],
        b.schedule,
        0,
        b.habits(),
        "eps" if b.row.timesteps else "x0",
        weight,
        ladder.first if skip else 0,
    )
    call = b.call(b.init, 0)
    asker = Held(hold, model, call, watched=False)

    def deliver(beside, kwargs):
        vars(asker).update(beside)
        for function in call.listeners(kwargs):
            function({**beside, "denoised": hold.recorded.answer})

    hold.deliver = deliver
    return hold.run(call, model, started(b), asker, Draws()), hold


@pytest.mark.parametrize("row", SOLVED, ids=name)
def test_the_reference_returns_the_original_under_any_map(row):
    b = Bench(row)
    inversion = inverted(b)
    for strengths in (1.0, four_parts()):
        out, _ = edited(b, inversion, strengths)
        assert torch.equal(out, b.init.to(out))


def test_every_anchor_has_its_own_noise_of_the_right_size():
    b = bench("Euler a, replayed noise", size=32)
    noises = [
        (asked.anchor - b.init) / sigma for asked, sigma in zip(inverted(b).calls, b.times[:-1])
    ]
    for noise in noises:
        assert abs(float(noise.std()) - 1) < 0.05
    pairs = torch.corrcoef(torch.stack(noises).flatten(1)) - torch.eye(b.steps)
    assert pairs.abs().max() < 0.1


@pytest.mark.parametrize("row", SOLVED, ids=name)
def test_another_prompt_changes_what_is_released_and_nothing_else(row):
    b = Bench(row)
    out, hold = edited(b, inverted(b), four_parts(), other(b.model))
    assert torch.equal(out[..., :2], b.init[..., :2].to(out))
    assert error(out[..., 2:], b.init[..., 2:]) > 0.01
    assert hold.calls < len(hold.inversion.calls)


@pytest.mark.parametrize("row", SOME, ids=name)
def test_steps_before_the_first_release_cost_no_call_and_change_nothing(row):
    b = Bench(row)
    inversion, model = inverted(b), other(b.model)
    skipped, few = edited(b, inversion, four_parts(), model)
    whole, all_ = edited(b, inversion, four_parts(), model, skip=False)
    assert torch.equal(skipped, whole)
    assert few.calls < all_.calls == len(inversion.calls)


@pytest.mark.parametrize("row", [r for r in SOME if r.tolerance is not None], ids=name)
def test_a_pixel_does_not_depend_on_when_others_are_released(row):
    """With a model of single pixels, a part of the map is the run of its strength alone."""
    b = Bench(row, local=True)
    inversion, model = inverted(b), other(b.model)
    out, _ = edited(b, inversion, four_parts(), model)
    for strength in (0.25, 0.5, 0.8):
        part = torch.from_numpy(four_parts() == np.float32(strength)).expand_as(out)
        assert torch.equal(out[part], edited(b, inversion, strength, model)[0][part])


@pytest.mark.parametrize("row", [r for r in SOME if r.tolerance is not None], ids=name)
def test_no_picture_depends_on_the_others_of_its_batch(row):
    b = Bench(row, local=True)
    one, two = b.init, b.init.flip(3) * 0.7
    b.init = torch.cat([one, two])
    together, _ = edited(b, inverted(b, (3, 4)), four_parts(), other(b.model))
    for i, (init, seed) in enumerate(((one, 3), (two, 4))):
        b.init = init
        alone, _ = edited(b, inverted(b, (seed,)), four_parts(), other(b.model))
        assert error(together[i : i + 1], alone) < 1e-6


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("row", SOME, ids=name)
def test_half_precision(row, dtype):
    b = Bench(row, dtype=dtype)
    out, _ = edited(b, inverted(b), four_parts())
    assert torch.equal(out, b.init.to(out))
    assert torch.isfinite(edited(b, inverted(b), four_parts(), other(b.model))[0]).all()


def test_a_sampler_that_asks_otherwise_in_the_edit_is_told():
    b = bench("DPM adaptive")
    with pytest.raises(OtherQuestions):
        edited(b, inverted(b), 1.0, other(b.model))


def test_the_difference_is_the_noise_of_the_paper():
    """z = (x_next - mean) / sigma_up of Euler's ancestral step, given to the plain sampler as its
    noise, makes the same edit."""
    b = bench("Euler a, replayed noise")
    inversion, sampling = inverted(b), reference.k_diffusion_sampling()
    asked, sigmas, noises = inversion.calls, b.times, []
    for k in range(b.steps - 1):
        down, up = sampling.get_ancestral_step(sigmas[k], sigmas[k + 1])
        slope = (asked[k].anchor - asked[k].answer) / sigmas[k]
        mean = asked[k].anchor + slope * (down - sigmas[k])
        noises.append((asked[k + 1].anchor - mean) / up)
    given, model = iter(noises), other(b.model)
    plain = sampling.sample_euler_ancestral(
        model,
        asked[0].anchor.clone(),
        sigmas,
        disable=True,
        noise_sampler=lambda *_: next(given),
    )
    out, _ = edited(b, inversion, 1.0, model, skip=False)
    # the last step draws no noise; what is left of the original's detail there is added as it is
    assert error(plain + (b.init - inversion.end), out) < 1e-5


def test_a_deterministic_step_on_a_flow_model_is_flow_edit():
    """Z + dt (v(Z + x_source - x_0) - v(x_source)), with one noise for each step."""
    b = bench("flow Euler")
    inversion, model = inverted(b), other(b.model)
    z = b.init.clone()
    for k, asked in enumerate(inversion.calls):
        sigma = b.times[k]
        x = z + asked.anchor - b.init
        target = (x - model(x, sigma[None])) / sigma
        source = (asked.anchor - asked.answer) / sigma
        z = z + (b.times[k + 1] - sigma) * (target - source)
    out, _ = edited(b, inversion, 1.0, model, skip=False)
    assert error(out, z) < 1e-5


DRAWING = (
    "DPM++ SDE",
    "DPM++ 2M SDE",
    "DPM++ 2M SDE Heun",
    "DPM++ 3M SDE",
    "Euler a, replayed noise",
    "DPM2 a, replayed noise",
    "DPM++ 2S a, replayed noise",
    "LCM, replayed noise",
    "ER SDE",
    "Res Multistep a, replayed",
    "SA-Solver, replayed",
    "SA-Solver PECE, replayed",
    "SEEDS 2, replayed",
    "SEEDS 3, replayed",
    "DDPM, replayed",
    "Euler a RF, replayed",
    "DPM++ 2S a RF, replayed",
    "flow ER SDE",
    "Restart",
    "DPM fast",
    "at -x (Kohaku's way)",
)


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_trial_finds_which_samplers_can_have_it(row):
    b = Bench(row)
    kind = "eps" if row.timesteps else "x0"
    asked = b.call(b.init, 0), b.model, b.schedule, b.init, kind, (), b.habits()
    if row.name == "DPM adaptive":
        assert refusal(*asked, False)
        return
    assert refusal(*asked, True) == ("" if row.name in DRAWING else "it draws no noise")


def test_transition_lies_between_two_steps():
    b = bench("Euler a, replayed noise", local=True)
    inversion, model = inverted(b), other(b.model)
    less, more = (edited(b, inversion, s, model)[0] for s in (0.6, 0.65))
    half, _ = edited(b, inversion, 0.625, model, transition=1.0)
    assert error(half, less) < error(more, less)
    assert error(half, more) < error(more, less)


def test_an_inversion_is_for_its_latent_only():
    b = bench("Euler")
    inversion = inverted(b)
    b.init = b.init * 0.5
    with pytest.raises(ValueError, match="another latent"):
        edited(b, inversion, 1.0)


def test_what_the_model_draws_is_its_own():
    b = bench("Euler a, replayed noise")
    drawn = []

    class Drawing(Denoiser):
        def __call__(self, x, sigma, **kwargs):
            drawn.append(torch.randn_like(x))
            return super().__call__(x, sigma, **kwargs)

    b.model = Drawing()
    inverted(b)
    assert len(drawn) >= b.steps
    assert all(noise.abs().sum() > 0 for noise in drawn)
