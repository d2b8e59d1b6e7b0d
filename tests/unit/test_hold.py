import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.results.hotpath import Count
from diffdiff.sampling.calls import Habits
from diffdiff.sampling.hold import Hold
from diffdiff.sampling.noise_levels import (
    flow,
    held_answer,
    noised,
    sigma_schedule,
    timestep_schedule,
    ve,
    vp,
)
from diffdiff.sampling.start_steps import NEVER

SIGMAS = torch.tensor([8.0, 4.0, 2.0, 1.0, 0.0])
ONCE = Habits(by_level=False, exact=True)  # one model call a step, at the schedule's levels
TWICE = Habits(opens=tuple(range(0, 40, 2)), by_level=False, exact=True)
UNKNOWN = Habits()


def latents(seed=0, batch=1, dtype=torch.float32):
    g = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, 4, 2, 2, generator=g).to(dtype) for _ in range(2)]


def euler(hold, model, x, sigmas):
    for s, s_next in zip(sigmas[:-1], sigmas[1:]):
        answer = hold.denoise(model, x, s * x.new_ones(len(x)))
        x = x + (x - answer) / s * (s_next - s)
    return hold.finish(x)


def hold_of(start, init, noise, habits=ONCE, first=0, **kw):
    start = torch.tensor(start, dtype=torch.int16).reshape(-1, 1, 2, 2)
    return Hold(init, noise, start, sigma_schedule(SIGMAS), first, habits, **kw)


def test_never_released_is_the_init_latent_bit_for_bit():
    init, noise = latents()
    hold = hold_of([NEVER] * 4, init, noise)
    out = euler(hold, lambda x, s: x.sin(), init + noise * 8.0, SIGMAS)
    assert torch.equal(out, init)


def test_released_from_the_start_is_untouched():
    init, noise = latents()
    hold = hold_of([0] * 4, init, noise)
    model = lambda x, s: x.sin()  # noqa: E731
    plain = init + noise * 8.0
    for s, s_next in zip(SIGMAS[:-1], SIGMAS[1:]):
        plain = plain + (plain - model(plain, s)) / s * (s_next - s)
    assert torch.equal(euler(hold, model, init + noise * 8.0, SIGMAS), plain)


def test_a_step_that_holds_nothing_returns_the_models_own_tensor():
    init, noise = latents()
    hold = hold_of([0, 0, 1, 1], init, noise)
    answers = []

    def model(x, s):
        answers.append(x.sin())
        return answers[-1]

    first = hold.denoise(model, init + noise * 8.0, torch.tensor([8.0]))
    second = hold.denoise(model, init + noise * 4.0, torch.tensor([4.0]))
    assert first is not answers[0]
    assert second is answers[1]


def test_the_model_sees_held_pixels_on_the_noised_original():
    init, noise = latents()
    hold = hold_of([NEVER, 0, 3, NEVER], init, noise)
    seen = []
    euler(hold, lambda x, s: seen.append(x.clone()) or x.sin(), init + noise * 8.0, SIGMAS)
    for x, sigma in zip(seen, SIGMAS):
        path = init + noise * sigma
        assert torch.equal(x[..., 0, 0], path[..., 0, 0])
        assert torch.equal(x[..., 1, 1], path[..., 1, 1])


def test_pictures_of_a_batch_do_not_touch_each_other():
    init, noise = latents(batch=2)
    model = lambda x, s: (x * 1.3).sin()  # noqa: E731
    maps = [[0, 1, 2, NEVER], [3, 0, NEVER, 1]]
    both = hold_of(maps, init, noise)
    together = euler(both, model, init + noise * 8.0, SIGMAS)
    for i in range(2):
        alone = hold_of(maps[i], init[i : i + 1], noise[i : i + 1])
        x = init[i : i + 1] + noise[i : i + 1] * 8.0
        assert torch.equal(together[i : i + 1], euler(alone, model, x, SIGMAS))


def test_one_map_serves_every_picture_of_a_batch():
    init, noise = latents(batch=3)
    out = euler(hold_of([NEVER] * 4, init, noise), lambda x, s: x.sin(), init + noise * 8, SIGMAS)
    assert torch.equal(out, init)


def test_a_wrong_map_shape_is_refused():
    init, noise = latents()
    with pytest.raises(ValueError, match=r"\[B or 1, 1, 2, 2\]"):
        Hold(init, noise, torch.zeros(1, 1, 3, 3), sigma_schedule(SIGMAS), 0, UNKNOWN)


def test_second_calls_of_a_step_do_not_release():
    """Heun's second call lies on the next step's sigma; the decision is the step's."""
    init, noise = latents()
    hold = hold_of([1] * 4, init, noise, TWICE)
    model = lambda x, s: torch.full_like(x, 9.0)  # noqa: E731
    x = init + noise * 8.0
    assert torch.equal(hold.denoise(model, x, torch.tensor([8.0])), init)
    assert torch.equal(hold.denoise(model, x, torch.tensor([4.0])), init)
    assert (hold.denoise(model, x, torch.tensor([4.0])) == 9.0).all()


