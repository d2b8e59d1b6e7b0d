"""The short forms of the hosts' samplers solve the equations that they say they solve."""

from functools import partial

import pytest
import torch

from benchmarks import reference_exponential, reference_hosts
from benchmarks.bench import Denoiser, error, replayed
from benchmarks.reference import k_diffusion_sampling

NOISY = [
    "er_sde",
    "res_multistep_ancestral",
    "sa_solver",
    "sa_solver_pece",
    "seeds_2",
    "seeds_3",
    "ddpm",
    "kohaku_like",
    "euler_ancestral_rf",
    "dpmpp_2s_ancestral_rf",
]
PLAIN = [
    "res_multistep",
    "gradient_estimation",
    "euler_cfg_pp",
    "dpmpp_2m_cfg_pp",
    "unipc",
    "quarter",
]
EVERY = [*NOISY, *PLAIN]
NO_TAU, ALL_TAU = {"tau_range": (0, 0)}, {"tau_range": (0, 100)}
SOLVERS = [  # and the order at which they converge
    ("euler_cfg_pp", {}, 1),
    ("gradient_estimation", {}, 1),
    ("quarter", {}, 1),
    ("res_multistep", {}, 2),
    ("dpmpp_2m_cfg_pp", {}, 2),
    ("unipc", {"variant": "bh1"}, 3),
    ("unipc", {"variant": "bh2"}, 3),
    ("sa_solver", NO_TAU, 3),
    ("sa_solver_pece", NO_TAU, 3),
]
DENOISER = Denoiser(local=True)


def told(answer, model_options):
    """The answer, once the listeners have heard that it is the same without the prompt."""
    for function in (model_options or {}).get("sampler_post_cfg_function", ()):
        function({"denoised": answer, "uncond_denoised": answer})
    return answer


def model(x, sigma, model_options=None):
    return told(DENOISER(x, sigma), model_options)


def perfect(x, sigma, model_options=None):
    return told(torch.full_like(x, 0.7), model_options)


def latents(*size, seed=3):
    return torch.randn(1, 4, *size, generator=torch.Generator().manual_seed(seed))


X = latents(6, 6)


def sampler(name):
    known = (reference_hosts, reference_exponential)
    return next(getattr(m, f"sample_{name}") for m in known if hasattr(m, f"sample_{name}"))


def schedule(name, steps):
    if name.endswith("_rf"):
        return torch.linspace(1, 0, steps + 1)
    return k_diffusion_sampling().get_sigmas_karras(steps, 0.0292, 14.6146)


def run(name, steps, model=model, x=X, noise=replayed, **options):
    sigmas = schedule(name, steps)
    x = x * (1 if name.endswith("_rf") else (1 + sigmas[0] ** 2) ** 0.5)
    if name in NOISY:
        options["noise_sampler"] = partial(noise, like=x)
    return sampler(name)(model, x, sigmas, **options)


def silence(sigma, sigma_next, like):
    return torch.zeros_like(like)


@pytest.mark.parametrize("name", EVERY)
def test_a_perfect_denoiser_ends_at_x0(name):
    for steps in (1, 2, 4, 7, 20, 33):
        assert (run(name, steps, perfect) - 0.7).abs().max() < 1e-5


@pytest.mark.parametrize("name", EVERY)
def test_finite_in_its_dtype_and_the_start_is_left_alone(name):
    kinds = [(steps, torch.float32) for steps in (4, 7, 20, 33)]
    for steps, dtype in [*kinds, (7, torch.float16)]:
        out = run(name, steps, DENOISER, X.to(dtype))
        assert out.isfinite().all() and out.shape == X.shape and out.dtype == dtype
    x, sigmas, kept = X.clone(), schedule(name, 4), X.clone()
    sampler(name)(model, x, sigmas)
    assert torch.equal(x, kept)


@pytest.fixture(scope="module")
def solution():
    """Of the flow's equation: Runge and Kutta's, in double precision."""
    exact = Denoiser(local=True)
    exact.mix = exact.mix.double()

    def slope(x, s):
        return (x - exact(x, s.view(1))) / s

    sigmas = schedule("", 200).double()
    x = X.double() * (1 + sigmas[0] ** 2) ** 0.5
    for s, end in zip(sigmas[:-2], sigmas[1:]):
        h, middle = end - s, (s + end) / 2
        a = slope(x, s)
        b = slope(x + a * h / 2, middle)
        c = slope(x + b * h / 2, middle)
        x = x + h * (a + 2 * b + 2 * c + slope(x + c * h, end)) / 6
    return exact(x, sigmas[-2:-1]).float()


@pytest.mark.parametrize(("name", "options", "order"), SOLVERS)
def test_converges_to_the_solution(name, options, order, solution):
    few, many = (run(name, steps, **options) for steps in (200, 400))
    assert error(few, many) < {1: 0.05, 2: 1e-3, 3: 1e-4}[order]
    assert error(many, solution) < {1: 0.05, 2: 5e-4, 3: 5e-5}[order]
    ratio = error(run(name, 40, **options), solution) / error(run(name, 80, **options), solution)
    assert ratio > {1: 1.8, 2: 3.6, 3: 7.0}[order]


