"""Transparency and 16 bits of what is kept come back, through every command."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from diffdiff.cli.main import main

SIZE = 30, 20


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    m = np.zeros(SIZE[::-1], np.uint8)
    m[:, 15:] = 255
    Image.fromarray(m).save("m.png")
    return tmp_path


def numbers(channels, dtype):
    top = np.iinfo(dtype).max
    shape = (*SIZE[::-1], channels) if channels > 1 else SIZE[::-1]
    return np.random.default_rng(channels).integers(0, top, shape, dtype, endpoint=True)


def raw(path):
    """The stored numbers of a PNG, RGB or RGBA."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 2:
        return pixels
    return pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]]


def edit(*more, name="a.png"):
    command = [
        "edit",
        name,
        "--map",
        "m.png",
        "--out",
        "o.png",
        "--steps",
        "1",
        "--feather",
        "0",
    ]
    assert main([*command, *more]) == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_kept_pixels_are_the_files_own(folder, engine, channels, dtype):
    values = numbers(channels, dtype)
    order = values[..., [2, 1, 0, *range(3, channels)]] if channels > 1 else values
    cv2.imwrite("a.png", order)
    edit()
    made, own = raw("o.png"), values if channels > 1 else np.dstack([values] * 3)
    assert made.dtype == dtype and made.shape == own.shape
    assert np.array_equal(made[:, :15], own[:, :15])
    assert (made[:, 15:, :3] != own[:, 15:, :3]).any(2).mean() > 0.9
    if channels == 4:
        assert (made[:, 15:, 3] == np.iinfo(dtype).max).all()
    assert "Steps: 1" in Image.open("o.png").text["parameters"]


def test_the_batch_and_the_profile(folder, engine):
    values = numbers(4, np.uint16)
    cv2.imwrite("a.png", values[..., [2, 1, 0, 3]])
    Path("jobs.csv").write_text("picture,map\na.png,m.png\n")
    assert main(["batch", "jobs.csv", "--out", "done", "--steps", "1", "--quiet"]) == 0
    assert np.array_equal(raw("done/a.png")[:, :14], values[:, :14])
    assert main(["batch", "jobs.csv", "--out", "done", "--steps", "1", "--quiet"]) == 0
    assert json.loads(Path("done/results.jsonl").read_text())["status"] == "kept"
    Image.open("a.png").save("p.png", icc_profile=b"a profile")
    Image.new("I;16", SIZE, 9).save("a.png", icc_profile=b"of a gray file")
    edit()
    assert Image.open("o.png").info.get("icc_profile") is None  # of grays, and these are colors


@pytest.mark.parametrize("turn", [3, 6])
def test_a_turned_picture(folder, engine, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    values = numbers(4, np.uint8)
    Image.fromarray(values).save("a.png", exif=exif)
    upright = {3: values[::-1, ::-1], 6: values[::-1].swapaxes(0, 1)}[turn]
    Image.fromarray(np.zeros(upright.shape[:2], np.uint8)).save("m.png")
    edit()
    assert np.array_equal(raw("o.png"), upright)


def test_gifs_and_palettes(folder, engine):
    picture = Image.fromarray(numbers(3, np.uint8)).quantize(20)
    picture.save("a.gif", transparency=4)
    want = np.asarray(Image.open("a.gif").convert("RGBA"))
    edit(name="a.gif")
    assert np.array_equal(raw("o.png")[:, :15], want[:, :15])


def test_where_it_cannot_be_that_is_said(folder, engine, capsys):
    cv2.imwrite("a.png", numbers(4, np.uint16))
    edit("--width", "40")
    assert "so it is without its transparency and 16 bits" in capsys.readouterr().err
    assert raw("o.png").dtype == np.uint8
