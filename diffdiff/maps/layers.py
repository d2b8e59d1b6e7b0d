"""Layers: several maps in order, each blended with what lies below it; presets of them as JSON.

A preset is {"name": "sky only", "layers": [{...}, ...]}, the lowest layer first; it may carry
"settings" of the run, too (`diffdiff.settings.preset`). A layer names its source and may give
blend, opacity, the shaping of its map (invert, black, white, gamma, soften_...) and settings of its
source (edge_sigma, diffedit_level, ...); all but the source may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import FieldError, carried, shown
from ..settings import preset as run_settings
from ..settings.click import ClickArgs
from ..settings.schema import EditArgs, changed, fields, parse
from ..settings.source_registry import LAYER, SOURCES, layer_inputs
from ..settings.sources import DiffEditArgs, SourceArgs, WordsArgs
from . import shaping

BLENDS = ("replace", "max", "min", "multiply", "add", "subtract")
MOST = 32  # layers
SHAPING = (
    "invert",
    "black",
    "white",
    "gamma",
    "soften_radius",
    "soften_direction",
    "soften_falloff",
    "linear_light",
)
PAINTED, UPLOAD, CONSTANT = "painted", "upload", "constant"
DIFFEDIT, WORDS, CLICK = "diffedit", "words", "click"
FINDING = {  # settings of sources that ask the model
    DIFFEDIT: DiffEditArgs,
    WORDS: WordsArgs,
    CLICK: ClickArgs,
}
MASK, ANNOTATOR = "mask", "annotator"  # in a WebUI only


@dataclass(frozen=True)
class Layer:
    """One layer.

    source: one of `source_registry.LAYER`. blend: one of `BLENDS`. opacity: 0..1. shaping: what
    is done to its map first; only `SHAPING` counts. value: 0..1, of "constant". reading: of the
    sources that are read off the picture. finding: of those that ask the model. own: the inputs of
    the source that were given.
    """

    source: str
    blend: str = "replace"
    opacity: float = 1.0
    shaping: EditArgs = field(default_factory=lambda: parse({}))
    value: float = 1.0
    reading: SourceArgs = field(default_factory=lambda: parse({}, SourceArgs))
    finding: DiffEditArgs | WordsArgs | ClickArgs = field(
        default_factory=lambda: parse({}, DiffEditArgs)
    )
    own: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Preset:
    """A named list of layers, the lowest first. settings: of the run, beside the map."""

    name: str
    layers: tuple[Layer, ...]
    settings: dict[str, Any] = field(default_factory=dict)


def join(below: np.ndarray, m: np.ndarray, blend: str, opacity: float = 1.0) -> np.ndarray:
    """Blend a map with the one below it: float32 [H, W] in 0..1.

    Args:
        below, m: float32 [H, W] in 0..1, of one shape.
        blend: what the two become: "replace" m, "max", "min", "multiply", "add" (at most 1),
            "subtract" m from below (at least 0).
        opacity: 0..1, how much of that counts: 0 leaves `below` as it is, 1 is the blend alone,
            both bit for bit.

    Raises:
        FieldError: "blend", "opacity", or "layers" for maps of two sizes.
    """
    if blend not in BLENDS:
        raise FieldError("blend", f"{shown(blend)} is not known", f"Use one of {', '.join(BLENDS)}")
    if not 0 <= opacity <= 1:  # false for NaN too
        raise FieldError("opacity", f"{opacity} is not an opacity", "Use a number from 0 to 1")
    if np.shape(below) != np.shape(m):
        problem = f"a map of {np.shape(m)[1]}x{np.shape(m)[0]} lies on one of another size"
        raise FieldError("layers", problem, "Bring the maps of all layers to one size")
    if blend == "replace":
        both = m
    elif blend == "max":
        both = np.maximum(below, m)
    elif blend == "min":
        both = np.minimum(below, m)
    elif blend == "multiply":
        both = below * m
    elif blend == "add":
        both = np.minimum(below + m, np.float32(1))
    else:
        both = np.maximum(below - m, np.float32(0))
    part = np.float32(opacity)
    mixed = below * (1 - part) + both * part
    # rounding must not lead out of the two
    return np.clip(mixed, np.minimum(below, both), np.maximum(below, both), dtype=np.float32)


def combine(layers: Iterable[tuple[np.ndarray, str, float]], below: np.ndarray) -> np.ndarray:
    """Blend all layers onto `below`, in order: float32 [H, W] in 0..1.

    Args:
        layers: (map, blend, opacity), as in `join`, the lowest first.
        below: what there is before the first; 0 everywhere keeps the picture.
    """
    for m, blend, opacity in layers:
        below = join(below, m, blend, opacity)
    return below


def render(
    preset: Preset, height: int, width: int, make: Callable[[Layer], np.ndarray]
) -> np.ndarray:
    """Render the map of a preset: float32 [height, width] in 0..1.

    Args:
        make: a layer's own map before it is shaped, of that size. "constant" is made here.

    Raises:
        FieldError: as `make` and `join` do; the problem names the layer.
    """

    def shaped():
        for i, layer in enumerate(preset.layers):
            with_value = layer.source == CONSTANT
            try:
                m = np.full((height, width), layer.value, np.float32) if with_value else make(layer)
            except FieldError as error:
                raise _in_layer(i, error) from None
            yield shaping.shape(m, layer.shaping), layer.blend, layer.opacity

    return combine(shaped(), np.zeros((height, width), np.float32))


def loads(text: str) -> Preset:
    """Read a preset from JSON text.

    Raises:
        FieldError: "layers"; what is wrong, in which layer, and what is allowed there.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        remedy = 'Send {"name": "...", "layers": [{"source": "luminance"}]}'
        raise FieldError("layers", f"it is not JSON ({error})", remedy) from None
    return read(raw)


