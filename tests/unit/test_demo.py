"""The demo: its pieces run on a small picture, what is kept stays, and change follows the map."""

import numpy as np
import pytest
import torch
from PIL import Image

from diffdiff import prepare
from diffdiff.args import parse
from examples import demo
from examples.brush import paint
from examples.edit import img2img, to_picture, to_tensor
from examples.scenes import scene
from examples.sheet import Row, contact_sheet, heat

HEIGHT, WIDTH, STEPS = 48, 64, 8


@pytest.fixture(scope="module")
def model():
    return demo.learn(HEIGHT, WIDTH, variants=6, times=6)


@pytest.fixture(scope="module")
def picture():
    return to_picture(demo.painted(demo.INPUT, [0.0], HEIGHT, WIDTH))


def edit(model, picture, change_map, strength=1.0, **request):
    args = parse({"transition": 1.0, **request})
    shaped = prepare.shape(change_map.astype(np.float32), args)
    return img2img(model, picture, shaped, args, strength, STEPS)


def change(before, after):
    return np.abs(before.astype(np.float64) - after).mean(2)


def test_a_scene_is_painted_the_same_twice_and_changes_with_the_time():
    layers = scene(3, HEIGHT, WIDTH)
    pictures = paint(layers, [0.0, 0.5, 1.0])
    assert pictures.shape == (3, HEIGHT, WIDTH, 3)
    assert pictures.dtype == np.float32
    assert np.abs(pictures).max() <= 1
    assert np.array_equal(pictures, paint(scene(3, HEIGHT, WIDTH), [0.0, 0.5, 1.0]))
    assert pictures[2].mean() < pictures[0].mean() - 0.2  # night is darker than noon
    assert np.abs(pictures[0] - paint(scene(4, HEIGHT, WIDTH), [0.0])[0]).mean() > 0.01


def test_pictures_survive_the_way_to_the_model_and_back():
    every = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    assert np.array_equal(to_picture(to_tensor(every)), every)


def test_the_model_keeps_a_clean_picture_and_answers_winter_to_noise(model, picture):
    x = to_tensor(picture)
    assert (model(x, torch.tensor([0.002])) - x).abs().mean() < 0.02
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    answer = model(x + 10 * noise, torch.tensor([10.0]))
    summer, winter = demo.painted(demo.INPUT, [0.0, 1.0], HEIGHT, WIDTH)
    assert (answer - winter).square().mean() < (answer - summer).square().mean() / 2


def test_change_grows_along_the_gradient(model, picture):
    done = edit(model, picture, demo.gradient(HEIGHT, WIDTH))
    columns = change(picture, done.picture).mean(0)
    assert np.corrcoef(columns, np.arange(WIDTH))[0, 1] > 0.8
    assert columns[-8:].mean() > 10 * columns[:4].mean()
    assert np.array_equal(done.picture[:, 0], picture[:, 0])
    assert (done.calls, done.skipped) == (STEPS, 0)


def test_what_the_map_keeps_comes_out_exactly(model, picture):
    small = demo.disc(HEIGHT, WIDTH, 0.5, 0.5, 0.3)
    inside = small > 0
    request = {"soften_radius": 4, "soften_direction": "inward", "invert": True}
    done = edit(model, picture, small, **request)
    assert np.array_equal(done.picture[inside], picture[inside])
    assert done.kept[inside].all()
    assert change(picture, done.picture)[:, :4].mean() > 20


def test_a_run_is_repeatable_and_skips_what_the_map_does_not_need(model, picture):
    half = np.full((HEIGHT, WIDTH), 0.5)
    first, second = (edit(model, picture, half) for _ in range(2))
    assert np.array_equal(first.picture, second.picture)
    assert first.calls + first.skipped == STEPS
    assert first.skipped > 0
    nothing = edit(model, picture, np.zeros((HEIGHT, WIDTH)))
    assert nothing.calls == 0
    assert np.array_equal(nothing.picture, picture)


def test_heat_is_black_where_nothing_changed_and_the_sheet_holds_every_picture(picture):
    changed = picture.copy()
    changed[:, 32:] ^= 255
    warm = heat(picture, changed, 255)
    assert warm[:, :32].max() < 8
    assert warm[:, 32:].mean() > 60
    row = Row((picture, warm), ("before", None))
    sheet = contact_sheet("title", "subtitle", ("a", "b"), [row, row], 255)
    assert sheet.dtype == np.uint8
    found = [
        (y, x)
        for y in range(sheet.shape[0] - HEIGHT)
        for x in range(sheet.shape[1] - WIDTH)
        if np.array_equal(sheet[y, x : x + WIDTH], picture[0])
        and np.array_equal(sheet[y : y + HEIGHT, x : x + WIDTH], picture)
    ]
    assert len(found) == 2


def test_the_command_writes_its_pictures(tmp_path, monkeypatch, capsys):
    for name, value in {"HEIGHT": 24, "WIDTH": 32, "VARIANTS": 2, "TIMES": 3}.items():
        monkeypatch.setattr(demo, name, value)
    own, out = tmp_path / "own.png", tmp_path / "a" / "b"
    Image.fromarray(np.tile(np.uint8([0, 255]), (10, 20))).save(own)
    assert demo.main(["--map", str(own), "--steps", "3", "--out", str(out), "--soften", "2"]) == 0
    assert str(out / "sheet.png") in capsys.readouterr().out
    names = {"input.png", "plain.png", "map-file.png", "edit-file.png", "sheet.png"}
    assert {p.name for p in out.iterdir()} == names


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["--strength", "1.5"], "strength"),
        (["--strength", "nan"], "strength"),
        (["--steps", "0"], "steps"),
        (["--steps", "many"], "--steps"),
        (["--soften", "-3"], "soften_radius"),
        (["--map", "no-such-file.png"], "map"),
        (["--map", "pyproject.toml"], "map"),
        (["--out", "pyproject.toml"], "out"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_bad_input_is_told_in_one_line(argv, word, capsys, tmp_path):
    out = [] if "--out" in argv else ["--out", str(tmp_path / "out")]
    assert demo.main([*argv, *out]) == 2
    told = capsys.readouterr()
    assert word in told.err
    assert told.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
