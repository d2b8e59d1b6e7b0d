"""What other programs may import."""

import subprocess
import sys
from pathlib import Path

import pytest

import diffdiff


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
