"""A job that works on the changed part of its picture alone (`area: changed`)."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
from modules import images
from PIL import Image

from ...edit.area import Area, changed_area
from ...errors import FieldError
from ...maps import geometry
from ...patching import attribute
from ...settings.schema import EditArgs
from .. import controlnet
from . import originals


class Part:
    """The part of a job's pictures that changes, and the pictures that it goes back into.

    maps: float32 `[h, w]` of the part, one for each init image.
    """

    def __init__(self, p: Any, area: Area, maps: list[np.ndarray], mask: Image.Image | None):
        self.area, self.mask = area, mask
        self.pictures = [originals.source(p, i) for i in range(len(p.init_images))]
        self.maps = [area.cut(m) for m in maps]

    def lend(self, p: Any, stack: ExitStack) -> None:
        """Make the parts the job's pictures until the stack closes."""
        width, height = self.area.size
        parts = [picture.crop(self.area.box) for picture in self.pictures]
        changed: dict[str, Any] = {
            "init_images": parts,
            "width": width,
            "height": height,
            "resize_mode": 0,
        }
        if self.mask is not None:
            changed["image_mask"] = self.mask.crop(self.area.box)
        stack.enter_context(attribute(p, **changed))
        p.extra_generation_params["Size"] = "{}x{}".format(*self.area.whole)  # not the part's
        stack.callback(p.extra_generation_params.pop, "Size", None)
        p.comment(f"Differential Diffusion: {self.area.about()}")

    def put(self, picture: Image.Image, index: int) -> Image.Image:
        """Return the whole picture with its finished part."""
        whole = self.pictures[index if index < len(self.pictures) else 0]
        return self.area.put(picture, whole) if picture.size == self.area.size else picture


def part_of(p: Any, args: EditArgs, shaped: list[np.ndarray]) -> Part | None:
    """Return the part of a job that changes; None where it works on the whole picture.

    Args:
        shaped: its maps, one or one for each init image, of the sizes of those.

    Raises:
        FieldError: "area", where something else of the job is of the whole picture.
    """
    if args.area != "changed" or p.paste_to is not None:
        return None
    mask = p.image_mask
    if mask is not None and p.inpaint_full_res:
        p.comment("Differential Diffusion: Only masked decides on what is worked on, not the area")
        return None
    maps = []
    for i in range(len(p.init_images)):
        m = shaped[i if len(shaped) > 1 else 0]
        size = originals.init_image(p, i).size
        maps.append(geometry.follow(m, p.resize_mode, size, p.width, p.height))
    changes = np.maximum.reduce(maps) > 0
    if mask is not None:
        mask = images.resize_image(p.resize_mode % 3, mask.convert("L"), p.width, p.height)
        inside = np.asarray(mask) > 0
        changes &= ~inside if p.inpainting_mask_invert else inside
    area = changed_area(changes, args.area_padding)
    if area is None:
        return None
    if units := controlnet.units_with_image(p):
        problem = f"ControlNet unit {units[0]} has an image of its own, which is of the whole image"
        remedy = "Clear it, so that ControlNet reads the part that is worked on, or use area whole"
        raise FieldError("area", problem, remedy)
    return Part(p, area, maps, mask)
