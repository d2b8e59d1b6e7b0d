"""The model's looks at pictures that somebody clicks on."""

from __future__ import annotations

import threading
from typing import Any

from ..errors import FieldError
from ..pipelines.clicking import known_look, look_at
from ..settings.click import ClickArgs
from ..settings.run import RunArgs
from ..settings.schema import parse
from ..ui import clicking


class Clicked:
    """Looks at pictures, one at a time, and never beside a run.

    Args:
        model: held by whatever asks the model.
    """

    def __init__(self, engine: Any, model: threading.Lock):
        self.engine, self.model = engine, model
        self.looking = threading.Lock()
        self.given_up = threading.Event()

    def look(self, sent: clicking.Sent, width: int | None, height: int | None) -> clicking.Region:
        """Look at a picture, unless it is known.

        Raises:
            FieldError: "model"; "run" where the model is busy, or the look was given up.
        """
        sides = {"width": width, "height": height}
        run = parse({name: side for name, side in sides.items() if side}, RunArgs)
        view = self.engine, sent.picture, ClickArgs(), run
        known = known_look(*view, name=sent.id)
        if known is not None:
            return known.region
        with self.looking:  # the next click waits for the look of the one before
            if not self.model.acquire(blocking=False):
                raise FieldError("run", clicking.BUSY, clicking.WAIT)
            try:
                self.given_up.clear()
                return look_at(*view, progress=self._step, name=sent.id).region
            finally:
                self.model.release()

    def stop(self) -> None:
        """Give up a look that is under way."""
        self.given_up.set()

    def _step(self, done: int, total: int) -> None:
        if self.given_up.is_set():
            raise FieldError("run", "stopped", "Click again")
