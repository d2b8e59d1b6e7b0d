"""An InstructPix2Pix checkpoint (8 input channels: the image is seen beside the noise) obeys a map.

A checkpoint counts whose name has "pix2pix" or "ip2p" in it; hosts without one are skipped.
"""

import numpy as np
import pytest

from benchmarks.webui import difference, encode

pytestmark = pytest.mark.host

INSTRUCTION = "make it night"


@pytest.fixture(scope="module")
def instruct(webui):
    """Settings of a job that loads the checkpoint; the host has its own again afterwards."""
    models = [model["title"] for model in webui.call("/sdapi/v1/sd-models")]
    found = [m for m in models if "pix2pix" in m.lower() or "ip2p" in m.lower()]
    if not found:
        pytest.skip("this host has no InstructPix2Pix checkpoint (a name with pix2pix or ip2p)")
    before = webui.call("/sdapi/v1/options")["sd_model_checkpoint"]
    webui.call("/sdapi/v1/options", {"sd_model_checkpoint": found[0]})
    webui.img2img(prompt=INSTRUCTION)  # the first job after a change of checkpoints
    yield {"prompt": INSTRUCTION, "denoising_strength": 1.0, "image_cfg_scale": 1.5}
    webui.call("/sdapi/v1/options", {"sd_model_checkpoint": before})
    webui.img2img()


def half(webui) -> str:
    change_map = np.zeros((webui.size, webui.size), np.uint8)
    change_map[:, webui.size // 2 :] = 255
    return encode(change_map)


@pytest.mark.parametrize("sampler", ["Euler", "DPM++ 2M", "Euler a", "DDIM"])
@pytest.mark.parametrize("scale", [1.5, 1.0, 3.0])
def test_white_is_the_plain_job_and_black_the_image(webui, instruct, sampler, scale):
    job = {**instruct, "sampler_name": sampler, "image_cfg_scale": scale}
    plain = webui.picture(**job)
    assert difference(webui.picture({"map": webui.constant(255)}, **job), plain)[1] == 0
    black = webui.picture({"map": webui.constant(0), "skip": False}, **job)
    assert (black == webui.photograph).all()
    parted, middle = webui.picture({"map": half(webui), "feather": 0}, **job), webui.size // 2
    assert (parted[:, :middle] == webui.photograph[:, :middle]).all()
    assert difference(parted[:, middle:], webui.photograph[:, middle:])[0] > 1


def test_a_gray_is_the_plain_job_at_that_strength(webui, instruct):
    job = {**instruct, "sampler_name": "DPM++ 2M"}
    edit = {"map": webui.constant(153), "paste_back": False, "levels": "steps"}
    plain = webui.picture(**{**job, "denoising_strength": 0.6})
    assert difference(webui.picture(edit, **job), plain)[1] == 0


def test_the_image_cfg_scale_acts(webui, instruct):
    job = {**instruct, "sampler_name": "Euler"}
    edit = {"map": half(webui)}
    one, other = (webui.picture(edit, **{**job, "image_cfg_scale": s}) for s in (1.5, 3.0))
    assert difference(one, other)[0] > 0.01


def test_its_friendly_anchor_returns_the_image(webui, instruct):
    job = {**instruct, "sampler_name": "Euler a"}
    edit = {"anchor": "friendly", "reference": INSTRUCTION, "paste_back": False}
    encoded = webui.picture({**edit, "map": webui.constant(0)}, **job)
    got = webui.picture({**edit, "map": webui.constant(255)}, **job)
    assert difference(got, encoded)[1] <= 1
