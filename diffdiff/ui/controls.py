"""Gradio controls for fields of a settings model. Runs on Gradio 3.41, 4.40 and 6.

Gradio is imported when a control is made: the host decides which one that is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..settings.schema import AUTO
from ..settings.source_registry import REQUEST, title_of

WIDE = 10_000  # ranges beyond this are typed, not slid
MOST_BUTTONS = 6  # more choices unfold


def as_sent(payload: Any) -> str | bytes | None:
    """Return an upload as the decoder takes it: Gradio 3's data URL, or the bytes of a later one's
    file."""
    if payload is None or isinstance(payload, str):
        return payload
    return Path(payload.path).read_bytes()


def upload(label: str, elem_id: str, **more: Any) -> Any:
    """Return an image control whose handler gets the file as it was sent, a data URL or bytes."""
    import gradio as gr

    image: Any = gr.Image(label=label, elem_id=elem_id, **more)
    # Gradio's own conversion would turn 16-bit maps white. On the instance: Gradio 4 writes a
    # stub file beside the source of every class derived from a component.
    image.preprocess = as_sent
    return image


def painter(elem_id: str, value: str = "", panel: str | None = None) -> Any:
    """Build the painter's place, and the hidden box in which its map travels as a data URL.

    `javascript/diffdiff.mjs` fills the place. What is written into the box by a handler is the
    painter's next map.

    Args:
        elem_id: element id of the box.
        panel: what the ids of a WebUI's panel begin with; None on the standalone page.
    """
    import gradio as gr

    of_panel = "" if panel is None else f" data-panel='{panel}'"
    place = f"<div class='diffdiff-painter' data-store='{elem_id}'{of_panel}></div>"
    gr.HTML(place, elem_id=f"{elem_id}_painter", elem_classes=["diffdiff-place"])
    # not `visible=False`: Gradio 6 would leave it out of the page
    box: Any = gr.Textbox(
        value, label="Change map", elem_id=elem_id, elem_classes=["diffdiff-store"]
    )
    box.do_not_save_to_config = True  # A1111: a map is not a default
    return box


def control(name: str, info: dict[str, Any], elem_id: str, /, **more: Any) -> Any:
    """Return the control for a field, by its type.

    Args:
        name: name of the field.
        info: the field as `diffdiff.settings.schema.fields` describes it.
        more: arguments of Gradio's component, such as `visible`; they override those of the field.

    An optional number is a text box that may be empty: Gradio turns an empty number box into 0.
    The soften radius is a slider, which has a position for *automatic*.
    """
    import gradio as gr

    common: dict[str, Any] = {"label": info["title"], "elem_id": elem_id, "info": info["help"]}
    common |= more
    default: Any = info["default"]
    low, high = info["low"], info["high"]
    if name == "source":
        return gr.Dropdown([*map(title_of, REQUEST)], value=title_of(default), **common)
    if name == "soften_radius":
        default = low = AUTO
    if len(info["choices"] or ()) > MOST_BUTTONS:
        return gr.Dropdown(info["choices"], value=default, **common)
    if info["choices"]:
        return gr.Radio(info["choices"], value=default, **common)
    if info["type"] is bool:
        return gr.Checkbox(default, **common)
    if default is None:
        return gr.Textbox(placeholder="not set", **common)
    if info["type"] is str:
        return gr.Textbox(default, **common)
    whole = info["type"] is int
    if high - low > WIDE:
        return gr.Number(default, precision=0 if whole else None, **common)
    step = 1 if whole or high > 10 else 0.01
    return gr.Slider(low, high, value=default, step=step, **common)
