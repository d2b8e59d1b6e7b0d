"""`diffdiff serve`: a page in the browser, for one person on one computer.

Nothing leaves the computer: no fonts, scripts or counters of anybody else. What was uploaded and
made is deleted when the page ends.
"""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported

import gradio as gr

from ..error_report import explain, line
from ..errors import FieldError
from ..pipelines.scheduler_choice import names
from ..settings.host_only import HOST_ONLY
from ..settings.modes import OF_SEVERAL
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, fields
from ..ui.controls import control, painter, upload
from . import actions, assets

STYLE = Path(__file__).with_name("page.css")
FONTS = {"font": ("system-ui", "sans-serif"), "font_mono": ("ui-monospace", "monospace")}
HIGHEST = {"steps": 150, "count": 16}  # what a slider can be aimed at
MAKERS = {
    "\N{RIGHTWARDS ARROW} right": {"kind": "gradient"},
    "\N{DOWNWARDS ARROW} down": {"kind": "gradient", "angle": 90},
    "radial": {"kind": "radial"},
    "ellipse": {"kind": "ellipse"},
}
WORDS, NUMBERS = ("prompt", "negative_prompt"), (("strength", "steps"), ("seed", "count"))
SHAPING = ("invert", "scale", "soften_radius", "soften_direction", "soften_falloff")
HIDDEN = ("enabled", "map", *HOST_ONLY)
LOOKED_AT = (
    "image", "map", "mode", "strength", "steps", "invert", "scale", "black", "white", "gamma",
    "soften_radius", "soften_direction", "soften_falloff", "response",
)  # fmt: skip


