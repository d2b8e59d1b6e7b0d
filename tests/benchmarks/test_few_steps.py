"""The benchmark of few steps: its flow is the toy world's model, its figures mean what it says."""

import json

import numpy as np
import pytest
import torch

from benchmarks.few_steps import __main__ as command
from benchmarks.few_steps import page
from benchmarks.few_steps.figures import (
    COLUMNS,
    RESPONSE,
    SIZE,
    STRENGTHS,
    Measure,
    apart,
    columns,
    followed,
    jump,
    of_strip,
    told_apart,
)
from benchmarks.few_steps.kept import kept_at
from benchmarks.few_steps.models import Denoiser, Toy, noise_of
from benchmarks.few_steps.runs import (
    HARD,
    ROWS,
    SAMPLERS,
    SOFT,
    SPREAD,
    STEPS,
    STEPS_SOFT,
    Pictures,
    Runs,
    even,
    picked,
)
from benchmarks.results.scenes import asks, gradient
from diffdiff.sampling.noise_levels import noised

DDIM, EULER, LCM, FLOW, FLOW_2M = (SAMPLERS[i] for i in (0, 1, 3, 4, 5))


@pytest.fixture(scope="module")
def toy():
    torch.set_num_threads(1)
    return Toy()


@pytest.fixture(scope="module")
def pictures(toy):
    return Pictures(toy, asks(2, SIZE))


@pytest.mark.parametrize("time", [0.2, 0.75, 0.93])
def test_the_flow_is_the_same_model_at_the_same_signal_to_noise_ratio(toy, pictures, time):
    ratio = torch.tensor([time / (1 - time)])
    x = pictures.init + ratio * pictures.noise
    exploding = Denoiser(toy, "ve", pictures.prompts)(x, ratio)
    flow = Denoiser(toy, "flow", pictures.prompts)((1 - time) * x, torch.tensor([time]))
    assert apart(flow, exploding) < 1e-4


def test_it_answers_a_timestep_as_it_answers_its_noise(toy, pictures):
    timestep = 400
    alpha = toy.alphas_cumprod[timestep]
    sigma = ((1 - alpha) / alpha).sqrt()
    x = pictures.init + sigma * pictures.noise
    x0 = Denoiser(toy, "ve", pictures.prompts)(x, sigma[None])
    eps = Denoiser(toy, "timesteps", pictures.prompts)(x * alpha.sqrt(), torch.tensor([400.0]))
    assert apart((x - x0) / sigma, eps) < 1e-4


def test_noise_alone_and_beyond_what_the_model_knows_has_an_answer(toy, pictures):
    model = Denoiser(toy, "flow", pictures.prompts)
    assert torch.isfinite(model(pictures.noise, torch.tensor([1.0]))).all()
    assert toy.timestep(torch.tensor([9.0])).item() == 999
    known = toy.log_sigmas[[0, 500, 999]]
    assert toy.timestep(known).tolist() == pytest.approx([0, 500, 999], abs=1e-3)


def test_a_flow_is_shifted_towards_the_noise():
    assert even(4, 1).tolist() == pytest.approx([1, 0.75, 0.5, 0.25, 0])
    assert even(4, 3).tolist() == pytest.approx([1, 0.9, 0.75, 0.5, 0])


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: s.name)
def test_schedules_descend_and_strengths_begin_ever_higher(toy, sampler):
    for steps in ROWS:
        runs = Runs(toy, sampler, steps)
        assert len(runs.schedule) == len(runs.schedule.coordinates) - 1
        assert np.all(np.diff(runs.schedule.coordinates) < 0)
        assert np.all(np.diff(runs.exact.coordinate(STRENGTHS)) >= 0)


def test_each_picture_has_its_own_noise_whatever_the_batch(pictures):
    one = noise_of(pictures.asks[1:], pictures.init)
    assert torch.equal(one[0], pictures.noise[1])
    assert not torch.equal(one[0], noise_of(pictures.asks[1:], pictures.init, 0.5)[0])


