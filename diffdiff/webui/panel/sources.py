"""The part of the panel for map sources: the source, its settings, preview, presets."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr

from ...errors import FieldError
from ...maps.layers import SHAPING
from ...settings import preset as preset_settings
from ...settings.click import ClickArgs
from ...settings.schema import fields
from ...settings.source_registry import REQUEST, request_fields, title_of, value_of
from ...settings.sources import DiffEditArgs, SourceArgs, WordsArgs
from ...ui import layers as editor
from ...ui.controls import upload
from .. import controlnet, host_page, png_metadata, schedules
from . import presets, preview

OFTEN = ("diffedit_with", "diffedit_words", "diffedit_cut", "diffedit_grow")  # not folded away
FOLDED = {
    "diffedit": tuple(fields(DiffEditArgs)),
    "words": ("words_level", "words_noises", "words_seed"),
    "click": ("points_level", "points_noises", "points_seed"),
}
WITH_FIELDS = ("diffedit", *(n for n in REQUEST if request_fields(n) and n != "diffedit"))
# what the legend's noise depends on
OF_RUN = (
    "sampler",
    "scheduler",
    "steps",
    "width",
    "height",
    "shift",
    "hires_sampler",
    "hires_scheduler",
    "hires_steps",
    "hires_scale",
)


class SourceControls(NamedTuple):
    """Components that the handlers need. picture, mask, dropped: boxes that the page's script
    fills. paint: a button that it presses. noise: a box that it reads, the run's fractions of noise
    as JSON."""

    look: Any
    send: Any
    paint: Any
    picture: Any
    mask: Any
    dropped: Any
    noise: Any
    shown: Any
    report: Any
    preset: Any
    load: Any
    save: Any
    delete: Any


def build(
    elem_id: Callable[[str], str], make: Callable[..., None], controls: dict[str, Any]
) -> SourceControls:
    """Build the controls of each source except the list itself; those of other sources are
    hidden."""
    groups, parts = {}, {}
    for source in WITH_FIELDS:
        with gr.Group(visible=False, elem_id=elem_id(f"of_{source}")) as groups[source]:
            folded = [name for name in FOLDED.get(source, ()) if name not in OFTEN]
            often = OFTEN if source == "diffedit" else ()
            for name in (*request_fields(source), *often):
                if name in folded or name in controls:
                    continue
                if name == "layers":
                    parts = _layers(elem_id)
                    controls[name] = editor.editor(elem_id(name), "Layers")
                elif name == "other_image":
                    controls[name] = upload("Other image", elem_id(name), height=200)
                elif name == "annotator":
                    known = controlnet.names()
                    controls[name] = gr.Dropdown(
                        known,
                        value="",
                        label="Preprocessor",
                        elem_id=elem_id(name),
                        allow_custom_value=True,
                        info=None if known else "There is no ControlNet in this WebUI.",
                    )
                else:
                    make(name)
            if folded:
                how = elem_id(f"how_{source}")
                with gr.Accordion("How the map is found", open=False, elem_id=how):
                    for name in folded:
                        make(name)
    with gr.Row(elem_classes=["diffdiff-row"]):
        look = gr.Button("Preview map", elem_id=elem_id("look"), size="sm")
        send = gr.Button("Edit in the painter", elem_id=elem_id("send"), size="sm")
        hidden = ["diffdiff-store"]
        paint = gr.Button("Use the painting", elem_id=elem_id("paint"), elem_classes=hidden)
    report = gr.HTML("", elem_id=elem_id("report"))
    shown = gr.Image(
        type="pil",
        label="Where the image would change",
        elem_id=elem_id("shown"),
        visible=False,
        interactive=False,
        height=420,
    )
    picture, mask, dropped, noise = (
        _store(elem_id(label.lower()), label) for label in ("Picture", "Mask", "Dropped", "Noise")
    )

    def follow(words: str) -> list[Any]:
        return [gr.update(visible=name == value_of(words)) for name in groups]

    controls["source"].change(follow, controls["source"], list(groups.values()), queue=False)
    return SourceControls(look, send, paint, picture, mask, dropped, noise, shown, report, **parts)


def _store(elem_id: str, label: str) -> Any:
    """Return a hidden box between the page's script and the handlers."""
    box: Any = gr.Textbox("", elem_id=elem_id, label=label, elem_classes=["diffdiff-store"])
    box.do_not_save_to_config = True
    return box


def _layers(elem_id: Callable[[str], str]) -> dict[str, Any]:
    with gr.Row(elem_classes=["diffdiff-row"]):
        preset: Any = gr.Dropdown(list(presets.listed()), label="Preset", elem_id=elem_id("preset"))
        preset.do_not_save_to_config = True  # A1111: its choices are files
        load = gr.Button("Load", elem_id=elem_id("load"), size="sm")
        save = gr.Button("Save", elem_id=elem_id("save"), size="sm")
        delete = gr.Button("Delete", elem_id=elem_id("delete"), size="sm")
    return {"preset": preset, "load": load, "save": save, "delete": delete}


