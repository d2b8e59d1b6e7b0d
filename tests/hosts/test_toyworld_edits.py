"""The toy world's trained model on a running host: a summer noon becomes a winter night.

The host needs the checkpoint, from `python -m diffdiff.toyworld.export --out FOLDER/toyworld` with
its folder of checkpoints. Forge knows models by their sizes and refuses this one.
"""

import os

import numpy as np
import pytest

from benchmarks.webui import WebUI, encode
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import Scene

pytestmark = pytest.mark.host
SIZE, SEEDS = 128, (1, 2, 3, 4)
BEFORE = Scene(season="summer", time="noon", sky="clear")
AFTER = Scene(season="winter", time="night", sky="clear")
PROMPT = "a winter night, hills, clear sky, a red house in the middle"
KEPT = 16  # columns at the left of the gradient


@pytest.fixture(scope="module")
def toyworld():
    """A host that has loaded the model; afterwards it has its own again."""
    host = WebUI(os.environ["WEBUI_URL"], 20, SIZE)
    titles = [m["title"] for m in host.call("/sdapi/v1/sd-models")]
    ours = [title for title in titles if title.startswith("toyworld.")]
    if not ours:
        pytest.skip(f"this host offers no checkpoint called toyworld, only {', '.join(titles)}")
    before = host.call("/sdapi/v1/options")["sd_model_checkpoint"]
    host.call("/sdapi/v1/options", {"sd_model_checkpoint": ours[0]})
    host.photograph = paint(BEFORE, SIZE)
    host.base |= {"prompt": PROMPT, "negative_prompt": "", "cfg_scale": 5.0}
    yield host
    host.call("/sdapi/v1/options", {"sd_model_checkpoint": before})


@pytest.fixture(scope="module", params=["DDIM", "Euler", "DPM++ 2M"])
def sampler(request, toyworld):
    if request.param not in toyworld.samplers():
        pytest.skip(f"this host has no {request.param}")
    return request.param


def edited(host: WebUI, change_map: np.ndarray, sampler: str) -> np.ndarray:
    """int `[seeds, S, S, 3]`: the pictures of all seeds; the map's values are the strengths."""
    edit = {"map": encode(change_map), "scale": "absolute"}
    pictures = [host.picture(edit, sampler_name=sampler, seed=seed) for seed in SEEDS]
    return np.stack(pictures).astype(int)


def test_change_grows_along_a_gradient(toyworld, sampler):
    x = np.arange(SIZE)
    row = np.round(255 * np.clip((x - KEPT + 1) / (SIZE - KEPT), 0, 1)).astype(np.uint8)
    got = edited(toyworld, np.tile(row, (SIZE, 1)), sampler)
    before = toyworld.photograph.astype(int)
    assert (row[:KEPT] == 0).all() and (row[KEPT:] > 0).all()
    assert (got[:, :, :KEPT] == before[:, :KEPT]).all(), "black is kept, bit for bit"
    change = abs(got - before).mean((0, 1, 3))
    assert np.corrcoef(row, change)[0, 1] >= 0.9
    assert change[-16:].mean() > 40, "white changes"


def test_a_disc_changes_and_nothing_around_it(toyworld, sampler):
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    disc = x**2 + y**2 < (SIZE / 3) ** 2
    got = edited(toyworld, disc.astype(np.uint8) * 255, sampler)
    before, after = (paint(scene, SIZE).astype(int) for scene in (BEFORE, AFTER))
    assert (got[:, ~disc] == before[~disc]).all()
    assert abs(got - before)[:, disc].mean() > 40
    # what is inside is a winter night: nearer to the painted one than to where it came from
    night = abs(got.mean(0) - after)[disc].mean()
    assert night < 0.5 * abs(before - after)[disc].mean()
