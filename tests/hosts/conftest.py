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
