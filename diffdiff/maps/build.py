"""Build the map of one layer, or of a whole request whose source is not the painter.

What only the caller can do (read a file, ask a model, know the inpaint mask) comes in `Given`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import FieldError
from ..settings.click import parse_points
from ..settings.schema import EditArgs
from ..settings.source_registry import SOURCES
from ..settings.words import parse_words
from . import geometry, layers
from .layers import Layer, Preset
from .sketch import sketch_map
from .source_maps import source_map

Read = Callable[[str, str], np.ndarray]
"""`(text of the setting, its name) -> picture`."""
MADE = ("upload", layers.PAINTED)  # sources whose map is not made here


@dataclass(frozen=True)
class Given:
    """What maps are made from.

    picture: uint8 [H, W, 3]. transparent: the same with its alpha [H, W, 4], where it has one.
    read_map: reads the map of a setting, float32 [h, w] in 0..1. read_picture: uint8 [h, w, 3].
    painted: float32 [h, w] in 0..1, mask: the same, white where it is; None where there is none.
    find: the map of a layer whose source asks the model [H, W], annotate: that of a ControlNet
        preprocessor [h, w]; None where there is no such thing.
    """

    picture: np.ndarray
    read_map: Read
    read_picture: Read
    transparent: np.ndarray | None = None
    painted: np.ndarray | None = None
    mask: np.ndarray | None = None
    find: Callable[[Layer], np.ndarray] | None = None
    annotate: Callable[[str], np.ndarray] | None = None


def wanted(args: EditArgs) -> bool:
    """Return whether the request's map is automatic."""
    return args.source not in MADE


def uses_painting(args: EditArgs) -> bool:
    """Return whether a painted or sent map takes part in a map that makes itself."""
    if args.source == "layers":
        return any(layer.source == layers.PAINTED for layer in requested(args).layers)
    return args.source == "foreground"


def requested(args: EditArgs) -> Preset:
    """Return the layers of a request: its own, or one of its source.

    Raises:
        FieldError: "layers".
    """
    if args.source == "layers":
        if not args.layers:
            remedy = "Add a layer, or use another source"
            raise FieldError("layers", "there are none", remedy)
        return layers.loads(args.layers)
    inputs = [one for one in SOURCES[args.source].inputs if one.is_field]
    given = {one.name: getattr(args, one.name) or "" for one in inputs}
    for one in inputs:
        if one.needed and not given[one.name].strip():
            raise FieldError(one.name, f"source {args.source} needs it", f"Give {one.what}")
    if args.source == layers.WORDS:
        parse_words(args.words)
    if args.source == layers.CLICK:
        parse_points(args.points)
    if args.source == layers.DIFFEDIT and args.diffedit_words:
        parse_words(args.diffedit_words, "diffedit_words")
    return Preset("", (Layer(args.source, reading=args, finding=args, own=given),))


def render(args: EditArgs, given: Given) -> np.ndarray:
    """Build the map of a request, before the request's own levels and softening: float32 [H, W].

    Raises:
        FieldError: as `make` does.
    """
    height, width = given.picture.shape[:2]
    preset = requested(args)
    if args.source != "layers":  # its own field is to blame, not "layers"
        layer = preset.layers[0]
        if layer.source == layers.CONSTANT:
            return np.ones((height, width), np.float32)
        return make(layer, given)
    return layers.render(preset, height, width, lambda layer: make(layer, given))


def make(layer: Layer, given: Given) -> np.ndarray:
    """Build the map of a layer before it is shaped: float32 [H, W] in 0..1, of the picture's size.

    Raises:
        FieldError: names the setting that is missing or wrong; "source" where this place has no
            such source.
    """
    source, own = layer.source, layer.own
    height, width = given.picture.shape[:2]
    if source == layers.PAINTED:
        if given.painted is None:
            remedy = "Paint one, or take the layer out"
            raise FieldError("painted", "nothing is painted", remedy)
        return geometry.resize(given.painted, width, height)
    if source == layers.UPLOAD:
        return geometry.resize(given.read_map(own["file"], "file"), width, height)
    if source == layers.MASK:
        if given.mask is None:
            remedy = "Paint one in an inpaint tab or send one as `mask`; there is none elsewhere"
            raise FieldError("source", "there is no inpaint mask", remedy)
        return geometry.resize(given.mask, width, height)
    if source == "sketch":
        untouched = given.read_picture(own["untouched"], "untouched")
        reading = layer.reading
        assert isinstance(reading, EditArgs)  # a layer has no such source
        return sketch_map(untouched, given.picture, reading.sketch_radius)
    if source in layers.FINDING:
        return _needed(given.find, source)(layer)
    if source == layers.ANNOTATOR:
        m = _needed(given.annotate, source)(own["annotator"])
        return geometry.resize(m, width, height)
    more = {}
    if "other_image" in own:
        more["other_image"] = given.read_picture(own["other_image"], "other_image")
    for name in ("inside", "outside"):
        if name in own:
            more[name] = _strokes(given.read_map(own[name], name), name, (height, width))
    if source == "foreground" and not more and given.painted is not None:
        painted = geometry.resize(given.painted, width, height)
        more = {"inside": painted > 0.5, "outside": (painted > 0) & (painted <= 0.5)}
    picture = given.picture
    if source == "alpha" and given.transparent is not None:
        picture = given.transparent
    return source_map(source, picture, layer.reading, **more)


def _needed(make: Callable[..., Any] | None, source: str) -> Callable[..., Any]:
    if make is None:
        raise FieldError("source", f"there is no {source} here", "Use another source")
    return make


def _strokes(drawn: np.ndarray, name: str, shape: tuple[int, int]) -> np.ndarray:
    if drawn.shape != shape:
        (height, width), (h, w) = drawn.shape, shape
        problem = f"{width}x{height} pixels, the picture has {w}x{h}"
        raise FieldError(name, problem, "Draw the strokes on the picture itself")
    return drawn
