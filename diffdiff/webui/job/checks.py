"""What is refused before a job runs."""

from __future__ import annotations

from typing import Any

from ...errors import FieldError
from ...settings.schema import EditArgs
from .. import host, host_hires
from . import friendly, inversion_prompts

FOR_WHOLE = "Hires. fix works on the whole picture, in one run"


def check(p: Any, args: EditArgs, maps: int, pictures: int) -> None:
    """Refuse what a job cannot do.

    Args:
        maps: how many there are; pictures: init images.

    Raises:
        FieldError: "model", "map", "anchor".
    """
    if host.starts_from_noise():
        problem = "PiD starts from noise and a small image, so there is nothing to hold"
        raise FieldError("model", problem, "Load another checkpoint, or untick the panel.")
    per_image = maps == pictures  # the host cuts the batch to them
    if maps > 1 and maps != p.batch_size and not per_image:
        raise FieldError(
            "map",
            f"{maps} maps for a batch of {p.batch_size}",
            "Send one map, or one for each image of the batch.",
        )
    if args.anchor == "inverted":
        inversion_prompts.check_inversion(p, args)
    if args.anchor == "friendly":
        friendly.check(p)


def check_hires(p: Any, args: EditArgs) -> None:
    """Refuse what a job of text to image cannot do, as soon as its settings are known.

    Raises:
        FieldError: "enable_hr", "denoising_strength", "mode", "area".
    """
    if not host_hires.has_second_pass(p):
        problem = "in txt2img the map is for the second pass, and Hires. fix is off"
        field = "enable_hr" if host.is_api(p) else "Hires. fix"
        raise FieldError(field, problem, "Switch it on, or switch this extension off")
    if p.denoising_strength is None:  # the API's default for txt2img
        problem = "the second pass has no denoising strength"
        raise FieldError("denoising_strength", problem, "Send a number from 0 to 1")
    if args.mode != "edit":
        problem = f"{args.mode} is for img2img; {FOR_WHOLE}"
        raise FieldError("mode", problem, "Use mode edit, or send the picture to img2img")
    if args.area != "whole":
        remedy = "Use area whole, or send the picture to img2img"
        raise FieldError("area", f"{args.area} is for img2img; {FOR_WHOLE}", remedy)


def check_cut(p: Any, samples: Any) -> None:
    """Refuse a second pass of another shape with latents `[B, C, T, h, w]`: hosts cut the wrong
    sides of them, without this extension too.

    Raises:
        FieldError: "hr_resize_x".
    """
    if getattr(samples, "ndim", 4) == 5 and (p.truncate_x or p.truncate_y):
        problem = "this WebUI cannot cut this model's latents to another shape"
        remedy = "Use Upscale by, or a size with the proportions of the first pass"
        raise FieldError("hr_resize_x", problem, remedy)
