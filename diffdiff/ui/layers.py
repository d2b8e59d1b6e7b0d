"""The place of the layers editor on a page, and what it must know of the sources."""

from __future__ import annotations

import html
import json
from collections.abc import Container
from typing import Any

from ..maps import layers
from ..settings import preset
from ..settings.schema import AUTO, EditArgs, fields
from ..settings.source_registry import LAYER, SOURCES, Input
from ..settings.sources import DiffEditArgs


def schema() -> dict[str, Any]:
    """Return what the editor derives its rows from: blends, sources with their settings,
    shaping."""
    described = fields(EditArgs)
    sources = {}
    for source in LAYER:
        title, about = SOURCES[source].layer or ("", "")  # each of LAYER has one
        settings = [
            _field(one.name, described[one.name] if one.is_field else _text(one))
            | {"type": "picture" if one.is_picture else "str", "needed": one.needed}
            for one in SOURCES[source].inputs
        ]
        if source == layers.CONSTANT:
            settings.append(_value())
        settings += [_field(name, described[name]) for name in SOURCES[source].settings]
        if source == layers.DIFFEDIT:
            settings += [_field(name, info) for name, info in fields(DiffEditArgs).items()]
        sources[source] = {"title": title, "help": about, "settings": settings}
    shaping = [_field(name, described[name]) for name in layers.SHAPING]
    return {"blends": list(layers.BLENDS), "sources": sources, "shaping": shaping}


def _field(name: str, info: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, **info, "type": info["type"].__name__}


def _text(one: Input) -> dict[str, Any]:
    return {
        "title": one.title,
        "help": one.help,
        "type": str,
        "default": "",
        "low": None,
        "high": None,
        "choices": None,
    }


def _value() -> dict[str, Any]:
    return {
        "name": "value",
        "title": "Value",
        "help": "0 keeps, 1 changes.",
        "type": "float",
        "default": 1.0,
        "low": 0.0,
        "high": 1.0,
        "choices": None,
    }


def taken_over(text: str, names: Container[str]) -> tuple[str, dict[str, Any], str] | None:
    """Return what becomes of layers that set more than a map: their JSON without it, the settings,
    and a line about them; None where there is nothing to do.

    names: of the controls that can take a setting; others stay in the JSON.

    Raises:
        FieldError: "layers", where a setting is wrong.
    """
    layers_text, settings = preset.split(text or "")
    settings = preset.check(settings)
    taken = {name: value for name, value in settings.items() if name in names}
    if not taken:
        return None
    rest = {name: value for name, value in settings.items() if name not in taken}
    titles = fields(EditArgs)
    set_to = (f"{titles[name]['title']}: {_shown(value)}" for name, value in taken.items())
    if taken.get("soften_radius", 0) is None:
        taken["soften_radius"] = AUTO  # as a control has it
    return preset.joined(layers_text, rest), taken, f"The preset has also set {', '.join(set_to)}."


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):  # 1 and 0 are equal to True and False
        return "on" if value else "off"
    return str(value)


def editor(elem_id: str, label: str) -> Any:
    """Build the editor's place, and the box below it that holds the layers as JSON.

    `javascript/hosts/layers.mjs` fills the place.
    """
    import gradio as gr

    data = html.escape(json.dumps(schema()), quote=True)
    place = f"<div class='diffdiff-layers' data-store='{elem_id}' data-schema='{data}'></div>"
    gr.HTML(place, elem_id=f"{elem_id}_editor", elem_classes=["diffdiff-place"])
    with gr.Accordion("As JSON", open=False, elem_id=f"{elem_id}_json"):
        return gr.Textbox("", label=label, elem_id=elem_id, lines=6, max_lines=20, show_label=False)
