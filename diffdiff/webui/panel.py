"""The panel: one control per field of the args model, in its order."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr
from modules.ui_components import InputAccordion

from .. import __version__
from ..args import fields
from ..ui.controls import FANS, control, follow_mode, painter
from . import infotext, selfcheck, sourcing, travelling

SHOWN = ("mode", "scale", "invert", "soften_radius", "soften_direction", "soften_falloff")
ABSENT = ("map", "other_image")  # pictures are not pasted


class Panel(NamedTuple):
    """controls: name -> component, in the order of the args model. pasted: what restores them.
    source: the parts that make maps."""

    controls: dict[str, Any]
    pasted: list
    source: sourcing.Parts


def build(elem_id: Callable[[str], str]) -> Panel:
    """The panel, in the place where the host asks for it."""
    described = fields()
    controls: dict[str, Any] = {}

    def make(name: str, **more: Any) -> None:
        controls[name] = control(name, described[name], elem_id(name), **more)

    label = f"Differential Diffusion {__version__}"
    with InputAccordion(False, label=label, elem_id=elem_id("enabled")) as controls["enabled"]:
        gr.HTML(
            "<p class='diffdiff-hint'>Paint where the picture may change: white changes, black is "
            "kept, grey changes in part.</p>"
        )
        for feature, why in selfcheck.missing().items():
            gr.HTML(f"<p class='diffdiff-error'>{html.escape(f'{feature} is off: {why}')}</p>")
        controls["map"] = painter(elem_id("map"), panel=elem_id(""))
        source = sourcing.build(elem_id, make, controls)
        for name in SHOWN:
            make(name)
        with gr.Accordion("Strength fan and sheet", open=False, elem_id=elem_id("fans")):
            for name in FANS:
                make(name)
        with gr.Accordion("Advanced", open=False, elem_id=elem_id("advanced")):
            for name in described:
                if name not in controls:
                    make(name)
    follow_mode(controls, show_progress=False)
    ordered = {name: controls[name] for name in described}
    pasted = [(ordered[n], infotext.reader(n)) for n in ordered if n not in ABSENT]
    pasted.append((ordered["map"], travelling.reader))
    return Panel(ordered, pasted, source)
