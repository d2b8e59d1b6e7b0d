import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffdiff.errors import FieldError
from diffdiff.maps.diffedit import differences, draw, finish, noise_timestep, settle
from diffdiff.maps.geometry import to_latent
from diffdiff.sampling.noise_levels import flow, noised, ve, vp


def noise_map(predict, init, level, noises, batch=None, outliers="otsu", amount=None):
    """DiffEdit's map, continuous: `[h, w]` in 0..1."""
    return settle(differences(predict, init, level, noises, batch), outliers, amount)


BETAS = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64).square()
ALPHAS = (1 - BETAS).cumprod(0)  # Stable Diffusion's
HALF = vp(ALPHAS[noise_timestep(0.5)])
boxes = st.tuples(*[st.integers(0, 7)] * 2, *[st.integers(1, 8)] * 2)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def latent(seed=1, dtype=torch.float32):
    return torch.randn(1, 4, 8, 8, generator=generator(seed), dtype=dtype)


NOISES = draw(latent(), 10, generator())


def boxed(box, amount=1.0):
    """A model whose two predictions differ inside a box (left, top, width, height) only."""
    left, top, width, height = box
    where = torch.zeros(8, 8)
    where[top : top + height, left : left + width] = amount

    def predict(x):
        return x.tanh() + where, x.tanh()

    return predict, (where != 0).float()


def prompted(x):
    """A model that is not linear: its difference depends on the noise."""
    return torch.sin(x * 1.3) + x.roll(1, -1) * 0.1, torch.sin(x) + x.roll(1, -1) * 0.1


@given(boxes, st.sampled_from(["percentile", "none"]))
def test_a_difference_inside_a_box_is_a_map_of_the_box(box, outliers):
    predict, expected = boxed(box)
    found = noise_map(predict, latent(), HALF, NOISES, outliers=outliers)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_difference_is_averaged_over_channels_and_noises():
    def predict(x):
        return x, torch.zeros_like(x)

    x = noised(latent(), NOISES, HALF)
    stack = differences(predict, latent(), HALF, NOISES)
    np.testing.assert_allclose(stack, x.abs().mean(1), atol=1e-6)
    mean = x.abs().mean((0, 1))
    expected = (mean - mean.min()) / (mean.max() - mean.min())
    np.testing.assert_allclose(settle(stack, "none"), expected, atol=1e-6)


@given(st.integers(1, 12), st.integers(1, 12))
def test_any_batch_gives_the_same_map(batch, n):
    noises = draw(latent(), n, generator(n))
    whole = noise_map(prompted, latent(), HALF, noises)
    np.testing.assert_allclose(
        noise_map(prompted, latent(), HALF, noises, batch=batch), whole, atol=1e-5
    )
    assert whole.min() == 0 and whole.max() == 1 and whole.dtype == torch.float32


def test_batches_are_no_larger_than_asked_and_progress_counts_them():
    sizes, seen = [], []

    def predict(x):
        sizes.append(len(x))
        return prompted(x)

    differences(predict, latent(), HALF, NOISES, 4, lambda done, of: seen.append((done, of)))
    assert sizes == [4, 4, 2]
    assert seen == [(8, 20), (16, 20), (20, 20)]


def test_progress_may_stop_it():
    def stop(done, of):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        differences(prompted, latent(), HALF, NOISES, 1, stop)


def test_one_seed_one_map():
    maps = [
        noise_map(prompted, latent(), HALF, draw(latent(), 10, generator(s))) for s in (3, 3, 4)
    ]
    assert torch.equal(maps[0], maps[1]) and not torch.equal(maps[0], maps[2])


def test_more_noises_say_the_same_more_steadily():
    def spread(n):
        found = [
            noise_map(prompted, latent(), HALF, draw(latent(), n, generator(s))) for s in range(8)
        ]
        return torch.stack(found).std(0).mean()

    assert spread(40) < spread(2)


