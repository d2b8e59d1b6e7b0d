"""ControlNet preprocessors, Forge's own or the extension's, where there are any."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import cv2
import numpy as np

from ..errors import FieldError, shown
from ..lru import LruCache

LOWEST = 64  # side in pixels at which a preprocessor works
KEPT = 8  # pictures that preprocessors made, the latest ones

known: LruCache[tuple[str, bytes], np.ndarray] = LruCache(KEPT)


def names() -> list[str]:
    """Return the names that `annotate` knows, sorted; empty without ControlNet."""
    forge = _forge()
    if forge is not None:
        return sorted(forge)
    return sorted(_extension() or {})


def annotate(name: str, picture: np.ndarray, ask: bool = True) -> np.ndarray | None:
    """Run a preprocessor on a picture and return its output as a map: float32 [h, w] in 0..1.

    Args:
        name: such as "canny" or "depth_midas", as ControlNet lists it.
        picture: uint8 [H, W, 3].
        ask: False to have what is known, or None.

    Raises:
        FieldError: "annotator": no ControlNet, no such preprocessor, or one that gives no picture.
    """
    offered = _forge() or _extension()
    if not offered:
        remedy = "Install the extension sd-webui-controlnet, or use another source"
        raise FieldError("annotator", "there is no ControlNet in this WebUI", remedy)
    if name not in offered:
        remedy = f"Use one of: {', '.join(sorted(offered))}"
        raise FieldError("annotator", f"{shown(name)} is not known", remedy)
    key = name, hashlib.sha256(picture.tobytes()).digest() + repr(picture.shape).encode()
    found = known.get(key)
    if found is None and ask:
        found = known.put(key, _preprocess(name, offered[name], picture))
    return found


def units_with_image(p: Any) -> list[int]:
    """Return which ControlNet units of a job have an image of their own, counted from 1."""
    found = []
    for script in getattr(getattr(p, "scripts", None), "alwayson_scripts", None) or ():
        if script.title().lower() != "controlnet" or script.args_from is None:
            continue
        units = p.script_args[script.args_from : script.args_to]
        found += [i for i, unit in enumerate(units, 1) if _is_on(unit) and _has_image(unit)]
    return found


def _value(unit: Any, name: str, default: Any = None) -> Any:
    """Return a setting of a unit: an object on the page, a dict over the API."""
    if isinstance(unit, dict):
        return unit.get(name, default)
    return getattr(unit, name, default)


def _is_on(unit: Any) -> bool:
    return bool(_value(unit, "enabled", isinstance(unit, dict)))


def _has_image(unit: Any) -> bool:
    image = _value(unit, "image")
    image = _value(unit, "input_image") if image is None else image  # as older requests have it
    image = image.get("image") if isinstance(image, dict) else image  # with a mask beside it
    return image is not None and not (isinstance(image, str) and not image)


def _preprocess(
    name: str, run: Callable[[np.ndarray, int], Any], picture: np.ndarray
) -> np.ndarray:
    side = max(min(picture.shape[:2]), LOWEST)
    try:
        output = run(picture.copy(), side)
    except Exception as error:
        problem = f"{name} failed ({type(error).__name__}: {error})"
        raise FieldError("annotator", problem, "Use another one") from error
    output = np.asarray(getattr(output, "display_images", None) or output)
    output = output[0] if output.ndim == 4 else output
    if (
        output.dtype == bool
        or output.ndim not in (2, 3)
        or not np.issubdtype(output.dtype, np.number)
    ):
        raise FieldError("annotator", f"{name} makes no picture", "Use another one")
    values = output.astype(np.float32) / (255 if output.dtype == np.uint8 else max(output.max(), 1))
    if not np.isfinite(values).all():
        raise FieldError("annotator", f"{name} made NaN or infinite values", "Use another one")
    if values.ndim == 3:
        colors = values[..., :3] if values.shape[2] > 1 else values.repeat(3, 2)
        values = cv2.cvtColor(np.ascontiguousarray(colors), cv2.COLOR_RGB2GRAY)
    return np.clip(values, 0, 1)


def _forge() -> dict[str, Callable[[np.ndarray, int], Any]] | None:
    module = sys.modules.get("modules_forge.shared")
    known = getattr(module, "supported_preprocessors", None)
    if not known:
        return None
    return {
        name: (lambda picture, side, one=one: _run(one, picture, side))
        for name, one in known.items()
        if name != "None"
    }


def _run(preprocessor: Any, picture: np.ndarray, side: int) -> Any:
    """Run a preprocessor with its sliders at their defaults."""
    sliders = {}
    for name in ("slider_1", "slider_2", "slider_3"):
        slider = getattr(preprocessor, name, None)
        options = getattr(slider, "gradio_update_kwargs", None) or getattr(slider, "__dict__", {})
        sliders[name] = options.get("value")
    return preprocessor(picture, resolution=side, **sliders)


def _extension() -> dict[str, Callable[[np.ndarray, int], Any]] | None:
    """Return the preprocessors of sd-webui-controlnet: its registry, or an older version's."""
    module = _loaded("supported_preprocessor")
    register = getattr(getattr(module, "Preprocessor", None), "all_processors", None)
    if register:
        return {
            one.name: (lambda picture, side, one=one: _run(one, picture, side))
            for one in register.values()
            if one.name != "none"
        }
    functions = getattr(_loaded("global_state"), "cn_preprocessor_modules", None)
    if not functions:
        return None
    return {
        name: (lambda picture, side, run=run: run(picture, res=side)[0])
        for name, run in functions.items()
        if name != "none"
    }


def _loaded(name: str) -> ModuleType | None:
    """Return a module of the extension, only if ControlNet has imported it."""
    for full, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if full.split(".")[-1] == name and "controlnet" in path.lower():
            return module
    return None
