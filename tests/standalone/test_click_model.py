"""Points on the included model: the region, what is kept between clicks, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.pipelines import PIPELINES
from benchmarks.prompt_pairs import iou, pairs
from diffdiff.cli.main import main
from diffdiff.errors import FieldError
from diffdiff.images.read import decode
from diffdiff.maps.layers import Layer
from diffdiff.pipelines.clicking import find_clicked
from diffdiff.pipelines.load import load
from diffdiff.pipelines.model_maps import of_layer
from diffdiff.settings.click import ClickArgs
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

PAIR = pairs(94_000_000, 3)[2]  # the sky changes
IMAGE = Image.fromarray(PAIR.before)
POINTS = "64,8; 20,40; 100,40; -50,58"


@pytest.fixture(scope="module")
def engine():
    return load("toyworld", dtype="float32", device="cpu")


@pytest.fixture
def calls(engine, monkeypatch):
    """How many latents the model has been asked about."""
    asked = []
    hook = engine.pipe.unet.register_forward_pre_hook(lambda _, given: asked.append(len(given[0])))
    yield asked
    hook.remove()


def test_clicks_find_the_sky_and_later_ones_ask_no_model(engine, calls):
    m = find_clicked(engine, IMAGE, POINTS, parse({"points_seed": 5}, ClickArgs))
    assert m.shape == (128, 128) and m.dtype == np.float32
    assert iou(m > 0.5, PAIR.region) > 0.8
    assert sum(calls) == 4
    more = find_clicked(engine, IMAGE, "64,120", parse({"points_seed": 5}, ClickArgs))
    assert iou(more > 0.5, PAIR.region) < 0.3
    assert sum(calls) == 4
    find_clicked(engine, IMAGE, POINTS, parse({"points_seed": 6}, ClickArgs))
    assert sum(calls) == 8
    assert not engine.pipe.unet._forward_hooks


def test_any_size_of_the_image_and_of_the_run(engine):
    odd = IMAGE.resize((150, 101))
    args = parse({"points_noises": 1}, ClickArgs)
    for run in (None, RunArgs(width=96, height=64), RunArgs(width=100, height=60)):
        m = find_clicked(engine, odd, "50%,15%; 20%,10%; -50%,94%", args, run)
        assert m.shape == (101, 150)
        assert m[8, 20] > 0.5 > m[95, 75]


def test_a_layer_takes_points(engine):
    layer = Layer("click", finding=ClickArgs(), own={"points": POINTS})
    m = find_clicked(engine, IMAGE, POINTS, ClickArgs())
    assert np.array_equal(of_layer(engine, IMAGE, layer), m)


@pytest.mark.parametrize("name", ["sd3", "flux", "kandinsky", "if"])
def test_other_families_are_refused(name):
    with pytest.raises(FieldError, match="model: Source click is not offered for"):
        find_clicked(PIPELINES[name].engine(), IMAGE, POINTS, ClickArgs())


@pytest.fixture
def folder(quiet_folder):
    IMAGE.save("in.png")
    return quiet_folder


def test_the_command_makes_the_map_and_tells(folder, engine, capsys):
    asked = ["map", "in.png", "--points", POINTS, "--points-noises", "2", "--out", "out.png"]
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["points"] == POINTS and told["settings"] == {"points_noises": 2}
    m = decode(Path("out.png").read_bytes())
    wanted = find_clicked(engine, IMAGE, POINTS, parse({"points_noises": 2}, ClickArgs))
    np.testing.assert_allclose(m, wanted, atol=1e-3)
    layers = [{"source": "click", "points": POINTS, "points_noises": 2}]
    Path("layers.json").write_text(json.dumps({"layers": layers}))
    assert main(["map", "in.png", "--layers", "layers.json", "--out", "l.png", "--quiet"]) == 0
    assert np.array_equal(decode(Path("l.png").read_bytes()), m)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--points", ""], "points: there are none"),
        (["--points", "5"], "points: '5' is not a point or a box"),
        (["--points", "5,5; 200,5"], "points: '200,5' lies outside of the image"),
        (["--points=-5,5"], "points: all of them have a minus"),
        (["--points", "5,5", "--words", "sky 1"], "points: there is --words too"),
        (["--points", "5,5", "--words-level", "0.5"], "words_level: it only applies to --words"),
        (["--source", "edges", "--points-level", "0.5"], "it only applies to --points"),
        (["--points", "5,5", "--points-level", "2"], "points_level: 2.0 is not allowed"),
    ],
)
def test_bad_input_is_told(argv, words, folder, capsys):
    assert main(["map", "in.png", *argv, "--out", "out.png"]) == 2
    assert words in capsys.readouterr().err
    assert not Path("out.png").exists()


def test_rows_of_a_batch_may_have_points(folder, engine, capsys):
    head = "picture,source,points,prompt,out\n"
    Path("rows.csv").write_text(f'{head}in.png,click,"{POINTS}",winter,a.png\n')
    flags = ["--steps", "3", "--out", "done", "--quiet"]
    assert main(["batch", "rows.csv", *flags]) == 0
    assert Path("done/a.png").exists()
    Path("rows.csv").write_text(f'{head}in.png,click,"500,5",winter,b.png\n')
    assert main(["batch", "rows.csv", *flags[:-1]]) != 0
    assert "'500,5' lies outside of the image" in "".join(capsys.readouterr())
