"""Automatic maps of `diffdiff map`: from two prompts, words, points, a source, or layers."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ..errors import FieldError
from ..images import pictures
from ..maps import build, geometry, layers
from ..pipelines.opening import open_engine
from ..settings import sources
from ..settings.click import ClickArgs, parse_points
from ..settings.given import given
from ..settings.schema import changed, fields
from ..settings.source_registry import OF_PICTURE, REGISTRY, layer_inputs
from ..settings.sources import DiffEditArgs, SourceArgs, WordsArgs
from ..settings.words import parse_words
from . import arguments
from .arguments import Use, refuse_idle
from .common import Progress

FILES = {  # flag: (the source or layer that it goes with, help)
    "other_image": ("--source difference", "the image to compare with"),
    "inside": ("--source foreground", "strokes on the object: an image, white on strokes"),
    "outside": ("--source foreground", "strokes on the background"),
    "painted": ("--layers", "the painted map, for layers whose source is painted"),
}
OF_WORDS = [name for name in fields(WordsArgs) if name != "words"]
OF_POINTS = [name for name in fields(ClickArgs) if name != "points"]
MODEL = {  # flags of the model, with their defaults
    "model": "toyworld",
    "dtype": "auto",
    "device": "auto",
    "offload": "none",
    "slicing": False,
    "config": None,
    "second": None,
}


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the flags; those of the model are the command line's own."""
    ways = parser.add_argument_group("make the map from an image, IN_MAP")
    ways.add_argument(
        "--diffedit",
        nargs=2,
        metavar=("REFERENCE", "QUERY"),
        help="where the predictions for two prompts differ: what the image shows (or empty text), "
        "and what it should show",
    )
    ways.add_argument(
        "--words",
        metavar="TEXT",
        help='where the model sees what you name, each with its strength, such as "face 0.1, sky '
        '80%%, rest 0.3"; rest is everything else, 0 if it is not named',
    )
    ways.add_argument(
        "--points",
        metavar="TEXT",
        help='what belongs to the points, as in "120,80; 25%%,40%%; -40,30", in pixels or percent, '
        'with a minus before those on what is kept; or in a box, as in --points "box '
        '10,10,90,80". Text that begins with a minus: --points=TEXT',
    )
    ways.add_argument(
        "--source", dest="reading", choices=OF_PICTURE, help="what to compute from the image"
    )
    ways.add_argument("--layers", metavar="FILE.json", help="several sources combined")
    arguments.add(parser.add_argument_group("diffedit"), DiffEditArgs, fields(DiffEditArgs))
    arguments.add(parser.add_argument_group("words"), WordsArgs, OF_WORDS)
    arguments.add(parser.add_argument_group("points"), ClickArgs, OF_POINTS)
    read = parser.add_argument_group("source and layers")
    arguments.add(read, SourceArgs, [name for name in fields(SourceArgs) if name != "box"])
    for name, (_, text) in FILES.items():
        read.add_argument("--" + name.replace("_", "-"), metavar="FILE", help=text)


def way(chosen: argparse.Namespace) -> str | None:
    """Return diffedit, words, points, source or layers, whichever was requested; None for none.

    Raises:
        FieldError: two of them, no picture, or a flag that would have no effect.
    """
    chosen_sources = {
        "diffedit": chosen.diffedit,
        "words": chosen.words,
        "points": chosen.points,
        "source": chosen.reading,
        "layers": chosen.layers,
    }
    chosen_names = [name for name, value in chosen_sources.items() if value is not None]
    if len(chosen_names) > 1 or (chosen_names and chosen.kind):
        name = chosen_names[-1]
        other = chosen_names[0] if len(chosen_names) > 1 else "kind"
        raise FieldError(name, f"there is --{other} too", "Use one of the two")
    one = chosen_names[0] if chosen_names else None
    if one and not chosen.map:
        raise FieldError("image", "there is no picture", f"Name one: diffdiff map PHOTO --{one}")
    _check_effect(chosen, one)
    return one


def _check_effect(chosen: argparse.Namespace, one: str | None) -> None:
    uses = [
        Use(name, f"--source {source.name}", source.name == chosen.reading)
        for source in REGISTRY
        for name in source.settings
        if name not in ("box", *OF_WORDS, *OF_POINTS)
    ]
    uses += [Use(name, "--diffedit", one == "diffedit") for name in fields(DiffEditArgs)]
    uses += [Use(name, "--words", one == "words") for name in OF_WORDS]
    uses += [Use(name, "--points", one == "points") for name in OF_POINTS]
    option = f"--source {chosen.reading}" if one == "source" else f"--{one}"
    uses += [Use(name, needs, needs == option) for name, (needs, _) in FILES.items()]
    by_model = one in ("diffedit", "words", "points", "layers")
    uses += [
        Use(name, "--diffedit, --words and --points", by_model, default)
        for name, default in MODEL.items()
    ]
    refuse_idle(chosen, uses)


