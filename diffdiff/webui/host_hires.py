"""What the host knows of hires fix, the second pass of text to image: more of its private names
(see `host`).

A job has a second pass if it has a method for one; which host it is does not matter.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from modules import processing, shared
from PIL import Image
from torch import Tensor

from ..errors import FieldError
from ..maps.second_pass import Frame
from . import host

SAME = ("", "None", "Use same checkpoint")  # as a name of the second pass's checkpoint
SAME_MODULES = "Use same choices"
STEP = 8  # pixels of a latent cell


def is_text_job(p: Any) -> bool:
    """Return whether a job is of text to image: those have a method for a second pass."""
    return hasattr(p, "sample_hr_pass")


def has_second_pass(p: Any) -> bool:
    """Return whether a job has a second pass."""
    return bool(getattr(p, "enable_hr", False))


def is_second(p: Any) -> bool:
    """Return whether a job is in its second pass now."""
    return bool(getattr(p, "is_hr_pass", False))


def ends_early() -> bool:
    """Return whether the job was interrupted, so that it has no second pass any more."""
    return bool(shared.state.interrupted)


def is_latent(p: Any) -> bool:
    """Return whether the second pass enlarges latents rather than pictures."""
    return p.latent_scale_mode is not None


def sampler_name(p: Any) -> str:
    """Return the name of the sampler that follows the map, in text to image the second pass's."""
    return (is_text_job(p) and getattr(p, "hr_sampler_name", None)) or p.sampler_name


def has_own_model(p: Any) -> bool:
    """Return whether the second pass loads another checkpoint, or other modules of one."""
    modules = getattr(p, "hr_additional_modules", None)
    other = isinstance(modules, list) and SAME_MODULES not in modules
    return other or (getattr(p, "hr_checkpoint_name", None) or "") not in SAME


def prompt(p: Any, index: int) -> str:
    """Return the second pass's prompt of picture `index`, with its styles and extra networks."""
    return p.all_hr_prompts[p.iteration * p.batch_size + index]


def first_size(p: Any, samples: Tensor | None) -> tuple[int, int]:
    """Return the size of the first pass's picture, given its latents; None where there was no first
    pass."""
    if samples is None or p.firstpass_image is not None:
        return p.firstpass_image.size
    rows, columns = samples.shape[-2:]
    return columns * host.cell(), rows * host.cell()


def first_pictures(p: Any, samples: Tensor | None) -> list[Image.Image]:
    """Return the first pass's pictures, RGB; arguments as for `first_size`."""
    if samples is None or p.firstpass_image is not None:
        return [p.firstpass_image.convert("RGB")]
    return decode(samples)


def decode(latents: Tensor) -> list[Image.Image]:
    """Decode latents as the host decodes those of a job: RGB."""
    decoded = processing.decode_latent_batch(shared.sd_model, latents, target_device="cpu")
    return [picture((one.float().reshape(-1, *one.shape[-3:])[0] + 1) / 2) for one in decoded]


def picture(tensor: Tensor, rounded: bool = False) -> Image.Image:
    """Return a picture of a host's tensor, `[3, H, W]` in 0..1.

    Args:
        rounded: it was a picture before, of 8 bits; otherwise the rest is cut, as hosts do.
    """
    array = tensor.float().clamp(0, 1).movedim(0, 2).cpu().numpy() * np.float32(255)
    return Image.fromarray((np.rint(array) if rounded else array).astype(np.uint8))


def frame(p: Any, first: tuple[int, int], latents: Tensor) -> Frame:
    """Return how the second pass gets its picture. latents: those that it works on."""
    cell = host.cell()
    enlarged = p.hr_upscale_to_x, p.hr_upscale_to_y
    if is_latent(p):
        enlarged = tuple(max(side // cell, 1) * cell for side in enlarged)
    offset = p.truncate_x // 2 * cell, p.truncate_y // 2 * cell
    rows, columns = latents.shape[-2:]
    return Frame(first, enlarged, offset, (columns * cell, rows * cell))


def final_size(p: Any) -> tuple[int, int]:
    """Return the size that a second pass will make, by the settings of a job that has not begun."""
    if getattr(shared.opts, "use_old_hires_fix_width_height", False):
        return p.width, p.height
    x, y = p.hr_resize_x, p.hr_resize_y
    if not x and not y:
        return int(p.width * p.hr_scale), int(p.height * p.hr_scale)
    return x or y * p.width // p.height, y or x * p.height // p.width


def shrink(
    p: Any, steps: int, size_of: Callable[[int, int], tuple[int, int]]
) -> tuple[tuple[int, int], dict[str, Any]]:
    """Make the second pass short and small. The first pass stays, as another one would make another
    picture, and the second is never smaller than it.

    Args:
        steps: at most; size_of: (width, height) -> the small ones.

    Returns:
        Its size before, and the infotext's entries then.

    Raises:
        FieldError: "Hires. fix".
    """
    if not has_second_pass(p):
        problem = "in txt2img a draft is of the second pass, and Hires. fix is off"
        raise FieldError("Hires. fix", problem, "Switch it on, or press Generate")
    whole = final_size(p)
    resized = p.hr_resize_x or p.hr_resize_y
    resize = f"{p.hr_resize_x}x{p.hr_resize_y}" if resized else None
    shown = {
        "Hires steps": p.hr_second_pass_steps or None,
        "Hires resize": resize,
        "Hires upscale": None if resized else p.hr_scale,
    }
    p.hr_second_pass_steps = min(p.hr_second_pass_steps or p.steps, steps)
    if getattr(shared.opts, "use_old_hires_fix_width_height", False):  # its size is the tab's
        return whole, {"Hires steps": shown["Hires steps"]}
    wide = size_of(*whole)[0]
    if whole[0] * p.height != whole[1] * p.width and resized:
        part = min(max(wide / whole[0], p.width / whole[0], p.height / whole[1]), 1.0)
        p.hr_resize_x, p.hr_resize_y = (
            side and round(side * part / STEP) * STEP for side in (p.hr_resize_x, p.hr_resize_y)
        )
        return whole, shown
    widths = range(-(-p.width // STEP) * STEP, whole[0] + 1, STEP)
    even = [side for side in widths if side * p.height % (STEP * p.width) == 0]
    if even or widths:
        side = min(even or widths, key=lambda side: abs(side - wide))
        p.hr_resize_x = p.hr_resize_y = 0
        p.hr_scale = (side + 1e-6) / p.width  # hosts cut what is behind the point
    return whole, shown


def tile_again(p: Any) -> None:
    """Restore what an inner job leaves of the model's tiling, for the job that goes on."""
    hijack: Any = getattr(sys.modules.get("modules.sd_hijack"), "model_hijack", None)
    forge = getattr(processing, "apply_circular_forge", None)
    if forge is not None:
        forge(shared.sd_model, p.tiling)
    elif hasattr(hijack, "apply_circular"):
        hijack.apply_circular(p.tiling)
