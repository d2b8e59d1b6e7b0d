"""A small folder for the tests of commands, and what a command says and leaves there."""

import numpy as np
from PIL import Image


def small_folder(tmp_path, monkeypatch):
    """The current folder, with a picture and a map of 16x12."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).save("in.png")
    Image.fromarray(np.linspace(0, 255, 192).reshape(12, 16).astype(np.uint8)).save("map.png")
    return tmp_path


def refused(capsys, code=2):
    """The one line on stderr."""
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1
    return told.err


def made(folder):
    return {p.name for p in folder.iterdir()} - {"in.png", "map.png"}
