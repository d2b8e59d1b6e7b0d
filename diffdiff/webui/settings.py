"""The extension's section on the host's Settings page."""

from __future__ import annotations

from typing import Any

import gradio as gr
from modules import shared

SECTION = ("diffdiff", "Differential Diffusion")
MISSING = ("keep the picture", "use the panel's map", "stop")
OPTIONS: dict[str, tuple[Any, str, str, Any, dict]] = {
    # name: (default, label, info, component, its arguments)
    "embed_map": (
        True, "Write the map into PNG files",
        "at most 64 KiB, so that Send to img2img and PNG Info bring it back", gr.Checkbox, {},
    ),
    "batch_maps": (
        "", "Batch tab: folder of change maps",
        "a map for each picture, of the same name; empty: the panel's map for all", gr.Textbox, {},
    ),
    "batch_missing": (
        MISSING[0], "Batch tab: where a picture has no map", "", gr.Radio, {"choices": MISSING},
    ),
    "undo_mb": (
        64, "Painter: memory for undo, MB", "of the browser; after a reload of the page", gr.Slider,
        {"minimum": 8, "maximum": 1024, "step": 8},
    ),
    "heat_colours": (
        "inferno", "Painter: colours of the strengths", "after a reload of the page", gr.Radio,
        {"choices": ["inferno", "viridis", "red", "blue"]},
    ),
}  # fmt: skip


def key(name: str) -> str:
    return f"diffdiff_{name}"


def register() -> None:
    """Adds the section; called by the host when its page is built."""
    for name, (default, label, info, component, how) in OPTIONS.items():
        option = shared.OptionInfo(default, label, component, how, section=SECTION)
        shared.opts.add_option(key(name), option.info(info) if info else option)


def get(name: str) -> Any:
    """An option as it stands; its default on a host that has no Settings page yet."""
    return getattr(shared.opts, key(name), OPTIONS[name][0])
