"""How fast the painter is in Chromium: python -m benchmarks.painter

Needs Playwright and Debian's Chromium. Prints milliseconds: median, the 95th of 100, the slowest,
and the goal of the median; ends with 1 when a goal was missed.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import statistics
import sys
import threading
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).parents[1]
FLAGS = ["--headless", "--no-sandbox", "--disable-background-networking"]
HEAD = "<!doctype html><link rel=icon href=data:,><link rel=stylesheet href=/style.css>"


class Files(http.server.SimpleHTTPRequestHandler):
    extensions_map: ClassVar = {".mjs": "text/javascript", ".css": "text/css"}

    def do_GET(self):
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"{HEAD}<div id=root>".encode())

    def log_message(self, *args):
        pass


def measure(chromium: str, gpu: bool) -> list[dict]:
    """The rows of painter.mjs: dicts with what, kind, times in ms, goal in ms or None."""
    from playwright.sync_api import sync_playwright

    handler = functools.partial(Files, directory=str(ROOT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as p:
            flags = FLAGS if gpu else [*FLAGS, "--disable-gpu"]
            browser = p.chromium.launch(executable_path=chromium, args=flags)
            page = browser.new_page(viewport={"width": 1200, "height": 1000})
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            rows = page.evaluate(
                """async () => (await import("/benchmarks/painter.mjs"))
                    .run(document.getElementById("root"))"""
            )
            browser.close()
        server.shutdown()
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program")
    parser.add_argument("--gpu", action="store_true", help="let it use a graphics card")
    args = parser.parse_args()
    missed = 0
    print(f"{'':32}{'':8}{'median':>9}{'95 %':>9}{'slowest':>9}{'n':>6}{'goal':>6}")
    for row in measure(args.chromium, args.gpu):
        times = sorted(row["times"])
        median, late = statistics.median(times), times[int(0.95 * (len(times) - 1))]
        fails = row["goal"] is not None and median > row["goal"]
        missed += fails
        figures = f"{median:9.2f}{late:9.2f}{times[-1]:9.2f}{len(times):6}"
        goal = f"{row['goal'] or '':>6}{'  MISSED' if fails else ''}"
        print(f"{row['what']:32}{row['kind']:8}{figures}{goal}")
    print(f"{missed} goals missed" if missed else "all goals reached")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
