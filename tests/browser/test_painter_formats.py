"""Every golden map file, read by the painter in each browser that is there, as Python reads it."""

import base64
import functools
import http.server
import json
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
KNOWN = json.loads((ROOT / "tests" / "golden" / "map_files.json").read_text())
PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
import { readMap } from "/javascript/painter/ui/files/files.mjs";
const golden = await (await fetch("/tests/golden/map_files.json")).json();
const told = {};
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
for (const [name, { file }] of Object.entries({ ...golden.pngs, ...golden.others })) {
    try {
        const map = await readMap(new File([bytesOf(file)], "map", { type: "image/png" }));
        told[name] = { size: [map.width, map.height], map: [...map.data] };
    } catch (error) { told[name] = { error: String(error) }; }
}
for (const [name, start] of Object.entries({
    avif: "\\0\\0\\0 ftypavif", heic: "\\0\\0\\0 ftypheic", tiff: "II*\\0", svg: "<svg>",
})) {
    try { await readMap(new File([start.padEnd(64)], name)); told[name] = { error: null }; }
    catch (error) { told[name] = { error: String(error) }; }
}
await fetch("/told", { method: "POST", body: JSON.stringify(told) });
</script>"""
BROWSERS = {
    "chromium": (
        "chromium",
        lambda home: [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            f"--user-data-dir={home}",
        ],
    ),
    "firefox": ("firefox-esr", lambda home: ["--headless", "--no-remote", "--profile", str(home)]),
}


class Files(http.server.SimpleHTTPRequestHandler):
    """This checkout, the page, and where the page tells what it read."""

    extensions_map = {".mjs": "text/javascript", ".json": "application/json"}  # noqa: RUF012

    def do_GET(self):
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def do_POST(self):
        self.server.told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.server.done.set()

    def log_message(self, *args):
        pass


@pytest.fixture(params=BROWSERS)
def told(request, tmp_path):
    name, flags = BROWSERS[request.param]
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    handler = functools.partial(Files, directory=str(ROOT))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.done = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    browser = subprocess.Popen([program, *flags(tmp_path), address], **quiet)
    try:
        assert server.done.wait(120), "the page told nothing"
    finally:
        browser.terminate()
        browser.wait(30)
        server.shutdown()
        server.server_close()
    return server.told


def test_every_file_is_pythons_map(told):
    wrong = {}
    for part, files in KNOWN.items():
        for name, one in files.items():
            found = told[name]
            want = np.frombuffer(base64.b64decode(one["map"]), "<u2").astype(int)
            if found.get("size") != one["size"]:
                wrong[name] = found.get("error", found.get("size"))
                continue
            off = np.abs(np.array(found["map"]) - want).max()
            # JPEG's rounding is its decoder's; a canvas keeps few bits of a color under low alpha
            allowed = (
                0 if part == "pngs" else 900 if "jpeg" in name else 300 if "alpha" in name else 1
            )
            if off > allowed:
                wrong[name] = int(off)
    assert wrong == {}


def test_other_formats_are_refused_by_name(told):
    for name in ("avif", "heic", "tiff", "svg"):
        assert f"is {name.upper()}, which no map is read from" in told[name]["error"]
