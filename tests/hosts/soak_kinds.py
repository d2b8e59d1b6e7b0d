"""The kinds of jobs that a soak mixes, and how each is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.webui import Refused, WebUI, decode, encode

PROMPTS = {"reference": "a cat on a red sofa", "query": "a dog on a green lawn"}
DDIM = {"sampler_name": "DDIM"}


@dataclass(frozen=True)
class Kind:
    """Jobs that must all answer alike.

    ask: `(webui, step) -> pictures, numbers and texts`; step counts the jobs so far.
    share: how often it is drawn. like: the kind whose answer it must give, itself if empty.
    clean: the next job is a plain one.
    """

    name: str
    share: int
    ask: Callable[[WebUI, int], Any]
    like: str = ""
    clean: bool = False


def kinds(webui: WebUI) -> list[Kind]:
    """All kinds that this host can run; the first is the plain job."""
    size = webui.size
    ramp = np.tile(np.linspace(0, 255, size).round().astype(np.uint8), (size, 1))
    half = np.where(np.arange(size) < size // 2, 0, 255).astype(np.uint8)[None].repeat(size, 0)
    map_, mask = {"map": encode(ramp)}, {"mask": encode(half), "inpainting_fill": 1}
    layers = {
        "layers": [
            {"source": "luminance"},
            {"source": "border", "blend": "max"},
            {"source": "painted", "blend": "multiply"},
        ]
    }
    three = {"fan_strengths": [0.3, 0.6, 0.9]}

    def job(name: str, share: int, edit: Any = None, like: str = "", **settings: Any) -> Kind:
        return Kind(name, share, lambda w, step: w.img2img(edit, **settings)[0], like)

    made = [
        job("plain", 20),
        job("plain DDIM", 4, **DDIM),
        job("plain inpaint", 4, **mask),
        Kind("txt2img", 4, txt2img),
        job("disabled", 6, {"enabled": False, "map": "not a picture"}, "plain"),
        job("edit", 12, map_),
        job("edit, all steps", 4, {**map_, "skip": False}),
        job("edit, Euler a", 4, map_, sampler_name="Euler a"),
        job("edit, DPM++ 2M", 4, map_, sampler_name="DPM++ 2M"),
        job("edit, batch", 3, map_, batch_size=2),
        job("edit, inpaint", 3, map_, **mask),
        job("soft inpaint", 6, {"mode": "soft inpaint"}, **mask),
        job("fan", 5, {"mode": "fan", **three}),
        job("sheet", 5, {"mode": "sheet", **three}),
        job("luminance", 4, {"source": "luminance"}),
        job("layers", 4, {"source": "layers", "layers": layers, **map_}),
        job("diffedit", 4, {"source": "diffedit", "diffedit_noises": 2, **PROMPTS}),
        Kind("version", 1, lambda w, step: w.call("/diffdiff/v1/version")),
        Kind("schema", 1, lambda w, step: str(w.call("/diffdiff/v1/schema"))),
        Kind("preview", 3, preview(map_)),
        Kind("adherence", 2, adherence(map_)),
        Kind("find", 2, find),
        *(
            Kind(f"refused: {name}", 1, refused(*case), clean=True)
            for name, case in broken(map_).items()
        ),
        Kind("interrupt an edit", 3, interrupted(map_), clean=True),
        Kind("interrupt a sheet", 2, interrupted({"mode": "sheet", **three}), clean=True),
        Kind("interrupt a plain job", 2, interrupted(None), clean=True),
    ]
    inverted = {**map_, "anchor": "inverted"}
    if "forge_preset" in webui.call("/sdapi/v1/options"):  # where nothing can be run backwards
        return made
    return [*made, job("inverted", 4, inverted, **DDIM)]


def txt2img(webui: WebUI, step: int) -> list[np.ndarray]:
    reply = webui.call("/sdapi/v1/txt2img", {**webui.base})
    return [decode(i) for i in reply["images"]]


def preview(edit: dict) -> Callable[[WebUI, int], Any]:
    def ask(webui: WebUI, step: int) -> Any:
        image = encode(webui.photograph)
        body = {"args": {**edit, "soften_radius": 4}, "image": image, "steps": 8}
        reply = webui.call("/diffdiff/v1/map/preview", body)
        return [decode(reply[k]) for k in ("map", "release", "overlay")] + [str(reply["ladder"])]

    return ask


def find(webui: WebUI, step: int) -> list[np.ndarray]:
    """By a seed of its own each time, and by the first: what is kept in memory has an end."""
    body = {"image": encode(webui.photograph), "diffedit_noises": 2, **PROMPTS}
    webui.call("/diffdiff/v1/map/diffedit", {**body, "diffedit_seed": step})
    return [decode(webui.call("/diffdiff/v1/map/diffedit", body)["map"])]


def adherence(edit: dict) -> Callable[[WebUI, int], str]:
    def ask(webui: WebUI, step: int) -> str:
        after = encode(255 - webui.photograph)
        body = {"before": encode(webui.photograph), "after": after, "map": edit["map"]}
        return str(webui.call("/diffdiff/v1/metrics/adherence", body))

    return ask


def broken(map_: dict) -> dict[str, tuple[Any, dict, str]]:
    """Requests that must be refused: the edit, the job's settings, the field that is named."""
    return {
        "no map": ({}, {}, "map"),
        "a path": ({"map": "/etc/passwd"}, {}, "map"),
        "not base64": ({"map": "%%%"}, {}, "map"),
        "range": ({**map_, "gamma": -1}, {}, "gamma"),
        "type": ({**map_, "soften_radius": "wide"}, {}, "soften_radius"),
        "unknown": ({**map_, "strenght": 1}, {}, "strenght"),
        "maps of a batch": ({"map": [map_["map"]] * 3}, {"batch_size": 2}, "map"),
        "sampler": ({**map_, "anchor": "inverted"}, {"sampler_name": "Euler"}, "anchor"),
        "no annotator": ({"source": "annotator", "annotator": "no such one"}, {}, "annotator"),
    }


def refused(edit: dict, settings: dict, name: str) -> Callable[[WebUI, int], str]:
    def ask(webui: WebUI, step: int) -> str:
        try:
            webui.img2img(edit, **settings)
        except Refused as error:
            told = str(error.body.get("detail"))
            if error.status != 422 or not told.startswith(f"{name}: "):
                raise AssertionError(f"refused by {error.status}: {told[:200]}") from None
            return told
        raise AssertionError("was not refused")

    return ask


def interrupted(edit: dict | None, steps: int = 100) -> Callable[[WebUI, int], str]:
    """A job that is stopped while it runs: it gives pictures, and has not run to its end."""

    def ask(webui: WebUI, step: int) -> str:
        answer: dict[str, Any] = {}

        def work() -> None:
            try:
                answer["pictures"] = webui.img2img(edit, steps=steps)[0]
            except Exception as error:
                answer["error"] = error

        thread = threading.Thread(target=work)
        thread.start()
        seen = stopped = 0
        while thread.is_alive():
            state = webui.call("/sdapi/v1/progress?skip_current_image=true")["state"]
            seen = state["sampling_step"]
            if state["job_count"] and 2 <= seen < steps // 2:
                webui.call("/sdapi/v1/interrupt", {})
                stopped = seen
                break
            time.sleep(0.01)
        thread.join(300)
        if "error" in answer or not answer.get("pictures"):
            raise AssertionError(f"no pictures: {answer.get('error')}")
        if not stopped:
            raise AssertionError(f"could not be interrupted in time, at step {seen}")
        return "stopped"

    return ask
