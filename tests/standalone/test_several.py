"""Strength fans and sheets by a pipeline: the sheet's pictures are those of runs alone."""

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks import parity
from benchmarks.fan import counted
from benchmarks.pipelines import PIPELINES
from diffdiff.edit.fan import fan, needed
from diffdiff.errors import FieldError
from diffdiff.metrics.adherence import mean_change
from diffdiff.pipelines import png
from diffdiff.pipelines.fan_sheet import remembered
from diffdiff.pipelines.scheduler_choice import choose
from diffdiff.settings.response import measured, points_of, reading
from diffdiff.settings.response import text as written
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse
from diffdiff.settings.strength_list import spread

SCHEDULERS = (
    "Euler",
    "Heun",
    "DPMSolverMultistep",
    "DDIM",
    "EulerAncestral",
    "UniPCMultistep",
    "LMSDiscrete",
)
STRENGTHS = (0.3, 0.6, 0.95)
SHEET = {"mode": "sheet", "fan_strengths": list(STRENGTHS)}


def edit(tiny, engine, change_map, run, **request):
    return engine.edit(parity.picture(tiny), change_map, parse(request), run, **tiny.prompt())


def ones(tiny):
    return np.ones((tiny.size, tiny.size), np.float32)


def arrays(result):
    return [np.asarray(p).astype(int) for p in result.pictures]


@pytest.mark.parametrize("batch", [1, 16])
@pytest.mark.parametrize("name", PIPELINES)
def test_every_family_makes_the_pictures_of_runs_alone(name, batch):
    tiny = PIPELINES[name]
    engine, run = tiny.engine(), RunArgs(steps=8, seed=4)
    result = edit(tiny, engine, None, run, **SHEET, sheet_batch=batch)
    alone = [edit(tiny, engine, ones(tiny), run.alone(strength=strength)) for strength in STRENGTHS]
    assert result.calls == sum(r.calls for r in alone)
    for got, want in zip(arrays(result)[1:], alone):
        assert np.abs(got - arrays(want)[0]).max() <= (0 if batch == 1 else 1)
    assert [r.strength for r in result.runs] == [run.strength, *STRENGTHS]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_rows_that_the_model_sees_are_the_sum_of_what_is_needed(scheduler):
    tiny = PIPELINES["sd"]
    engine, run = tiny.engine(), RunArgs(steps=10, seed=4, scheduler=scheduler)
    with counted(engine.pipe.unet, rows=2) as together:
        result = edit(tiny, engine, None, run, **SHEET, sheet_batch=16)
    with counted(engine.pipe.unet, rows=2) as apart:
        alone = [edit(tiny, engine, ones(tiny), run.alone(strength=s)) for s in STRENGTHS]
    assert together == apart == [result.calls]
    exact = edit(tiny, engine, None, run, **SHEET, sheet_batch=1)
    assert all((g == arrays(w)[0]).all() for g, w in zip(arrays(exact)[1:], alone))
    calls = choose(engine.pipe.scheduler, scheduler)[0].order
    want = sum(needed(STRENGTHS, 10, 9, engine.rules.rule, calls))
    assert want - result.calls in (0, 3 * (scheduler == "Heun"))  # its last step is Euler's


def test_a_sheet_of_a_map_is_the_map_scaled():
    tiny = PIPELINES["sd"]
    engine, run = tiny.engine(), RunArgs(steps=8, seed=1)
    m = np.tile(np.linspace(0, 1, tiny.size, dtype=np.float32), (tiny.size, 1))
    shaping = {"gamma": 2.0, "soften_radius": 3.0}
    result = edit(tiny, engine, m, run, **SHEET, **shaping, scale="absolute", sheet_batch=1)
    for got, strength in zip(arrays(result)[1:], STRENGTHS):
        want = edit(tiny, engine, m, run.alone(strength=strength), **shaping)
        assert (got == arrays(want)[0]).all()


def test_a_sheet_measures_the_response():
    """And what it says is what an edit can be given."""
    tiny = PIPELINES["sd"]
    engine, run = tiny.engine(), RunArgs(steps=8, seed=1, count=2)
    result = edit(tiny, engine, None, run, **SHEET)
    before = np.asarray(engine.fit(parity.picture(tiny), run))
    own = [np.asarray(p) for p in result.pictures[2:]]
    changes = [np.mean([mean_change(before, p) for p in own[i : i + 2]]) for i in (0, 2, 4)]
    assert result.settings["changes"] == written(measured(STRENGTHS, changes)) != ""
    even = edit(tiny, engine, ones(tiny) / 2, run, response=result.settings["changes"])
    want = float(reading(points_of(result.settings["changes"]))(0.5, run.strength))
    assert even.change_map[0, 0] == pytest.approx(want)
    assert "changes" not in edit(tiny, engine, ones(tiny), run, **SHEET).settings  # of a map


