"""The functions that compute a map from a picture, by the name of their source."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..errors import FieldError
from ..settings.source_registry import OF_PICTURE
from ..settings.sources import SourceArgs, sides
from . import picture_sources


class Inputs(NamedTuple):
    """What a source needs. picture, other: uint8 [H, W, 3] or [H, W, 4]. inside, outside: strokes
    [H, W], above 0 where there is one."""

    picture: np.ndarray
    args: SourceArgs
    other: np.ndarray | None = None
    inside: np.ndarray | None = None
    outside: np.ndarray | None = None


def _difference(given: Inputs) -> np.ndarray:
    if given.other is None:
        remedy = "Name the other picture, of the same size"
        raise FieldError("other_image", "source difference needs two pictures", remedy)
    return picture_sources.difference(given.picture, given.other)


def _foreground(given: Inputs) -> np.ndarray:
    box = sides(given.args.box) if given.args.box else None
    return picture_sources.foreground(
        given.picture, box, given.inside, given.outside, given.args.rounds
    )


READERS: dict[str, Callable[[Inputs], np.ndarray]] = {
    "luminance": lambda given: picture_sources.luminance(given.picture),
    "saturation": lambda given: picture_sources.saturation(given.picture),
    "edges": lambda given: picture_sources.edges(given.picture, given.args.edge_sigma),
    "canny": lambda given: picture_sources.canny(
        given.picture, given.args.canny_low, given.args.canny_high
    ),
    "detail": lambda given: picture_sources.detail(given.picture, given.args.detail_radius),
    "point": lambda given: picture_sources.from_point(
        given.picture.shape[0], given.picture.shape[1], given.args.point_x, given.args.point_y
    ),
    "border": lambda given: picture_sources.from_border(*given.picture.shape[:2]),
    "difference": _difference,
    "alpha": lambda given: picture_sources.alpha(given.picture),
    "foreground": _foreground,
}


def source_map(
    name: str,
    picture: np.ndarray,
    args: SourceArgs,
    other_image: np.ndarray | None = None,
    inside: np.ndarray | None = None,
    outside: np.ndarray | None = None,
) -> np.ndarray:
    """Return the map of a named source: float32 [H, W] in 0..1.

    Args:
        name: one of `source_registry.OF_PICTURE`.
        picture: uint8 [H, W, 3] or [H, W, 4].
        other_image: the same, for "difference".
        inside, outside: strokes [H, W] for "foreground", above 0 where there is one.

    Raises:
        FieldError: "source", or what `diffdiff.maps.picture_sources` refuses.
    """
    if name not in READERS:
        raise FieldError("source", f"{name!r} is not known", f"Use one of {', '.join(OF_PICTURE)}")
    return READERS[name](Inputs(picture, args, other_image, inside, outside))