def test_going_back_up_holds_again_and_anchors_again():
    init, noise = latents()
    hold = hold_of([0, 2, 2, 3], init, noise, UNKNOWN)
    model = lambda x, s: torch.full_like(x, 9.0)  # noqa: E731
    for sigma, free in [(8.0, 1), (4.0, 1), (2.0, 3), (4.0, 1), (2.0, 3), (1.0, 4)]:
        x = torch.full_like(init, 5.0)
        answer = hold.denoise(model, x, torch.tensor([sigma]))
        assert int((answer[0, 0] == 9.0).sum()) == free
        anchored = torch.equal(x[..., 0, 1], (init + noise * sigma)[..., 0, 1])
        assert anchored == (sigma != 1.0)  # held, or released at this very call


def test_weight_lets_a_pixel_obey_part_of_its_first_answer():
    init, noise = latents()
    weight = torch.tensor([0.25, 1.0, 0.5, 1.0]).reshape(1, 1, 2, 2)
    hold = hold_of([0, 0, 1, 1], init, noise, weight=weight)
    model = lambda x, s: torch.ones_like(x)  # noqa: E731
    first = hold.denoise(model, init + noise * 8.0, torch.tensor([8.0]))
    torch.testing.assert_close(first[..., 0, 0], init[..., 0, 0] * 0.75 + 0.25)
    assert (first[..., 0, 1] == 1).all()
    assert torch.equal(first[..., 1, :], init[..., 1, :])
    second = hold.denoise(model, init + noise * 4.0, torch.tensor([4.0]))
    torch.testing.assert_close(second[..., 1, 0], init[..., 1, 0] * 0.5 + 0.5)
    assert (second[..., 1, 1] == 1).all() and (second[..., 0, :] == 1).all()


def test_an_interrupted_run_shows_the_held_picture():
    init, noise = latents()
    hold = hold_of([0, NEVER, 2, 2], init, noise)
    hold.denoise(lambda x, s: x, init + noise * 8.0, torch.tensor([8.0]))
    shown = hold.picture(torch.full_like(init, 9.0))
    assert (shown[..., 0, 0] == 9).all()
    assert torch.equal(shown[..., 1, :], init[..., 1, :])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_latents_keep_their_dtype(dtype):
    init, noise = latents(dtype=dtype)
    hold = hold_of([0, NEVER, 2, 3], init, noise)
    model = lambda x, s: (x * 0.5).sin()  # noqa: E731
    x = init + noise * 8.0
    for s, s_next in zip(SIGMAS[:-1], SIGMAS[1:]):
        answer = hold.denoise(model, x, s * x.new_ones(1))
        assert answer.dtype == dtype
        x = x + (x - answer) / s.to(dtype) * (s_next - s).to(dtype)
    out = hold.finish(x)
    assert out.dtype == dtype
    assert torch.equal(out[..., 0, 1], init[..., 0, 1])


@given(st.floats(0.01, 0.99))
def test_held_answers_have_the_init_as_x0(at):
    init, noise = latents(1, dtype=torch.float64)
    at = torch.tensor(at, dtype=torch.float64)
    for level in (ve(at), vp(at), flow(at)):
        x = noised(init, noise, level)
        eps = held_answer("eps", x, init, level)
        signal = 1 if level.signal is None else level.signal
        torch.testing.assert_close((x - level.noise * eps) / signal, init)
        torch.testing.assert_close(eps, noise)
    velocity = held_answer("flow", noised(init, noise, flow(at)), init, flow(at))
    torch.testing.assert_close(velocity, noise - init)


def test_flow_matching_euler_keeps_held_pixels_exactly():
    init, noise = latents(2)
    times = torch.tensor([1.0, 0.7, 0.4, 0.0])
    start = torch.tensor([0, NEVER, 1, 2], dtype=torch.int16).reshape(1, 1, 2, 2)
    hold = Hold(init, noise, start, sigma_schedule(times, flow), 0, ONCE)
    seen, x = [], noise
    for t, t_next in zip(times[:-1], times[1:]):
        answer = hold.denoise(lambda x, s: seen.append(x.clone()) or x.cos(), x, t.view(1))
        x = x + (x - answer) / t * (t_next - t)
    assert torch.equal(hold.finish(x)[..., 0, 1], init[..., 0, 1])
    for x, t in zip(seen, times):
        assert torch.equal(x[..., 0, 1], ((1 - t) * init + t * noise)[..., 0, 1])


