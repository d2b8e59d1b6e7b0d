"""The extension's section on the host's Settings page."""

from __future__ import annotations

from typing import Any

import gradio as gr
from modules import shared

SECTION = ("diffdiff", "Differential Diffusion")
MISSING = ("keep the picture", "use the panel's map", "stop")
OPTIONS: dict[str, tuple[Any, str, str, Any, dict[str, Any]]] = {
    # name: (default, label, info, component, its arguments)
    "embed_map": (
        True,
        "Write the map into PNG files",
        "At most 64 KiB. Send to img2img and PNG Info then restore it.",
        gr.Checkbox,
        {},
    ),
    "batch_maps": (
        "",
        "Batch tab: folder of change maps",
        "One map per image, with the same name. Empty: the panel's map for all images.",
        gr.Textbox,
        {},
    ),
    "batch_missing": (
        MISSING[0],
        "Batch tab: if an image has no matching map",
        "",
        gr.Radio,
        {"choices": MISSING},
    ),
    "undo_mb": (
        64,
        "Painter: memory for undo, MB",
        "Browser memory. Reload the page to apply.",
        gr.Slider,
        {"minimum": 8, "maximum": 1024, "step": 8},
    ),
    "heat_colours": (
        "inferno",
        "Painter: colors of the strengths",
        "Reload the page to apply.",
        gr.Radio,
        {"choices": ["inferno", "viridis", "red", "blue"]},
    ),
}


def key(name: str) -> str:
    """Return the name of an option among the host's."""
    return f"diffdiff_{name}"


def register() -> None:
    """Add the section; the host calls this when its page is built."""
    for name, (default, label, info, component, how) in OPTIONS.items():
        option = shared.OptionInfo(default, label, component, how, section=SECTION)
        shared.opts.add_option(key(name), option.info(info) if info else option)


def get(name: str) -> Any:
    """Return an option's value; its default on a host that has no Settings page yet."""
    return getattr(shared.opts, key(name), OPTIONS[name][0])
