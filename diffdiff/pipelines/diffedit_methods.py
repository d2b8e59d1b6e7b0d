"""The ways to edit a picture from two prompts that `diffedit_edit` knows."""

from __future__ import annotations

METHODS = {
    "diffedit": "the paper's: the map, cut in two, on the inverted picture",
    "continuous": "the same with a strength for every pixel",
    "differential": "the continuous map, on the noised picture (differential diffusion)",
    "encode-decode": "no map: all of the inverted picture is decoded",
    "sdedit": "no map: plain img2img, one strength for all",
}
INVERTED = ("diffedit", "continuous", "encode-decode")  # these start from the inverted picture
MAPPED = ("diffedit", "continuous", "differential")  # these have a map
CUT = 0.5  # the paper's, of "diffedit" where none is given
