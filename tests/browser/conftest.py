"""A browser, and the img2img page of the WebUI that WEBUI_URL names."""

import os
import re

import pytest
from layers_desk import editor  # noqa: F401
from painter_desk import address, desk  # noqa: F401
from serve_desk import local_page, requests, server, window  # noqa: F401

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    if not os.path.exists(CHROMIUM):
        pytest.skip(f"no {CHROMIUM}")
    with sync_api.sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1500, "height": 1400})
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    if os.environ.get("WEBUI_LOGIN"):  # user:password, as --gradio-auth has it
        user, _, word = os.environ["WEBUI_LOGIN"].partition(":")
        form = {"username": user, "password": word}
        assert page.request.post(f"{os.environ['WEBUI_URL']}/login", form=form).ok
    # a fork of Forge Neo goes to its page a second time by itself, two seconds after the first:
    # that is done here, before anything is touched; and a page whose canvas has missed its own
    # script is of no use to anybody
    for visit in range(4):
        broken.clear()
        page.goto(os.environ["WEBUI_URL"], wait_until="load", timeout=120_000)
        if visit:
            page.wait_for_selector("#img2img_generate", state="attached", timeout=120_000)
            page.wait_for_timeout(500)
            if not any("ForgeCanvas" in error for error in broken):
                break
    tab = page.locator("#tabs button").filter(has_text=re.compile(r"^\s*img2img\s*$", re.I))
    tab.first.click(timeout=120_000)
    page.wait_for_selector("#img2img_generate", state="visible", timeout=120_000)
    yield page
    page.close()
