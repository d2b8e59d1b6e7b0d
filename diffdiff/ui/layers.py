"""The layers editor's place on a page, and what it must know of the sources."""

from __future__ import annotations

import html
import json
from typing import Any

from ..maps import layers
from ..settings import sources as autoargs
from ..settings.schema import EditArgs, fields
from ..settings.sources import DiffEditArgs, SourceArgs

TITLES = {
    "luminance": ("Luminance", "Bright parts change."),
    "saturation": ("Saturation", "Colourful parts change."),
    "edges": ("Edges", "Edges change, by the gradient."),
    "canny": ("Canny edges", "Edges change, by Canny's thin lines."),
    "detail": ("Detail", "Textured parts change."),
    "point": ("Distance from a point", "The more, the farther from it."),
    "border": ("Distance from the border", "The more, the farther from it."),
    "difference": ("Difference of two pictures", "Where this picture differs from another one."),
    "alpha": ("Alpha channel", "Opaque parts change."),
    "foreground": ("Foreground", "The object in a box or under strokes (GrabCut)."),
    "painted": ("Painted", "What the painter has."),
    "upload": ("A map", "From a file."),
    "constant": ("Constant", "One value everywhere."),
    "diffedit": ("From prompts (DiffEdit)", "Where two prompts want the picture to differ."),
    "mask": ("Inpaint mask", "White where the tab's mask is."),
    "annotator": ("ControlNet preprocessor", "The picture that it makes, such as depth."),
}


def schema() -> dict[str, Any]:
    """What the editor derives its rows from: blends, sources with their settings, and shaping."""
    reading, finding = fields(SourceArgs), fields(DiffEditArgs)
    described = fields(EditArgs)
    sources = {}
    for source in layers.SOURCES:
        title, about = TITLES[source]
        settings = [
            _field(name, described[name] if name in described else _file(name))
            | {"needed": name in layers.NEEDED.get(source, ())}
            for name, (kinds, _) in layers.OWN.items()
            if source in kinds
        ]
        if source == layers.CONSTANT:
            settings.append(_value())
        settings += [_field(name, reading[name]) for name in autoargs.USED.get(source, ())]
        if source == layers.DIFFEDIT:
            settings += [_field(name, info) for name, info in finding.items()]
        sources[source] = {"title": title, "help": about, "settings": settings}
    shaping = [_field(name, described[name]) for name in layers.SHAPING]
    return {"blends": list(layers.BLENDS), "sources": sources, "shaping": shaping}


def _field(name: str, info: dict[str, Any]) -> dict[str, Any]:
    kind = "picture" if name in PICTURES else info["type"].__name__
    return {"name": name, **info, "type": kind}


PICTURES = ("file", "other_image", "inside", "outside")


def _file(name: str) -> dict[str, Any]:
    titles = {"file": "Map", "inside": "Strokes inside", "outside": "Strokes outside"}
    about = {"file": "White changes, black is kept.", "inside": "White on the object.",
             "outside": "White beside the object."}  # fmt: skip
    return {
        "title": titles[name], "help": about[name], "type": str, "default": "", "low": None,
        "high": None, "choices": None,
    }  # fmt: skip


def _value() -> dict[str, Any]:
    return {
        "name": "value", "title": "Value", "help": "0 keeps, 1 changes.", "type": "float",
        "default": 1.0, "low": 0.0, "high": 1.0, "choices": None,
    }  # fmt: skip


def editor(elem_id: str, label: str) -> Any:
    """The place of the editor, and the box below it that holds the layers as JSON.

    `javascript/hosts/layers.mjs` fills the place.
    """
    import gradio as gr

    told = html.escape(json.dumps(schema()), quote=True)
    place = f"<div class='diffdiff-layers' data-store='{elem_id}' data-schema='{told}'></div>"
    gr.HTML(place, elem_id=f"{elem_id}_editor", elem_classes=["diffdiff-place"])
    with gr.Accordion("As JSON", open=False, elem_id=f"{elem_id}_json"):
        return gr.Textbox("", label=label, elem_id=elem_id, lines=6, max_lines=20, show_label=False)
