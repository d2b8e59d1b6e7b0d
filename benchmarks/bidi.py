"""Firefox, driven by WebDriver BiDi over a WebSocket, with nothing but the standard library.

Specifications: W3C WebDriver BiDi; RFC 6455 (WebSocket).
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

START_S = 60
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
LISTENS = re.compile(r"WebDriver BiDi listening on ws://([^:\s]+):(\d+)")


class Socket:
    """The client's side of a WebSocket."""

    def __init__(self, host: str, port: int, path: str, timeout: float):
        self.raw = socket.create_connection((host, port), timeout=timeout)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self.raw.sendall(head.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._some()
        head, self.rest = answer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.decode(errors="replace"))

    def send(self, text: str) -> None:
        """One text message."""
        self._frame(TEXT, text.encode())

    def receive(self) -> str:
        """The next text message."""
        parts = []
        while True:
            first, second = self._take(2)
            length = second & 127
            if length > 125:
                size, form = (2, ">H") if length == 126 else (8, ">Q")
                (length,) = struct.unpack(form, self._take(size))
            body, kind = self._take(length), first & 15
            if kind == PING:
                self._frame(PONG, body)
            elif kind == CLOSE:
                raise ConnectionError("the browser closed the connection")
            elif kind in (0, TEXT):
                parts.append(body)
                if first & 128:
                    return b"".join(parts).decode()

    def _frame(self, kind: int, body: bytes) -> None:
        mask, n = os.urandom(4), len(body)
        head = bytes([128 | kind])
        if n < 126:
            head += bytes([128 | n])
        else:
            head += bytes([128 | 126]) + struct.pack(">H", n) if n < 2**16 else b""
            if n >= 2**16:
                head += bytes([128 | 127]) + struct.pack(">Q", n)
        key = (mask * (n // 4 + 1))[:n]
        masked = (int.from_bytes(body, "big") ^ int.from_bytes(key, "big")).to_bytes(n, "big")
        self.raw.sendall(head + mask + masked)

    def _some(self) -> bytes:
        data = self.raw.recv(65536)
        if not data:
            raise ConnectionError("the browser is gone")
        return data

    def _take(self, n: int) -> bytes:
        while len(self.rest) < n:
            self.rest += self._some()
        taken, self.rest = self.rest[:n], self.rest[n:]
        return taken


class Firefox:
    """A Firefox without a window, with a profile of its own; a context manager.

    Args:
        program: path of Firefox.
        prefs: of its profile.
        timeout: seconds that one command may take.
    """

    def __init__(self, program: str, prefs: dict[str, Any] | None = None, timeout: float = 900):
        self.program, self.prefs, self.timeout = program, prefs or {}, timeout
        self.count = 0

    def __enter__(self) -> Firefox:
        self.folder = tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True)
        folder = Path(self.folder.name)
        lines = [f'user_pref("{k}", {json.dumps(v)});' for k, v in self.prefs.items()]
        (folder / "user.js").write_text("\n".join(lines))
        log = folder / "log.txt"
        command = [
            self.program,
            "--headless",
            "--no-remote",
            "--profile",
            str(folder),
            "--remote-debugging-port",
            "0",
            "about:blank",
        ]
        self.process = subprocess.Popen(command, stdout=log.open("w"), stderr=subprocess.STDOUT)
        end = time.monotonic() + START_S
        while not (found := LISTENS.search(log.read_text(errors="replace"))):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"Firefox did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.2)
        self.socket = Socket(found[1], int(found[2]), "/session", self.timeout)
        self.call("session.new", {"capabilities": {}})
        tree = self.call("browsingContext.getTree", {})
        self.page = tree["contexts"][0]["context"]
        return self

    def __exit__(self, *error: Any) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.folder.cleanup()

    def call(self, method: str, params: dict[str, Any]) -> Any:
        """The result of a command."""
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.receive())
            if answer.get("id") != self.count:
                continue  # an event
            if answer["type"] == "error":
                raise RuntimeError(f"{method}: {answer['message']}")
            return answer["result"]

    def size(self, width: int, height: int) -> None:
        """The viewport, in CSS pixels."""
        viewport = {"context": self.page, "viewport": {"width": width, "height": height}}
        self.call("browsingContext.setViewport", viewport)

    def goto(self, url: str) -> None:
        """Another page, loaded."""
        self.call(
            "browsingContext.navigate", {"context": self.page, "url": url, "wait": "complete"}
        )

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited: anything that JSON has."""
        text = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        params = {"expression": text, "target": {"context": self.page}, "awaitPromise": True}
        result = self.call("script.evaluate", params)
        if result["type"] == "exception":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    def drag(self, points: list[tuple[float, float]], steps: int = 8) -> None:
        """A drag with the left button through points of the viewport, in CSS pixels; one point: a
        click."""

        def move(x: float, y: float) -> dict[str, Any]:
            return {"type": "pointerMove", "x": round(x), "y": round(y)}

        actions: list[dict[str, Any]] = [move(*points[0]), {"type": "pointerDown", "button": 0}]
        for (x0, y0), (x1, y1) in zip(points, points[1:]):
            parts = [(i + 1) / steps for i in range(steps)]
            actions += [move(x0 + t * (x1 - x0), y0 + t * (y1 - y0)) for t in parts]
        actions.append({"type": "pointerUp", "button": 0})
        source = {"type": "pointer", "id": "mouse", "actions": actions}
        self.call("input.performActions", {"context": self.page, "actions": [source]})

    def press(self, key: str) -> None:
        """A key, as WebDriver writes it."""
        actions = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keys", "actions": actions}
        self.call("input.performActions", {"context": self.page, "actions": [source]})

    def shot(self, path: str | Path) -> None:
        """A picture of what is seen."""
        data = self.call("browsingContext.captureScreenshot", {"context": self.page})["data"]
        Path(path).write_bytes(base64.b64decode(data))