@pytest.mark.parametrize("level", [HALF, flow(0.5), ve(2.0)])
def test_what_the_model_predicts_does_not_matter(level):
    def as_x0(x):
        signal = 1.0 if level.signal is None else level.signal
        return tuple((x - level.noise * answer) / signal for answer in prompted(x))

    by_noise = noise_map(prompted, latent(), level, NOISES)
    np.testing.assert_allclose(noise_map(as_x0, latent(), level, NOISES), by_noise, atol=1e-4)


def test_half_precision_models_give_float32_maps():
    predict, expected = boxed((2, 2, 3, 3))
    init = latent().half()
    found = noise_map(predict, init, vp(ALPHAS[500].half()), NOISES.half())
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_a_spike_of_one_noise_is_removed():
    stack = torch.rand(10, 16, 16, generator=generator())
    stack[3, 5, 5] = 1000.0
    clean = stack.clone()
    clean[3, 5, 5] = 0.5
    np.testing.assert_allclose(settle(stack), settle(clean), atol=0.12)
    assert settle(stack, "none").median() < 0.02  # what it would do otherwise


def test_what_is_rarer_than_outliers_stays_when_there_is_nothing_else():
    stack = torch.zeros(2, 40, 40)
    stack[:, 7, 9] = 0.3
    assert torch.equal(settle(stack), (stack[0] > 0).float())


def test_the_ratio_is_diffusers_clamp():
    stack = differences(prompted, latent(), HALF, NOISES)
    mean = stack.mean(0)
    expected = mean.clamp(0, mean.mean() * 3) / (mean.mean() * 3)
    np.testing.assert_allclose(settle(stack, "ratio"), expected, atol=1e-6)
    assert settle(torch.zeros(2, 3, 3), "ratio").max() == 0


@given(st.integers(0, 99), st.floats(51, 100), st.sampled_from(["percentile", "ratio", "none"]))
def test_maps_stay_in_bounds(seed, amount, outliers):
    stack = torch.randn(3, 5, 6, generator=generator(seed)).abs()
    m = settle(stack, outliers, amount)
    assert m.min() >= 0 and m.max() <= 1 and m.shape == (5, 6)


def test_a_difference_everywhere_alike_is_all_change():
    assert torch.equal(settle(torch.full((2, 4, 4), 0.2)), torch.ones(4, 4))


def test_a_cut_map_is_whole_cells():
    m = torch.tensor([[0.2, 0.5], [0.51, 1.0]])
    change = finish(m, 16, 16, cut=0.5)
    np.testing.assert_array_equal(change, np.kron([[0, 0], [1, 1]], np.ones((8, 8))))
    np.testing.assert_array_equal(to_latent(finish(m, 100, 90, cut=0.5), 2, 2), [[0, 0], [1, 1]])


def test_a_continuous_map_stays_continuous():
    m = torch.rand(8, 8, generator=generator())
    change = finish(m, 64, 64)
    assert change.shape == (64, 64) and change.dtype == np.float32
    assert len(np.unique(change)) > 1000
    assert finish(m, 8, 8).tolist() == m.tolist()


def test_growing_is_by_a_disc():
    m = np.zeros((7, 7), np.float32)
    m[3, 3] = 1
    grown = finish(m, 7, 7, grow=2.3)
    y, x = np.mgrid[-3:4, -3:4]
    np.testing.assert_array_equal(grown, (x**2 + y**2 <= 2.3**2))
    np.testing.assert_array_equal(finish(m, 56, 56, 0.5, grow=7.9), finish(m, 56, 56, 0.5))


@given(st.floats(0, 4), st.floats(0, 4))
def test_growing_more_is_nowhere_less(a, b):
    m = torch.rand(9, 9, generator=generator(5)).numpy()
    small, large = (finish(m, 9, 9, grow=g) for g in sorted((a, b)))
    assert (m <= small).all() and (small <= large).all()


def test_softening_is_softens():
    m = np.zeros((8, 8), np.float32)
    m[2:5, 2:5] = 1
    soft = finish(m, 64, 64, 0.5, radius=6, direction="outward")
    assert (soft[16:40, 16:40] == 1).all() and 0 < soft[14, 20] < 1