def inputs(chosen: argparse.Namespace) -> list[str]:
    """Return the paths of the files that are read."""
    paths = [chosen.layers, *(getattr(chosen, name) for name in FILES)]
    return [path for path in paths if path]


def make(chosen: argparse.Namespace, one: str) -> tuple[np.ndarray, dict[str, Any]]:
    """Make the map, float32 [H, W] of the picture's size, and what `--json` reports about it.

    Args:
        one: as `way` gave it.

    Raises:
        FieldError: names the flag, or the layer.
    """
    maker = _Maker(chosen)
    if one == "diffedit":
        reference, query = chosen.diffedit
        args = given(chosen, DiffEditArgs)
        noted = {"reference": reference, "query": query, "settings": changed(args)}
        own = {"reference": reference, "query": query}
        return maker.of_model(layers.Layer(layers.DIFFEDIT, finding=args, own=own)), noted
    if one == "words":
        args = given(chosen, WordsArgs, OF_WORDS)
        layer = layers.Layer(layers.WORDS, finding=args, own={"words": chosen.words})
        return maker.of_model(layer), {"words": chosen.words, "settings": changed(args)}
    if one == "points":
        args = given(chosen, ClickArgs, OF_POINTS)
        layer = layers.Layer(layers.CLICK, finding=args, own={"points": chosen.points})
        return maker.of_model(layer), {"points": chosen.points, "settings": changed(args)}
    if one == "source":
        reading = argparse.Namespace(**vars(chosen))
        reading.box = chosen.box or ""
        args = given(reading, SourceArgs)
        names = layer_inputs(chosen.reading)
        own = {name: getattr(chosen, name) for name in names if getattr(chosen, name)}
        layer = layers.Layer(chosen.reading, reading=args, own=own)
        return build.make(layer, maker.given()), {"source": chosen.reading}
    return maker.layered(chosen.layers)


class _Maker:
    """One picture, and the model if one of its maps needs it: both are loaded once."""

    def __init__(self, chosen: argparse.Namespace):
        self.chosen, self.engine = chosen, None
        self.data = pictures.load(chosen.map, "image")
        self.image = pictures.read(self.data, "image", chosen.map)

    def of_model(self, layer: layers.Layer) -> np.ndarray:
        """Return the map of a layer that the model finds."""
        own = layer.own
        if layer.source == layers.WORDS:  # all checked before the model is loaded
            parse_words(own["words"])
        elif layer.source == layers.CLICK:
            parse_points(own["points"], self.image.size)
        else:
            sources.check_prompts(own.get("reference", ""), own.get("query", ""))
        silent = self.chosen.json or self.chosen.quiet
        if self.engine is None:
            self.engine = open_engine(self.chosen, silent)
        from ..pipelines.model_maps import of_layer

        with Progress(silent) as progress:
            return of_layer(self.engine, self.image, layer, progress=progress)

    def given(self, folder: Path = Path()) -> build.Given:
        """Return the inputs of maps. folder: where a layer's files are looked up."""

        def load(text: str, name: str) -> bytes:
            return pictures.load(str(folder / text), name)

        painted = self.chosen.painted
        return build.Given(
            np.asarray(self.image),
            lambda text, name: geometry.decode(load(text, name), name),
            lambda text, name: np.asarray(pictures.read(load(text, name), name, text)),
            _with_alpha(self.data),
            geometry.decode(pictures.load(painted, "painted"), "painted") if painted else None,
            find=self.of_model,
        )

    def layered(self, path: str) -> tuple[np.ndarray, dict[str, Any]]:
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            problem = f"{path} cannot be read ({getattr(error, 'strerror', None) or error})"
            raise FieldError("layers", problem, "Give the path of a JSON file") from None
        preset = layers.loads(text)
        folder = Path(path).parent
        kinds = [layer.source for layer in preset.layers]
        if layers.PAINTED in kinds and not self.chosen.painted:
            raise FieldError("painted", "a layer is painted, and there is no map", "Give one")
        if self.chosen.painted and layers.PAINTED not in kinds:
            raise FieldError("painted", "no layer is painted", "Leave it out")

        given = self.given(folder)
        width, height = self.image.size
        noted: dict[str, Any] = {"preset": preset.name, "layers": kinds}
        if preset.settings:
            flags = " ".join(arguments.flag(*one) for one in preset.settings.items())
            hint = f"the preset also sets the edit: diffdiff edit ... {flags}"
            noted |= {"settings": preset.settings, "hints": [hint]}
        return layers.render(preset, height, width, lambda one: build.make(one, given)), noted


def _with_alpha(data: bytes) -> np.ndarray | None:
    """Return a picture that `pictures.read` accepted, uint8 [H, W, 4]; None where it has no
    transparency."""
    with Image.open(io.BytesIO(data)) as picture:
        clear = picture.mode in ("LA", "PA", "RGBA", "La", "RGBa")
        if not clear and "transparency" not in picture.info:
            return None
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGBA"))
