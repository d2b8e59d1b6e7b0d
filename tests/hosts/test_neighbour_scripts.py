"""The host's own scripts and settings that run a job again: loopback, upscale, plots, hires."""

import numpy as np
import pytest
from neighbours import right

from benchmarks.webui import NAME, Refused, difference, encode

pytestmark = pytest.mark.host
LOOPBACK = {"script_name": "loopback", "script_args": [3, 0.5, "Linear", "None"]}


def test_loopback(webui, plain, request):
    want, _ = webui.img2img(**LOOPBACK)
    off, _ = webui.img2img({"enabled": False}, **LOOPBACK)
    assert all((a == b).all() for a, b in zip(off, want, strict=True))
    middle = webui.size // 2
    got, _ = webui.img2img(right(webui, 200), **LOOPBACK)
    loops = [p for p in got if p.shape == plain.shape][-3:]
    assert len(loops) == 3
    for picture in loops:
        assert (picture[:, :middle] == webui.photograph[:, :middle]).all()
        assert difference(picture[:, middle:], webui.photograph[:, middle:])[0] > 5
    assert (loops[0] == webui.picture(right(webui, 200))).all()
    assert difference(loops[0], loops[2])[0] > 1


@pytest.mark.parametrize(
    "body",
    [
        LOOPBACK,
        {"script_name": "sd upscale", "script_args": ["", 16, 0, 2.0]},
    ],
)
def test_scripts_with_ours_not_installed(webui, bare, plain, body):
    want, _ = bare.img2img(**body)
    for edit in (None, {"enabled": False}):
        got, _ = webui.img2img(edit, **body)
        assert all((a == b).all() for a, b in zip(got, want, strict=True))


def test_an_axis_of_ours_and_one_of_theirs(webui, plain, plotted):
    ramp = np.tile(np.linspace(0, 255, webui.size).astype(np.uint8), (webui.size, 1))
    axes = ("[Differential Diffusion] Gamma", "0.5, 2", ()), ("CFG Scale", "3, 9", ())
    got, _ = webui.img2img({"map": encode(ramp)}, **plotted(*axes))
    cells = iter(got[1:])
    for cfg in (3, 9):
        for gamma in (0.5, 2):
            want = webui.picture({"map": encode(ramp), "gamma": gamma}, cfg_scale=cfg)
            assert (next(cells) == want).all(), (cfg, gamma)


def test_hires_settings(webui, plain):
    """Of text to image, before and after an edit of ours; without hires fix there is none."""
    body = {
        **webui.base,
        "enable_hr": True,
        "hr_scale": 1.5,
        "hr_upscaler": "Latent",
        "denoising_strength": 0.6,
        "hr_additional_modules": ["Use same choices"],
    }
    before = webui.call("/sdapi/v1/txt2img", body)["images"]
    webui.picture(right(webui, 255))
    assert webui.call("/sdapi/v1/txt2img", body)["images"] == before
    scripts = {NAME: {"args": [right(webui, 255)]}}
    webui.call("/sdapi/v1/txt2img", {**body, "alwayson_scripts": scripts})
    assert webui.call("/sdapi/v1/txt2img", body)["images"] == before
    with pytest.raises(Refused) as refused:
        webui.call("/sdapi/v1/txt2img", {**webui.base, "alwayson_scripts": scripts})
    assert refused.value.status == 422
    assert "Hires. fix is off" in str(refused.value.body)


def test_hires_settings_with_ours_not_installed(webui, bare):
    body = {
        **webui.base,
        "enable_hr": True,
        "hr_scale": 1.5,
        "hr_upscaler": "Latent",
        "hr_additional_modules": ["Use same choices"],
    }
    want, got = (host.call("/sdapi/v1/txt2img", body)["images"] for host in (bare, webui))
    assert want == got
