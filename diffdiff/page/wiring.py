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
    do = page.handlers
    everything = set(page.controls.values())
    private: dict[str, Any] = {"api_visibility": "private"}
    shown = [page.slider, page.save, page.text, page.infotext, page.change]
    results = [*shown, page.report, page.gallery, page.kept]
    model: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}
    on: dict[str, Any] = {"queue": False, "show_progress": "hidden", **private}
    timer = gr.Timer(LIVE_SECONDS, active=False)
    for button, work, outputs in (
        (page.go, do.generate, results),
        (page.try_out, do.draft, [page.draft, page.report]),
        (page.find, do.find, [page.controls["map"], page.found]),
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
    timer.tick(do.live, None, page.live, **on)
    gr.Button(visible=False).click(
        reporting(do.edit), everything, results, api_name="edit", **model
    )
    page.halt.click(do.stop, None, None, queue=False, **private)
    blocks.unload(do.stop)
    page.gallery.select(do.select, page.kept, shown, **private)
    quiet: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "always_last", **private}
    changes = [page.controls[name].change for name in LOOKED_AT]
    gr.on([blocks.load, *changes], do.look, everything, [page.look, page.about], **quiet)
    for button, how in zip(page.makers, MAKERS.values()):
        button.click(do.maker(**how), page.controls["image"], page.controls["map"], **private)
    first = [page.controls[name] for name in ("map", "prompt")]
    image = page.controls["image"]
    image.upload(do.uploaded, [image, *first, page.infotext], first, **quiet)
    page.controls["source"].change(
        do.source, page.controls["source"], list(page.groups.values()), **on
    )
    taking = [page.controls[name] for name in do.taking]
    layers = page.controls["layers"]
    layers.change(do.layers, layers, [layers, *taking, page.found], **on)
    restored = [page.controls[name] for name in do.restored]
    page.brought.change(do.brought, page.brought, restored, **quiet)
