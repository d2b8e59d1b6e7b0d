"""`diffdiff map`: the maps it makes and shapes, its preview, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
from command_folder import made, refused, small_folder
from PIL import Image

from diffdiff.cli.main import main
from diffdiff.images.read import decode
from diffdiff.maps import shapes

folder = pytest.fixture(small_folder)


def test_a_made_map_is_read_back_exactly(folder, capsys):
    argv = [
        "--kind",
        "gradient",
        "--size",
        "40x30",
        "--from",
        "0.1",
        "--to",
        "0.9",
        "--angle",
        "30",
    ]
    assert main(["map", *argv, "--out", "m.png"]) == 0
    assert capsys.readouterr().out == "m.png\n"
    m = decode(Path("m.png").read_bytes())
    wanted = shapes.gradient(30, 40, 0.1, 0.9, 30)
    assert np.array_equal(m, (np.round(wanted.astype(float) * 65535) / 65535).astype(np.float32))
    assert main(["map", "m.png", "--out", "again.png"]) == 0
    assert np.array_equal(decode(Path("again.png").read_bytes()), m)


@pytest.mark.parametrize("kind", ["radial", "rectangle", "ellipse", "constant"])
def test_every_kind_is_made(kind, folder):
    box = [] if kind == "constant" else ["--box", "0,0,0.5,1"]
    assert main(["map", "--kind", kind, *box, "--to", "0.5", "--out", "m.png", "--quiet"]) == 0
    m = decode(Path("m.png").read_bytes())
    assert m.shape == (512, 512)
    assert m.max() == np.float32(32768 / 65535)
    assert kind == "constant" or not m[:, 300:].any()


def test_a_map_is_shaped(folder, capsys):
    flags = ["--invert", "--soften-radius", "2", "--soften-direction", "outward"]
    assert main(["map", "map.png", *flags, "--out", "m.png", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["files"] == ["m.png"]
    assert answer["size"] == [16, 12]
    assert (answer["lowest"], answer["highest"]) == (0, 1) or answer["lowest"] > 0
    inverted = 1 - decode(Path("map.png").read_bytes())
    assert (decode(Path("m.png").read_bytes()) >= inverted - 1e-4).all()


def test_a_preview_is_drawn_over_the_picture(folder):
    argv = ["--kind", "rectangle", "--preview", "in.png", "--steps", "12", "--strength", "0.5"]
    assert main(["map", *argv, "--out", "look.png", "--quiet"]) == 0
    look = np.asarray(Image.open("look.png"))
    picture = np.asarray(Image.open("in.png"))
    factor = look.shape[1] // 16
    assert look.shape[1] >= 480 and look.shape[0] > 12 * factor
    shown = look[: 12 * factor : factor, ::factor]
    kept = shapes.rectangle(12, 16) == 0
    assert (shown[kept] == picture[kept]).all()
    assert (shown[~kept] != picture[~kept]).any(1).all()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "map: there is no map. Name a map file, or use --kind"),
        (["map.png", "--kind", "radial"], "kind: there is a map too"),
        (["--kind", "spiral"], "kind: invalid choice: 'spiral'"),
        (["--kind", "gradient", "--size", "12"], "size: 12 is not a size"),
        (["--kind", "gradient", "--size", "1x1"], "size: 1x1 is not a size"),
        (["--kind", "gradient", "--size", "99999x99999"], "size: 99999x99999 pixels"),
        (["--kind", "gradient", "--to", "7"], "to: 7.0 is not a map value"),
        (["--kind", "gradient", "--from", "x"], "from: invalid float value: 'x'"),
        (["--kind", "gradient", "--box", "0,0,1,1"], "box: it only applies to"),
        (["--kind", "ellipse", "--box", "0,0,1"], "box: 0,0,1 is not a box"),
        (["--kind", "ellipse", "--box", "a,b"], "box: a,b is not a box"),
        (["--kind", "ellipse", "--angle", "3"], "angle: it only applies to"),
        (["map.png", "--size", "9x9"], "size: it only applies to"),
        (["map.png", "--steps", "9"], "steps: it only applies to"),
        (["map.png", "--gamma", "0"], "gamma: 0.0 is not allowed"),
        (["map.png", "--preview", "no.png"], "preview: no.png cannot be read"),
        (["map.png", "--out", "map.png"], "out: map.png is an input"),
        (["map.png", "--out", "m.tif"], "out: m.tif is not a PNG"),
    ],
)
def test_a_map_that_cannot_be_made_is_told_in_one_line(argv, words, folder, capsys):
    argv = argv if "--out" in argv else [*argv, "--out", "m.png"]
    assert main(["map", *argv]) == 2
    assert words in refused(capsys)
    assert made(folder) == set()
