"""A Gradio control for a field of a model of settings. Runs on Gradio 3.41, 4.40 and 6.

Gradio is imported when a control is made: the host decides which one that is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

WIDE = 10_000  # ranges beyond this are typed, not slid


def as_sent(payload: Any) -> str | bytes | None:
    """What the decoder gets of an upload: Gradio 3's data URL, the bytes of a later one's file."""
    if payload is None or isinstance(payload, str):
        return payload
    return Path(payload.path).read_bytes()


def upload(label: str, elem_id: str, **more: Any) -> Any:
    """A picture whose handler gets the file as it was sent, a data URL or bytes."""
    import gradio as gr

    image = gr.Image(label=label, elem_id=elem_id, **more)
    # Gradio's own conversion would turn 16-bit maps white. On the instance: Gradio 4 writes a
    # stub file beside the source of every class derived from a component.
    image.preprocess = as_sent
    return image


def control(name: str, info: dict[str, Any], elem_id: str, **more: Any) -> Any:
    """The control that a field's type asks for.

    Args:
        name: of the field; "map" becomes an upload.
        info: the field as `diffdiff.args.fields` describes it.
        more: for Gradio's component, such as `visible`.

    A number that may be left out is an empty box.
    """
    import gradio as gr

    if name == "map":
        return upload(info["title"], elem_id, **{"height": 280, **more})
    common = {"label": info["title"], "elem_id": elem_id, "info": info["help"], **more}
    default, high = info["default"], info["high"]
    if info["choices"]:
        return gr.Radio(info["choices"], value=default, **common)
    if info["type"] is bool:
        return gr.Checkbox(default, **common)
    if info["type"] is str:
        return gr.Textbox(default, **common)
    whole = info["type"] is int
    if default is None or high - info["low"] > WIDE:
        return gr.Number(default, precision=0 if whole else None, **common)
    step = 1 if whole or high > 10 else 0.01
    return gr.Slider(info["low"], high, value=default, step=step, **common)
