"""Levels between the steps by whole pipelines: every family, what is told, what is refused."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks import parity
from benchmarks.bench import error
from benchmarks.pipelines import PIPELINES, sdxl
from diffdiff.cli.main import main
from diffdiff.errors import FieldError
from diffdiff.pipelines.diffedit_edit import edit as by_method
from diffdiff.pipelines.engine import Engine
from diffdiff.pipelines.families import of_class
from diffdiff.pipelines.ruler import refusal
from diffdiff.pipelines.scheduler_choice import choose
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

FEW = RunArgs(steps=4, seed=4)


def ramp(size):
    return np.tile(np.linspace(0, 1, size, dtype=np.float32), (size, 1))


def edited(tiny, change_map, run=FEW, engine=None, progress=None, **args):
    engine = engine or tiny.engine()
    watch = parity.Watch(engine.pipe)
    result = engine.edit(
        parity.picture(tiny),
        change_map,
        parse(args),
        run,
        progress,
        **tiny.prompt(),
        **watch.argument,
    )
    return watch.last, result


@pytest.mark.parametrize("name", PIPELINES)
def test_every_family_has_them_and_says_which(name):
    tiny, seen = PIPELINES[name], []
    # each pixel at the level that is nearest, or nearly so
    _, result = edited(tiny, ramp(tiny.size), progress=lambda *n: seen.append(n), transition=0.001)
    levels = result.settings["levels"]
    assert result.calls == 4 + 2 == len(seen) and seen[-1] == (6, 6)
    assert len(levels) == 4 + 2
    noise = [one["noise"] for one in levels]
    assert noise == sorted(noise, reverse=True) and noise[-1] < 15
    assert sum(one["share"] for one in levels) == pytest.approx(1, abs=0.07)
    json.dumps(result.settings)


@pytest.mark.parametrize("name", PIPELINES)
def test_white_is_plain_and_black_the_input(name):
    tiny = PIPELINES[name]
    white = np.ones((tiny.size, tiny.size), np.float32)
    for strength in (1.0, 0.6):
        run = RunArgs(steps=4, seed=4, strength=strength)
        ours, plain = (edited(tiny, white, run, levels=way)[0] for way in ("fine", "steps"))
        assert torch.equal(ours, plain)
    half = ramp(tiny.size)
    half[:, : tiny.size // 2] = 0
    kept = np.asarray(edited(tiny, half)[1].pictures[0])[:, : tiny.size // 2]
    assert np.array_equal(kept, np.asarray(parity.picture(tiny))[:, : tiny.size // 2])
    assert edited(tiny, 0 * half)[1].calls == 0


@pytest.mark.parametrize("strength", [0.47, 0.13])
@pytest.mark.parametrize("name", ["sd", "sdxl"])
def test_a_constant_map_is_the_pipeline_with_that_timestep(name, strength):
    """Euler takes timesteps from the caller: the same run without anything of ours."""
    tiny = PIPELINES[name]
    engine = tiny.engine()
    engine.pipe.scheduler = choose(engine.pipe.scheduler, "Euler")[0]
    constant = np.full((tiny.size, tiny.size), strength, np.float32)
    ours, result = edited(tiny, constant, engine=engine)
    (level,) = result.settings["levels"]
    scheduler = engine.pipe.scheduler
    scheduler.set_timesteps(500)
    time = np.interp((1 - strength) * 500, range(500), scheduler.timesteps)
    scheduler.set_timesteps(4)
    times = [time, *(t for t in scheduler.timesteps.tolist() if t < time * 0.999)]
    assert result.calls == level["calls"] == len(times)
    watch = parity.Watch(engine.pipe)
    engine.pipe(
        **tiny.prompt(),
        image=parity.picture(tiny),
        strength=1.0,
        timesteps=times,
        generator=torch.Generator().manual_seed(4),
        **watch.argument,
    )
    assert error(ours, watch.last) < 1e-4


def test_ten_steps_and_more_are_as_they_were():
    tiny, run = PIPELINES["sd"], RunArgs(steps=10, seed=4)
    ours, result = edited(tiny, ramp(tiny.size), run)
    plain, same = edited(tiny, ramp(tiny.size), run, levels="steps")
    assert torch.equal(ours, plain) and result.calls == same.calls
    assert "levels" not in result.settings
    few = edited(tiny, ramp(tiny.size), levels="steps")[1]
    assert few.calls == 3 and "levels" not in few.settings


def test_what_begins_below_the_last_step_is_pasted():
    tiny = PIPELINES["flux"]
    faint = np.full((tiny.size, tiny.size), 0.06, np.float32)
    faint[:, tiny.size // 2 :] = 0
    out = np.asarray(edited(tiny, faint)[1].pictures[0]).astype(int)
    difference = np.abs(out - np.asarray(parity.picture(tiny)))
    assert difference[:, : tiny.size // 4].max() > 0
    assert difference[:, tiny.size // 2 :].max() == 0


def test_pictures_of_a_batch_are_those_of_their_seeds():
    tiny = PIPELINES["sd"]
    run = RunArgs(steps=4, seed=5, count=2, scheduler="EulerAncestral")
    many = edited(tiny, ramp(tiny.size), run)[1].pictures
    for i, picture in enumerate(many):
        one = RunArgs(steps=4, seed=5 + i, scheduler="EulerAncestral")
        alone = edited(tiny, ramp(tiny.size), one)[1].pictures[0]
        assert np.abs(np.asarray(alone).astype(int) - np.asarray(picture)).max() <= 1


def test_a_part_of_the_first_answer():
    tiny = PIPELINES["sd"]
    hard, soft = (edited(tiny, ramp(64), transition=t)[0] for t in (0.0, 0.8))
    assert torch.isfinite(soft).all() and not torch.equal(hard, soft)


@pytest.mark.parametrize(
    "scheduler", ["HeunDiscrete", "KDPM2Discrete", "KDPM2AncestralDiscrete", "DPMSolverSDE"]
)
def test_second_order_schedulers_are_refused_by_name(scheduler):
    tiny, run = PIPELINES["sd"], RunArgs(steps=4, scheduler=scheduler)
    assert refusal(choose(tiny.engine().pipe.scheduler, scheduler)[0])
    with pytest.raises(FieldError, match=f"steps of {scheduler}: it makes two") as told:
        edited(tiny, ramp(tiny.size), run, levels="fine")
    assert told.value.field == "levels" and "Use levels steps" in told.value.remedy
    result = edited(tiny, ramp(tiny.size), run)[1]  # auto
    assert "levels" not in result.settings


def test_a_refiner_and_an_inverted_picture_are_refused():
    tiny = PIPELINES["sdxl"]
    refiner = Engine(sdxl(), of_class("StableDiffusionXLImg2ImgPipeline"), "refiner")
    engine = Engine(sdxl(), refiner.rules, "base", refiner)
    with pytest.raises(FieldError, match="a refiner goes on"):
        edited(tiny, ramp(64), engine=engine, levels="fine")
    assert "levels" not in edited(tiny, ramp(64), engine=engine)[1].settings
    fine = parse({"levels": "fine"})
    with pytest.raises(FieldError, match="inverted picture") as told:
        by_method(tiny.engine(), parity.picture(tiny), "diffedit", "", fine, FEW)
    assert told.value.field == "levels"


def test_the_command_tells_and_records_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save("in.png")
    Image.fromarray(np.repeat([[0, 60, 130, 255]], 16, 1).repeat(64, 0).astype(np.uint8)).save(
        "map.png"
    )
    given = ["edit", "in.png", "--map", "map.png", "--prompt", "a winter night", "--steps", "4"]
    assert main([*given, "--out", "out.png", "--extra-calls", "2", "--transition", "0.001"]) == 0
    told = capsys.readouterr().err
    assert "6 model calls, 0 of 4 steps skipped" in told
    assert "Levels: 1 at " in told and "0.51 at " in told and "0.235 at " in told
    text = Image.open("out.png").text
    assert "DD starts: 1 at " in text["parameters"]
    levels = json.loads(text["diffdiff"])["levels"]
    assert levels[0]["calls"] == 4 and levels[0]["strength"][1] == 1
    assert len(levels) == told.split("Levels: ")[1].split("\n")[0].count("; ") + 1
    assert main([*given, "--out", "no.png", "--scheduler", "Heun", "--levels", "fine"]) == 2
    assert "levels: no pixel can begin between the steps of Heun" in capsys.readouterr().err


def test_the_legend_knows_how_noisy_a_strength_begins():
    from diffdiff.page.visualize import preview

    engine = PIPELINES["sd"].engine()
    noise = engine.noise(parse({}), FEW)
    parts = [noise(s) for s in (0.05, 0.25, 0.5, 1.0)]
    assert parts == sorted(parts) and 0 < parts[0] < 0.3 < parts[-1] < 1
    assert engine.noise(parse({}), RunArgs(steps=20)) is None
    assert engine.noise(parse({"levels": "steps"}), FEW) is None
    assert engine.noise(parse({}), RunArgs(steps=4, scheduler="HeunDiscrete")) is None
    picture, strength = np.zeros((64, 64, 3), np.uint8), ramp(64)
    told, plain = (preview(picture, strength, 4, noise=n) for n in (noise, None))
    assert told.shape == plain.shape and (told != plain).any()
