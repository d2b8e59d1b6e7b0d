"""The golden vectors of moves are what Python computes."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "golden"


def test_vectors_are_what_python_computes():
    spec = importlib.util.spec_from_file_location("golden_moves", FOLDER / "moves.py")
    moves = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(moves)
    known = json.loads((FOLDER / "moves.json").read_text())
    found = json.loads(json.dumps(moves.vectors()))
    for a, b in zip(found["maps"], known["maps"], strict=True):
        off = np.abs(np.subtract(a.pop("map"), b.pop("map")))
        assert (off > 2).mean() < 0.02  # OpenCV's resampling differs in the last bit
        assert a == b
    for a, b in zip(found["fills"], known["fills"], strict=True):
        off = np.abs(np.subtract(a.pop("filled"), b.pop("filled")))
        assert off.mean() < 1  # OpenCV's inpainting may differ by version
        assert a == b
    for a, b in zip(found["matrices"], known["matrices"], strict=True):
        assert a.pop("matrix") == pytest.approx(b.pop("matrix"), abs=1e-9)
        assert a == b
