"""The registry of map sources: what each is called, and the settings that it uses.

Panel, API, parameters, command line, batches and layers read it. The functions that compute a map
from a picture are in `diffdiff.maps.source_maps`, by the same names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Input:
    """A setting of a source that is text: a picture, a prompt, a name.

    what: "a map", "a picture", "a prompt", ... A picture is the path of a file on the command
        line, base64 or a data URL in a WebUI.
    title, help: of the layers editor; empty for a field of a request, which has its own.
    needed: the source requires it. may_be_empty: empty text is a value too.
    """

    name: str
    what: str
    title: str = ""
    help: str = ""
    needed: bool = False
    may_be_empty: bool = False

    @property
    def is_picture(self) -> bool:
        return self.what in ("a map", "a picture")

    @property
    def is_field(self) -> bool:
        """Whether a request has a field of this name, not only a layer."""
        return not self.title


@dataclass(frozen=True)
class Source:
    """One source of maps.

    title: as a list of sources has it. phrase: as in "The map comes from ...".
    layer: (title, help) in the layers editor; None where no layer has this source.
    settings: the fields of `SourceArgs`, `WordsArgs` or `ClickArgs` that it uses. inputs: what else
        it needs.
    request: whether a request may have it. of_picture: whether it is computed from the
        picture, alone or with a second one. host_only: needs a WebUI. model: calls the model.
    """

    name: str
    title: str = ""
    phrase: str = ""
    layer: tuple[str, str] | None = None
    settings: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    request: bool = True
    of_picture: bool = False
    host_only: bool = False
    model: bool = False


PROMPTS = (
    Input("reference", "a prompt", may_be_empty=True),
    Input("query", "a prompt", may_be_empty=True),
)
FILE = Input("file", "a map", "Map", "White changes, black is kept.", needed=True)
UNTOUCHED = Input("untouched", "a picture", needed=True)
OTHER = Input("other_image", "a picture", needed=True)
STROKES = (
    Input("inside", "a picture", "Strokes inside", "White on the object."),
    Input("outside", "a picture", "Strokes outside", "White on the background."),
)
WORDS = Input("words", "words with strengths, such as face 0.1, sky 0.8", needed=True)
POINTS = Input("points", "points such as 120,80; -40,30", needed=True)
PREPROCESSOR = Input("annotator", "the name of a ControlNet preprocessor", needed=True)

REGISTRY = (
    Source(
        "upload",
        "Painted map",
        "the painting",
        ("Map file", "A map from a file."),
        inputs=(FILE,),
    ),
    Source(
        "diffedit",
        "DiffEdit: where two prompts differ",
        "DiffEdit",
        ("From prompts (DiffEdit)", "Where the predictions for two prompts differ."),
        inputs=PROMPTS,
        model=True,
    ),
    Source(
        "words",
        "Words: where the model sees them",
        "words",
        ("Words", "Where the model sees what you name."),
        ("words_level", "words_noises", "words_seed", "words_edges"),
        (WORDS,),
        model=True,
    ),
    Source(
        "click",
        "Click: what belongs to points",
        "the points",
        ("Click", "What the model sees as one thing with the points."),
        ("points_level", "points_noises", "points_seed", "points_edges"),
        (POINTS,),
        model=True,
    ),
    Source(
        "mask",
        "Inpaint mask",
        "the inpaint mask",
        ("Inpaint mask", "White where the tab is masked."),
        host_only=True,
    ),
    Source(
        "luminance",
        "Luminance: bright parts change",
        "luminance",
        ("Luminance", "Bright parts change."),
        of_picture=True,
    ),
    Source(
        "saturation",
        "Saturation: vivid parts change",
        "saturation",
        ("Saturation", "Colorful parts change."),
        of_picture=True,
    ),
    Source(
        "edges",
        "Edges: soft, from the gradient",
        "the edges",
        ("Edges", "Edges change, softly, by the gradient."),
        ("edge_sigma",),
        of_picture=True,
    ),
    Source(
        "canny",
        "Canny edges: thin lines",
        "Canny edges",
        ("Canny edges", "Thin edges change."),
        ("canny_low", "canny_high"),
        of_picture=True,
    ),
    Source(
        "detail",
        "Detail: textured parts change",
        "detail",
        ("Detail", "Textured parts change."),
        ("detail_radius",),
        of_picture=True,
    ),
    Source(
        "point",
        "Distance from a point",
        "the distance from a point",
        ("Distance from a point", "The farther from it, the more change."),
        ("point_x", "point_y"),
        of_picture=True,
    ),
    Source(
        "border",
        "Distance from the border",
        "the distance from the border",
        ("Distance from the border", "The farther from it, the more change."),
        of_picture=True,
    ),
    Source(
        "difference",
        "Difference from another image",
        "the difference from another image",
        ("Difference of two images", "Where this image differs from another one."),
        inputs=(OTHER,),
        of_picture=True,
    ),
    Source(
        "sketch",
        "Sketch: where color was painted on the image",
        "the sketch",
        settings=("sketch_radius",),
        inputs=(UNTOUCHED,),
        host_only=True,
    ),
    Source(
        "alpha",
        "Transparency: opaque parts change",
        "transparency",
        ("Alpha channel", "Opaque parts change."),
        of_picture=True,
    ),
    Source(
        "foreground",
        "Foreground: one object",
        "the foreground",
        ("Foreground", "One object, in a box or under strokes (GrabCut)."),
        ("box", "rounds"),
        STROKES,
        of_picture=True,
    ),
    Source(
        "constant",
        "Whole image: everything changes",
        "a constant",
        ("Constant", "One value everywhere."),
    ),
    Source(
        "annotator",
        "ControlNet preprocessor, such as depth",
        "a ControlNet preprocessor",
        ("ControlNet preprocessor", "Its output, such as depth."),
        inputs=(PREPROCESSOR,),
        host_only=True,
    ),
    Source(
        "layers",
        "Layers: several maps combined",
        "layers",
        inputs=(Input("layers", "a preset"),),
    ),
    Source("painted", layer=("Painted", "The painted map."), request=False),
)
SOURCES = {source.name: source for source in REGISTRY}

REQUEST = tuple(source.name for source in REGISTRY if source.request)
"""Values of the field `source`."""
OF_PICTURE = tuple(source.name for source in REGISTRY if source.of_picture)
"""Sources that are computed from the picture."""
LAYER = (
    *OF_PICTURE,
    "painted",
    "upload",
    "constant",
    "diffedit",
    "words",
    "click",
    "mask",
    "annotator",
)
"""Sources of a layer, in the order of the editor."""
_BY_TITLE = {SOURCES[name].title: name for name in REQUEST}


def title_of(value: str) -> str:
    """Return what a list shows for a value of `source`."""
    return SOURCES[value].title


def value_of(title: Any) -> Any:
    """Return the value of `source` behind the title of a list; anything else as it is."""
    return _BY_TITLE.get(title, title) if isinstance(title, str) else title


def layer_inputs(source: str) -> dict[str, Input]:
    """Return the inputs of a layer, by name."""
    return {one.name: one for one in SOURCES[source].inputs}


def request_fields(source: str) -> tuple[str, ...]:
    """Return the fields of a request that only this source uses, in the order of a panel; those of
    DiffEdit's own model are not among them."""
    own = SOURCES[source]
    return (*(one.name for one in own.inputs if one.is_field), *own.settings)