@pytest.mark.parametrize("sampler", [DDIM, EULER, LCM, FLOW_2M], ids=lambda s: s.name)
def test_constant_maps_and_two_greys_begin_exactly(toy, sampler):
    measure = Measure(toy, sampler, 4, 1)
    assert measure.constant(SOFT[1]) == 0
    assert measure.grays(SOFT[2]) == 0
    assert measure.constant(STEPS) > 0.1


def test_a_level_more_is_a_model_call_more(toy, pictures):
    runs, calls = Runs(toy, FLOW, 4), []
    cells = gradient(COLUMNS)
    for row in (STEPS, *HARD):
        ladder, first = runs.plan(cells, row)
        calls.append(runs.held(pictures, ladder, first)[1])
    assert calls == [4, 4, 5, 6, 8]


def test_where_greys_begin(toy):
    runs = Runs(toy, FLOW, 4)
    ladder, first = runs.plan(STRENGTHS, STEPS)
    assert sorted(runs.begins(ladder, first).values()) == pytest.approx([0.5, 0.75, 0.9, 1.0])
    ladder, first = runs.plan(STRENGTHS, HARD[3])
    assert len(runs.begins(ladder, first)) == 8
    measure = Measure(toy, FLOW, 4, 1)
    gentle, of_ramp = measure.gentlest(SOFT[1])
    assert gentle < 0.15 and gentle <= of_ramp < measure.gentlest(STEPS)[1]


def test_a_constant_map_of_a_picture_is_that_of_its_strength(toy, pictures):
    """Maps of several pictures in one batch, planned together."""
    runs = Runs(toy, EULER, 4)
    ladder, first = runs.plan(STRENGTHS, SOFT[0])
    both, _ = runs.held(pictures, picked(ladder, [20, 63]), first)
    white = noised(pictures.init, pictures.noise, runs.schedule.starts[0])
    model = Denoiser(toy, EULER.kind, pictures.prompts)
    plain = runs.call(0, pictures).run(model, white)
    assert torch.equal(both[1], plain[1])
    assert not torch.equal(both[0], plain[0])


def test_strengths_are_told_apart_by_a_level_of_255():
    assert told_apart(np.zeros(64)) == 0
    assert told_apart(np.arange(64) * 1.0) == 63
    assert told_apart(np.arange(64) * 0.5) == 31
    assert told_apart(np.repeat([0.0, 20, 40, 60], 16)) == 3
    assert told_apart(np.array([0.0, 5, 3, 5.5, 6])) == 2  # what falls and rises again is no more


def test_a_jump_is_the_largest_difference_over_the_mean_one():
    assert jump(np.linspace(0, 1, 16)) == pytest.approx(1)
    assert jump(np.repeat([0.0, 1.0], 8)) == pytest.approx(15)


