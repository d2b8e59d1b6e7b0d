"""The probe and the replay on functions that try to fool them."""

import functools
import gc
import math
import threading
import weakref

import pytest
import torch

from diffdiff.sampling import probe
from diffdiff.sampling.calls import SamplerCall
from diffdiff.sampling.noise_levels import flow, noised, sigma_schedule
from diffdiff.sampling.probe import habits_of
from tests.samplers.tricky import (
    MODEL,
    SCHEDULE,
    SIGMAS,
    STARTS,
    STEPS,
    ask,
    edited,
    euler,
    habits,
    latents,
    plain,
    steps,
    worst,
)


@pytest.fixture(autouse=True)
def fresh():
    probe.forget()


def late(model, x, sigmas):
    """Remembers from its step 5 on, so a later start forgets for longer than the run."""
    old = None
    for i, s, s_next in steps(sigmas):
        answer = ask(model, x, s)
        guess = 1.5 * answer - 0.5 * old if i >= 5 else answer
        x, old = x + (x - guess) / s * (s_next - s), answer
    return x


def threefold(model, x, sigmas):
    """Remembers answers, an average and how many steps it has made."""
    old, mean = None, torch.zeros_like(x)
    for i, s, s_next in steps(sigmas):
        answer = ask(model, x, s)
        mean = 0.5 * mean + 0.5 * answer
        guess = answer + 0.1 * (answer - mean) / (1 + i)
        guess = guess if old is None else guess + 0.2 * (answer - old)
        x, old = x + (x - guess) / s * (s_next - s), answer
    return x


def careless(model, x, sigmas):
    """Asks at its third step and does not listen."""
    old = None
    for i, s, s_next in steps(sigmas):
        answer = ask(model, x, s)
        answer = old if i == 2 else answer
        x, old = x + (x - answer) / s * (s_next - s), answer
    return x


def copying(model, x, sigmas):
    """Hands over a copy: what is written into it never reaches the sampler."""
    x, old = x / (1 + sigmas[0] ** 2) ** 0.5, None
    for _, s, s_next in steps(sigmas):
        size, size_next = (1 + s**2) ** 0.5, (1 + s_next**2) ** 0.5
        answer = ask(model, x * size, s)
        guess = answer if old is None else 1.5 * answer - 0.5 * old
        x, old = (x * size + (x * size - guess) / s * (s_next - s)) / size_next, answer
    return x


@pytest.mark.parametrize(
    ("function", "memory"),
    [(euler, 0), (late, math.inf), (threefold, math.inf), (careless, 3), (copying, math.inf)],
)
def test_what_a_sampler_remembers_is_found_and_replayed(function, memory):
    found = habits(function)
    assert (found.memory, found.by_level, found.why) == (memory, False, "")
    assert worst(function) == 0


def backwards(model, x, sigmas):
    """Asks at -x in the first half of its steps, and with a later start for longer."""
    for i, s, s_next in steps(sigmas):
        d = (x - ask(model, x, s)) / s
        if i <= len(sigmas) / 2:
            d = (d - (-x - ask(model, -x, s)) / s) / 2
        x = x + d * (s_next - s)
    return x


def test_a_question_at_minus_x_is_held_the_other_way_round():
    seen = []

    def model(x, sigma, **kwargs):
        seen.append((x[..., -1].clone(), float(sigma[0])))
        return MODEL(x, sigma)

    found = habits(backwards)
    assert found.mirrored
    init, noise = latents()
    out, _ = edited(backwards, model=model, found=found)
    assert torch.equal(out[..., -1], init[..., -1])
    for call, (x, sigma) in enumerate(seen):
        side = -1 if call in found.mirrored else 1
        path = noised(init, noise, SCHEDULE.at(torch.tensor([sigma])))[..., -1]
        torch.testing.assert_close(x, side * path)


def quartering(model, x, sigmas):
    for i, s, s_next in steps(sigmas):
        x = x + (x - ask(model, x, s)) / s * (s_next - s)
        if i in (2, 3):
            part = x[..., ::2, ::2]
            x = x.clone()
            x[..., ::2, ::2] = part + 0.01 * (ask(model, part, s_next) - part)
    return x


def test_a_question_at_another_size_is_held_at_that_size():
    sizes = []

    def model(x, sigma, **kwargs):
        sizes.append(tuple(x.shape[-2:]))
        return MODEL(x, sigma)

    out, hold = edited(quartering, model=model)
    assert (2, 4) in sizes and (4, 7) in sizes
    assert torch.equal(out[..., -1], latents()[0][..., -1])
    assert hold.own_step == STEPS - 1  # the quarters are not taken for steps


