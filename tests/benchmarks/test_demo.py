"""The demo: its sheet, its messages, and the whole run with the packaged model."""

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from diffdiff.toyworld.paint import paint
from examples import demo
from examples.sheet import Row, contact_sheet, heat

HEIGHT, WIDTH = 48, 64


@pytest.fixture
def picture():
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def change(before, after):
    return np.abs(before.astype(np.float64) - after).mean(2)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder that a plain `make demo` fills."""
    out = tmp_path_factory.mktemp("demo") / "a" / "b"
    assert demo.main(["--out", str(out)]) == 0
    return out


def read(folder, name):
    return np.asarray(Image.open(folder / f"{name}.png").convert("RGB"))


def test_it_writes_every_picture_and_the_sheet(made):
    names = {"input", "plain", "edit-gradient", "edit-shape", "edit-inpaint", "beside-inpaint"}
    names |= {"map-gradient", "map-shape", "map-inpaint", "sheet"}
    assert {p.stem for p in made.iterdir()} == names
    assert np.array_equal(read(made, "input"), paint(demo.INPUT, demo.SIZE))


def test_summer_noon_becomes_winter_night(made):
    before, after = read(made, "input"), read(made, "plain")
    assert after[:40].mean() < before[:40].mean() - 60  # the sky is dark


def test_change_grows_along_the_gradient(made):
    columns = change(read(made, "input"), read(made, "edit-gradient")).mean(0)
    assert np.corrcoef(columns, np.arange(len(columns)))[0, 1] > 0.85
    assert columns[0] == 0


def test_what_the_map_keeps_comes_out_exactly(made):
    for name in ("shape", "inpaint"):
        kept = read(made, f"map-{name}")[..., 0] == 0
        assert kept.mean() > 0.1
        before, after = read(made, "input"), read(made, f"edit-{name}")
        assert np.array_equal(before[kept], after[kept])
        assert change(before, after)[~kept].mean() > 10


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


def test_a_map_of_ones_own(tmp_path, capsys):
    own, out = tmp_path / "own.png", tmp_path / "out"
    Image.fromarray(np.tile(np.uint8([0, 255]), (10, 20))).save(own)
    given = ["--map", str(own), "--steps", "3", "--out", str(out), "--soften", "2"]
    assert demo.main(given) == 0
    assert str(out / "sheet.png") in capsys.readouterr().out
    assert {p.stem for p in out.iterdir()} == {"input", "plain", "map-file", "edit-file", "sheet"}


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
