"""Runs under way, by session: how one is stopped, and what it looks like meanwhile."""

from __future__ import annotations

import threading
from typing import Any

from PIL import Image

from ..errors import FieldError
from ..images.data_url import picture_url
from ..pipelines.latent_preview import LatentPreview

IDLE = "Press Generate to begin again"


class Run:
    """One run of a session, as a `with`; it is what the run calls at every step.

    Args:
        runs: those under way, by session.
        progress: Gradio's.
        picture: the input, where the run is to be seen on the canvas.
    """

    def __init__(
        self,
        runs: dict[str | None, Run],
        session: str | None,
        progress: Any,
        picture: Image.Image | None = None,
    ):
        self.runs, self.session, self.progress = runs, session, progress
        self.stopped = threading.Event()
        self.preview = None if picture is None else LatentPreview(picture)
        self.seen = ""  # the latest preview, as a data URL
        self.due = threading.Event()  # somebody looks, and has not seen this step
        self.due.set()

    def __enter__(self) -> Run:
        self.runs[self.session] = self
        return self

    def __exit__(self, *error: Any) -> None:
        if self.runs.get(self.session) is self:
            del self.runs[self.session]

    def stop(self) -> None:
        """End the run at its next step."""
        self.stopped.set()

    def __call__(self, done: int, total: int) -> None:
        if self.stopped.is_set():
            raise FieldError("run", "stopped", IDLE)
        self.progress((done, total), desc="Step", unit="steps")

    def see(self, x0: Any, init: Any) -> None:
        """Keep what the run has come to, unless nobody has looked since."""
        if self.preview is not None and self.due.is_set():
            self.due.clear()
            self.seen = picture_url(self.preview.show(x0, init))

    def look(self) -> str:
        """Return the latest preview, empty before the first."""
        self.due.set()
        return self.seen
