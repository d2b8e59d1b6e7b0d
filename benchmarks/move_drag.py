"""How evenly the painter draws while something is dragged, in Chromium."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIDE, FRAMES = 1024, 120
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FREE = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]  # a frame as soon as one is done
DRAG = """async ([n, frames]) => {
    const { stage } = painter;
    painter.setPicture(picture(n, n));
    painter.settings.set({ tool: "move", take: "rectangle" });
    await new Promise((on) => setTimeout(on, 500));
    painter.moving.take({ kind: "rectangle", a: { x: 0.3 * n, y: 0.3 * n },
        b: { x: 0.7 * n, y: 0.7 * n } });
    await new Promise((on) => setTimeout(on, 500));
    const box = stage.element.getBoundingClientRect();
    const send = (type, x, y, buttons) => {
        const p = stage.onScreen({ x, y });
        stage.element.dispatchEvent(new PointerEvent(type, { clientX: box.left + p.x,
            clientY: box.top + p.y, pointerId: 1, pointerType: "mouse", button: 0, buttons,
            bubbles: true, cancelable: true }));
    };
    send("pointerdown", n / 2, n / 2, 1);
    await began();
    const times = [], own = [];
    const draw = stage.draw.bind(stage);
    stage.draw = () => {
        const began = performance.now();
        draw();
        own.push(performance.now() - began);
    };
    let last = performance.now();
    for (let i = 0; i < frames; i++) {
        await new Promise((on) => requestAnimationFrame(on));
        const now = performance.now();
        times.push(now - last);
        last = now;
        send("pointermove", n / 2 + i, n / 2 + i / 2, 1);
    }
    await ended();
    send("pointerup", n / 2 + frames, n / 2, 0);
    const at = (list, part) => list.sort((a, b) => a - b)[Math.floor(part * (list.length - 1))];
    const own95 = at(own, 0.95);
    return { median: at(times, 0.5), p95: at(times, 0.95), own: at(own, 0.5), own95 };
}"""


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def measured() -> dict[str, float]:
    """Milliseconds of a frame while a rectangle of 40 % of a 1024x1024 picture is dragged.

    Returns:
        median and p95: between frames at the display's rhythm, the middle one and what 95 of 100
        stay below; free: the middle one where a frame begins as soon as the one before is done;
        busy: of the page's own thread, its processor time alone; own and own95: of the painter's
        drawing.
    """
    handler = functools.partial(_Files, directory=str(ROOT))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/tests/browser/painter.html"
    try:
        found = _dragged(address, FLAGS)
        found["free"] = _dragged(address, FLAGS + FREE)["median"]
    finally:
        server.shutdown()
        server.server_close()
    return {name: round(value, 2) for name, value in found.items()}


def _dragged(address: str, flags: list[str]) -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    spent: list[float] = []
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def noted() -> None:
            metrics = session.send("Performance.getMetrics")["metrics"]
            spent.append({one["name"]: one["value"] for one in metrics}["TaskDuration"])

        page.expose_function("began", noted)
        page.expose_function("ended", noted)
        page.goto(address)
        page.wait_for_function("window.ready")
        found = page.evaluate(DRAG, [SIDE, FRAMES])
        browser.close()
    found["busy"] = 1000 * (spent[1] - spent[0]) / FRAMES
    return found