def read(raw: Any) -> Preset:
    """Read a preset from parsed JSON; see `loads`."""
    remedy = 'Send {"name": "...", "layers": [{"source": "luminance"}]}'
    if not isinstance(raw, dict) or not isinstance(raw.get("layers"), list):
        raise FieldError("layers", "there is no list of layers", remedy)
    for one in [raw, *raw["layers"]]:
        for value in one.values() if isinstance(one, dict) else ():
            if isinstance(value, str) and carried(value) != value:
                problem = f"{shown(value)} is not Unicode text"
                raise FieldError("layers", problem, "Type it again")
    unknown = sorted(set(raw) - {"name", "layers", "settings"})
    if unknown:
        problem = f"{shown(unknown[0])} is not a field of a preset"
        raise FieldError("layers", problem, "Use name, layers and settings only")
    name = raw.get("name", "")
    if not isinstance(name, str):
        raise FieldError("layers", f"the name {shown(name)} is not text", "Use text")
    if not 1 <= len(raw["layers"]) <= MOST:
        problem = f"there are {len(raw['layers'])} layers"
        raise FieldError("layers", problem, f"Use 1 to {MOST}")
    made = []
    for i, one in enumerate(raw["layers"]):
        try:
            made.append(_layer(one))
        except FieldError as error:
            raise _in_layer(i, error) from None
    return Preset(name, tuple(made), run_settings.check(raw.get("settings", {})))


def dumps(preset: Preset) -> str:
    """Write a preset as JSON without default values; `loads` restores it."""
    layers = []
    for layer in preset.layers:
        raw: dict[str, Any] = {"source": layer.source}
        defaults = Layer(layer.source)
        for name in ("blend", "opacity", "value"):
            if getattr(layer, name) != getattr(defaults, name):
                raw[name] = getattr(layer, name)
        shaping = {n: v for n, v in changed(layer.shaping).items() if n in SHAPING}
        raw |= {**layer.own, **shaping, **changed(layer.reading), **changed(layer.finding)}
        layers.append(raw)
    whole: dict[str, Any] = {"name": preset.name, "layers": layers}
    if preset.settings:
        whole["settings"] = preset.settings
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _layer(raw: Any) -> Layer:
    if not isinstance(raw, dict):
        raise FieldError("layer", f"{shown(raw)} is not an object", 'Use {"source": "luminance"}')
    raw = dict(raw)
    source = raw.pop("source", None)
    if source not in LAYER:
        problem = "there is none" if source is None else f"{shown(source)} is not known"
        raise FieldError("source", problem, f"Use one of {', '.join(LAYER)}")
    blend = raw.pop("blend", "replace")
    if blend not in BLENDS:
        raise FieldError("blend", f"{shown(blend)} is not known", f"Use one of {', '.join(BLENDS)}")
    inputs = layer_inputs(source)
    own = {name: raw.pop(name) for name in list(raw) if name in inputs}
    for name, value in own.items():
        empty = not isinstance(value, str) or not value.strip()
        if not isinstance(value, str) or (empty and not inputs[name].may_be_empty):
            raise FieldError(name, f"{shown(value)} is not usable", f"Give {inputs[name].what}")
    for name, one in inputs.items():
        if one.needed and name not in own:
            raise FieldError(name, f"source {source} needs it", f"Give {one.what}")
    opacity = _part(raw, "opacity")
    value = _part(raw, "value") if source == CONSTANT else 1.0
    model = FINDING.get(source)
    finding = tuple(n for n in fields(model) if n not in inputs) if model else ()
    used = tuple(name for name in SOURCES[source].settings if name not in finding)
    unknown = sorted(set(raw) - {*SHAPING, *used, *finding})
    if unknown:
        known = ["source", "blend", "opacity", *sorted(inputs), *used, *finding, *SHAPING]
        known += ["value"] if source == CONSTANT else []
        problem = f"source {source} has no such setting"
        raise FieldError(shown(unknown[0])[1:-1], problem, f"Use {', '.join(known)}")
    shaping = parse({n: v for n, v in raw.items() if n in SHAPING})
    reading = parse({n: v for n, v in raw.items() if n in used}, SourceArgs)
    found = parse({n: v for n, v in raw.items() if n in finding}, model or DiffEditArgs)
    return Layer(source, blend, opacity, shaping, value, reading, found, own)


def _part(raw: dict[str, Any], name: str) -> float:
    value = raw.pop(name, 1.0)
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
    if not good:
        raise FieldError(name, f"{shown(value)} is not usable", "Use a number from 0 to 1")
    return float(value)


def _in_layer(index: int, error: FieldError) -> FieldError:
    return FieldError("layers", f"layer {index + 1}, {error.field}: {error.problem}", error.remedy)
