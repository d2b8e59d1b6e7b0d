"""`diffdiff map` with a picture, and `diffdiff diffedit`: what they make, and what they refuse."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffdiff.cli.main import main
from diffdiff.images.read import decode
from diffdiff.maps import picture_sources
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import Scene, caption

BEFORE, AFTER = (Scene(colour=colour, seed=3) for colour in ("red", "blue"))
PROMPTS = ["--diffedit", caption(BEFORE), caption(AFTER)]
FEW = ["--diffedit-noises", "3"]


@pytest.fixture
def folder(quiet_folder):
    """The current folder: a scene of 150x150 pixels, one with alpha, strokes, a map, layers."""
    picture = paint(BEFORE, 150)
    Image.fromarray(picture).save("in.png")
    Image.fromarray(paint(AFTER, 150)).save("after.png")
    clear = np.dstack([picture, np.arange(150, dtype=np.uint8)[None].repeat(150, 0)])
    Image.fromarray(clear).save("clear.png")
    strokes = np.zeros((150, 150), np.uint8)
    strokes[100:110, 70:80] = 255
    Image.fromarray(strokes).save("inside.png")
    Image.fromarray(strokes[::-1, ::-1].copy()).save("outside.png")
    layers = [{"source": "constant", "value": 0.5}, {"source": "painted", "blend": "max"}]
    Path("layers.json").write_text(json.dumps({"name": "half", "layers": layers}))
    return quiet_folder


def run(*argv):
    return main([str(word) for word in argv])


def written(path="out.png") -> np.ndarray:
    return decode(Path(path).read_bytes())


def as_read(name) -> np.ndarray:
    return np.asarray(Image.open(name))


def refused(capsys):
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("error: ") and told.err.count("\n") == 1
    return told.err


# by the model


@pytest.fixture
def model():
    return pytest.importorskip("diffusers", reason="diffusers is not installed")


def test_two_prompts_make_a_map(folder, model, capsys):
    assert run("map", "in.png", *PROMPTS, *FEW, "--out", "out.png", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == ["out.png"] and told["size"] == [150, 150]
    assert (told["reference"], told["query"]) == tuple(PROMPTS[1:])
    assert told["settings"] == {"diffedit_noises": 3}
    found, region = written(), (as_read("in.png") != as_read("after.png")).any(2)
    assert found[region].mean() > 0.6 and found[~region].mean() < 0.1
    assert len(np.unique(found)) > 100  # continuous
    assert run("map", "in.png", *PROMPTS, *FEW, "--out", "again.png", "--quiet") == 0
    assert np.array_equal(written("again.png"), found)


def test_a_found_map_is_cut_shaped_and_looked_at(folder, model, capsys):
    asked = ["map", "in.png", "--diffedit", "", PROMPTS[2], *FEW]
    assert run(*asked, "--diffedit-cut", "0.5", "--invert", "--out", "out.png", "--quiet") == 0
    assert set(np.unique(written()).tolist()) == {0, 1}
    assert capsys.readouterr().out == ""
    assert run(*asked, "--preview", "--strength", "0.6", "--out", "look.png") == 0
    assert Image.open("look.png").size[0] >= 480
    told = capsys.readouterr()
    assert told.out == "look.png\n" and "6/6" in told.err  # the bar


def test_layers_may_hold_a_found_map(folder, model):
    layers = [
        {"source": "diffedit", "reference": PROMPTS[1], "query": PROMPTS[2], "diffedit_noises": 3},
        {"source": "constant", "blend": "min"},
    ]
    Path("layers.json").write_text(json.dumps({"layers": layers}))
    assert run("map", "in.png", "--layers", "layers.json", "--out", "out.png", "--quiet") == 0
    assert run("map", "in.png", *PROMPTS, *FEW, "--out", "alone.png", "--quiet") == 0
    assert np.array_equal(written(), written("alone.png"))


def test_diffedit_edits_and_says_how(folder, model, capsys):
    given = ["--reference", PROMPTS[1], "--prompt", PROMPTS[2], "--steps", 6, "--strength", 0.7]
    assert run("diffedit", "in.png", *given, *FEW, "--out", "out.png", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    picture = Image.open("out.png")
    assert picture.size == (128, 128)
    assert json.loads(picture.text["diffdiff"]) == told["settings"] | {"seed": 0}
    assert told["settings"]["method"] == "diffedit" and told["settings"]["diffedit_cut"] == 0.5
    assert told["calls"] == 8 and "Sampler: DDIM" in picture.text["parameters"]
    before = np.asarray(Image.open("in.png").resize((128, 128), Image.Resampling.LANCZOS))
    changed = (np.asarray(picture) != before).any(2)
    assert 0.02 < changed.mean() < 0.4


@pytest.mark.parametrize("method", ["continuous", "differential", "encode-decode", "sdedit"])
def test_the_other_methods_run(method, folder, model, capsys):
    needs = ["--map", "inside.png"] if method in ("continuous", "differential") else []
    given = ["--prompt", PROMPTS[2], "--steps", 3, "--method", method, *needs]
    assert run("diffedit", "in.png", *given, "--out", "out.png") == 0
    assert Image.open("out.png").size == (128, 128)
    assert "model calls" in capsys.readouterr().err


# without a model


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["luminance"], lambda p: picture_sources.luminance(p)),
        (["saturation"], lambda p: picture_sources.saturation(p)),
        (["edges", "--edge-sigma", 3], lambda p: picture_sources.edges(p, 3)),
        (
            ["canny", "--canny-low", 20, "--canny-high", 60],
            lambda p: picture_sources.canny(p, 20, 60),
        ),
        (["detail", "--detail-radius", 2], lambda p: picture_sources.detail(p, 2)),
        (["point", "--point-x", 0], lambda p: picture_sources.from_point(150, 150, 0, 0.5)),
        (["border"], lambda p: picture_sources.from_border(150, 150)),
        (
            ["difference", "--other-image", "after.png"],
            lambda p: picture_sources.difference(p, as_read("after.png")),
        ),
        (
            ["foreground", "--box", "0.3,0.4,0.7,0.9", "--rounds", 2],
            lambda p: picture_sources.foreground(p, (0.3, 0.4, 0.7, 0.9), rounds=2),
        ),
        (
            ["foreground", "--inside", "inside.png", "--outside", "outside.png"],
            lambda p: picture_sources.foreground(
                p, None, as_read("inside.png"), as_read("outside.png")
            ),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_source_is_read_off_the_picture(argv, expected, folder):
    assert run("map", "in.png", "--source", *argv, "--out", "out.png", "--quiet") == 0
    np.testing.assert_allclose(written(), expected(as_read("in.png")), atol=1e-5)


def test_alpha_is_read_before_it_is_laid_on_white(folder):
    assert run("map", "clear.png", "--source", "alpha", "--out", "out.png", "--quiet") == 0
    np.testing.assert_allclose(written()[3], np.arange(150) / 255, atol=1e-5)


def test_a_source_is_shaped_like_any_map(folder):
    shaping = ["--invert", "--black", 0.25, "--gamma", 2]
    assert run("map", "in.png", "--source", "border", *shaping, "--out", "out.png", "--quiet") == 0
    expected = np.clip((0.75 - picture_sources.from_border(150, 150)) / 0.75, 0, 1) ** 0.5
    np.testing.assert_allclose(written(), expected, atol=1e-3)


def test_layers_are_joined_in_order(folder, capsys):
    asked = ["map", "in.png", "--layers", "layers.json", "--painted", "inside.png"]
    assert run(*asked, "--out", "out.png", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["preset"], told["layers"]) == ("half", ["constant", "painted"])
    np.testing.assert_allclose(written(), np.maximum(0.5, as_read("inside.png") / 255), atol=1e-5)


def test_files_of_a_preset_lie_beside_it(folder):
    Path("set").mkdir()
    Path("inside.png").rename("set/sky.png")
    layers = [{"source": "upload", "file": "sky.png", "invert": True}]
    Path("set/layers.json").write_text(json.dumps({"layers": layers}))
    assert run("map", "in.png", "--layers", "set/layers.json", "--out", "out.png", "--quiet") == 0
    assert np.array_equal(written(), 1 - as_read("set/sky.png") / 255)


MAP = ["map", "in.png"]
EDIT = ["diffedit", "in.png", "--prompt", "a tower"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["map", "--diffedit", "a", "b"], "image: there is no picture"),
        (["map", "no.png", "--diffedit", "a", "b"], "image: no.png cannot be read"),
        ([*MAP, "--diffedit", "a"], "diffedit: expected 2 arguments"),
        ([*MAP, "--diffedit", "a", "a"], "query: both prompts are the same"),
        ([*MAP, "--diffedit", "a", " "], "query: the query prompt is empty"),
        ([*MAP, "--diffedit", "a", "b", "--diffedit-noises", "0"], "diffedit_noises: 0 is not"),
        ([*MAP, "--diffedit", "a", "b", "--diffedit-level", "2"], "diffedit_level: 2.0 is not"),
        ([*MAP, "--diffedit", "a", "b", "--diffedit-outliers", "x"], "Use one of: otsu, perc"),
        ([*MAP, "--diffedit", "a", "b", "--source", "edges"], "source: there is --diffedit too"),
        ([*MAP, "--diffedit", "a", "b", "--kind", "radial"], "diffedit: there is --kind too"),
        (
            [*MAP, "--diffedit", "a", "b", "--edge-sigma", "2"],
            "only applies to --source edges. Remove it",
        ),
        ([*MAP, "--diffedit", "a", "b", "--model", "no"], "model: there is no no"),
        ([*MAP, "--source", "depth"], "source: invalid choice: 'depth'"),
        ([*MAP, "--source", "edges", "--canny-low", "9"], "canny_low: it only applies to"),
        ([*MAP, "--source", "edges", "--box", "0,0,1,1"], "box: it only applies to"),
        (
            [*MAP, "--source", "edges", "--inside", "inside.png"],
            "it only applies to --source foreground",
        ),
        ([*MAP, "--source", "edges", "--diffedit-cut", "0.5"], "it only applies to --diffedit"),
        ([*MAP, "--source", "edges", "--dtype", "float16"], "dtype: it only applies to"),
        ([*MAP, "--source", "edges", "--edge-sigma", "99"], "edge_sigma: 99.0 is not allowed"),
        ([*MAP, "--source", "alpha"], "image: it has no alpha channel"),
        ([*MAP, "--source", "difference"], "other_image: source difference needs two pictures"),
        ([*MAP, "--source", "foreground"], "box: the box holds the whole picture"),
        ([*MAP, "--source", "foreground", "--box", "1,2"], "box: it is not four numbers"),
        ([*MAP, "--source", "foreground", "--inside", "dot.png"], "inside: 20x20 pixels, the pic"),
        ([*MAP, "--source", "border", "--out", "in.png"], "out: in.png is an input"),
        ([*MAP, "--preview"], "preview: there is no picture. Name one"),
        ([*MAP, "--layers", "no.json"], "layers: no.json cannot be read"),
        ([*MAP, "--layers", "in.png"], "layers: in.png cannot be read"),
        ([*MAP, "--layers", "layers.json"], "painted: a layer is painted, and there is no map"),
        ([*MAP, "--layers", "bad.json"], "layers: layer 1, source: 'x' is not known"),
        ([*MAP, "--layers", "lost.json"], "layers: layer 1, file: no.png cannot be read"),
        ([*MAP, "--layers", "lost.json", "--painted", "dot.png"], "painted: no layer is painted"),
        (["diffedit", "in.png"], "query: the query prompt is empty"),
        ([*EDIT, "--reference", "a tower"], "query: both prompts are the same"),
        ([*EDIT, "--method", "magic"], "method: invalid choice: 'magic'"),
        ([*EDIT, "--method", "sdedit", "--map", "inside.png"], "map: sdedit uses none"),
        ([*EDIT, "--method", "sdedit", "--reference", "x"], "reference: it only applies to"),
        ([*EDIT, "--method", "sdedit", "--refine", "1"], "refine: it only applies to"),
        ([*EDIT, "--refine", "11"], "refine: 11 is not usable"),
        ([*EDIT, "--scheduler", "Euler"], "scheduler: it only applies to"),
        (
            [*EDIT, "--method", "continuous", "--diffedit-cut", "0.5"],
            "diffedit_cut: it only applies",
        ),
        (
            [*EDIT, "--map", "inside.png", "--diffedit-level", "0.5"],
            "diffedit_level: it only applies",
        ),
        ([*EDIT, "--strength", "2"], "strength: 2.0 is not allowed"),
        ([*EDIT, "--out", "in.png"], "out: in.png is an input of this run"),
    ],
)
def test_bad_input_is_told_in_one_line(argv, words, folder, capsys):
    Image.new("L", (20, 20), 255).save("dot.png")
    Path("bad.json").write_text('{"layers": [{"source": "x"}]}')
    Path("lost.json").write_text('{"layers": [{"source": "upload", "file": "no.png"}]}')
    before = set(folder.iterdir())
    assert run(*argv, *([] if "--out" in argv else ["--out", "out.png"])) == 2
    assert words in refused(capsys)
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize("command", ["map", "diffedit"])
def test_every_setting_is_a_flag(command, capsys):
    from diffdiff.settings.schema import fields
    from diffdiff.settings.sources import DiffEditArgs, SourceArgs

    with pytest.raises(SystemExit):
        main([command, "--help"])
    told = capsys.readouterr().out
    names = list(fields(DiffEditArgs)) + (list(fields(SourceArgs)) if command == "map" else [])
    for name in names:
        assert f"--{name.replace('_', '-')} " in told
