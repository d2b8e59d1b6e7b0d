"""Other scripts and extensions of a host, made ready for a job: what switches each of them on."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np
import pytest

from benchmarks.webui import NAME, Refused, encode


@dataclass
class Neighbour:
    """What switches a neighbour on: fields of the job, and arguments of its script."""

    name: str
    settings: dict = field(default_factory=dict)
    scripts: dict = field(default_factory=dict)


def scripts_of(webui) -> set[str]:
    return set(webui.call("/sdapi/v1/scripts")["img2img"])


def loras(webui) -> list[str]:
    try:
        return [one["name"] for one in webui.call("/sdapi/v1/loras")]
    except Refused:
        return []


def other_checkpoint(webui) -> str:
    """Another checkpoint of the same kind, by its name: NAME-b beside NAME, or WEBUI_REFINER."""
    own = webui.call("/sdapi/v1/options")["sd_model_checkpoint"].split(".")[0]
    wanted = os.environ.get("WEBUI_REFINER", f"{own}-b")
    titles = [m["title"] for m in webui.call("/sdapi/v1/sd-models")]
    return next((t for t in titles if t.startswith(wanted)), "")


def refiner(webui) -> Neighbour:
    other = other_checkpoint(webui)
    if not other:
        pytest.skip("no second checkpoint of this kind: name it by WEBUI_REFINER")
    return Neighbour("refiner", {"refiner_checkpoint": other, "refiner_switch_at": 0.6})


def lora(webui) -> Neighbour:
    known = loras(webui)
    if not known:
        pytest.skip("this host has no LoRA")
    return Neighbour("LoRA", {"prompt": f"{webui.base['prompt']} <lora:{known[0]}:1>"})


def soft_inpainting(webui) -> Neighbour:
    if "soft inpainting" not in scripts_of(webui):
        pytest.skip("this host has no soft inpainting of its own")
    mask = np.zeros((webui.size, webui.size), np.uint8)
    mask[webui.size // 4 : -webui.size // 4, webui.size // 4 : -webui.size // 4] = 255
    settings = {"mask": encode(mask), "mask_blur": 4, "inpainting_fill": 1}
    return Neighbour("soft inpainting", settings, {"Soft Inpainting": [True, 1, 0.5, 4, 0, 0.5, 2]})


def controlnet(webui) -> Neighbour:
    if "controlnet" not in scripts_of(webui):
        pytest.skip("ControlNet is not installed")
    models = webui.call("/controlnet/model_list")["model_list"]
    if not models:
        pytest.skip("ControlNet has no model")
    unit = {
        "enabled": True,
        "module": "canny",
        "model": models[0],
        "weight": 1.0,
        "processor_res": webui.size,
        "threshold_a": 60,
        "threshold_b": 120,
        "image": encode(webui.photograph),
    }
    return Neighbour("ControlNet", scripts={"ControlNet": [unit]})


def adetailer(webui) -> Neighbour:
    if "adetailer" not in scripts_of(webui):
        pytest.skip("ADetailer is not installed")
    models = webui.call("/adetailer/v1/ad_model")["ad_model"]
    own = [m for m in models if not m.startswith("mediapipe")]
    if not own:
        pytest.skip("ADetailer has no model")
    unit = {
        "ad_model": own[0],
        "ad_confidence": 0.3,
        "ad_mask_k": 3,
        "ad_dilate_erode": 16,
        "ad_denoising_strength": 0.9,
        "ad_use_inpaint_width_height": True,
        "ad_inpaint_width": webui.size,
        "ad_inpaint_height": webui.size,
    }
    return Neighbour("ADetailer", scripts={"ADetailer": [True, False, unit]})


def tiled_diffusion(webui, method="MultiDiffusion") -> Neighbour:
    """Forge's and its kin's own, or the extension for A1111: the model sees the latent in tiles."""
    known, tile, overlap = scripts_of(webui), max(webui.size // 2, 32), 32
    if "multidiffusion integrated" in known:
        args = [True, method, tile, tile, min(overlap, tile // 2), 4]
        return Neighbour(method, scripts={"MultiDiffusion Integrated": args})
    if "tiled diffusion" in known:  # the extension counts in cells of the latent
        cells = tile // 8
        args = [
            True,
            method,
            False,
            True,
            webui.size,
            webui.size,
            cells,
            cells,
            cells // 4,
            4,
        ]
        return Neighbour("Tiled Diffusion", scripts={"Tiled Diffusion": args})
    pytest.skip("this host has no tiled diffusion")


def mixture_of_diffusers(webui) -> Neighbour:
    """Tiles whose middle counts for more than their rim."""
    return tiled_diffusion(webui, "Mixture of Diffusers")


ALL = [
    refiner,
    lora,
    soft_inpainting,
    controlnet,
    adetailer,
    tiled_diffusion,
    mixture_of_diffusers,
]


def job(webui, neighbour=None, edit=None, **settings) -> np.ndarray:
    """A picture, with a neighbour and with an edit of ours, each where there is one."""
    scripts = (
        {name: {"args": args} for name, args in neighbour.scripts.items()} if neighbour else {}
    )
    if edit is not None:
        scripts[NAME] = {"args": [edit]}
    more = {**(neighbour.settings if neighbour else {}), **settings}
    return webui.picture(alwayson_scripts=scripts, **more)


def right(webui, value: int) -> dict:
    """Left half kept, right half changed by so much."""
    m = np.zeros((webui.size, webui.size), np.uint8)
    m[:, webui.size // 2 :] = value
    return {"map": encode(m)}
