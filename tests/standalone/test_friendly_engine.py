"""The friendly anchor on tiny random pipelines: formulas, schedulers, the cache."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks import parity
from benchmarks.bench import error
from benchmarks.pipelines import PIPELINES
from diffdiff.batch.columns import COLUMNS
from diffdiff.cli.main import main
from diffdiff.errors import FieldError
from diffdiff.pipelines.scheduler_choice import names
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

STEPS = 6
NOISY = (
    "EulerAncestralDiscrete",
    "KDPM2AncestralDiscrete",
    "DPMSolverSDE",
    "DPMSolverMultistep",
    "SASolver",
    "DDIM",
    "DDPM",
    "LCM",
    "TCD",
)


def mixed(size: int) -> np.ndarray:
    change_map = np.zeros((size, size), np.float32)
    change_map[:, size // 4 :], change_map[:, size // 2 :] = 0.5, 1
    return change_map


def another(tiny):
    """Embeddings of another prompt."""
    return {name: value.flip(-1) for name, value in tiny.prompt().items()}


def edited(engine, tiny, change_map=None, same=True, guidance=None, watch=None, **run):
    """The result of a friendly edit, by the reference prompt itself or by another."""
    prompt = tiny.prompt()
    args = parse({"anchor": "friendly", "paste_back": False})
    run = RunArgs(**{"steps": STEPS, "seed": 4, "guidance": guidance, **run})
    change_map = mixed(tiny.size) if change_map is None else change_map
    own = (prompt if same else another(tiny)) | (watch.argument if watch else {})
    return engine.edit(parity.picture(tiny), change_map, args, run, **own, reference=prompt)


def round_trip(engine, tiny):
    """The picture through the VAE alone: what a black map without paste gives."""
    watch = parity.Watch(engine.pipe)
    return edited(engine, tiny, watch=watch), watch.last


def init_of(engine):
    (kept,) = engine.inversions._kept.values()
    return kept.init


@pytest.mark.parametrize("name", [n for n in PIPELINES if n not in ("flux", "if-2")])
def test_the_reference_returns_the_original_latent(name):
    tiny = PIPELINES[name]
    engine = tiny.engine()
    _, last = round_trip(engine, tiny)
    assert torch.equal(last, init_of(engine).to(last))


@pytest.mark.parametrize("scheduler", names(False))
def test_every_scheduler_returns_the_original_or_is_refused(scheduler):
    tiny = PIPELINES["sd"]
    engine, watch = tiny.engine(), parity.Watch(tiny.engine().pipe)
    if scheduler in NOISY:
        edited(engine, tiny, watch=watch, scheduler=scheduler)
        assert torch.equal(watch.last, init_of(engine))
        return
    with pytest.raises(FieldError, match=f"and {scheduler} draws none") as refused:
        edited(engine, tiny, scheduler=scheduler)
    assert refused.value.remedy == f"Use scheduler {', '.join(NOISY)}, or anchor noised"


@pytest.mark.parametrize("name", ["sd", "sd3", "flux"])
def test_another_prompt_changes_the_released_part_only(name):
    tiny = PIPELINES[name]
    engine = tiny.engine()
    same = np.asarray(edited(engine, tiny).pictures[0]).astype(int)
    other = np.asarray(edited(engine, tiny, same=False).pictures[0]).astype(int)
    assert np.abs(other - same)[:, -tiny.size // 4 :].mean() > 1
    black = edited(engine, tiny, np.zeros((2, 2), np.float32), same=False)
    assert black.calls == 0
    assert (np.asarray(black.pictures[0]) == np.asarray(parity.picture(tiny))).all()


def test_one_inversion_serves_every_edit_of_a_picture():
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    assert edited(engine, tiny).calls == 2 * STEPS
    for more in (
        {"same": False},
        {"strength": 0.5},
        {"change_map": np.full((2, 2), 0.7, np.float32)},
    ):
        assert edited(engine, tiny, **more).calls <= STEPS
        assert len(engine.inversions) == 1
    expected = {"seed": {"seed": 5}, "steps": {"steps": 5}, "scheduler": {"scheduler": "DDPM"}}
    for i, more in enumerate(expected.values()):
        edited(engine, tiny, **more)
        assert len(engine.inversions) == 2 + i


def test_a_cached_inversion_gives_the_same_edit_as_a_new_one():
    tiny = PIPELINES["sd"]
    engine, fresh = tiny.engine(), tiny.engine()
    edited(engine, tiny)
    a, b = (edited(e, tiny, same=False, strength=0.6).pictures[0] for e in (engine, fresh))
    assert (np.asarray(a) == np.asarray(b)).all()


@pytest.mark.parametrize("scheduler", ["DPMSolverMultistep", "SASolver", "DDIM"])
def test_skipped_steps_are_remembered(scheduler):
    """A multistep scheduler that begins later has the answers of the steps before."""
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    change_map = np.full((2, 2), 0.5, np.float32)
    args = {"anchor": "friendly", "paste_back": False}
    made = []
    for skip in (True, False):
        watch = parity.Watch(engine.pipe)
        engine.edit(
            parity.picture(tiny),
            change_map,
            parse({**args, "skip": skip}),
            RunArgs(steps=STEPS, seed=4, scheduler=scheduler),
            **another(tiny),
            **watch.argument,
            reference=tiny.prompt(),
        )
        made.append(watch.last)
    assert error(*made) < 1e-4


def test_the_papers_algorithm_with_ddim():
    """Huberman-Spiegelglas et al.: x_t with its own noise for each t, z_t by DDIM with eta 1, then
    the target prompt with the same z_t. From the formulas, on the pipeline's UNet."""
    tiny = PIPELINES["sd"]
    engine, watch = tiny.engine(), parity.Watch(tiny.engine().pipe)
    edited(
        engine,
        tiny,
        np.ones((2, 2), np.float32),
        same=False,
        guidance=1.0,
        watch=watch,
        scheduler="DDIM",
    )
    init, pipe = init_of(engine), engine.pipe
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    scheduler.set_timesteps(STEPS)
    alphas, times = scheduler.alphas_cumprod, scheduler.timesteps.tolist()
    g = torch.Generator().manual_seed(4)
    noises = [torch.randn(init.shape[1:], generator=g) for _ in times]
    xs = [alphas[t] ** 0.5 * init + (1 - alphas[t]) ** 0.5 * n for t, n in zip(times, noises)]
    xs.append(init)

    def step(x, k, prompt):
        """The mean of x_(t-1) and its standard deviation."""
        a = alphas[times[k]]
        after = alphas[times[k + 1]] if k + 1 < STEPS else scheduler.final_alpha_cumprod
        with torch.no_grad():
            eps = pipe.unet(x, times[k], encoder_hidden_states=prompt["prompt_embeds"]).sample
        deviation = ((1 - after) / (1 - a) * (1 - a / after)) ** 0.5
        x0 = (x - (1 - a) ** 0.5 * eps) / a**0.5
        return after**0.5 * x0 + (1 - after - deviation**2) ** 0.5 * eps, deviation

    zs = []
    for k in range(STEPS):
        mean, deviation = step(xs[k], k, tiny.prompt())
        zs.append((xs[k + 1] - mean) / deviation)
    x = xs[0]
    for k, z in enumerate(zs):
        mean, deviation = step(x, k, another(tiny))
        x = mean + deviation * z
    assert error(watch.last, x) < 1e-4