def test_timestep_schedule_is_the_hosts():
    alphas = torch.linspace(0.999, 0.01, 1000)
    timesteps = torch.arange(0, 1000, 50) + 1
    schedule = timestep_schedule(timesteps, alphas, 20)
    assert len(schedule) == 18  # 20 steps at strength 1 call the model at 18 levels
    assert schedule.coordinates == [float(t) for t in timesteps[:19].flip(0)]
    torch.testing.assert_close(schedule.starts[0].noise, (1 - alphas[951]).sqrt())
    torch.testing.assert_close(schedule.levels[0].noise, (1 - alphas[901]).sqrt())
    at = schedule.at(torch.tensor([901.0]))
    torch.testing.assert_close(at.noise.view(()), schedule.levels[0].noise)


@pytest.mark.parametrize(
    ("first", "steps"), [(0, [0, 0, 1, 1, 3, 3, 3]), (2, [2, 2, 2, 2, 3, 3, 3])]
)
def test_a_step_is_found_by_its_level_on_the_device(first, steps):
    find = sigma_schedule(SIGMAS).finder(first, SIGMAS.device)
    for dtype in (torch.float32, torch.float16):
        asked = [torch.tensor([s, s], dtype=dtype) for s in (99, 8, 4.003, 3, 1, 0.5, 0)]
        with Count() as count:
            found = [find(sigma) for sigma in asked]
        assert count.reads == 0
        assert [int(step) for step in found] == steps


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("on_schedule", [False, True])
def test_nothing_is_read_back_in_a_run_and_what_the_sampler_gets_is_its_own(on_schedule, weighted):
    """Up again and down, as Restart goes, with two calls a step; a sampler may keep its answers."""
    init, noise = latents()
    weight = torch.tensor([1.0, 0.25, 0.5, 1.0]).reshape(1, 1, 2, 2) if weighted else None
    habits = TWICE if on_schedule else Habits(opens=TWICE.opens)
    for predicts in ("x0", "eps", "v"):
        hold = hold_of(
            [0, 1, 2, NEVER],
            init,
            noise,
            habits,
            predicts=predicts,
            weight=weight,
            extra_noise=noise,
        )
        got, places = [], set()
        for sigma in (8.0, 4.0, 2.0, 1.0) if on_schedule else (8.0, 4.0, 2.0, 4.0, 2.0, 1.0):
            for at in (sigma, sigma / 2):
                x, at = init + noise * at, torch.tensor([at])
                with Count() as count:
                    answer = hold.denoise(lambda x, s: x.sin(), x, at)
                assert count.reads == 0
                got.append((answer, answer.clone(), x, x.clone()))
                places |= {answer.data_ptr(), x.data_ptr()}
        assert len(places | {init.data_ptr(), noise.data_ptr()}) == 2 * len(got) + 2
        for answer, answer_then, x, x_then in got:
            assert torch.equal(answer, answer_then) and torch.equal(x, x_then)


def answered(kind, x, init, level):
    """The formulas of `held_answer`, written out."""
    signal = 1 if level.signal is None else level.signal
    if kind == "v" and level.signal is None:
        spread = (1 + level.noise**2) ** 0.5
        return (x / spread - init * spread) / level.noise
    if kind == "v":
        return (x * signal - init) / level.noise
    return (x - (init * signal if kind == "eps" else init)) / level.noise


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_memory_is_used_again_without_a_bit_changed(dtype):
    """Intermediate results share one tensor, arguments are never written, and types and batches
    that do not fit are left to have their own."""
    init, noise = latents(batch=2, dtype=dtype)
    other, at = init.cos(), torch.tensor([0.3, 0.7]).view(-1, 1, 1, 1)
    one = at[0, 0, 0, 0]
    given = [t.clone() for t in (init, noise, other)]
    for level in (ve(at), vp(at), flow(at), ve(one), vp(one), flow(one), ve(2.0)):
        for of in (init, init[:1], init.float()):
            x, signal = noised(of, noise, level), 1 if level.signal is None else level.signal
            plain = of * signal + noise * level.noise
            assert torch.equal(x, plain) and x.dtype == plain.dtype
            x = noised(noise, of, level)
            assert torch.equal(x, noise * signal + of * level.noise)
            for kind in ("eps", "v", "flow"):
                for seen, kept in ((other, of), (of, other)):
                    answer = held_answer(kind, seen, kept, level)
                    plain = answered(kind, seen, kept, level)
                    assert torch.equal(answer, plain) and answer.dtype == plain.dtype
    assert all(torch.equal(a, b) for a, b in zip((init, noise, other), given))


def test_a_timestep_schedule_reads_its_timesteps_at_once():
    with Count() as count:
        timestep_schedule(torch.arange(0, 1000, 50) + 1, torch.linspace(0.999, 0.01, 1000), 20)
    assert count.reads == 0
