"""One job: its settings, its maps, and what it does to the job. Lives on `p`, dies with `p`."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
from modules import images, shared
from PIL import Image

from .. import maps
from ..args import EditArgs
from ..composite import paste_back
from ..errors import FieldError
from ..hold import Hold
from ..ladder import Ladder
from ..levels import Schedule
from ..prepare import kept, plan, shape, strengths
from . import adapter, infotext

logger = logging.getLogger("diffdiff")


class Session:
    """The state of one job.

    Args:
        p: the host's processing object.
        args: checked settings.
        change_maps: decoded maps, float32 `[H, W]`, one, or one for every picture of a batch.
    """

    def __init__(self, p: Any, args: EditArgs, change_maps: list[np.ndarray]):
        self.args = args
        self.user_strength = float(p.denoising_strength)
        self.raw = change_maps
        # the image's own resolution is where a radius in pixels means what the user saw
        self.shaped = [
            shape(maps.resize(m, *self._image(p, i).size), args)
            for i, m in enumerate(change_maps)
        ]  # fmt: skip
        self.several = len(change_maps) > 1 or len(p.init_images) > 1
        self.steps: tuple[int, int] | None = None
        self.fitted: dict[int, np.ndarray] = {}

    @staticmethod
    def _image(p: Any, index: int) -> Image.Image:
        return p.init_images[index if index < len(p.init_images) else 0]

    def begin(self, p: Any) -> None:
        """Checks what can be checked before the job runs, and writes the infotext."""
        if len(self.shaped) > 1 and len(self.shaped) != p.batch_size:
            raise FieldError(
                "map",
                f"{len(self.shaped)} maps for a batch of {p.batch_size}",
                "Send one map, or one for every picture of the batch.",
            )
        p.extra_generation_params.update(infotext.write(self.args, self.raw))

    def attach(self, p: Any) -> None:
        """Holds the job's sampler."""
        if "sample_img2img" not in vars(p.sampler):
            adapter.hold_sampler(
                p.sampler,
                lambda x, schedule, steps, first: self._plan(p, x, schedule, steps, first),
                lambda hold, first, slider_first: self._report(p, hold, first, slider_first),
            )

    def fitted_map(self, p: Any, index: int) -> np.ndarray:
        """The map of picture `index` as the host fitted its image: float32 `[height, width]`."""
        index = index if self.several else 0
        if index not in self.fitted:
            shaped = self.shaped[index if len(self.shaped) > 1 else 0]
            size, mode = self._image(p, index).size, p.resize_mode
            if p.paste_to is not None:  # only masked: the host works on a crop
                x, y, w, h = p.paste_to
                shaped = maps.resize(shaped, *size)[y : y + h, x : x + w]
                size, mode = (w, h), 2
            self.fitted[index] = maps.follow(shaped, mode, size, p.width, p.height)
        return self.fitted[index]

    def _plan(
        self, p: Any, x: torch.Tensor, schedule: Schedule, steps: int, slider_first: int
    ) -> tuple[Ladder, int | None]:
        maps_ = [self.fitted_map(p, i) for i in range(len(x) if self.several else 1)]
        latent = np.stack([maps.to_latent(m, *x.shape[2:]) for m in maps_])[:, None]
        strength = strengths(latent, self.args, self.user_strength)
        if p.nmask is not None:  # the host's own inpaint mask: outside of it nothing changes
            strength = strength * p.nmask[:1].float().cpu().numpy()[None]
        self.steps = steps, len(schedule) - 1
        return plan(strength, self.args, steps, self.steps[1], slider_first)

    def _report(self, p: Any, hold: Hold | None, first: int, slider_first: int) -> None:
        calls = hold.calls if hold else 0
        skipped = max(first - slider_first, 0)
        text = f"Differential Diffusion: {calls} model calls"
        if skipped:
            text += f", {skipped} of {skipped + max(self.steps[1] + 1 - first, 0)} steps skipped"
        if hold is None:
            text += "; the map is empty, so nothing changes"
        p.comment(text)
        logger.info(text)

    def composite(self, p: Any, picture: Image.Image, index: int) -> Image.Image:
        """The picture with kept pixels pasted back from the init image, exactly."""
        if not self.args.paste_back or p.image_mask is not None or self.steps is None:
            return picture
        source = self.source(p, index)
        if source.size != picture.size:
            p.comment("Differential Diffusion: the size changed, kept pixels were not pasted back")
            return picture
        fitted = self.fitted_map(p, index)
        strength = strengths(fitted, self.args, self.user_strength)
        touched = np.where(kept(strength, *self.steps), 0, fitted).astype(np.float32)
        original, edited = np.array(source), np.array(picture.convert("RGB"))
        result = Image.fromarray(paste_back(original, edited, touched, self.args.feather))
        result.info = dict(picture.info)
        return result

    def source(self, p: Any, index: int) -> Image.Image:
        """The init image as the host fitted it: RGB of the output's size."""
        image = images.flatten(self._image(p, index), shared.opts.img2img_background_color)
        mode = 0 if p.resize_mode == 3 else p.resize_mode
        return images.resize_image(mode, image, p.width, p.height)