def same(x):
    return x, x


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: noise_map(same, latent(), HALF, NOISES), "query"),
        (lambda: noise_map(boxed((1, 1, 2, 2), 1e-9)[0], latent(), HALF, NOISES), "query"),
        (lambda: noise_map(boxed((1, 1, 2, 2), np.inf)[0], latent(), HALF, NOISES), "model"),
        (lambda: differences(same, latent(), HALF, NOISES, batch=0), "diffedit_batch"),
        (lambda: draw(latent(), 0, generator()), "diffedit_noises"),
        (lambda: draw(latent(), 1000, generator()), "diffedit_noises"),
        (lambda: noise_timestep(0), "diffedit_level"),
        (lambda: noise_timestep(1.1), "diffedit_level"),
        (lambda: noise_timestep(float("nan")), "diffedit_level"),
        (lambda: settle(torch.rand(2, 2, 2), "median"), "diffedit_outliers"),
        (lambda: settle(torch.rand(2, 2, 2), "percentile", 101), "diffedit_amount"),
        (lambda: settle(torch.rand(2, 2, 2), "percentile", 50), "diffedit_amount"),
        (lambda: settle(torch.rand(2, 2, 2), "otsu", 20), "diffedit_amount"),
        (lambda: settle(torch.rand(2, 2, 2), "ratio", 0), "diffedit_amount"),
        (lambda: finish(np.ones((2, 2)), 4, 4, cut=1.0), "diffedit_cut"),
        (lambda: finish(np.ones((2, 2)), 4, 4, grow=-1), "diffedit_grow"),
        (lambda: finish(np.ones((2, 2)), 4, 4, radius=-1), "soften_radius"),
    ],
)
def test_bad_input_names_its_field(call, field):
    with pytest.raises(FieldError) as caught:
        call()
    assert caught.value.field == field


def test_shapes_that_do_not_fit_are_a_programmers_error():
    with pytest.raises(ValueError, match="one init latent"):
        differences(same, torch.zeros(2, 4, 8, 8), HALF, NOISES)


def test_noise_levels_are_parts_of_the_schedule():
    assert [noise_timestep(v) for v in (0.5, 0.001, 1.0)] == [500, 1, 999]
    assert noise_timestep(0.3, 50) == 15


@given(st.integers(0, 99), st.floats(0.03, 0.6), st.floats(1.5, 50))
def test_otsu_puts_the_cut_between_two_groups_of_any_size(seed, part, times):
    """Which one percentile cannot do: it would cut a large region, or take in what is beside."""
    spread = 1 + 0.1 * torch.rand(4, 16, 16, generator=generator(seed))
    region = torch.zeros(256)
    region[: max(round(part * 256), 1)] = 1
    region = region.view(16, 16).bool()
    m = settle(torch.where(region, spread * times, spread))
    assert torch.equal(m > 0.5, region)
    assert m.min() == 0 and m.max() == 1


@given(st.integers(0, 99), st.floats(1e-6, 1e6))
def test_otsu_keeps_the_order_and_does_not_see_the_scale(seed, scale):
    stack = torch.randn(3, 5, 6, generator=generator(seed)).abs()
    m, mean = settle(stack, "otsu", 100).flatten(), stack.mean(0).flatten()
    assert (m[mean.argsort()].diff() >= -1e-6).all()
    np.testing.assert_allclose(settle(stack * scale, "otsu", 100).flatten(), m, atol=1e-4)


def test_otsu_splits_where_the_groups_are_tightest():
    mean = torch.tensor([[0.0, 0.01, 0.04], [1.0, 1.21, 4.0]])[None]
    m = settle(mean, "otsu", 100)
    middle = ((0.2 + 1.0) / 2) ** 2  # between the square roots of 0.04 and 1
    np.testing.assert_allclose(
        m, [[0, 0.005 / middle, 0.02 / middle], [1, 1, 1]], atol=1e-6
    )  # 1 is above twice the middle
    assert settle(torch.tensor([[[0.5, 0.5000001]]]), "otsu", 100).tolist() == [[0, 1]]
