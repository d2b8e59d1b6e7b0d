"""`diffdiff serve`: a page in the browser, for one person on one computer.

Nothing leaves the computer: no fonts, scripts or counters of anybody else. What was uploaded and
made is deleted when the page ends.
"""

from __future__ import annotations

import html
import json
import os
import signal
import tempfile
import threading
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported

import gradio as gr
import gradio.themes as themes

from ..pipelines.scheduler_choice import names
from ..settings.host_only import HOST_ONLY
from ..settings.modes import OF_SEVERAL
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, fields
from ..settings.source_registry import title_of
from ..ui import clicking
from ..ui import layers as layers_editor
from ..ui.controls import control, painter, upload
from . import actions, assets, sourced, wiring
from .handlers import Handlers

FONT, MONO = ("system-ui", "sans-serif"), ("ui-monospace", "monospace")
HIGHEST = {"steps": 150, "count": 16}  # what a slider can be aimed at
WORDS, NUMBERS = ("prompt", "negative_prompt"), (("strength", "steps"), ("seed", "count"))
SHAPING = ("invert", "scale", "soften_radius", "soften_direction", "soften_falloff")
MOVE = "move"  # the painter's moves: a box of the page's script
HIDDEN = ("enabled", "map", MOVE, *HOST_ONLY)
# ids of boxes of the page's script
BROUGHT, INFOTEXT, REGIONS, LIVE = "brought", "infotext", "regions", "live"
CLICK = "diffdiff_click"  # what the painter's tool Click asks
DRAFT = "draft"


def serve(engine: Any, host: str, port: int) -> None:
    """Serve the page until Ctrl-C or a termination signal."""
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
    """Return how a page is launched, except for its address."""
    return {
        "theme": themes.Default(
            primary_hue="indigo", neutral_hue="slate", font=FONT, font_mono=MONO
        ),
        "head": assets.head(),
        "quiet": True,
        "show_error": True,
        "share": False,
        "ssr_mode": False,
        "run_history": False,
        "enable_monitoring": False,
        "footer_links": [],
    }


