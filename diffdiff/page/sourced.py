"""Automatic maps for the page: the core's sources with this page's inputs."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ..errors import FieldError
from ..images import pictures
from ..images.read import decode_picture
from ..maps import build, geometry, layers
from ..settings.host_only import HOST_ONLY
from ..settings.schema import fields, parse
from ..settings.source_registry import REQUEST, SOURCES, request_fields, title_of, value_of
from ..settings.sources import DiffEditArgs, check_prompts
from . import incoming

OFFERED = tuple(n for n in REQUEST if not SOURCES[n].host_only and n not in ("upload", "constant"))
OFTEN = ("diffedit_cut", "diffedit_grow")  # of DiffEdit, not folded away
SENT = "sent"  # instead of the other picture's text
Progress = Callable[[int, int], None]


def titles() -> list[str]:
    """Return the titles for the list of sources."""
    return [title_of(name) for name in OFFERED]


def fields_of(source: str) -> tuple[str, ...]:
    """Return the settings that a source uses, in order."""
    inputs = request_fields(source)
    return (*inputs, *fields(DiffEditArgs)) if source == "diffedit" else inputs


def find(engine: Any, sent: dict[str, Any], progress: Progress | None = None) -> np.ndarray:
    """Make the map of the chosen source: float32 [H, W] of the picture's size.

    Args:
        sent: "image", "map", "prompt", "reference" and the fields of `HOST_ONLY` by name.

    Raises:
        FieldError: what the source refuses.
    """
    source = value_of(sent.get("source"))
    inputs = (*HOST_ONLY, "reference")
    names = {"source", *(name for name in inputs if name in fields_of(source))}
    request = {n: sent[n] for n in names if n != "other_image" and sent.get(n) not in (None, "")}
    if source == "difference":
        if sent.get("other_image") is None:
            raise FieldError("other_image", "there is no other picture", "Put one in")
        request["other_image"] = SENT
    args = parse({**request, "source": source})
    image = incoming.picture(sent)

    def found(layer: layers.Layer) -> np.ndarray:
        from ..pipelines.model_maps import of_layer

        prompt = sent.get("prompt") or ""
        if layer.source == layers.DIFFEDIT:
            query = (layer.own.get("query") or "").strip() or prompt
            check_prompts(layer.own.get("reference") or "", query)
        return of_layer(engine, image, layer, prompt, None, progress)

    def read(text: str, name: str) -> np.ndarray:
        if text == SENT:
            return np.asarray(pictures.read(sent["other_image"], name))
        return np.asarray(pictures.flat(decode_picture(text, name)))  # of a layer

    material = build.Given(
        np.asarray(image),
        geometry.decode,
        read,
        _with_alpha(sent["image"]),
        incoming.change_map(sent) if sent.get("map") else None,
        find=found,
    )
    return build.render(args, material)


def _with_alpha(data: bytes) -> np.ndarray | None:
    """Return a picture that was already read, uint8 [H, W, 4]; None where it has no
    transparency."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            clear = picture.mode in ("LA", "PA", "RGBA", "La", "RGBa")
            if not clear and "transparency" not in picture.info:
                return None
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGBA"))
    except OSError:
        return None