def test_several_seeds_give_a_contact_sheet_each():
    tiny = PIPELINES["sd"]
    engine, run = tiny.engine(), RunArgs(steps=6, seed=9, count=2)
    result = edit(tiny, engine, None, run, **SHEET, sheet_batch=1)
    assert len(result.pictures) == 2 + 6
    assert [(r.seed, r.strength) for r in result.runs[2:]] == [
        (seed, strength) for strength in STRENGTHS for seed in (9, 10)
    ]
    want = edit(tiny, engine, ones(tiny), RunArgs(steps=6, seed=9, count=2, strength=0.6))
    assert all((g == w).all() for g, w in zip(arrays(result)[4:6], arrays(want)))


def test_what_the_pictures_say_of_themselves():
    tiny = PIPELINES["sd"]
    run, size = RunArgs(steps=4, seed=9), f"Size: {tiny.size}x{tiny.size},"
    for mode, key, count in (("fan", "DD stripes", 1), ("sheet", "DD tiles", 4)):
        request = {"mode": mode, "fan_strengths": list(STRENGTHS)}
        result, args = edit(tiny, tiny.engine(), None, run, **request), parse(request)
        told = [
            png.parameters(args, own, None, result.settings, picture.size)
            for own, picture in zip(result.runs, result.pictures)
        ]
        assert len(told) == count and all(size in text for text in told)
        width, height = result.pictures[0].size
        assert f"{key}: 0.3 " in told[0] and f"DD frame: {width}x{height}" in told[0]
        assert not any(key in text for text in told[1:])
        for text, strength in zip(told[1:], STRENGTHS):
            assert f"Denoising strength: {strength}," in text


def test_strength_zero_is_the_input_and_costs_nothing():
    tiny = PIPELINES["sd"]
    request = {"mode": "sheet", "fan_strengths": [0, 0.5]}
    result = edit(tiny, tiny.engine(), None, RunArgs(steps=8), **request)
    assert (arrays(result)[1] == np.asarray(parity.picture(tiny))).all()
    assert result.calls == 4


def test_a_fan_is_the_edit_of_its_map():
    tiny = PIPELINES["sd"]
    engine, run = tiny.engine(), RunArgs(steps=8, seed=2)
    result = edit(tiny, engine, None, run, mode="fan", fan_count=3, fan_low=0.2)
    bar, boxes = result.settings["bar"], result.settings["boxes"]
    cell = engine.pipe.vae_scale_factor
    made = fan(tiny.size, tiny.size, spread(3, 0.2), cell=cell)
    assert [(a, b - bar, c, d - bar) for a, b, c, d in boxes] == [s.box for s in made.stripes]
    want = edit(tiny, engine, made.map, run, scale="absolute")
    assert (arrays(result)[0][bar:] == arrays(want)[0]).all()
    assert result.calls == want.calls == 8 + 2  # 20 % and 60 % begin between the steps
    assert result.settings["dd_mode"] == "fan" and "dd_scale" not in result.settings


def test_progress_counts_all_runs():
    tiny, seen = PIPELINES["sd"], []
    engine, run = tiny.engine(), RunArgs(steps=8)
    args = parse(SHEET)
    engine.edit(parity.picture(tiny), None, args, run, lambda *s: seen.append(s), **tiny.prompt())
    assert seen[-1][0] == seen[-1][1] == len(seen)


def test_a_stop_ends_every_run_and_leaves_nothing():
    tiny = PIPELINES["sd"]
    engine = tiny.engine()

    def stop(done, total):
        raise FieldError("run", "stopped", "Press Edit to begin again")

    with pytest.raises(FieldError, match="stopped"):
        engine.edit(
            parity.picture(tiny), None, parse(SHEET), RunArgs(steps=8), stop, **tiny.prompt()
        )
    for part in engine.pipe.components.values():
        if isinstance(part, torch.nn.Module):
            assert not {"forward", "encode"} & set(vars(part))


def test_the_same_question_is_answered_once():
    class Owner:
        asked = 0

        def encode(self, x, **more):
            Owner.asked += 1
            return x + 1

    owner = Owner()
    with remembered(owner, "encode"):
        for x in (torch.ones(2), torch.ones(2), torch.ones(3), torch.zeros(2)):
            assert torch.equal(owner.encode(x, kind=None), x + 1)
        owner.encode(torch.ones(2), kind=(1, {"a": torch.ones(1)}))
        owner.encode(torch.ones(2), kind=(1, {"a": torch.ones(1)}))
    assert Owner.asked == 4
    assert "encode" not in vars(owner)


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"mode": "fan", "fan_layout": "map"}, "map"),
        ({"mode": "fan", "fan_count": 16}, "fan_count"),
    ],
)
def test_what_cannot_be_made_is_refused(request_, field):
    tiny = PIPELINES["sd"]
    with pytest.raises(FieldError) as refused:
        edit(tiny, tiny.engine(), None, RunArgs(steps=4, width=16, height=16), **request_)
    assert refused.value.field == field
