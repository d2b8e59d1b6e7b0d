"""The panel: one control per field of the args model, in its order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from modules.ui_components import InputAccordion

from .. import __version__
from ..args import fields
from . import infotext

ADVANCED = ("black", "white", "gamma", "transition", "paste_back", "feather", "skip")
HIDDEN = ("mode", "source")  # one choice so far


def as_sent(payload: Any) -> str | bytes | None:
    """What the decoder gets of an upload: Gradio 3's data URL, the bytes of Gradio 4's file."""
    if payload is None or isinstance(payload, str):
        return payload
    return Path(payload.path).read_bytes()


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
            controls[name] = control(name, described[name], elem_id(name))
        with gr.Accordion("Advanced", open=False, elem_id=elem_id("advanced")):
            for name in ADVANCED:
                controls[name] = control(name, described[name], elem_id(name))
    ordered = [controls[name] for name in described]
    pasted = [(controls[n], infotext.reader(n)) for n in described if n != "map"]
    return ordered, pasted


def control(name: str, info: dict, elem_id: str) -> Any:
    """The control that a field's type asks for."""
    common = {"label": info["title"], "elem_id": elem_id}
    if name == "map":
        upload = gr.Image(height=280, **common)
        # Gradio's own conversion would turn 16-bit maps white. On the instance: Gradio 4 writes a
        # stub file beside the source of every class derived from a component.
        upload.preprocess = as_sent
        return upload
    common["info"] = info["help"]
    if info["choices"]:
        visible = name not in HIDDEN
        return gr.Radio(info["choices"], value=info["default"], visible=visible, **common)
    if isinstance(info["default"], bool):
        return gr.Checkbox(info["default"], **common)
    step = 1 if info["high"] > 10 else 0.01
    return gr.Slider(info["low"], info["high"], value=info["default"], step=step, **common)
