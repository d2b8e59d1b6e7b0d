"""A page with the painter alone on it, served from this checkout to this machine only.

Needs Playwright and Debian's Chromium (`pip install playwright`, no download). With
SCREENSHOTS=folder the tests leave pictures there.
"""

import base64
import functools
import http.server
import io
import os
import threading
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SIZE = (160, 120)  # of the picture, unless a test says otherwise


def expect(locator):
    """Wait, by Playwright's own assertions, for what the page draws with its next frame."""
    from playwright.sync_api import expect as waiting

    return waiting(locator)


class Files(http.server.SimpleHTTPRequestHandler):
    extensions_map: ClassVar = {".mjs": "text/javascript", ".css": "text/css", ".html": "text/html"}

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    handler = functools.partial(Files, directory=str(ROOT))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/tests/browser/painter.html"
    server.shutdown()
    server.server_close()


class Desk:
    """A page with a painter on it; places are pixels of the picture."""

    def __init__(self, page):
        self.page = page
        self.mouse = page.mouse
        self.keys = page.keyboard
        self.cdp = page.context.new_cdp_session(page)

    def picture(self, width=SIZE[0], height=SIZE[1]):
        return self.page.evaluate("([w, h]) => painter.setPicture(picture(w, h))", [width, height])

    def settle(self):
        """Wait until the frame is drawn that shows what has happened."""
        self.page.evaluate(
            "() => new Promise((on) => requestAnimationFrame(() => requestAnimationFrame(on)))"
        )

    def set(self, **values):
        self.page.evaluate("(values) => painter.settings.set(values)", values)
        self.settle()

    def setting(self, name):
        return self.page.evaluate("(name) => painter.settings.values[name]", name)

    def at(self, x, y):
        """A place of the picture as a place in the window."""
        return self.page.evaluate(
            """([x, y]) => {
                const box = painter.stage.element.getBoundingClientRect();
                const p = painter.stage.onScreen({ x, y });
                return [box.left + painter.stage.element.clientLeft + p.x, box.top + p.y];
            }""",
            [x, y],
        )

    def drag(self, *places, button="left", steps=6, up=True):
        self.mouse.move(*self.at(*places[0]))
        self.mouse.down(button=button)
        for place in places[1:]:
            self.mouse.move(*self.at(*place), steps=steps)
        if up:
            self.mouse.up(button=button)
            self.settle()

    def touch(self, kind, *places, at=None):
        """Send a touch event, at a time in seconds where its distance from others counts."""
        points = [
            dict(zip("xy", self.at(*place)), id=i, force=0.5) for i, place in enumerate(places)
        ]
        message = {"type": kind, "touchPoints": points}
        if at is not None:
            message["timestamp"] = at
        self.cdp.send("Input.dispatchTouchEvent", message)
        self.settle()  # the browser hands moves over with a frame, and drops them at the end

    def pen(self, kind, place, force, buttons=1):
        x, y = self.at(*place)
        self.cdp.send(
            "Input.dispatchMouseEvent",
            {
                "type": kind,
                "x": x,
                "y": y,
                "button": "left",
                "buttons": buttons,
                "pointerType": "pen",
                "force": force,
                "clickCount": 1,
            },
        )

    def values(self):
        """The map: uint16 [H, W]."""
        width, height, text = self.page.evaluate(
            """() => {
                const { width, height, data } = painter.document.map;
                const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
                let text = "";
                for (let i = 0; i < bytes.length; i += 32768)
                    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
                return [width, height, btoa(text)];
            }"""
        )
        return np.frombuffer(base64.b64decode(text), "<u2").reshape(height, width)

    def png(self, bits=16):
        text = self.page.evaluate(
            """async (bits) => {
                await painter.finish();
                return btoa(String.fromCharCode(...await painter.toPng(bits)));
            }""",
            bits,
        )
        return base64.b64decode(text)

    def says(self, *parts):
        """Wait for a status line with these parts; without any, for an empty one."""
        line = expect(self.page.locator(".diffdiff-status"))
        for part in parts:
            line.to_contain_text(part)
        if not parts:
            line.to_have_text("")

    def load(self, data, kind="image/png", name="map.png"):
        return self.page.evaluate(
            """([data, type, name]) => {
                const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
                return painter.load(new File([bytes], name, { type }));
            }""",
            [base64.b64encode(data).decode(), kind, name],
        )

    def drop(self, data, kind, name, what="drop"):
        self.page.evaluate(
            """([data, type, name, what]) => {
                const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
                const carried = new DataTransfer();
                carried.items.add(new File([bytes], name, { type }));
                const options = { bubbles: true, cancelable: true };
                const stage = document.querySelector(".diffdiff-stage");
                if (what === "drop") {
                    options.dataTransfer = carried;
                    for (const step of ["dragenter", "dragover", "drop"])
                        stage.dispatchEvent(new DragEvent(step, options));
                } else {
                    document.activeElement.dispatchEvent(
                        new ClipboardEvent("paste", { ...options, clipboardData: carried }));
                }
            }""",
            [base64.b64encode(data).decode(), kind, name, what],
        )

    def shot(self, name):
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"painter-{name}.png"))


def new_desk(browser, address, query="", **context):
    page = browser.new_page(viewport={"width": 1000, "height": 900}, **context)
    page.set_default_timeout(20_000)
    problems = []
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.goto(address + query)
    page.wait_for_function("window.ready")
    return Desk(page), problems


@pytest.fixture
def desk(browser, address):
    """A painter with a picture; no error may have been printed at the end."""
    desk, problems = new_desk(browser, address)
    desk.picture()
    yield desk
    desk.page.close()
    assert problems == []


def png_of(array, **options):
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG", **options)
    return data.getvalue()