def test_the_stochastic_exponential_solvers_share_one_drift():
    """Without the noise itself, tau 1 is an equation of its own."""
    found = [run("seeds_3", 100, noise=silence), run("seeds_2", 200, noise=silence)]
    found += [run(f"sa_solver{kind}", 100, noise=silence, **ALL_TAU) for kind in ("", "_pece")]
    assert max(error(one, found[0]) for one in found) < 1e-2


@pytest.mark.parametrize("name", EVERY)
def test_normal_latents_come_out_of_a_denoiser_that_knows_them(name):
    """The best denoiser of normal latents leaves their variance at 1, with the noise and without;
    it does not where the noise is of another scale."""
    generator = torch.Generator().manual_seed(1)

    def white(sigma, sigma_next, like):
        return torch.randn(like.shape, generator=generator)

    def normal(x, sigma, model_options=None):
        sigma = sigma.view(-1, 1, 1, 1)
        signal = 1 - sigma if name.endswith("_rf") else 1
        return told(signal * x / (signal**2 + sigma**2), model_options)

    assert abs(run(name, 150, normal, latents(40, 40), white).var() - 1) < 0.08


@pytest.mark.parametrize("name", NOISY)
def test_asks_for_noise_along_the_schedule(name):
    spans = []

    def heard(sigma, sigma_next, like):
        spans.append((float(sigma), float(sigma_next)))
        return torch.zeros_like(like)

    run(name, 8, noise=heard)
    assert all(a > b > 0 for a, b in spans)
    assert all(one[1] == next_one[0] for one, next_one in zip(spans, spans[1:]))
    if "sa_solver" not in name:
        assert spans[0][0] == schedule(name, 8)[0] and spans[-1][1] == schedule(name, 8)[-2]


@pytest.mark.parametrize("steps", [4, 20])
@pytest.mark.parametrize(
    ("name", "plain"), [("euler_cfg_pp", "euler"), ("dpmpp_2m_cfg_pp", "dpmpp_2m")]
)
def test_cfg_pp_without_guidance_is_the_plain_form(name, plain, steps):
    x, sigmas = X * 14.6, schedule(name, steps)
    want = getattr(k_diffusion_sampling(), f"sample_{plain}")(model, x, sigmas, disable=True)
    assert error(sampler(name)(model, x, sigmas), want) < 1e-5


@pytest.mark.parametrize("name", ["euler_cfg_pp", "dpmpp_2m_cfg_pp"])
def test_cfg_pp_hears_besides_those_that_hear_already(name):
    heard, options = [], {"other": 1}
    options["sampler_post_cfg_function"] = [heard.append]
    extra = {"model_options": options}
    guided = run(name, 5, DENOISER, extra_args=extra)
    assert len(heard) == 5 and extra == {"model_options": options}
    assert options == {"other": 1, "sampler_post_cfg_function": [heard.append]}
    assert error(guided, run(name, 5)) > 1e-3


def test_what_is_written_into_a_question_stays_there():
    """UniPC's x is another tensor than the model's; so is SA-Solver's state, but for the first."""

    def spoiling(x, sigma, model_options=None):
        answer = model(x, sigma)
        if name == "unipc" or sigma < 14:
            x.fill_(torch.nan)
        return answer

    for name in ("unipc", "sa_solver"):
        assert torch.equal(run(name, 9, spoiling), run(name, 9))


@pytest.mark.parametrize("size", [(6, 6), (7, 5), (1, 5)])
def test_a_quarter_is_asked_about_in_between(size):
    asked = []

    def watching(x, sigma, model_options=None):
        asked.append((tuple(x.shape[-2:]), float(sigma)))
        return model(x, sigma)

    out, (rows, columns) = run("quarter", 8, watching, latents(*size)), size
    plain = run("euler_cfg_pp", 8, model, latents(*size))
    small = [(i, shape) for i, (shape, _) in enumerate(asked) if shape != size]
    alone = torch.ones(size, dtype=torch.bool)
    if rows > 1:
        quarter = (rows // 2, columns // 2)
        assert small == [(3, quarter), (5, quarter)]
        assert asked[3][1] == asked[2][1] and asked[5][1] == asked[4][1]
        alone[: rows // 2 * 2 : 2, : columns // 2 * 2 : 2] = False
    assert len(asked) == 8 + len(small)
    assert error(out[..., alone], plain[..., alone]) < 1e-5
    assert alone.all() or (out - plain)[..., ~alone].abs().min() > 1e-6


def test_the_mirrored_question_is_the_second_of_three():
    asked = []

    def watching(x, sigma):
        asked.append((x.clone(), float(sigma)))
        return model(x, sigma)

    run("kohaku_like", 7, watching)
    assert len(asked) == 7 + 3 * 2
    for (one, a), (two, b), (_, c) in zip(asked[0:9:3], asked[1:9:3], asked[2:9:3]):
        assert torch.equal(two, -one) and a == b == c


def test_callbacks_are_told_once_a_step():
    for name in EVERY:
        steps = []
        run(name, 6, callback=lambda state, steps=steps: steps.append(state["i"]))
        assert steps == list(range(6))
