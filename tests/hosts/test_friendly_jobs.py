"""The friendly anchor on a running WebUI: an ancestral sampler and one of stochastic equations."""

import numpy as np
import pytest

from benchmarks.webui import Refused, difference, encode

pytestmark = pytest.mark.host

SAMPLERS = ("Euler a", "DPM++ 2M SDE")
PROMPT = "a cat"


def half(webui) -> str:
    change_map = np.zeros((webui.size, webui.size), np.uint8)
    change_map[:, webui.size // 2 :] = 255
    return encode(change_map)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_reference_prompt_returns_the_image(webui, plain, sampler):
    """As the autoencoder returns it; noised, it changes."""
    job = {"sampler_name": sampler, "prompt": PROMPT, "denoising_strength": 0.8}
    encoded = webui.picture({"map": webui.constant(0), "paste_back": False}, **job)
    for change_map in (webui.constant(255), half(webui)):
        edit = {"map": change_map, "anchor": "friendly", "reference": PROMPT, "paste_back": False}
        assert difference(webui.picture(edit, **job), encoded)[1] <= 1
        noised = webui.picture({**edit, "anchor": "noised"}, **job)
        assert difference(noised, encoded)[1] > 8


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_black_is_kept_and_white_follows_the_prompt(webui, plain, sampler):
    job = {"sampler_name": sampler, "prompt": "a red car", "denoising_strength": 1.0}
    edit = {"map": half(webui), "anchor": "friendly", "reference": PROMPT, "feather": 0}
    picture = webui.picture(edit, **job)
    before, middle = webui.photograph, webui.size // 2
    assert (picture[:, :middle] == before[:, :middle]).all()
    same = webui.picture(edit, **{**job, "prompt": PROMPT})
    assert difference(picture[:, middle:], same[:, middle:])[0] > 0.5


def test_a_second_edit_repeats_the_first(webui, plain):
    job = {"sampler_name": "Euler a", "prompt": "a red car", "denoising_strength": 1.0}
    edit = {"map": webui.constant(255), "anchor": "friendly", "reference": PROMPT}
    pictures, reply = webui.img2img(edit, **job)
    text = reply["info"]["infotexts"][0]
    assert "DD anchor: friendly" in text
    assert "DD reference: a cat" in text
    other = webui.picture(edit, **{**job, "prompt": "a blue car"})
    assert difference(other, pictures[0])[0] > 0.05
    assert difference(webui.picture(edit, **job), pictures[0])[1] == 0  # by the kept inversion


def test_a_sampler_without_noise_is_refused(webui, plain):
    edit = {"map": webui.constant(255), "anchor": "friendly"}
    with pytest.raises(Refused, match="draws no noise") as refused:
        webui.picture(edit, sampler_name="Euler")
    assert "Euler a" in str(refused.value)
