"""The report's other methods, on tiny pipelines; its counts of calls, memory and operations."""

from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("diffusers")

from benchmarks import blends
from benchmarks.parity import reference_rule
from benchmarks.pipelines import PIPELINES
from benchmarks.results import cost, even, gpu, hotpath, methods, scenes
from benchmarks.results.around import Algorithm1, Around, Blended, BuiltIn, clean, instead
from diffdiff.pipelines import job as job_module
from diffdiff.sampling.noise_levels import flow, held_answer, ve, vp
from diffdiff.settings.response import points_of
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

STEPS = 8


@pytest.fixture(scope="module")
def bench():
    return tiny("sd")


def tiny(family: str):
    made = PIPELINES[family]
    return cost._Tiny(made.engine(), made, STEPS)


def ask_of(bench):
    return scenes.asks(1, bench.tiny.size)[0]


def whole(bench, value: float = 1.0) -> np.ndarray:
    return np.full((bench.tiny.size,) * 2, value, np.float32)


def apart(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b).max())


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("x0", ve(torch.tensor(2.5))),
        ("eps", ve(torch.tensor(2.5))),
        ("v", ve(torch.tensor(2.5))),
        ("eps", vp(torch.tensor(0.3))),
        ("v", vp(torch.tensor(0.3))),
        ("flow", flow(torch.tensor(0.6))),
    ],
)
def test_clean_is_the_inverse_of_the_held_answer(kind, level):
    g = torch.Generator().manual_seed(0)
    x, x0 = (torch.randn(1, 4, 8, 8, generator=g, dtype=torch.float64) for _ in range(2))
    answer = held_answer(kind, x, x0, level)
    torch.testing.assert_close(clean(kind, x, answer, level), x0)


@pytest.mark.parametrize("family", ["sd", "sd2", "flux", "if"])
def test_a_method_that_does_nothing_is_plain_img2img(family):
    bench = tiny(family)
    ask = ask_of(bench)
    for strength in (1.0, 0.5):
        plain = bench.plain(ask, strength)
        picture, done = bench.around(Around, ask, whole(bench, 0.3), strength)
        np.testing.assert_array_equal(picture, plain)
        assert done.step == STEPS - 1
    assert apart(plain, ask.picture) > 20


