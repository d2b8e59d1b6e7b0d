"""What other programs may import."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import diffdiff

API = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


@pytest.mark.parametrize("name", diffdiff.__all__)
def test_what_is_public_is_there(name):
    assert getattr(diffdiff, name) is not None
    modules = {path.stem for path in Path(diffdiff.__file__).parent.glob("*.py")}
    assert name not in modules  # an import of the module would take the name's place


def test_anything_else_is_not():
    with pytest.raises(AttributeError, match="no attribute 'everything'"):
        _ = diffdiff.everything


def test_the_first_import_is_light():
    code = (
        "import sys, diffdiff; print([m for m in ('torch', 'cv2', 'pydantic') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_example_of_the_core_runs(tmp_path, monkeypatch, capsys):
    import cv2

    (example,) = [b for b in API.split("```python\n") if b.startswith("# the pure core")]
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("map.png", np.tile(np.arange(64, dtype=np.uint8) * 4, (32, 1)))
    exec(compile(example.split("```")[0], "docs/api.md", "exec"), {})
    assert "levels can be told apart" in capsys.readouterr().out
