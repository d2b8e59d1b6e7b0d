import os

import pytest

from benchmarks.webui import NAME, WebUI


@pytest.fixture(scope="session")
def webui():
    steps, size = (int(os.environ.get(k, v)) for k, v in (("WEBUI_STEPS", 10), ("WEBUI_SIZE", 256)))
    host = WebUI(os.environ["WEBUI_URL"], steps, size)
    host.img2img()  # warm up: the first job of a host may differ by its VAE's noise
    return host


@pytest.fixture(scope="session")
def first_plain(webui):
    return webui.picture()


@pytest.fixture
def plain(webui, first_plain, tolerance):
    """The picture of a plain job; asked again after each test, it must not have changed."""
    yield first_plain
    after = webui.picture()
    assert abs(after.astype(int) - first_plain.astype(int)).max() <= tolerance


@pytest.fixture(scope="session")
def tolerance():
    """Levels of 255 by which the host itself may differ from job to job (a real VAE's noise: 2)."""
    return int(os.environ.get("WEBUI_TOLERANCE", "0"))


@pytest.fixture(scope="session")
def bare(webui):
    """The same host without this extension."""
    url = os.environ.get("WEBUI_BARE_URL")
    if not url:
        pytest.skip("no host without this extension: set WEBUI_BARE_URL")
    host = WebUI(url, webui.base["steps"], webui.size)
    assert NAME.lower() not in host.call("/sdapi/v1/scripts")["img2img"]
    host.img2img()
    return host


@pytest.fixture(scope="session")
def plotted(webui):
    """An X/Y/Z plot, whose controls are not the same on all hosts."""

    def request(*axes, tab="img2img"):
        """Settings of a job. axes: name, values as text and as chosen, of X and of Y."""
        info = webui.call("/sdapi/v1/script-info")
        controls = next(
            s["args"]
            for s in info
            if s["name"] == "x/y/z plot" and s["is_img2img"] == (tab == "img2img")
        )
        choices = next(c["choices"] for c in controls if c["label"] == "X type")
        args = [c["value"] for c in controls]
        args[:9] = [0, "", []] * 3
        for i, (name, text, chosen) in enumerate(axes):
            args[3 * i : 3 * i + 3] = choices.index(name), text, list(chosen)
        labels = [c["label"] for c in controls]
        args[labels.index("Draw legend")] = False
        args[labels.index("Include Sub Images")] = True
        return {"script_name": "x/y/z plot", "script_args": args}

    return request