def test_the_solver_of_ledits_draws_noise():
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    edited(engine, tiny, scheduler="DPMSolverMultistep")
    args, run = parse({"anchor": "friendly"}), RunArgs(scheduler="DPMSolverMultistep")
    from diffdiff.pipelines.job import Job

    job = Job(
        engine,
        parity.picture(tiny),
        mixed(tiny.size),
        args,
        run,
        None,
        {**tiny.prompt(), "reference": tiny.prompt()},
    )
    assert job.scheduler.config.algorithm_type == "sde-dpmsolver++"
    assert job.scheduler.config.solver_order == 2
    assert engine.pipe.scheduler.config.get("algorithm_type") != "sde-dpmsolver++"


def test_pictures_of_a_run_are_those_of_runs_alone():
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    both = edited(engine, tiny, same=False, count=2).pictures
    for i, picture in enumerate(both):
        alone = edited(engine, tiny, same=False, seed=4 + i).pictures[0]
        off = np.abs(np.asarray(picture).astype(int) - np.asarray(alone))
        assert off.max() <= 1


def test_what_is_refused():
    tiny = PIPELINES["sd"]
    engine, picture = tiny.engine(), parity.picture(tiny)
    with pytest.raises(FieldError, match="reference"):
        engine.edit(picture, mixed(64), parse({"anchor": "friendly"}), RunArgs(), **tiny.prompt())
    with pytest.raises(FieldError, match="anchor"):
        engine.edit(picture, mixed(64), parse({"anchor": "inverted"}), RunArgs(), **tiny.prompt())
    with pytest.raises(FieldError, match="levels"):
        parse({"anchor": "friendly", "levels": "fine"})
    with pytest.raises(FieldError, match="sheet"):
        parse({"anchor": "friendly", "mode": "sheet"})


