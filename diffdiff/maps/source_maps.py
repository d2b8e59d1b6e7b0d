"""The maps of the sources that read them off a picture: name -> function."""

from __future__ import annotations

import numpy as np

from ..errors import FieldError
from ..settings.sources import KINDS, USED, SourceArgs, sides
from . import picture_sources


def source_map(
    kind: str,
    picture: np.ndarray,
    args: SourceArgs,
    other_image: np.ndarray | None = None,
    inside: np.ndarray | None = None,
    outside: np.ndarray | None = None,
) -> np.ndarray:
    """The map of a named source: float32 [H, W] in 0..1.

    Args:
        kind: one of `KINDS`.
        picture: uint8 [H, W, 3] or [H, W, 4].
        other_image: the same, for "difference".
        inside, outside: strokes [H, W] for "foreground", above 0 where there is one.

    Raises:
        FieldError: "source", or what `diffdiff.maps.picture_sources` refuses.
    """
    height, width = picture.shape[:2]
    own = {name: getattr(args, name) for name in USED.get(kind, ())}
    if kind in ("luminance", "saturation", "alpha"):
        return getattr(picture_sources, kind)(picture)
    if kind == "edges":
        return picture_sources.edges(picture, own["edge_sigma"])
    if kind == "canny":
        return picture_sources.canny(picture, own["canny_low"], own["canny_high"])
    if kind == "detail":
        return picture_sources.detail(picture, own["detail_radius"])
    if kind == "point":
        return picture_sources.from_point(height, width, own["point_x"], own["point_y"])
    if kind == "border":
        return picture_sources.from_border(height, width)
    if kind == "difference":
        if other_image is None:
            remedy = "Name the other picture, of the same size"
            raise FieldError("other_image", "source difference needs two pictures", remedy)
        return picture_sources.difference(picture, other_image)
    if kind == "foreground":
        box = sides(own["box"]) if own["box"] else None
        return picture_sources.foreground(picture, box, inside, outside, own["rounds"])
    raise FieldError("source", f"{kind!r} is not known", f"Use one of {', '.join(KINDS)}")
