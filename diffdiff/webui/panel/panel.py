"""The panel: one control per setting, the frequent ones above the folds."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import gradio as gr
from modules.ui_components import InputAccordion

from ... import __version__
from ...settings.coarse import COARSE
from ...settings.modes import SEVERAL
from ...settings.schema import AUTO, fields
from ...settings.source_registry import REQUEST, SOURCES, title_of, value_of
from ...ui.controls import control, painter
from .. import infotext, png_metadata, selfcheck
from . import clicking, drafting
from . import sources as sourcing

OFTEN = (("soften_radius", "scale", "invert"),)  # rows
FAN_ROWS = (
    ("fan_low", "fan_high", "fan_count"),
    ("fan_layout", "fan_preset"),
    ("fan_strengths", "sheet_batch"),
)
ADVANCED = (
    ("black", "white", "gamma"),
    ("soften_direction", "soften_falloff"),
    ("levels", "extra_calls", "transition"),
    ("area", "area_padding", "feather"),
    ("paste_back", "skip", "linear_light", "colour_match"),
    ("combine", "mask_channel"),
    ("anchor", "anchor_guidance"),
    ("response",),
    ("outpaint", "outpaint_fill", "outpaint_edge"),
)
ABSENT = ("map", "other_image", "move", "untouched")  # pictures are not pasted
BOXES = ("move", "untouched")  # filled by the page's script
# not in txt2img's
OF_IMG2IMG = ("mode", "area", "area_padding", "combine", "mask_channel", *COARSE)
IN_TEXT = (
    "The map is for the second pass of <i>Hires. fix</i>: white is hires fix as it is, black keeps "
    "the enlarged image."
)


class Panel(NamedTuple):
    """controls: name -> component, in the order of the settings. pasted: what restores them.
    source: the controls of map sources. draft: what a draft needs."""

    controls: dict[str, Any]
    pasted: list[tuple[Any, Callable[[dict[str, Any]], Any]]]
    source: sourcing.SourceControls
    draft: drafting.Drafting


def build(elem_id: Callable[[str], str], is_text: bool = False) -> Panel:
    """Build the panel where the host asks for it. is_text: in txt2img."""
    described = fields()
    controls: dict[str, Any] = {}
    helps: dict[str, str] = {}

    def make(name: str, **more: Any) -> None:
        # the page's script shows the help on request: all of it would be a page long
        helps[elem_id(name)] = described[name]["help"]
        if is_text and name in OF_IMG2IMG:
            more["visible"] = False
        if name == "soften_radius":
            # hosts save a control's value under its label: a 0 that one saved when the slider had
            # no place for "automatic" is not to come back as a hard mask
            more["label"] = f"{described[name]['title']} ({AUTO}: automatic)"
        controls[name] = control(name, described[name], elem_id(name), info=None, **more)

    def rows(named: Iterable[tuple[str, ...]]) -> None:
        for names in named:
            with gr.Row(elem_classes=["diffdiff-row"]):
                for name in names:
                    make(name, min_width=_width(described[name]))

    label = f"Differential Diffusion {__version__}"
    with InputAccordion(False, label=label, elem_id=elem_id("enabled")) as controls["enabled"]:
        for feature, why in selfcheck.missing().items():
            gr.HTML(f"<p class='diffdiff-error'>{html.escape(f'{feature} is off: {why}')}</p>")
        if is_text:
            gr.HTML(f"<p class='diffdiff-hint'>{IN_TEXT}</p>")
        controls["map"] = painter(elem_id("map"), panel=elem_id(""))
        clicking.connect(is_text)
        draft = drafting.build(elem_id)
        for name in BOXES:
            make(name, elem_classes=["diffdiff-store"])
            controls[name].do_not_save_to_config = True
        with gr.Row(elem_classes=["diffdiff-row"]):
            make("mode", scale=3, min_width=320)
            make("source", scale=2, min_width=200)
        with gr.Group(visible=False, elem_id=elem_id("fans")) as fans:
            rows(FAN_ROWS)
        with gr.Group(visible=False, elem_id=elem_id("referred")) as referred:
            make("reference")
        source = sourcing.build(elem_id, make, controls)
        rows(OFTEN)
        with gr.Accordion("Advanced", open=False, elem_id=elem_id("advanced")):
            rows(ADVANCED)
            rest = [name for name in described if name not in controls]
            rows(tuple(rest[i : i + 2]) for i in range(0, len(rest), 2))
        _about(helps)
    controls["mode"].change(
        lambda mode: gr.update(visible=mode in SEVERAL),
        controls["mode"],
        fans,
        queue=False,
        show_progress=False,
    )
    deciding = [controls["source"], controls["anchor"]]
    for field in deciding:
        field.change(refers, deciding, referred, queue=False, show_progress=False)
    ordered = {name: controls[name] for name in described}
    pasted = [(ordered[n], of_tab(_reader(n), is_text)) for n in ordered if n not in ABSENT]
    pasted.append((ordered["map"], of_tab(png_metadata.reader, is_text)))
    return Panel(ordered, pasted, source, draft)


def refers(source: str, anchor: str) -> Any:
    """Show the reference prompt where it is used: the source in words, and the anchor."""
    return gr.update(visible=value_of(source) == "diffedit" or anchor == "friendly")


def _width(info: dict[str, Any]) -> int:
    """Return the pixels that a control needs; where there are fewer, it starts a row."""
    return 240 if info["choices"] else 120 if info["type"] is bool else 170


def _about(helps: dict[str, str]) -> None:
    """Add what the page's script must know: the help of each control by its id, and the titles of
    sources."""
    sources = {title_of(name): [name, SOURCES[name].phrase] for name in REQUEST}
    data = html.escape(json.dumps({"helps": helps, "sources": sources}), quote=True)
    gr.HTML(
        f"<div class='diffdiff-about' data-about='{data}'></div>", elem_classes=["diffdiff-store"]
    )


def of_tab(read: Callable[[dict[str, Any]], Any], is_text: bool) -> Callable[[dict[str, Any]], Any]:
    """Return a reader that takes what the other tab's panel has written for that of no panel."""

    def read_own_tab(params: dict[str, Any]) -> Any:
        if (infotext.PASS in params) != is_text:
            ours = infotext.ENABLED, infotext.MAP
            params = {name: value for name, value in params.items() if name not in ours}
        return read(params)

    own: Any = read_own_tab
    own.inner = read
    return own


def _reader(name: str) -> Callable[[dict[str, Any]], Any]:
    """Return a function that reads a control's value from pasted parameters."""
    read = infotext.reader(name)
    if name != "source":
        return read

    def words(params: dict[str, Any]) -> str | None:
        value = read(params)
        return None if value is None else title_of(value)

    return words
