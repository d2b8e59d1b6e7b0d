"""Every sampler the host lists: constant map against plain img2img, on the running host."""

import os

import numpy as np
import pytest

from benchmarks.webui import Refused, WebUI, constant, encode

pytestmark = pytest.mark.host
NOISE_LEFT = ("DDIM", "DDIM CFG++", "PLMS")  # of plain img2img, where the strength is one step


def pytest_generate_tests(metafunc):
    if "sampler" in metafunc.fixturenames:
        url = os.environ.get("WEBUI_URL")
        metafunc.parametrize("sampler", WebUI(url).samplers() if url else ["(no WebUI)"])


def test_constant_map_is_plain_img2img(webui, sampler, tolerance):
    for value in (77, 153):
        try:
            webui.picture(sampler_name=sampler, denoising_strength=value / 255)
        except Refused as refused:
            pytest.skip(f"the host's own plain job of this strength fails: {refused}")
        if sampler in NOISE_LEFT and int(value / 255 * webui.base["steps"]) < 2:
            # the host itself asks the model nothing here, and its picture is bare noise
            edit = {"map": webui.constant(value), "scale": "absolute"}
            assert (webui.picture(edit, sampler_name=sampler) == webui.photograph).all()
            continue
        begun = constant(webui, sampler, value, skip=True)
        assert begun[1] <= tolerance, "skip: begins where plain img2img begins"
        _, most, said = constant(webui, sampler, value, skip=False)
        if most > max(tolerance, 1) and not said:
            still = constant(webui, sampler, value, skip=False, eta=0.0)
            if still[1] > max(tolerance, 1):
                pytest.skip("a later start draws other noise: see benchmarks.conformance")


def test_zero_and_full_map(webui, sampler, tolerance):
    settings = {"sampler_name": sampler, "steps": 8}
    nothing = webui.picture({"map": webui.constant(0)}, **settings)
    assert (nothing == webui.photograph).all()
    for skip in (True, False):
        full = webui.picture({"map": webui.constant(255), "skip": skip}, **settings)
        assert abs(full.astype(int) - webui.picture(**settings)).max() <= tolerance


def test_two_strengths_in_one_picture(webui, sampler):
    """Left half kept, right half changed; the kept half is the input, bit for bit."""
    half = np.zeros((webui.size, webui.size), np.uint8)
    half[:, webui.size // 2 :] = 255
    settings = {"sampler_name": sampler, "steps": 8}
    got = webui.picture({"map": encode(half), "skip": False}, **settings)
    assert (got[:, : webui.size // 2] == webui.photograph[:, : webui.size // 2]).all()
    right = np.s_[:, webui.size // 2 + 8 :]
    assert abs(got[right].astype(int) - webui.photograph[right]).mean() > 3