def heard(model, x, sigmas, extra_args=None):
    """Keeps what it hears through an option of the model call (CFG++), as Forge Neo's do."""
    aside, old = None, None

    def hear(args):
        nonlocal aside
        aside = args["uncond_denoised"]
        return args["denoised"]

    before = (extra_args or {}).get("model_options", {})
    functions = [*before.get("sampler_post_cfg_function", []), hear]
    options = {**before, "sampler_post_cfg_function": functions}
    for _, s, s_next in steps(sigmas):
        answer = model(x, s * x.new_ones(len(x)), model_options=options)
        guess = aside if old is None else 1.5 * aside - 0.5 * old
        x, old = answer + (x - guess) / s * s_next, aside
    return x


def test_memory_that_is_heard_through_a_model_option_is_held_and_replayed():
    others = []
    extra = {"model_options": {"sampler_post_cfg_function": [others.append]}}
    assert habits(heard, extra_args=extra).memory == 1
    assert not others
    assert worst(heard, extra_args=extra) == 0
    calls = len(others)
    plain(heard, 0, extra_args=extra)
    # another extension's function hears the model's calls, not the replays
    assert len(others) - calls == STEPS


def test_a_partial_is_seen_through_and_its_arguments_tell_functions_apart():
    def stretched(model, x, sigmas, power=1.0, order=1):
        old = None
        for _, s, s_next in steps(sigmas):
            answer = ask(model, x, s)
            guess = answer if order == 1 or old is None else 1.5 * answer - 0.5 * old
            x, old = x + (x - guess) / s * (s_next - s) * power, answer
        return x

    assert habits(functools.partial(stretched, power=1.0)).memory == 0
    assert habits(functools.partial(stretched, order=2)).memory == 1
    assert habits(stretched, order=2).memory == 1
    assert worst(functools.partial(stretched, order=2)) == 0


def moving(model, x, sigmas):
    """Moves its first sigma, as ER SDE does where flow time begins at 1."""
    sigmas = sigmas.clone()
    if sigmas[0] >= 1:
        sigmas[0] = 1 - 1e-4
    old = None
    for _, s, s_next in steps(sigmas):
        answer = ask(model, x, s)
        guess = answer if old is None else 1.5 * answer - 0.5 * old
        x, old = x + (x - guess) / s * (s_next - s), answer
    return x


def test_a_first_sigma_that_is_moved_on_a_flow_model():
    sigmas = torch.cat([torch.linspace(1.0, 0.05, STEPS), torch.zeros(1)])
    schedule = sigma_schedule(sigmas, flow)
    init, _ = latents()
    call = SamplerCall(moving, sigmas=sigmas)
    found = habits_of(call, MODEL, schedule, 0, init)
    assert (found.memory, found.exact, found.by_level) == (1, True, False)
    out, _ = edited(moving, schedule=schedule, sigmas=sigmas)
    for i, k in enumerate(STARTS[:-1]):
        alone = plain(moving, k, schedule=schedule, sigmas=sigmas)
        assert torch.equal(out[..., i], alone[..., i])


def test_the_probe_is_asked_once_for_a_function_and_a_schedule(monkeypatch):
    habits(threefold)
    monkeypatch.setattr(probe.Probe, "habits", lambda self: pytest.fail("probed again"))
    habits(threefold)
    with pytest.raises(pytest.fail.Exception):
        habits(late)
    call = SamplerCall(threefold, sigmas=SIGMAS)
    with pytest.raises(pytest.fail.Exception):  # a host's function may look at its settings
        habits_of(call, MODEL, SCHEDULE, 0, latents()[0], settings="others")


@pytest.mark.parametrize("broken", [False, True])
def test_nothing_is_left_alive(broken):
    """After a job, or one that was interrupted, no thread and no tensor of it is there."""
    threads, kept = threading.active_count(), []

    class Stop(BaseException):
        pass

    def model(x, sigma, **kwargs):
        if broken and float(sigma[0]) < 0.2:
            raise Stop
        answer = MODEL(x, sigma)
        kept.append(weakref.ref(answer))
        return answer

    gc.disable()
    try:
        if broken:
            with pytest.raises(Stop):
                edited(threefold, model=model)
        else:
            edited(threefold, model=model)
        assert threading.active_count() == threads
        assert not [ref for ref in kept if ref() is not None]
    finally:
        gc.enable()