def connect(
    parts: SourceControls,
    controls: dict[str, Any],
    tab: dict[str, Any],
    pasted: list[tuple[Any, Callable[[dict[str, Any]], Any]]],
) -> None:
    """Connect the buttons, and the changes of settings.

    Args:
        controls: the panel's, in the order of the args model.
        tab: components of the host's tab, by the names of `host_page.TAB` or `TEXT_TAB`; some may
            be missing.
        pasted: (component, what to put into it from pasted parameters).
    """
    values, names = list(controls.values()), list(tab)
    what = gr.State(None)

    def look(picture: str, mask: str, *rest: Any) -> tuple[Any, ...]:
        about = host_page.of_second(dict(zip(names, rest)))
        sent = {"picture": picture, "mask": mask, **about}
        return preview.show(sent, rest[len(names) :])

    def show(*sent: Any) -> tuple[Any, ...]:
        seen, shown, report, _ = look(*sent)
        return seen, gr.update(value=shown, visible=shown is not None), report

    def send(*sent: Any) -> tuple[Any, ...]:
        seen, shown, report, url = look(*sent)
        picture = gr.update(value=shown, visible=shown is not None)
        if not url:
            return seen, picture, report, gr.update(), gr.update()
        return seen, picture, report, url, gr.update(value=title_of("upload"))

    inputs = [parts.picture, parts.mask, *tab.values(), *values]
    outputs = [what, parts.shown, parts.report]
    parts.look.click(show, inputs, outputs)
    parts.send.click(send, inputs, [*outputs, controls["map"], controls["source"]])
    parts.paint.click(lambda: title_of("upload"), None, controls["source"], show_progress=False)

    def refresh(seen: Any, *sent: Any) -> tuple[Any, ...]:
        update = preview.refresh(seen, sent)
        if update is None:
            return gr.update(), gr.update()
        shown, report = update
        return gr.update(value=shown, visible=shown is not None), report

    settings = {"source", "scale", *SHAPING, *fields(SourceArgs), *fields(DiffEditArgs)}
    settings |= {*fields(WordsArgs), *fields(ClickArgs)}
    settings |= {"mode", "combine", "levels", "extra_calls", "transition"}
    settings |= {name for source in WITH_FIELDS for name in request_fields(source)}
    for name in settings:
        controls[name].change(
            refresh, [what, *values], [parts.shown, parts.report], show_progress=False
        )

    def drop(text: str) -> list[Any]:
        restored = png_metadata.dropped(text, [read for _, read in pasted])
        return [gr.update() if value is None else gr.update(value=value) for value in restored]

    parts.dropped.change(drop, parts.dropped, [c for c, _ in pasted], show_progress=False)

    of_run = (*OF_RUN, "denoising") if "hires_steps" in tab else OF_RUN
    run = {name: tab[name] for name in of_run if name in tab}

    def noise(*values: Any) -> str:
        settings = host_page.of_second(dict(zip(run, values)))
        return json.dumps(schedules.table(schedules.run_settings(settings)))

    for component in (controls["enabled"], *run.values()):
        component.change(noise, list(run.values()), parts.noise, queue=False, show_progress=False)

    layers = controls["layers"]
    chosen = {"show_progress": False}
    parts.load.click(_reporting(presets.load), parts.preset, [layers, parts.report], **chosen)
    saved = [controls[name] for name in preset_settings.SAVED]
    parts.save.click(_reporting(_save), [layers, *saved], [parts.preset, parts.report], **chosen)
    can = {n: c for n, c in controls.items() if n in preset_settings.ALLOWED and c.visible}

    def take_over(text: str) -> list[Any]:
        try:
            taken = editor.taken_over(text, can)
        except FieldError as error:
            return [gr.update()] * (len(can) + 1) + [preview.error_html(error)]
        if taken is None:
            return [gr.update()] * (len(can) + 2)
        stripped, settings, words = taken
        set_to = [gr.update(value=settings[n]) if n in settings else gr.update() for n in can]
        return [stripped, *set_to, f"<p class='diffdiff-hint'>{html.escape(words)}</p>"]

    layers.change(take_over, layers, [layers, *can.values(), parts.report], **chosen)
    parts.delete.click(_reporting(_delete), parts.preset, [parts.preset, parts.report], **chosen)


def _save(text: str, *values: Any) -> Any:
    described = fields()
    settings = {
        name: value
        for name, value in zip(preset_settings.SAVED, values)
        if value not in ("", None, described[name]["default"])
    }
    name = presets.save(preset_settings.joined(text, settings))
    return gr.update(choices=list(presets.listed()), value=name)


def _delete(name: str) -> Any:
    presets.delete(name)
    return gr.update(choices=list(presets.listed()), value=None)


def _reporting(handler: Callable[..., Any]) -> Callable[..., tuple[Any, str]]:
    """Wrap a handler so that its errors are shown below the buttons."""

    def safe(text: str, *more: Any) -> tuple[Any, str]:
        try:
            return handler(text or "", *more), ""
        except FieldError as error:
            return gr.update(), preview.error_html(error)

    return safe
