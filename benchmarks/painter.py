"""How fast the painter is in Chromium and Firefox: python -m benchmarks.painter

Needs Playwright and Debian's Chromium, and Debian's firefox-esr. Prints milliseconds: median, the
95th of 100, the slowest, and the goal of the median; ends with 1 when a goal was missed. With
--docs the table of docs/results.md is written anew.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import re
import statistics
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from .bidi import Firefox

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs" / "results.md"
SIDES = (1024, 2048, 4096, 8192)
FLAGS = ["--headless", "--no-sandbox", "--disable-background-networking"]
HEAD = "<!doctype html><link rel=icon href=data:,><link rel=stylesheet href=/style.css>"
CALL = """import("/benchmarks/painter.mjs")
    .then(({{ run }}) => run(document.getElementById("root"), {side}))"""
KINDS = {
    "event": "pointer event",
    "frame": "frame",
    "commit": "end of a stroke",
    "undo": "undo",
    "open": "opening a picture",
    "grow": "grow by 4",
    "soften": "soften by 8",
    "PNG": "PNG of 16 bits",
    "stall": "longest stall of those four",
}
BEGIN, END = "<!-- benchmarks.painter -->", "<!-- end -->"


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


@contextmanager
def served() -> Iterator[str]:
    """The address of this checkout's files, on this machine only."""
    handler = functools.partial(Files, directory=str(ROOT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def chromium(program: str, gpu: bool) -> Iterator[Callable[[str], Callable[[str], Any]]]:
    """What opens a page in Chromium and gives its `evaluate`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        flags = FLAGS if gpu else [*FLAGS, "--disable-gpu"]
        browser = p.chromium.launch(executable_path=program, args=flags)

        def opened(address: str) -> Callable[[str], Any]:
            page = browser.new_page(viewport={"width": 1200, "height": 1000})
            page.goto(address)
            return page.evaluate

        yield opened
        browser.close()


@contextmanager
def firefox(program: str, gpu: bool) -> Iterator[Callable[[str], Callable[[str], Any]]]:
    """The same in Firefox."""
    with Firefox(program, {} if gpu else {"gfx.webrender.software": True}) as browser:
        browser.size(1200, 1000)

        def opened(address: str) -> Callable[[str], Any]:
            browser.goto(address)
            return browser.evaluate

        yield opened


def measure(browser: Any, program: str, gpu: bool, sides: tuple[int, ...]) -> list[dict]:
    """The rows of painter.mjs: dicts with what, kind, times in ms, goal in ms or None."""
    rows = []
    with served() as address, browser(program, gpu) as opened:
        for side in sides:
            rows += opened(address)(CALL.format(side=side))
    return rows


def show(name: str, rows: list[dict]) -> int:
    """Prints the rows; how many goals were missed."""
    missed = 0
    print(f"{name:34}{'':8}{'median':>9}{'95 %':>9}{'slowest':>9}{'n':>6}{'goal':>6}")
    for row in rows:
        times = sorted(row["times"])
        median, late = statistics.median(times), times[int(0.95 * (len(times) - 1))]
        fails = row["goal"] is not None and median > row["goal"]
        missed += fails
        figures = f"{median:9.2f}{late:9.2f}{times[-1]:9.2f}{len(times):6}"
        goal = f"{row['goal'] or '':>6}{'  MISSED' if fails else ''}"
        print(f"{row['what']:34}{row['kind']:8}{figures}{goal}", flush=True)
    return missed


def table(found: dict[str, list[dict]]) -> str:
    """Medians of every browser and size, the worst brush of each, as Markdown."""
    columns = [
        (name, side)
        for name, rows in found.items()
        for side in SIDES
        if any(row["what"].startswith(f"{side},") for row in rows)
    ]
    lines = ["| ms | " + " | ".join(f"{name} {side}" for name, side in columns) + " |"]
    lines.append("| --- |" + " --- |" * len(columns))
    for kind, words in KINDS.items():
        cells = []
        for name, side in columns:
            rows = [row for row in found[name] if row["what"].startswith(f"{side},")]
            if kind in ("grow", "soften", "PNG"):
                rows = [r for r in rows if kind in r["what"] and r["kind"] == "total"]
            else:
                rows = [r for r in rows if r["kind"] == kind]
            worst = max((statistics.median(r["times"]) for r in rows), default=None)
            cells.append("" if worst is None else f"{worst:.1f}" if worst < 10 else f"{worst:.0f}")
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def load() -> str:
    """How busy this machine is, in words."""
    return f"{os.getloadavg()[0]:.0f} processes on {os.cpu_count()} cores"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program")
    parser.add_argument("--firefox", default="/usr/bin/firefox-esr", help="the browser's program")
    parser.add_argument("--gpu", action="store_true", help="let them use a graphics card")
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES, help="of the pictures")
    parser.add_argument("--docs", action="store_true", help=f"write the table of {DOCS.name}")
    args = parser.parse_args()
    missed, found, busy = 0, {}, load()
    for name, browser in (("Chromium", chromium), ("Firefox", firefox)):
        program = getattr(args, name.lower())
        if not Path(program).exists():
            print(f"{name}: there is no {program}; left out")
            continue
        found[name] = measure(browser, program, args.gpu, tuple(args.sides))
        missed += show(name, found[name])
    if args.docs:
        text = DOCS.read_text()
        note = f"Load of the machine at the beginning: {busy}; at the end: {load()}."
        part = f"{BEGIN}\n{table(found)}\n\n{note}\n{END}"
        DOCS.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: part, text, flags=re.DOTALL))
    print(f"{missed} goals missed" if missed else "all goals reached")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
