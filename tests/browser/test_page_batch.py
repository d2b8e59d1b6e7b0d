"""The batch tab with a folder of change maps. Needs a WebUI on this computer."""

import json
import os
import urllib.request

import numpy as np
import pytest
from img2img_page import SIDE, fill_batch, run_batch
from PIL import Image

from benchmarks.webui import photograph

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif("WEBUI_URL" not in os.environ, reason="WEBUI_URL is not set"),
]


def set_options(**options) -> None:
    request = urllib.request.Request(
        os.environ["WEBUI_URL"] + "/sdapi/v1/options",
        json.dumps(options).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=60).read()


@pytest.fixture
def folders(tmp_path):
    made = [tmp_path / name for name in ("in", "maps", "out")]
    for folder in made:
        folder.mkdir()
    set_options(diffdiff_batch_maps=str(made[1]), diffdiff_batch_missing="keep the picture")
    yield made
    set_options(diffdiff_batch_maps="")


def test_each_picture_gets_the_map_of_its_name(page, folders):
    pictures, maps = {}, {}
    for i, name in enumerate(("a", "b", "c")):
        pictures[name] = np.roll(photograph(SIDE, SIDE), 40 * i, 0)
        Image.fromarray(pictures[name]).save(folders[0] / f"{name}.png")
        maps[name] = np.zeros((SIDE, SIDE), np.uint8)
    maps["a"][:, SIDE // 2 :] = 255
    maps["b"][: SIDE // 2] = 255
    for name in ("a", "b"):  # c has none
        Image.fromarray(maps[name]).save(folders[1] / f"{name}.png")
    fill_batch(page, {"input_dir": folders[0], "output_dir": folders[2]}, (SIDE, SIDE))
    page.wait_for_timeout(1500)
    made_of = run_batch(page, folders[2], list(pictures))
    for name, picture in pictures.items():
        made = made_of[name]
        changed = (made != picture).any(-1)
        assert not changed[maps[name] == 0].any(), name
        assert name == "c" or changed[maps[name] > 0].mean() > 0.9, name
