import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffdiff.errors import FieldError
from diffdiff.sampling.inversion import ddim, ddim_step, decode, invert, rungs
from diffdiff.sampling.noise_levels import noised, vp

BETAS = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64).square()
ALPHAS = (1 - BETAS).cumprod(0)  # Stable Diffusion's


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def latent(seed=1, dtype=torch.float32):
    return torch.randn(1, 4, 8, 8, generator=generator(seed), dtype=dtype)


def predictor(seed=0, dtype=torch.float64):
    """Noise that depends on the timestep, not on x."""

    def predict(x, t):
        return torch.randn(x.shape, generator=generator(seed + t), dtype=dtype)

    return predict


@given(st.integers(1, 60), st.sampled_from([0.3, 0.8, 1.0]))
def test_there_and_back_is_the_identity(steps, ratio):
    init = latent(dtype=torch.float64)
    schedule = ddim(ALPHAS, steps, ratio)
    path = invert(predictor(), init, schedule)
    assert len(path) == len(schedule) + 1 == int(round(ratio * steps, 6)) + 1
    back = decode(predictor(), path, schedule, rungs(np.ones((8, 8)), len(schedule)))
    np.testing.assert_allclose(back, init, atol=1e-9)


def test_there_and_back_in_float32():
    init, predict = latent(), predictor(dtype=torch.float32)
    schedule = ddim(ALPHAS, 50)
    path = invert(predict, init, schedule)
    back = decode(predict, path, schedule, rungs(np.ones((8, 8)), 50))
    np.testing.assert_allclose(back, init, atol=1e-4)


def test_inverting_what_the_model_explains_is_noising():
    init, noise = latent(dtype=torch.float64), latent(9, torch.float64)
    schedule = ddim(ALPHAS, 20, 0.5)
    path = invert(lambda x, t: noise, init, schedule)
    for x, alpha in zip(path, schedule.alphas):
        expected = noised(init, noise, vp(torch.tensor(alpha, dtype=torch.float64)))
        np.testing.assert_allclose(x, expected, atol=1e-12)


def test_refining_closes_the_round_trip():
    init, schedule = latent(dtype=torch.float64), ddim(ALPHAS, 50, 0.8)

    def predict(x, t):
        return torch.sin(x) * 0.8

    everything = rungs(np.ones((8, 8)), len(schedule))
    errors = []
    for refine in (0, 1, 3):
        path = invert(predict, init, schedule, refine)
        errors.append(float((decode(predict, path, schedule, everything) - init).norm()))
    assert errors[1] < errors[0] / 3 and errors[2] < errors[1] / 10


def test_kept_pixels_are_the_init_latent_bit_for_bit():
    mask = np.zeros((8, 8))
    mask[2:5, 3:6] = 1
    init, schedule = latent(), ddim(ALPHAS, 10, 0.8)
    path = invert(predictor(0, torch.float32), init, schedule)
    edited = decode(predictor(77, torch.float32), path, schedule, rungs(mask, 8))
    kept = torch.tensor(mask == 0)
    assert torch.equal(edited[..., kept], init[..., kept])
    assert (edited[..., ~kept] != init[..., ~kept]).all()


def test_decoding_is_diffedits_own():
    """y_t = M y_t + (1 - M) x_t at every level, as the paper writes it."""
    mask = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    mask[..., 2:6, 1:4] = True
    init, schedule = latent(dtype=torch.float64), ddim(ALPHAS, 12, 0.75)
    path = invert(lambda x, t: torch.sin(x), init, schedule)
    y = path[-1]
    for k in range(9, 0, -1):
        y = torch.where(mask, y, path[k])
        eps = torch.cos(y)
        y = ddim_step(y, eps, schedule.alphas[k], schedule.alphas[k - 1])
    y = torch.where(mask, y, init)
    found = decode(lambda x, t: torch.cos(x), path, schedule, rungs(mask[0, 0].numpy(), 9))
    assert torch.equal(found, y)


@given(st.lists(st.floats(0, 1), min_size=64, max_size=64))
def test_a_pixel_is_decoded_as_a_constant_map_of_its_strength(values):
    m = np.reshape(values, (8, 8))
    init, schedule = latent(dtype=torch.float64), ddim(ALPHAS, 6)

    def predict(x, t):  # of every pixel by itself
        return torch.cos(x * 1.1)

    path = invert(lambda x, t: torch.sin(x), init, schedule)
    rung = rungs(m, 6)
    found = decode(predict, path, schedule, rung)
    for n in rung.unique().tolist():
        alone = decode(predict, path, schedule, torch.full_like(rung, n))
        where = (rung == n)[0, 0]
        np.testing.assert_allclose(found[..., where], alone[..., where], atol=1e-9)


def test_rungs_follow_the_ladder():
    assert rungs(np.array([[0, 0.1, 0.25, 0.7, 0.99, 1.0]], np.float32), 10).tolist() == [
        [[[0, 1, 2, 7, 9, 10]]]
    ]
    assert rungs(np.ones((1, 1)), 0).tolist() == [[[[0]]]]


def test_levels_that_no_pixel_needs_are_not_run():
    calls = []

    def predict(x, t):
        calls.append(t)
        return torch.zeros_like(x)

    schedule = ddim(ALPHAS, 10)
    path = [latent()] * 11
    decode(predict, path, schedule, rungs(np.full((8, 8), 0.3), 10))
    assert calls == [schedule.timesteps[k] for k in (2, 1, 0)]
    assert decode(predict, path, schedule, rungs(np.zeros((8, 8)), 10)) is path[0]
    assert len(calls) == 3


def test_the_way_back_is_diffusers_ddim():
    schedulers = pytest.importorskip("diffusers.schedulers")
    theirs = schedulers.DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        timestep_spacing="trailing",
    )
    theirs.set_timesteps(25)  # divides 1000: else its steps do not end where the next begins
    schedule = ddim(theirs.alphas_cumprod, 25)
    assert schedule.timesteps[::-1] == tuple(theirs.timesteps.tolist())
    x = latent()
    ours = decode(lambda x, t: torch.sin(x), [x] * 26, schedule, torch.full((1, 1, 8, 8), 25))
    for t in theirs.timesteps:
        x = theirs.step(torch.sin(x), t, x).prev_sample
    np.testing.assert_allclose(ours, x, atol=2e-4)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: ddim(ALPHAS, 0), "steps"),
        (lambda: ddim(ALPHAS, 1001), "steps"),
        (lambda: ddim(ALPHAS, 10, 1.5), "diffedit_ratio"),
        (lambda: ddim(ALPHAS * 1e-6, 10, 1.0), "diffedit_ratio"),
    ],
)
def test_bad_input_names_its_field(call, field):
    with pytest.raises(FieldError) as caught:
        call()
    assert caught.value.field == field


def test_shapes_that_do_not_fit_are_a_programmers_error():
    with pytest.raises(ValueError, match="do not fit"):
        decode(torch.add, [latent()] * 3, ddim(ALPHAS, 4), torch.ones(1, 1, 8, 8))
    with pytest.raises(ValueError, match="do not fit"):
        decode(torch.add, [latent()] * 5, ddim(ALPHAS, 4), torch.full((1, 1, 8, 8), 5))
