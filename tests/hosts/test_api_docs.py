"""The examples of docs/api.md, run as they stand against a running host."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from benchmarks.webui import Refused, encode
from tests.doc_messages import body, keys

pytestmark = pytest.mark.host
API = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
BLOCKS = {
    code.splitlines()[0].lstrip("#/ "): (language, code)
    for language, code in re.findall(r"```(bash|python|javascript)\n(.*?)```", API, re.S)
}
RUN = {"bash": ["bash", "-ec"], "python": [sys.executable, "-c"]}
METRICS = "how well does it follow the map?"
OUT = [name for name in BLOCKS if name != METRICS]


@pytest.fixture
def folder(webui, tmp_path):
    size = 128
    Image.fromarray(webui.photograph).resize((size, size)).save(tmp_path / "photo.png")
    row = np.where(np.arange(size) < size // 2, 0, 255).astype(np.uint8)
    Image.fromarray(np.tile(row, (size, 1))).save(tmp_path / "map.png")
    return tmp_path


def run(name: str, folder: Path) -> str:
    language, code = BLOCKS[name]
    url = os.environ["WEBUI_URL"].rstrip("/")
    code = code.replace("http://127.0.0.1:7860", url)
    code = code.replace("port=7860", f"port={urlsplit(url).port}")
    if "webuiapi" in code:
        pytest.importorskip("webuiapi", reason="the package webuiapi is not installed")
    if "import requests" in code:
        pytest.importorskip("requests", reason="the package requests is not installed")
    if language == "javascript":
        if not shutil.which("node"):
            pytest.skip("Node is not installed")
        (folder / "example.mjs").write_text(code)
        command = ["node", "example.mjs"]
    else:
        command = [*RUN[language], code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("name", OUT)
def test_an_example_makes_its_picture(folder, name):
    run(name, folder)
    before, after = (np.asarray(Image.open(folder / f)) for f in ("photo.png", "out.png"))
    assert after.shape == before.shape and (after != before).any()
    if "diffedit" not in BLOCKS[name][1]:  # the left half of the map is black
        assert (after[:, :60] == before[:, :60]).all()


def test_the_example_of_the_metrics(folder):
    run("curl", folder)
    assert "changed outside of it 0" in run(METRICS, folder)


def test_the_bodies_are_the_hosts(webui):
    photo, ramp = (
        encode(webui.photograph),
        encode(np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))),
    )
    root = "/diffdiff/v1"
    assert keys(body("## Endpoints")) == keys(webui.call(f"{root}/version"))
    asked = {"args": {"map": ramp}, "image": photo, "sampler_name": "Euler", "steps": 6}
    assert keys(body("### map/preview")) == keys(webui.call(f"{root}/map/preview", asked))
    asked = {"image": photo, "reference": "a cat", "query": "a bird"}
    assert keys(body("### map/diffedit")) == keys(webui.call(f"{root}/map/diffedit", asked))
    asked = {"before": photo, "after": photo, "map": ramp}
    assert keys(body("### metrics/adherence")) == keys(
        webui.call(f"{root}/metrics/adherence", asked)
    )
    with pytest.raises(Refused) as refused:
        webui.picture({"map": ramp, "feather": 800})
    shown = body("### Errors")
    assert {name: refused.value.body.get(name) for name in ("error", "detail")} == {
        name: shown[name] for name in ("error", "detail")
    }
