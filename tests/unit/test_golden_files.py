"""The golden map files are what Python reads; the painter's tests read the same file."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from diffdiff.maps.geometry import decode

KNOWN = json.loads((Path(__file__).parents[1] / "golden" / "map_files.json").read_text())
FILES = {name: one for part in KNOWN.values() for name, one in part.items()}


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_the_same_map(name):
    one = FILES[name]
    data = base64.b64decode(one["file"])
    want = np.frombuffer(base64.b64decode(one["map"]), "<u2").reshape(one["size"][::-1])
    for value in (data, one["file"], f"data:image/png;base64,{one['file']}"):
        found = decode(value)
        # lossy formats differ a little between versions of their libraries
        assert np.abs(np.rint(found * 65535.0) - want).max() <= (600 if "jpeg" in name else 0)