@pytest.mark.parametrize("family", ["sd", "sd2", "sd3", "flux"])
def test_algorithm_1_is_the_engine_with_the_authors_thresholds(family):
    bench = tiny(family)
    ask = ask_of(bench)
    side = bench.tiny.size
    cell = bench.engine.rules.factor(bench.engine.pipe)
    rough = np.random.default_rng(1).integers(0, 9, (side // cell,) * 2) / 8
    m = np.kron(rough, np.ones((cell, cell))).astype(np.float32)
    picture, done = bench.around(Algorithm1, ask, m)
    args = parse({"scale": "absolute", "skip": False, "paste_back": False})
    result = bench.engine.edit(
        Image.fromarray(ask.picture),
        m,
        args,
        RunArgs(steps=STEPS, guidance=1.0),
        rule=reference_rule,
        **bench.tiny.prompt(),
    )
    assert apart(picture, np.asarray(result.pictures[0])) <= 1
    assert apart(picture, bench.plain(ask)) > 10
    assert len(done.originals) == STEPS


def test_blended_latent_diffusion_at_its_ends(bench):
    ask = ask_of(bench)
    np.testing.assert_array_equal(bench.around(Blended, ask, whole(bench))[0], bench.plain(ask))
    # a black mask gives what the VAE makes of the input, whatever the prompt
    kept, done = bench.around(Blended, ask, whole(bench, 0.4))
    decoded = bench.engine.pipe.vae.decode(
        done.init / bench.engine.pipe.vae.config.scaling_factor, return_dict=False
    )[0]
    shown = ((decoded[0].permute(1, 2, 0) / 2 + 0.5).clamp(0, 1) * 255).round()
    assert apart(kept, shown.detach().byte().numpy()) <= 1


def test_the_built_in_formula_with_a_white_map_is_plain_img2img(bench):
    ask = ask_of(bench)
    picture, done = bench.around(BuiltIn, ask, whole(bench))
    assert apart(picture, bench.plain(ask)) <= 1
    assert done.moved.shape == (1, *done.init.shape[2:])
    # half grey keeps more
    half, other = bench.around(BuiltIn, ask, whole(bench, 0.5))
    assert other.moved.mean() < done.moved.mean() and apart(half, picture) > 3


def test_the_hold_is_back_after_an_error(bench):
    own = job_module.hold_pipeline
    with pytest.raises(RuntimeError, match="stop"), instead(Around):
        raise RuntimeError("stop" if job_module.hold_pipeline is not own else "not swapped")
    assert job_module.hold_pipeline is own


@pytest.mark.parametrize("name", methods.METHODS)
def test_every_method_makes_a_picture_of_the_asks_size(bench, name):
    ask = ask_of(bench)
    m = scenes.gradient(bench.tiny.size)
    with bench.counted() as seen:
        picture = methods.METHODS[name](bench, ask, m)
    assert picture.shape == ask.picture.shape and picture.dtype == np.uint8
    assert apart(picture, ask.picture) > 20
    runs = [int(STEPS * k / methods.RUNS) for k in range(1, methods.RUNS + 1)]
    assert len(seen) <= (sum(runs) if name == "N-run compositing" else STEPS)


def test_the_response_is_measured_and_read(bench, monkeypatch):
    monkeypatch.setattr(bench, "response", None)
    ask = scenes.asks(1, bench.tiny.size)[0]
    m = scenes.gradient(bench.tiny.size)
    plain = methods.ours(bench, ask, m, even=True)
    assert (plain == methods.ours(bench, ask, m)).all()
    found = points_of(even.response(bench, bench.tiny.size, 1))
    assert found == points_of(even.response(bench, bench.tiny.size, 1))  # the same every time
    monkeypatch.setattr(bench, "response", "0.5 1; 1 100")
    late = methods.ours(bench, ask, m, even=True)
    assert (late != plain).any() and (methods.ours(bench, ask, m) == plain).all()


def test_the_brushed_maps_are_none_of_the_reports():
    maps = [even.brushed(64, seed) for seed in range(3)]
    for m in maps:
        assert m.dtype == np.float32 and m.min() == 0 and 0.5 < m.max() <= 1
        assert (m != scenes.blobs(64)).any()
    assert len({m.tobytes() for m in maps}) == 3
    first = scenes.asks(1, 64, even.FIRST)[0]
    assert first.seed == even.FIRST and first.turn == even.FIRST % scenes.TURNS


def test_compositing_goes_from_the_input_to_the_last_run():
    ask = scenes.Ask(np.zeros((4, 4, 3), np.uint8), "", 0)
    runs = [np.full((4, 4, 3), v, np.uint8) for v in (100, 200)]
    for value, want in ((0, 0), (0.25, 50), (0.5, 100), (0.75, 150), (1, 200)):
        m = np.full((4, 4), value, np.float32)
        np.testing.assert_array_equal(methods.composited(None, ask, m, runs=runs), want)


def test_a_blurred_mask_leaves_what_is_far_from_it(bench, monkeypatch):
    ask = ask_of(bench)
    m = whole(bench, 0)
    m[:, : bench.tiny.size // 4] = 0.7
    picture = methods.blurred(bench, ask, m)
    weight = blends.blurred(m >= 0.5, bench.tiny.size / methods.SOFTNESS)
    np.testing.assert_array_equal(picture[weight < 1e-3], ask.picture[weight < 1e-3])
    assert apart(picture[:, :8], ask.picture[:, :8]) > 20


def test_calls_are_the_skip_rules_minimum(bench, monkeypatch):
    monkeypatch.setattr(cost, "PEAKS", (0.3, 1.0))
    rows = cost.skipping(bench, ask_of(bench))
    assert len(rows) == len(scenes.MAPS) * len(cost.PEAKS)
    for row in rows:
        assert row["ours"] == row["least"] <= row["peak"] * STEPS
        assert row["Algorithm 1"] == STEPS
    assert {row["ours"] for row in rows} >= {2, STEPS}


def test_memory_is_flat_for_ours_and_grows_for_the_reference(monkeypatch):
    monkeypatch.setattr(cost, "STEPS", (4, 12))
    monkeypatch.delitem(cost.METHODS, "N-run compositing")
    found = cost.memory()
    assert abs(found["ours"][1] - found["ours"][0]) < cost.FLAT
    assert found["Algorithm 1"][1] - found["Algorithm 1"][0] > 8


def test_the_cost_goals_can_be_missed():
    good = {
        "memory": {"ours": [1.0, 1.0]},
        "skipping": [{"ours": 3, "least": 3}],
        "share": {"share": 0.001},
        "hotpath": {"a": {"reads": 0}},
    }
    assert all(cost.goals(good).values())
    for part, bad in (
        ("memory", {"ours": [1.0, 2.0]}),
        ("skipping", [{"ours": 4, "least": 3}]),
        ("share", {"share": 0.02}),
        ("hotpath", {"a": {"reads": 0.5}}),
    ):
        assert list(cost.goals({**good, part: bad}).values()).count(False) == 1


def test_operations_reads_and_new_memory_are_counted():
    x = torch.zeros(4, 4)
    with hotpath.Count() as count:
        y = x + 1
        y[0].reshape(2, 2)
        y.mul_(2)
        y[0, 0] * 3 + 1  # single numbers among themselves
        assert float(y[0, 0]) == 2
    assert (count.operations, count.reads, count.bytes) == (2, 1, 72)


# operations of the hold, one for each model call that notes what is finite among them, and of the
# replays on top: the sampler's own steps among them
HOLD = {"Heun": 11, "HeunPP2": 13, "Restart": 10}
REPLAYED = {"DPM++ 2M": 12, "DPM++ 3M SDE": 40, "LMS": 40, "HeunPP2": 300}


@pytest.mark.parametrize("name", hotpath.SAMPLERS)
def test_what_holding_adds_to_a_step(name):
    row = hotpath.of_sampler(name)
    assert 3 <= row["operations"] <= HOLD.get(name, 8) + REPLAYED.get(name, 0)
    if name not in REPLAYED:
        assert row["reads"] <= 0  # what the sampler's own start reads, a replay reads too


@pytest.mark.parametrize("name", hotpath.SCHEDULERS)
def test_holding_a_diffusers_scheduler_reads_nothing_back(name):
    row = hotpath.of_scheduler(name)
    assert row["reads"] == 0
    # a copy of a multistep one makes its step once more, UniPC's two; two note what is finite
    limits = {"DPMSolverMultistep": (19, 10.5), "UniPCMultistep": (59, 34)}
    most, latents = limits.get(name, (11, 3.2))
    assert 3 < row["operations"] <= most and 1 <= row["latents"] <= latents


def test_time_added_to_a_step_is_small():
    assert -1e-3 < hotpath.added("DDIM", (1, 4, 16, 16)) < 5e-3


def test_the_unets_have_the_shapes_of_sd_and_sdxl():
    sizes = {
        name: sum(p.numel() for p in gpu.unet(shape, "meta", torch.float16).parameters())
        for name, shape in gpu.SHAPES.items()
    }
    # 860 million and 2.57 billion, as published
    assert sizes["SD 1.5, 512x512"] == 859_520_964
    assert sizes["SDXL, 1024x1024"] == 2_567_463_684


def test_the_timed_loop_holds_and_does_not(monkeypatch):
    run = gpu.Run({"side": 16}, "cpu", torch.float32, batch=2)

    def model(x, sigma):
        return (x / (1 + sigma.view(-1, 1, 1, 1))).tanh()

    plain, held = run.go(model, None), run.go(model, run.new())
    torch.testing.assert_close(held[..., 0], run.init[..., 0], rtol=0, atol=0)  # strength 0
    torch.testing.assert_close(held[..., -1], plain[..., -1])  # strength 1, a local model
    assert (held - plain).abs().max() > 0.1
    assert gpu.seconds(partial(run.go, model, None)) > 0


def test_bytes_that_a_held_call_must_move():
    # six times 4 channels of 2 bytes, and twice 2 bytes of a start step
    assert gpu.bytes_floor((1, 4, 64, 64), 2) == 64 * 64 * (6 * 4 * 2 + 4)


def test_without_a_gpu_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(gpu, "available", lambda: False)
    assert gpu.run() == {"device": None, "rows": {}, "goals": {}}
    assert gpu.main([]) == 2
    assert "nothing was measured" in capsys.readouterr().err
