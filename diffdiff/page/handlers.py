"""The event handlers of the page: Gradio's values in, its updates out."""

from __future__ import annotations

import html
import json
import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from ..error_report import explain, line
from ..errors import FieldError
from ..images.data_url import map_url, picture_url
from ..settings import preset
from ..settings.schema import AUTO
from ..settings.source_registry import value_of
from ..settings.titles import for_page
from ..ui import layers as editor
from . import actions, draft, incoming, sourced
from .clicked import Clicked
from .under_way import Run


def reporting(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a handler so that errors with a remedy are shown as one line."""

    @wraps(handler)
    def safe(*values: Any, **named: Any) -> Any:
        try:
            return handler(*values, **named)
        except Exception as error:
            known = explain(error)
            if known is None:
                raise
            title = "Stopped" if known[0].field == "run" else "Error"
            text = html.escape(_line(known[0]))
            raise gr.Error(text, title=title, print_exception=False) from error

    return safe


class Handlers:
    """The handlers of one page, shared by everyone who has it open.

    Args:
        engine: what `load` gives; it does one run at a time.
        folder: where results are written.
        controls: name -> component; a handler that gets everything gets their values by component.
        example: what the page begins with.
    """

    def __init__(
        self, engine: Any, folder: Path, controls: dict[str, Any], example: dict[str, str]
    ):
        self.engine, self.folder, self.controls, self.example = engine, folder, controls, example
        self.runs: dict[str | None, Run] = {}  # those under way, by session
        self.model = threading.Lock()  # held by whatever asks the model
        self.clicked = Clicked(engine, self.model)

    def sent(self, values: dict[Any, Any]) -> dict[str, Any]:
        """Return the values of the page by name."""
        return {name: values[component] for name, component in self.controls.items()}

    @property
    def taking(self) -> list[str]:
        """The controls that a preset of layers may set."""
        return [n for n in preset.ALLOWED if n in self.controls and self.controls[n].visible]

    # ---- runs --------------------------------------------------------------------------------

    def edit(
        self,
        values: dict[Any, Any],
        request: gr.Request | None = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Run an edit: return the first picture with the one before, and what belongs to it."""
        sent = self.sent(values)
        seen = None if sent.get("area") == "changed" else _picture(sent)
        with self.model, Run(self.runs, _session(request), progress, seen) as run:
            done = actions.edit(self.engine, sent, self.folder, run)
        tiles = list(zip(done.files, done.captions))
        gallery = gr.Gallery(tiles, visible=len(done.files) > 1, selected_index=None)
        return [*self._shown(done, 0), done.report, gallery, done]

    def generate(
        self,
        values: dict[Any, Any],
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Run an edit for the button: an error is shown once, and the last result stays."""
        try:
            return self.edit(values, request, progress)
        except Exception as error:
            return [gr.skip()] * 5 + [_problem(error), gr.skip(), gr.skip()]

    def draft(
        self,
        values: dict[Any, Any],
        request: gr.Request | None = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Run a draft: return it as JSON for the painter, and a line if it failed."""
        sent = self.sent(values)
        try:
            seen = _picture(sent)
            with self.model, Run(self.runs, _session(request), progress, seen) as run:
                picture, words = draft.draft(self.engine, sent, run)
        except Exception as error:
            return ["", _problem(error)]
        shown = {"image": picture_url(picture), "words": words, "draft": time.time()}
        return [json.dumps(shown), gr.skip()]

    def stop(self, request: gr.Request | None = None) -> None:
        """Stop the run of this session, and no other."""
        run = self.runs.get(_session(request))
        if run is not None:
            run.stop()

    def live(self, request: gr.Request | None = None) -> str:
        """Return what this session's run looks like now, as a data URL; empty where it cannot be
        seen."""
        run = self.runs.get(_session(request))
        return run.look() if run is not None else ""

    def select(self, done: actions.Edited, event: gr.SelectData) -> list[Any]:
        """Show another tile of the last run."""
        return self._shown(done, event.index)

    def _shown(self, done: actions.Edited, index: int) -> list[Any]:
        """Return before and after, the save button, infotext, what changed, and the file's path for
        the page's script."""
        before, file = done.before[index], done.files[index]
        change = actions.change_of(before, file, self.folder)
        button = gr.DownloadButton(value=file, interactive=True)
        return [(before, file), button, done.texts[index], done.texts[index], change]

    # ---- before a run ------------------------------------------------------------------------

    def look(self, values: dict[Any, Any]) -> list[Any]:
        """Return the strengths over the picture, and a line about the picture or its problem."""
        sent = self.sent(values)
        try:
            line_ = html.escape(actions.about(self.engine, sent))
            return [actions.look(self.engine, sent, self.folder), line_]
        except Exception as error:
            known = explain(error)
            if known is None:
                raise
            return [None, f"<span class='problem'>{html.escape(_line(known[0]))}</span>"]

    def maker(self, **how: Any) -> Callable[..., Any]:
        """Draw a map to start with."""
        return reporting(lambda image: actions.make(sent={"image": image}, **how))

    def find(
        self,
        values: dict[Any, Any],
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Make an automatic map for the painter, and a line about it."""
        try:
            with self.model, Run(self.runs, _session(request), progress) as run:
                found = sourced.find(self.engine, self.sent(values), run)
        except Exception as error:
            return [gr.skip(), _problem(error)]
        part = f"{(found >= 0.5).mean():.0%} of the picture would change by half or more."
        return [map_url(found), part if found.max() > 0 else "The map is black."]

    def layers(self, text: str) -> list[Any]:
        """Take over what layers set beside their map: the layers, the controls of `taking`, a
        line."""
        try:
            taken = editor.taken_over(text, self.taking)
        except Exception as error:
            return [gr.skip()] * (len(self.taking) + 1) + [_problem(error)]
        if taken is None:
            return [gr.skip()] * (len(self.taking) + 2)
        layers_text, settings, words = taken
        values = [settings.get(name, gr.skip()) for name in self.taking]
        return [layers_text, *values, html.escape(words)]

    def source(self, title: str) -> list[Any]:
        """Return which groups of settings a source shows."""
        chosen = value_of(title)
        return [gr.Group(visible=name == chosen) for name in sourced.OFFERED]

    def uploaded(self, image: Any, change_map: str, prompt: str, infotext: str) -> list[Any]:
        """Clear the example's map and prompt for the user's first picture."""
        first = zip((change_map, prompt), (self.example["map"], self.example["prompt"]))
        fresh = image is not None and not infotext
        return ["" if fresh and now == then else gr.skip() for now, then in first]

    def brought(self, text: str) -> list[Any]:
        """Restore every control from a picture of this program."""
        values = incoming.brought(text) if text else {}
        empty = {"soften_radius": AUTO}
        return [
            (empty.get(name, "") if values[name] is None else values[name])
            if name in values
            else gr.skip()
            for name in self.restored
        ]

    @property
    def restored(self) -> list[str]:
        """Controls that a picture may set. Uploads are left out: after an update Gradio gives the
        session new components, which would read files in Gradio's way."""
        return [name for name in self.controls if name not in ("image", "other_image")]


def _session(request: gr.Request | None) -> str | None:
    return getattr(request, "session_hash", None)


def _picture(sent: dict[str, Any]) -> Any:
    """Return the run's input for its preview; None where the run itself will refuse it."""
    try:
        return incoming.picture(sent)
    except FieldError:
        return None


def _line(error: FieldError) -> str:
    return line(for_page(error))


def _problem(error: Exception) -> str:
    """Show an error once as a toast, and return it as a line of HTML; re-raise unknown errors."""
    known = explain(error)
    if known is None:
        raise error
    text = html.escape(_line(known[0]))  # a toast takes HTML
    if known[0].field == "run":
        gr.Info(text, title="Stopped")
    else:
        gr.Warning(text, title="Error", duration=20)
    return f"<span class='problem'>{text}</span>"
