"""The golden vectors are what Python computes; `tests/js/golden.test.mjs` reads the same file."""

import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "golden"


def test_vectors_are_what_python_computes():
    spec = importlib.util.spec_from_file_location("golden_make", FOLDER / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    known = json.loads((FOLDER / "vectors.json").read_text())
    found = json.loads(json.dumps(make.vectors()))
    assert found.keys() == known.keys()
    for part in ("greys", "strengths", "start_steps", "levels", "all_steps"):
        assert found[part] == known[part], part
    for part in ("runs", "responses"):  # powers differ in the last bit between libraries
        for a, b in zip(found[part], known[part], strict=True):
            assert a.pop("strength") == pytest.approx(b.pop("strength"), rel=1e-6, abs=1e-9)
            assert a == b
