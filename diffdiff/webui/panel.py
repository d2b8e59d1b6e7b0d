"""The panel: one control per field of the args model, in its order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from modules.ui_components import InputAccordion

from .. import __version__
from ..args import fields
from ..ui.controls import control
from . import infotext

ADVANCED = ("black", "white", "gamma", "transition", "paste_back", "feather", "skip")
HIDDEN = ("mode", "source")  # one choice so far


def build(elem_id: Callable[[str], str]) -> tuple[list, list]:
    """The controls in the order of the args model, and the pairs that restore them."""
    described = fields()
    controls: dict[str, Any] = {}
    label = f"Differential Diffusion {__version__}"
    with InputAccordion(False, label=label, elem_id=elem_id("enabled")) as controls["enabled"]:
        gr.HTML(
            "<p class='diffdiff-hint'>White in the map changes, black is kept, "
            "grey changes in part.</p>"
        )
        plain = [n for n in described if n not in ADVANCED and n not in controls]
        for name in plain:
            more = {"visible": False} if name in HIDDEN else {}
            controls[name] = control(name, described[name], elem_id(name), **more)
        with gr.Accordion("Advanced", open=False, elem_id=elem_id("advanced")):
            for name in ADVANCED:
                controls[name] = control(name, described[name], elem_id(name))
    ordered = [controls[name] for name in described]
    pasted = [(controls[n], infotext.reader(n)) for n in described if n != "map"]
    return ordered, pasted
