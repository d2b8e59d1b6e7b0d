"""Features that are tried on a running WebUI: a job or two each, and what must hold of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from diffdiff.settings.infotext import STARTS

from .webui import NAME, Refused, WebUI, decode, difference, encode

FEATURES: dict[str, Callable[[Tried], str]] = {}


class Tried:
    """One host with one checkpoint, and the pictures that the features share."""

    def __init__(self, webui: WebUI):
        self.webui, size = webui, webui.size
        self.half = np.zeros((size, size), np.uint8)
        self.half[:, size // 2 :] = 255
        box = np.zeros((size, size), np.uint8)
        box[size // 4 : -size // 4, size // 4 : -size // 4] = 255
        self.mask = box

    def picture(self, edit=None, **settings) -> np.ndarray:
        return self.webui.picture(edit, **settings)

    def far(self, a: np.ndarray, b: np.ndarray) -> str:
        """The largest difference in levels of 255."""
        return str(difference(a, b)[1])

    def at_steps(self) -> dict:
        """A constant map of 0.6 that begins at a step, as plain img2img does; below 10 steps a
        grey begins between two."""
        edit = {"map": self.webui.constant(153), "levels": "steps"}
        return {**edit, "skip": False, "paste_back": False}

    def kept(self, picture: np.ndarray) -> str:
        middle = self.webui.size // 2
        return self.far(picture[:, :middle], self.webui.photograph[:, :middle])


def feature(name: str) -> Callable:
    def add(function: Callable[[Tried], str]) -> Callable:
        FEATURES[name] = function
        return function

    return add


@feature("plain img2img, twice the same")
def repeats(t: Tried) -> str:
    return t.far(t.picture(), t.picture())


@feature("black map: the input")
def black(t: Tried) -> str:
    return t.far(t.picture({"map": t.webui.constant(0), "skip": False}), t.webui.photograph)


@feature("white map: plain img2img")
def white(t: Tried) -> str:
    return t.far(t.picture({"map": t.webui.constant(255)}), t.picture())


@feature("constant map: plain img2img at 0.6")
def constant(t: Tried) -> str:
    return t.far(t.picture(t.at_steps(), denoising_strength=1.0), t.picture(denoising_strength=0.6))


@feature("the same with DPM++ 2M, which remembers")
def remembering(t: Tried) -> str:
    sampler = {"sampler_name": "DPM++ 2M"}
    return t.far(
        t.picture(t.at_steps(), denoising_strength=1.0, **sampler),
        t.picture(denoising_strength=0.6, **sampler),
    )


@feature("two parts: the kept half")
def parts(t: Tried) -> str:
    return t.kept(t.picture({"map": encode(t.half)}))


@feature("levels between the steps: the kept half")
def between(t: Tried) -> str:
    grey = np.where(t.half > 0, 140, 0).astype(np.uint8)
    pictures, reply = t.webui.img2img({"map": encode(grey), "levels": "fine"})
    begun = reply["info"]["extra_generation_params"].get(STARTS)
    return t.kept(pictures[0]) if begun else "begins at steps"


@feature("batch of 2: the kept half of both")
def batch(t: Tried) -> str:
    try:
        t.webui.img2img(batch_size=2)
    except Refused:
        return "the host fails"  # some models take one picture at a time
    pictures, _ = t.webui.img2img({"map": encode(t.half)}, batch_size=2)
    finished = [p for p in pictures if p.shape == t.webui.photograph.shape][-2:]
    return " and ".join(t.kept(p) for p in finished) or "no pictures"


@feature("inpaint mask beside a map: outside of it")
def masked(t: Tried) -> str:
    settings = {"mask": encode(t.mask), "inpainting_fill": 1, "mask_blur": 0}
    got = t.picture({"map": t.webui.constant(255)}, **settings)
    return t.far(got[t.mask == 0], t.webui.photograph[t.mask == 0])


def soft(t: Tried, **settings) -> str:
    edit = {"mode": "soft inpaint", "soften_radius": 4}
    got = t.picture(edit, mask=encode(t.mask), **settings)
    corner = np.s_[: t.webui.size // 16, : t.webui.size // 16]
    far = t.far(got[corner], t.webui.photograph[corner])
    inside = difference(got[t.mask > 0], t.webui.photograph[t.mask > 0])[0]
    return far if inside > 2 else f"nothing changed ({inside:.1f})"


@feature("soft inpaint: far from the mask")
def soft_whole(t: Tried) -> str:
    return soft(t, inpainting_fill=1, inpaint_full_res=False)


@feature("soft inpaint, only masked")
def soft_masked(t: Tried) -> str:
    return soft(t, inpainting_fill=1, inpaint_full_res=True, inpaint_full_res_padding=8)


@feature("soft inpaint, masked content fill, noise, nothing")
def soft_fills(t: Tried) -> str:
    return ", ".join(soft(t, inpainting_fill=fill, inpaint_full_res=False) for fill in (0, 2, 3))


@feature("strength fan")
def fan(t: Tried) -> str:
    _, reply = t.webui.img2img({"mode": "fan", "fan_count": 3})
    return "ok" if "DD stripes" in reply["info"]["extra_generation_params"] else "no stripes"


@feature("strength sheet: each tile plain img2img")
def sheet(t: Tried) -> str:
    edit = {"mode": "sheet", "fan_strengths": [0.4, 0.7], "sheet_batch": 1}
    pictures, _ = t.webui.img2img(edit)
    plain = [t.picture(denoising_strength=s) for s in (0.4, 0.7)]
    return " and ".join(t.far(a, b) for a, b in zip(pictures[-2:], plain))


@feature("map from two prompts (DiffEdit)")
def diffedit(t: Tried) -> str:
    edit = {"source": "diffedit", "reference": "a cat", "query": "a red dog", "diffedit_noises": 2}
    return "ok" if t.picture(edit).shape == t.webui.photograph.shape else "another size"


@feature("map from the picture")
def luminance(t: Tried) -> str:
    return "ok" if difference(t.picture({"source": "luminance"}), t.webui.photograph)[0] else "same"


@feature("edge map of ControlNet's preprocessors")
def annotator(t: Tried) -> str:
    t.picture({"source": "annotator", "annotator": "canny"})
    return "ok"


@feature("inverted anchor (DDIM): the kept half")
def inverted(t: Tried) -> str:
    return t.kept(t.picture({"map": encode(t.half), "anchor": "inverted"}, sampler_name="DDIM"))


@feature("parameters restore the job")
def restored(t: Tried) -> str:
    pictures, reply = t.webui.img2img({"map": encode(t.half), "gamma": 2.0})
    again = {"infotext": reply["info"]["infotexts"][-1]}
    return t.far(t.webui.picture({"map": encode(t.half)}, **again), pictures[-1])


@feature("txt2img after a job of ours: as after a plain one")
def txt2img(t: Tried) -> str:
    asked = {k: v for k, v in t.webui.base.items() if k != "denoising_strength"}

    def made() -> np.ndarray:
        return decode(t.webui.call("/sdapi/v1/txt2img", asked)["images"][0])

    t.picture(mask=encode(t.mask), inpainting_fill=0)
    before = made()
    t.picture({"mode": "soft inpaint"}, mask=encode(t.mask), inpainting_fill=0)
    return t.far(made(), before)


def upscalers(t: Tried) -> list[str]:
    """One of pictures, Pillow's own, and the host's first one of latents, if it has any that works
    with this checkpoint: A1111 fails with an inpainting one, without this extension too."""
    modes, found = t.webui.call("/sdapi/v1/latent-upscale-modes"), ["None"]
    for mode in modes[:1]:
        with contextlib.suppress(Refused):
            hires(t, None, mode["name"])
            found.append(mode["name"])
    return found


def hires(t: Tried, edit: dict | None, upscaler: str, **settings) -> np.ndarray:
    """A picture of text to image, enlarged twice."""
    body = {
        **t.webui.base,
        "enable_hr": True,
        "hr_scale": 2.0,
        "hr_upscaler": upscaler,
        "denoising_strength": 0.6,
        "hr_cfg": t.webui.base["cfg_scale"],
        "hr_additional_modules": ["Use same choices"],
        **settings,
    }
    if edit is not None:
        body["alwayson_scripts"] = {NAME: {"args": [edit]}}
    return decode(t.webui.call("/sdapi/v1/txt2img", body)["images"][0])


@feature("hires fix, black map: the first pass, enlarged")
def hires_black(t: Tried) -> str:
    first = Image.fromarray(hires(t, None, "None", enable_hr=False))
    large = first.resize((2 * first.width, 2 * first.height), Image.LANCZOS)
    return t.far(hires(t, {"map": t.webui.constant(0)}, "None"), np.asarray(large))


@feature("hires fix, white map: plain hires fix")
def hires_white(t: Tried) -> str:
    edit = {"map": t.webui.constant(255)}
    for way in upscalers(t):
        hires(t, None, way)  # the first job of a kind may differ from later ones
    found = [t.far(hires(t, edit, way), hires(t, None, way)) for way in upscalers(t)]
    return " and ".join(found)


@feature("hires fix, two parts: the kept half")
def hires_parts(t: Tried) -> str:
    found, kept = [], t.webui.size - 8
    for way in upscalers(t):
        black, half = (hires(t, {"map": m}, way) for m in (t.webui.constant(0), encode(t.half)))
        found.append(t.far(half[:, :kept], black[:, :kept]))
    return " and ".join(found)


@feature("wrong input: an error that names the field")
def refused(t: Tried) -> str:
    try:
        t.picture({"map": "no picture"})
    except Refused as error:
        told = str(error.body)
        return "ok" if error.status in (422, 500) and "map" in told else f"{error.status}"
    return "a picture"


@feature("the job after it: as before")
def unharmed(t: Tried) -> str:
    return t.far(t.picture(), t.picture())
