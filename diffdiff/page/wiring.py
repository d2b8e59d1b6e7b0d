"""What happens when a control of the page is used."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ..settings.modes import OF_SEVERAL
from .handlers import reporting

LIVE_SECONDS = 0.5  # between two looks at a run
MAKERS = {
    "\N{RIGHTWARDS ARROW} right": {"kind": "gradient"},
    "\N{DOWNWARDS ARROW} down": {"kind": "gradient", "angle": 90},
    "radial": {"kind": "radial"},
    "ellipse": {"kind": "ellipse"},
}
LOOKED_AT = (
    "image",
    "map",
    "move",
    "outpaint",
    "outpaint_fill",
    "mode",
    "strength",
    "steps",
    "invert",
    "scale",
    "black",
    "white",
    "gamma",
    "soften_radius",
    "soften_direction",
    "soften_falloff",
    "response",
    "width",
    "height",
    *OF_SEVERAL,
)


def connect(page: Any, blocks: gr.Blocks) -> None:
    """Connect the controls of a page with its handlers.

    Args:
        page: a `diffdiff.page.page.Page` with its controls.
        blocks: Gradio's blocks; this runs inside their `with`.
    """
    handlers = page.handlers
    everything = set(page.controls.values())
    private: dict[str, Any] = {"api_visibility": "private"}
    shown = [page.slider, page.save, page.text, page.infotext, page.change]
    results = [*shown, page.report, page.gallery, page.kept]
    model: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}
    on: dict[str, Any] = {"queue": False, "show_progress": "hidden", **private}
    timer = gr.Timer(LIVE_SECONDS, active=False)
    for button, work, outputs in (
        (page.go, handlers.generate, results),
        (page.try_out, handlers.draft, [page.draft, page.report]),
        (page.find, handlers.find, [page.controls["map"], page.found]),
    ):
        button.click(
            lambda: [gr.Button(interactive=True), "", gr.Timer(active=True)],
            None,
            [page.halt, page.report, timer],
            **on,
        )
        button.click(
            work, everything, outputs, show_progress_on=page.progress, **model, **private
        ).then(
            lambda: [gr.Button(interactive=False), gr.Timer(active=False), ""],
            None,
            [page.halt, timer, page.live],
            **on,
        )
    timer.tick(handlers.live, None, page.live, **on)
    gr.Button(visible=False).click(
        reporting(handlers.edit), everything, results, api_name="edit", **model
    )
    page.halt.click(handlers.stop, None, None, queue=False, **private)
    blocks.unload(handlers.stop)
    page.gallery.select(handlers.select, page.kept, shown, **private)
    quiet: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "always_last", **private}
    changes = [page.controls[name].change for name in LOOKED_AT]
    gr.on([blocks.load, *changes], handlers.look, everything, [page.look, page.about], **quiet)
    for button, how in zip(page.makers, MAKERS.values()):
        button.click(handlers.maker(**how), page.controls["image"], page.controls["map"], **private)
    first = [page.controls[name] for name in ("map", "prompt")]
    image = page.controls["image"]
    image.upload(handlers.uploaded, [image, *first, page.infotext], first, **quiet)
    page.controls["source"].change(
        handlers.source, page.controls["source"], list(page.groups.values()), **on
    )
    taking = [page.controls[name] for name in handlers.taking]
    layers = page.controls["layers"]
    layers.change(handlers.layers, layers, [layers, *taking, page.found], **on)
    restored = [page.controls[name] for name in handlers.restored]
    page.brought.change(handlers.brought, page.brought, restored, **quiet)