def serve(engine: Any, host: str, port: int) -> None:
    """Serves the page until Ctrl-C or a polite kill."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="diffdiff-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        page = Page(engine, Path(folder)).build()
        try:
            page.launch(server_name=host, server_port=port, prevent_thread_lock=True, **how())
            print(f"Open {page.local_url} in a browser. Ctrl-C ends it.", flush=True)
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
        finally:
            page.close(verbose=False)


def how() -> dict[str, Any]:
    """How a page is launched, save for its address."""
    return {
        "theme": gr.themes.Default(primary_hue="indigo", neutral_hue="slate", **FONTS),
        "css": STYLE.read_text() + assets.style(), "head": assets.script(), "quiet": True,
        "show_error": True, "share": False,
        "ssr_mode": False, "run_history": False, "enable_monitoring": False, "footer_links": [],
    }  # fmt: skip


def told(handler: Callable) -> Callable:
    """The handler, with errors that name a remedy shown as one line."""

    @wraps(handler)
    def safe(*values: Any, **named: Any) -> Any:
        try:
            return handler(*values, **named)
        except Exception as error:
            known = explain(error)
            if known is None:
                raise
            title = "Stopped" if known[0].field == "run" else "Error"
            raise gr.Error(line(known[0]), title=title, print_exception=False) from error

    return safe


class Page:
    """The controls and what they do.

    Args:
        engine: what `load` gives; it does one run at a time.
        folder: where results are written.
    """

    def __init__(self, engine: Any, folder: Path):
        self.engine, self.folder = engine, folder
        self.example = actions.example(engine, folder)
        self.stop = threading.Event()
        self.controls: dict[str, Any] = {}

    def build(self) -> gr.Blocks:
        """The page, not launched yet."""
        with gr.Blocks(
            title="Differential Diffusion", analytics_enabled=False, fill_width=True
        ) as page:
            rule = "diffusers, up" if self.engine.rules.upwards else "diffusers"
            gr.HTML(
                f"<h1 data-rule='{rule}'>Differential Diffusion</h1>"
                "<p>White in the map changes, black is kept, grey "
                f"changes in part. <span>Model: {self.engine.name}</span></p>",
                elem_id="head",
            )
            with gr.Row():
                with gr.Column(scale=1, min_width=420):
                    self._pictures()
                    self._settings()
                with gr.Column(scale=1, min_width=420):
                    self._words()
                    self._results()
            self._wire(page)
        return page.queue(default_concurrency_limit=1)

    def _control(self, name: str, **more: Any) -> None:
        info = {**fields(RunArgs), **fields(EditArgs)}[name]
        info = info | {"default": self.example.get(name, info["default"])}
        info = info | {"high": HIGHEST.get(name, info["high"])}
        if name == "scheduler":
            own = "the checkpoint's own", ""
            self.controls[name] = gr.Dropdown(
                [own, *names()], value="", label=info["title"], info=info["help"], elem_id=name
            )
        else:
            self.controls[name] = control(name, info, name, **more)

    def _pictures(self) -> None:
        with gr.Row(equal_height=True, elem_id="pictures"):
            self.controls["image"] = upload(
                "Picture", "image", value=self.example["image"], height=170, show_label=False,
                format="png", sources=["upload", "clipboard"], buttons=["fullscreen"], scale=3,
            )  # fmt: skip
            with gr.Column(scale=2, min_width=150, elem_id="makers"):
                gr.HTML("Maps to begin with", elem_id="hint")
                self.makers = [gr.Button(name, size="sm", min_width=60) for name in MAKERS]
        self.controls["map"] = painter("map", self.example["map"])

    def _words(self) -> None:
        with gr.Group():
            for name in WORDS:
                self._control(name, lines=2 if name == "prompt" else 1)
        with gr.Row():
            self.go = gr.Button("Edit", variant="primary", elem_id="go", scale=5)
            self.halt = gr.Button("Stop", scale=1, min_width=80)

    def _settings(self) -> None:
        self._control("mode")
        for pair in NUMBERS:
            with gr.Row():
                for name in pair:
                    self._control(name)
        groups = {"The run": fields(RunArgs), "The map": SHAPING}
        groups["Strength fan and sheet"] = OF_SEVERAL
        for heading, wanted in {**groups, "Advanced": fields()}.items():
            with gr.Accordion(heading, open=False):
                for name in wanted:
                    if name not in self.controls and name not in HIDDEN:
                        self._control(name)

    def _results(self) -> None:
        plain = {"format": "png", "buttons": ["fullscreen"], "interactive": False}
        self.slider = gr.ImageSlider(
            label="Before and after", height=520, elem_id="slider", **plain
        )
        with gr.Row(elem_id="outcome"):
            self.told = gr.HTML(elem_id="told")
            self.save = gr.DownloadButton(
                "Save PNG", size="sm", scale=0, min_width=120, interactive=False
            )
        self.gallery = gr.Gallery(
            show_label=False, format="png", columns=8, fit_columns=False, height=140,
            object_fit="contain", visible=False, allow_preview=False, interactive=False, buttons=[],
        )  # fmt: skip
        with gr.Row():
            self.look = gr.Image(label="Strength", elem_id="look", height=410, **plain)
            self.change = gr.Image(label="What changed", elem_id="change", height=410, **plain)
        with gr.Accordion("Settings of this picture", open=False):
            self.text = gr.Textbox(lines=4, show_label=False, buttons=["copy"])
        self.kept = gr.State()

    def _wire(self, page: gr.Blocks) -> None:
        everything = set(self.controls.values())
        private = {"api_visibility": "private"}
        shown = [self.slider, self.save, self.text]
        more = [self.told, self.gallery, self.change, self.kept]
        self.go.click(
            told(self._edit), everything, [*shown, *more], api_name="edit",
            show_progress_on=self.slider,
        )  # fmt: skip
        self.halt.click(self.stop.set, queue=False, **private)
        self.gallery.select(self._select, self.kept, shown, **private)
        quiet = {"show_progress": "hidden", "trigger_mode": "always_last", **private}
        changes = [self.controls[name].change for name in LOOKED_AT]
        gr.on([page.load, *changes], told(self._look), everything, self.look, **quiet)
        for button, how_ in zip(self.makers, MAKERS.values()):
            make = self._maker(**how_)
            button.click(told(make), self.controls["image"], self.controls["map"], **private)

    def _sent(self, values: dict) -> dict[str, Any]:
        return {name: values[component] for name, component in self.controls.items()}

    def _edit(self, values: dict, progress: gr.Progress = gr.Progress()) -> list:  # noqa: B008
        def step(done: int, total: int) -> None:
            if self.stop.is_set():
                raise FieldError("run", "stopped", "Press Edit to begin again")
            progress((done, total), desc="Step", unit="steps")

        self.stop.clear()
        done = actions.edit(self.engine, self._sent(values), self.folder, step)
        gallery = gr.Gallery(done.files, visible=len(done.files) > 1)
        return [*self._shown(done, 0), done.told, gallery, done.change, done]

    def _shown(self, done: actions.Edited, index: int) -> list:
        file = done.files[index]
        button = gr.DownloadButton(value=file, interactive=True)
        return [(done.before[index], file), button, done.texts[index]]

    def _select(self, done: actions.Edited, event: gr.SelectData) -> list:
        return self._shown(done, event.index)

    def _look(self, values: dict) -> str | None:
        return actions.look(self.engine, self._sent(values), self.folder)

    def _maker(self, **how_: Any) -> Callable:
        return lambda image: actions.make(sent={"image": image}, **how_)
