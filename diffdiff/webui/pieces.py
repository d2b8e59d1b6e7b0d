"""Scripts that work on a picture in parts: what of the map belongs to each part.

While such a script runs, its picture and all that Pillow makes of it know where they lie in it
(`diffdiff.images.placed`), so a tile gets its piece of the map by the script's own geometry.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from PIL import Image

from ..edit import request
from ..errors import FieldError
from ..images.arrays import through_arrays
from ..images.placed import Place, enlarging, pasting, place_of, put
from ..maps import geometry
from ..maps.inpaint_mask import Work, shape_for
from ..patching import attribute
from ..settings.schema import EditArgs
from . import host_scripts

EDGE = 16  # pixels of the old picture next to a new area, over which the strength rises


class Root:
    """A picture that a script began with, and its inpaint mask. maps: the source's, by settings.
    shaped: the last map, its settings, and the map as a run uses it."""

    def __init__(self, picture: Image.Image, mask: Any):
        self.picture, self.mask = picture, mask
        self.maps: dict[str, np.ndarray] = {}
        self.shaped: tuple[np.ndarray, EditArgs, np.ndarray] | None = None

    def shape(self, change_map: np.ndarray, args: EditArgs) -> np.ndarray:
        """Return the map shaped at the picture's own size, where a radius means what was seen."""
        known = self.shaped  # each tile's job decodes the map anew
        if known is None or known[1] != args or not np.array_equal(known[0], change_map):
            at_size = geometry.resize(change_map, *self.picture.size)
            known = change_map, args, shape_for(at_size, args, Work(*self.picture.size))
            self.shaped = known
        return known[2]


@contextmanager
def followed(p: Any, values: tuple[Any, ...] | None) -> Iterator[None]:
    """Keep track of a picture and what is made of it while a script runs.

    values: our settings among those of the run, or None.
    """
    pictures = getattr(p, "init_images", None)
    enabled = values is not None and request.request_of(values).get("enabled", True)
    if not enabled or not pictures or not all(isinstance(one, Image.Image) for one in pictures):
        yield
        return
    mask = getattr(p, "image_mask", None)
    roots = [Root(picture, mask) for picture in pictures]
    p.init_images = [put(root.picture.copy(), Place(root, root.picture.size)) for root in roots]
    with ExitStack() as stack:
        stack.enter_context(attribute(p, diffdiff_roots=roots))
        stack.enter_context(pasting())
        stack.enter_context(through_arrays())
        for upscaler in host_scripts.upscalers():
            stack.enter_context(attribute(upscaler, upscale=enlarging(upscaler.upscale)))
        yield


def of_job(p: Any) -> list[Place] | None:
    """Return where the pictures of a job lie in the one that its script began with; None for a job
    that works on whole pictures as they are, with their own mask.

    Raises:
        FieldError: "script", where that is not known.
    """
    roots = getattr(p, "diffdiff_roots", None)
    if roots is None and not any(map(place_of, p.init_images)):
        return None
    places = [_place(picture, roots or [], p) for picture in p.init_images]
    sizes = [place.origin.picture.size for place in places]
    same = sizes == [picture.size for picture in p.init_images]
    return None if same and _are_whole(places, p) else places


def _are_whole(places: list[Place], p: Any) -> bool:
    """Return whether the pictures of a job are whole ones, and their mask is that of the
    beginning."""
    whole = (place.is_whole(picture.size) for place, picture in zip(places, p.init_images))
    return all(whole) and p.image_mask is places[0].origin.mask


def _place(picture: Image.Image, roots: list[Root], p: Any) -> Place:
    place = place_of(picture)
    if place is not None:
        return place
    for root in roots:  # another object, but the picture all the same
        if picture.size == root.picture.size and _equal(picture, root.picture):
            return Place(root, picture.size)
    title = host_scripts.script_title(p) or "this script"
    problem = f"{title} passes on a picture that it made itself"
    problem += ", and where the map lies in it is not known"
    raise FieldError("script", problem, "Run it without Differential Diffusion, after the edit")


def _equal(a: Image.Image, b: Image.Image) -> bool:
    return np.array_equal(np.asarray(a.convert("RGBA")), np.asarray(b.convert("RGBA")))


def usable(
    places: list[Place] | None, args: EditArgs, change_maps: list[np.ndarray], p: Any
) -> list[Place] | None:
    """Return the places by which a job gets its pieces of the map; None where it needs none.

    Raises:
        FieldError: "mode", "map", for what cannot be had of a picture in parts.
    """
    if places is None or (args.mode != "edit" and _are_whole(places, p)):
        return None
    if args.mode != "edit":
        problem = f"{args.mode} works on whole pictures, and the script works on parts"
        raise FieldError("mode", problem, "Use mode edit, or run the script without this extension")
    if len(change_maps) > 1 and len(roots_of(places)) == 1:
        problem = f"{len(change_maps)} maps for one picture that is worked on in parts"
        raise FieldError("map", problem, "Send one map, of the whole picture")
    return places


def check_size(p: Any, requested: tuple[int, int]) -> None:
    """Refuse tiles that the host enlarges or reduces before it works on them, as Forge Neo does to
    multiples of 64: the script puts them back as they were cut, so they would not fit.

    Args:
        asked: width and height of the job before the host rounded them.

    Raises:
        FieldError: "width", "height".
    """
    places = of_job(p)
    if places is None or (p.image_mask is not None and p.inpaint_full_res):
        return
    pairs = zip(places, p.init_images)
    if any(
        picture.size == requested and not place.is_whole(picture.size) for place, picture in pairs
    ):
        cut, worked = (f"{width}x{height}" for width, height in (requested, (p.width, p.height)))
        field = "height" if requested[0] == p.width else "width"
        problem = f"this script cuts tiles of {cut}, and this WebUI would work on them at {worked}"
        raise FieldError(field, problem, f"Use {worked}, or another size that it need not round")


def roots_of(places: list[Place]) -> list[Root]:
    """Return the pictures that the parts are of, each once."""
    return list({id(place.origin): place.origin for place in places}.values())


def maps(
    places: list[Place], change_maps: list[np.ndarray], p: Any, args: EditArgs
) -> list[np.ndarray]:
    """Return the piece of the map for each picture of a job: float32 `[H, W]` of its size.

    Args:
        change_maps: decoded, of the whole picture: one, or one for each that the script began with.
    """
    found = []
    roots = roots_of(places)
    for place, picture in zip(places, p.init_images):
        index = roots.index(place.origin) if len(change_maps) > 1 else 0
        shaped = place.origin.shape(change_maps[index], args)
        width, height = picture.size
        piece = geometry.part(
            shaped, place.whole, place.offset, width, height, EDGE, place.continued
        )
        found.append(piece)
    return found


def keep(p: Any, processed: Any) -> None:
    """Give the pictures of a finished job the places of those that it started with."""
    roots = getattr(p, "diffdiff_roots", None)
    if roots is None:
        return
    try:
        places = [_place(picture, roots, p) for picture in p.init_images]
    except FieldError:  # nothing is obeyed, so nothing has to be known
        return
    for i in range(getattr(processed, "index_of_first_image", 0), len(processed.images)):
        picture = processed.images[i]
        index = (i - getattr(processed, "index_of_first_image", 0)) % len(places)
        before = p.init_images[index].size
        if not isinstance(picture, Image.Image):
            continue
        if picture.size == before:
            processed.images[i] = put(picture, places[index])
        elif p.paste_to is None and picture.size == (p.width, p.height):
            place = places[index].fitted(before, p.resize_mode, *picture.size)
            processed.images[i] = put(picture, place)
