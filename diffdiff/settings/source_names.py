"""The sources of maps in words: what a panel lists, and what a sentence calls them.

The API, parameters and presets keep the values of the field `source`.
"""

from __future__ import annotations

from typing import Any

# value: (as a list has it, as in "The map comes from ...")
WORDS = {
    "upload": ("Painted map", "the painting"),
    "diffedit": ("DiffEdit: where two prompts differ", "DiffEdit"),
    "mask": ("Inpaint mask", "the inpaint mask"),
    "luminance": ("Luminance: bright parts change", "luminance"),
    "saturation": ("Saturation: vivid parts change", "saturation"),
    "edges": ("Edges: soft, from the gradient", "the edges"),
    "canny": ("Canny edges: thin lines", "Canny edges"),
    "detail": ("Detail: textured parts change", "detail"),
    "point": ("Distance from a point", "the distance from a point"),
    "border": ("Distance from the border", "the distance from the border"),
    "difference": ("Difference from another picture", "the difference from another picture"),
    "alpha": ("Transparency: opaque parts change", "transparency"),
    "foreground": ("Foreground: one object", "the foreground"),
    "constant": ("Whole picture: everything changes", "a constant"),
    "annotator": ("ControlNet preprocessor, such as depth", "a ControlNet preprocessor"),
    "layers": ("Layers: several maps combined", "layers"),
}
VALUES = {words: value for value, (words, _) in WORDS.items()}


def listed(value: str) -> str:
    """What a list shows for a value of `source`."""
    return WORDS[value][0]


def value_of(words: Any) -> Any:
    """The value of `source` behind the words of a list; anything else as it is."""
    return VALUES.get(words, words) if isinstance(words, str) else words