class Page:
    """The controls and what they do.

    Args:
        engine: what `load` gives; it does one run at a time.
        folder: where results are written.
    """

    def __init__(self, engine: Any, folder: Path):
        self.engine, self.folder = engine, folder
        self.example = actions.example(engine, folder)
        self.controls: dict[str, Any] = {}
        self.helps: dict[str, str] = {}
        self.handlers = Handlers(engine, folder, self.controls, self.example)

    def build(self) -> gr.Blocks:
        """Build the page, without launching it."""
        with gr.Blocks(
            title="Differential Diffusion", analytics_enabled=False, fill_width=True
        ) as page:
            rule = "diffusers, up" if self.engine.rules.upwards else "diffusers"
            gr.HTML(
                f"<h1 data-rule='{rule}'>Differential Diffusion</h1>"
                "<p>White in the map changes, black is kept, gray "
                f"changes in part. <span>Model: {html.escape(self.engine.name)}</span></p>",
                elem_id="head",
            )
            with gr.Row(elem_id="desk"):
                with gr.Column(scale=11, min_width=340, elem_id="left"):
                    self._pictures()
                with gr.Column(scale=9, min_width=340, elem_id="right"):
                    self._words()
                    self._results()
            self._settings()
            self._boxes()
            wiring.connect(self, page)
        return page.queue(default_concurrency_limit=1)

    def _control(self, name: str, **more: Any) -> None:
        info: dict[str, Any] = {**fields(RunArgs), **fields(EditArgs)}[name]
        default = self.example.get(name, info["default"])
        info = {**info, "default": default, "high": HIGHEST.get(name, info["high"])}
        self.helps[name] = info["help"]
        more = {"info": None} | more
        if name == "scheduler":
            unchanged = "the checkpoint's own", ""
            self.controls[name] = gr.Dropdown(
                [unchanged, *names()], value="", label=info["title"], elem_id=name
            )
        else:
            self.controls[name] = control(name, info, name, **more)

    def _pictures(self) -> None:
        with gr.Row(elem_id="pictures"):
            self.controls["image"] = upload(
                "Picture",
                "image",
                value=self.example["image"],
                height=104,
                show_label=False,
                format="png",
                sources=["upload"],
                buttons=["fullscreen"],
                scale=0,
                min_width=168,
            )
            with gr.Column(scale=1, min_width=150, elem_id="makers"):
                self.about = gr.HTML(elem_id="about")
                with gr.Row(elem_id="starters"):
                    gr.HTML("Begin with", elem_id="hint")
                    self.makers = [
                        gr.Button(name, size="sm", min_width=60) for name in wiring.MAKERS
                    ]
        self.controls["map"] = painter("map", self.example["map"])

    def _words(self) -> None:
        with gr.Group():
            for name in WORDS:
                self._control(name, lines=2 if name == "prompt" else 1)
        with gr.Row(elem_id="run"):
            self.go = gr.Button("Generate", variant="primary", elem_id="go", scale=5)
            self.halt = gr.Button("Stop", scale=1, min_width=80, elem_id="stop", interactive=False)
        self.progress = gr.HTML(elem_id="progress")
        self.report = gr.HTML(elem_id="report")
        self._control("mode")
        with gr.Row():
            self._control("strength", min_width=150)
            self._control("seed", min_width=110, scale=0)

    def _settings(self) -> None:
        groups = {"The run": ("steps", "count", *fields(RunArgs)), "The map": SHAPING}
        groups["Strength fan and sheet"] = OF_SEVERAL
        with gr.Row(elem_id="settings"):
            with gr.Column(min_width=340):
                self._automatic()
                for heading, names_in_fold in groups.items():
                    self._fold(heading, names_in_fold)
            with gr.Column(min_width=340):
                self._fold("Advanced", fields())

    def _fold(self, heading: str, controls: Any) -> None:
        with gr.Accordion(heading, open=False):
            if heading == "The run":
                self.controls["own_size"] = gr.Checkbox(
                    True, label="Give the result the picture's own size", elem_id="own_size"
                )
                self.helps["own_size"] = (
                    "Where the model works at another size, the edited parts are enlarged and "
                    "everything that is kept is the picture's own pixels."
                )
            for name in controls:
                if name not in self.controls and name not in HIDDEN:
                    self._control(name)

    def _automatic(self) -> None:
        """Build the controls of automatic maps, for the painter."""
        self.groups = {}
        with gr.Accordion("Make the map from the picture or from prompts", open=False):
            first = sourced.OFFERED[0]
            self.controls["source"] = gr.Dropdown(
                sourced.titles(), value=title_of(first), label="Source", elem_id="source"
            )
            self._of_source("reference")  # the friendly anchor's too
            for source in sourced.OFFERED:
                with gr.Group(visible=source == first) as self.groups[source]:
                    for name in sourced.fields_of(source):
                        self._of_source(name)
            with gr.Row():
                self.find = gr.Button("Make the map", size="sm", elem_id="find")
            self.found = gr.HTML(elem_id="found")
            self._control("anchor")

    def _of_source(self, name: str) -> None:
        if name in self.controls:
            return
        if name == "layers":
            self.controls[name] = layers_editor.editor(name, "Layers")
        elif name == "other_image":
            self.controls[name] = upload("Other picture", name, height=200)
        else:
            self._control(name)

    def _results(self) -> None:
        plain: dict[str, Any] = {"format": "png", "buttons": ["fullscreen"], "interactive": False}
        self.slider = gr.ImageSlider(
            label="Before and after",
            height=420,
            max_height=418,  # of the images in it: more is cut off below
            elem_id="slider",
            **plain,
        )
        self.gallery = gr.Gallery(
            show_label=False,
            format="png",
            columns=6,
            fit_columns=False,
            height=150,
            object_fit="contain",
            visible=False,
            allow_preview=False,
            interactive=False,
            buttons=[],
            elem_id="gallery",
        )
        with gr.Row(elem_id="outcome"):
            self.save = gr.DownloadButton(
                "Save PNG", size="sm", scale=0, min_width=120, interactive=False
            )
        with gr.Row(elem_id="views"):
            self.look = gr.Image(
                label="Strength, as the run has it", elem_id="look", height=330, **plain
            )
            self.change = gr.Image(label="What changed", elem_id="change", height=330, **plain)
        with gr.Accordion("Settings of this picture", open=False):
            self.text = gr.Textbox(lines=4, show_label=False, buttons=["copy"])
        self.kept = gr.State()

    def _boxes(self) -> None:
        """Build the hidden boxes that the page's script reads and writes."""
        data = html.escape(json.dumps({"helps": self.helps, "sources": {}}), quote=True)
        place = f"<div class='diffdiff-about' data-about='{data}'></div>"
        gr.HTML(place, elem_classes=["diffdiff-store"])
        boxes = {
            name: gr.Textbox(elem_id=name, elem_classes=["diffdiff-store"], label=name)
            for name in (BROUGHT, INFOTEXT, REGIONS, MOVE, LIVE, DRAFT)
        }
        self.brought, self.infotext, self.live = boxes[BROUGHT], boxes[INFOTEXT], boxes[LIVE]
        self.controls |= {name: boxes[name] for name in (REGIONS, MOVE)}
        self.draft = boxes[DRAFT]
        clicked = self.handlers.clicked
        answers = clicking.Answers(clicked.look, clicked.stop)
        clicking.connect(answers, CLICK, api_visibility="private")
        self.try_out = gr.Button("Draft", elem_id="draft_go", elem_classes=["diffdiff-store"])