def test_columns_are_parts_of_the_full_edit_and_a_ramp_is_followed():
    rng = np.random.default_rng(0)
    full = rng.uniform(40, 80, (9, SIZE, SIZE)).astype(np.float32)
    cells = np.repeat((np.arange(COLUMNS) + 0.5) / COLUMNS, SIZE // COLUMNS).astype(np.float32)
    assert columns(full * cells, full) == pytest.approx((np.arange(COLUMNS) + 0.5) / COLUMNS)
    cam, drawn = followed(full * cells, full)
    assert cam > 0.9 and abs(drawn.mean() - cam) < 0.1
    assert followed(np.zeros_like(full), full)[0] < 0.2


def test_strips_tell_how_far_they_are_from_the_exact_start():
    made = np.zeros((3, 1, 4, 4, 3), np.uint8)
    made[1:] += np.array([4, 9], np.uint8)[:, None, None, None, None]
    exact = made.copy()
    exact[1] += 3
    found = of_strip(made, exact)
    assert (found["told"], found["off"], found["strip"]) == (2, 1.0, [0, 4, 9])
    assert of_strip(made, None)["off"] is None


def test_a_response_is_measured_and_used(toy, monkeypatch):
    monkeypatch.setattr("benchmarks.few_steps.figures.RESPONSE", 1)
    measure = Measure(toy, FLOW, 4, 1)
    measure.respond()
    assert measure.response and RESPONSE > 1
    places = [measure.plan(row, STRENGTHS)[0] for row in (SOFT[3], SPREAD)]
    assert len({ladder.between for ladder in places}) == 2


def made_up(name: str = "Euler", **changed) -> dict:
    """Figures of one sampler with which all goals hold, but for those given."""
    row = {
        "calls": 8,
        "levels": 8,
        "cam": 0.97,
        "behind": 0.0,
        "behind_half": 0.002,
        "jump": 2.0,
        "ramp_jump": 2.0,
        "columns": [0.0, 1.0],
        "told": 30,
        "off": 1.0,
        "strip": [0.0, 1.0],
        "constant": 0.0,
        "grays": 0.0,
        "gentle": 0.03,
        "gentle_ramp": 0.2,
    }
    found = {"sampler": name, "pictures": 48, "strips": 1}
    for steps, rows in {20: (STEPS,), **ROWS}.items():
        made = {r.name: row | ({"jump": 5.0} if r is STEPS else changed) for r in rows}
        found[str(steps)] = {"response": "", "rows": made}
    return found


def test_goals_name_the_samplers_that_miss_them():
    assert all(page.goals([made_up()]).values())
    assert len(page.goals([made_up()])) == 6
    worse = {"behind": 0.02, "jump": 2.6, "told": 15, "constant": 1e-7, "gentle": 0.16, "grays": 1}
    for name, value in worse.items():
        held = page.goals([made_up(), made_up("LCM", **{name: value})])
        missed = [goal for goal, ok in held.items() if not ok]
        assert len(missed) == 1 and missed[0].endswith("(not with LCM)"), name


def test_the_page_has_every_row_and_keeps_what_stands_around(tmp_path):
    found = [made_up(), made_up("LCM", constant=1e-3, off=3.0)]
    lines = page.section(found)
    for rows in ROWS.values():
        for row in rows:
            assert any(line.startswith(f"| {row.name} |") for line in lines)
    text = "\n".join(lines)
    assert "| 0.001 |" in text and "| exact |" in text and "MISSED" in text
    path = tmp_path / "results.md"
    path.write_text("# Results\n\nother\n")
    for _ in range(2):
        page.write(found, path)
    written = path.read_text()
    assert written.startswith("# Results\n\nother\n") and written.count("## Few steps") == 1
    assert page.marked(written) in written and page.marked(written).count("## Few steps") == 1
    assert page.marked("# Results") == ""


def test_the_command_makes_its_tables_of_what_is_kept(tmp_path, capsys):
    assert command.main(["--samplers", "--kept", str(tmp_path)]) == 2
    file = kept_at(tmp_path, "DPM++ 2M Karras")
    assert file.name == "dpmpp-2m-karras.json"
    file.write_text(json.dumps(made_up("DPM++ 2M Karras")))
    assert command.main(["--samplers", "--kept", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] and told["samplers"][0]["sampler"] == "DPM++ 2M Karras"


@pytest.mark.parametrize("words", [["--pictures", "3"], ["--samplers", "Nobody"]])
def test_the_command_refuses_what_it_cannot_do(words, capsys):
    with pytest.raises(SystemExit):
        command.main(words)
    assert words[0] in capsys.readouterr().err


def test_steps_with_transition_is_the_hosts_rule(toy):
    ladder, _ = Runs(toy, EULER, 4).plan(STRENGTHS, STEPS_SOFT)
    assert ladder.between == () and ladder.weight is not None