def test_few_steps_start_at_steps():
    assert not parse({"anchor": "friendly"}).fine(4)
    assert parse({}).fine(4)


def test_the_pipeline_is_left_as_it_was():
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    state = torch.get_rng_state()
    run = RunArgs(steps=STEPS, seed=4)
    plain = engine.edit(parity.picture(tiny), mixed(64), parse({}), run, **tiny.prompt())
    scheduler = engine.pipe.scheduler
    edited(engine, tiny, same=False)
    assert engine.pipe.scheduler is scheduler
    assert torch.equal(torch.get_rng_state(), state)
    assert "step" not in vars(scheduler)
    again = engine.edit(parity.picture(tiny), mixed(64), parse({}), run, **tiny.prompt())
    assert (np.asarray(plain.pictures[0]) == np.asarray(again.pictures[0])).all()


class TestCommand:
    """`diffdiff edit --anchor`: the flags reach the engine, and what it has not is told."""

    @pytest.fixture
    def asked(self, engine, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        picture = Image.new("RGB", (16, 16), "gray")
        picture.save("in.png")
        picture.convert("L").save("map.png")

        def run(*flags):
            files = ["in.png", "--map", "map.png", "--out", "out.png", "--steps", "2", "--quiet"]
            return main(["edit", *files, *flags]), engine.seen

        return run

    def test_the_flags_reach_the_engine(self, asked):
        flags = ["--anchor", "friendly", "--reference", "a cat", "--anchor-guidance", "3.5"]
        code, seen = asked(*flags)
        assert code == 0
        own = seen.args
        assert (own.anchor, own.reference, own.anchor_guidance) == ("friendly", "a cat", 3.5)
        text = json.loads(Image.open("out.png").text["diffdiff"])
        assert (text["dd_anchor"], text["dd_reference"]) == ("friendly", "a cat")

    def test_what_does_not_go_together_is_told(self, asked, capsys):
        assert asked("--anchor", "friendly", "--levels", "fine")[0] == 2
        assert "levels: the friendly anchor is known" in capsys.readouterr().err
        assert asked("--anchor", "inverted", "--count", "2")[0] == 2
        assert "anchor: an inverted picture is edited once" in capsys.readouterr().err

    def test_a_row_of_a_batch_has_it_too(self):
        assert {"anchor", "reference", "anchor_guidance"} <= set(COLUMNS)
