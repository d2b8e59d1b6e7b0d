"""A job's init images, as the host works on them."""

from __future__ import annotations

from typing import Any

from modules import images, shared
from PIL import Image


def init_image(p: Any, index: int) -> Image.Image:
    """Return the init image of picture `index`; a batch may share one."""
    return p.init_images[index if index < len(p.init_images) else 0]


def flat(p: Any, index: int) -> Image.Image:
    """Return it without transparency, RGB."""
    return images.flatten(init_image(p, index), shared.opts.img2img_background_color)


def source(p: Any, index: int) -> Image.Image:
    """Return it as the host fitted it: RGB of the job's size."""
    image, mode = flat(p, index), p.resize_mode
    if p.paste_to is not None:
        x, y, w, h = p.paste_to
        image, mode = image.crop((x, y, x + w, y + h)), 2
    return images.resize_image(0 if mode == 3 else mode, image, p.width, p.height)


def original(p: Any, index: int) -> Image.Image:
    """Return the init image of a finished picture, RGB, at its size."""
    return source(p, index) if p.paste_to is None else flat(p, index)
