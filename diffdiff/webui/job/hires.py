"""A job of text to image with hires fix: its map is for the second pass.

The first pass is the host's own. What the second pass begins with is held: the upscaled latent, or
the latent of the upscaled picture. Kept pixels of the result are those of the upscaled picture;
with a latent upscaler, of the upscaled latent as the VAE decodes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from ...errors import FieldError
from ...maps.build import requested, uses_painting, wanted
from ...maps.second_pass import Frame
from ...patching import attribute
from ...settings.schema import EditArgs
from ...settings.source_registry import SOURCES
from .. import automap, host, host_hires, infotext
from . import checks, hints
from .carried import Carried
from .session import NO_MAP, Session

if TYPE_CHECKING:
    from ...sampling.hold import Hold


def asks_model(args: EditArgs) -> bool:
    """Return whether the source of a map calls the model."""
    return any(SOURCES[layer.source].model for layer in requested(args).layers)


class HiresSession(Session):
    """The state of a job with a second pass.

    Args:
        p: the host's processing object.
        args: checked settings.
        painted: decoded maps, float32 `[H, W]`: one, one for every picture of a batch, or none.

    Raises:
        FieldError: for what works in img2img alone, and where there is no map.
    """

    later = True

    def __init__(self, p: Any, args: EditArgs, painted: list[np.ndarray]):
        checks.check_hires(p, args)
        if not painted and not wanted(args):
            raise FieldError("map", "there is no change map", NO_MAP)
        if painted and wanted(args) and not uses_painting(args):
            hints.unused(p, args.source)
        self.painted = painted
        super().__init__(p, args, painted, [])
        self.first: tuple[int, int] | None = None  # size of the first pass's picture
        self.frame: Frame | None = None
        self.enlarged: list[Image.Image] = []  # the pictures that the second pass began with
        self.latents: torch.Tensor | None = None

    def _check(self, p: Any) -> None:
        checks.check(p, self.args, len(self.painted), 1)

    def begin(self, p: Any) -> None:
        super().begin(p)
        p.extra_generation_params[infotext.PASS] = infotext.SECOND
        plain_pass, plain_sample = p.sample_hr_pass, p.sample
        plain_conditioning = p.img2img_image_conditioning

        def sample(*args: Any, **kwargs: Any) -> Any:
            self.levels, self.first, self.frame = None, None, None
            self.enlarged, self.latents = [], None
            return plain_sample(*args, **kwargs)

        def sample_hr_pass(samples: Any, decoded_samples: Any, *args: Any, **kwargs: Any) -> Any:
            if not host_hires.ends_early():
                checks.check_cut(p, samples)
                self.finite.check_first(samples, decoded_samples)
                self.finite.listen()  # a source may decode the first pass's picture
                self.raw = self._found(p, samples)
                self.finite.check_first(None, None)
                regions = self.carried.regions if self.raw is self.painted else None
                self.carried = Carried(self.raw, regions)
                self.per_picture = len(self.raw) > 1
                self.first = host_hires.first_size(p, samples)
            latents = plain_pass(samples, decoded_samples, *args, **kwargs)
            self._keep(p)
            return latents

        def img2img_image_conditioning(source_image: Any, *args: Any, **kwargs: Any) -> Any:
            if host_hires.is_second(p) and not host_hires.is_latent(p):
                self.enlarged = [host_hires.picture(one, True) for one in source_image]
            return plain_conditioning(source_image, *args, **kwargs)

        changed = {
            "sample_hr_pass": sample_hr_pass,
            "sample": sample,
            "img2img_image_conditioning": img2img_image_conditioning,
        }
        self.stack.enter_context(attribute(p, **changed))

    def _awaited(self) -> bool:
        # interrupted before it, a job has no second pass
        return self.first is not None or not host_hires.ends_early()

    def _found(self, p: Any, samples: torch.Tensor | None) -> list[np.ndarray]:
        """Return the maps of the first pass's pictures before they are shaped."""
        if not wanted(self.args):
            return self.painted
        pictures = host_hires.first_pictures(p, samples)
        maps = []
        for i, picture in enumerate(pictures):
            options = {
                "prompt": host_hires.prompt(p, i),
                "width": picture.width,
                "height": picture.height,
                "override_settings": dict(p.override_settings or {}),
                "further": host.further_settings(p),
                "painted": self.painted[i % len(self.painted)] if self.painted else None,
            }
            maps.append(self._of_picture(p, picture, options))
        return maps

    def _of_picture(self, p: Any, picture: Image.Image, about: dict[str, Any]) -> np.ndarray:
        try:
            return automap.of_picture(picture, self.args, ask=False, **about)
        except automap.ModelRequired:
            if host_hires.has_own_model(p) and asks_model(self.args):
                problem = f"{self.args.source} asks the first pass's model, which is not loaded now"
                remedy = "Set Hires checkpoint to the same, or use another source"
                raise FieldError("source", problem, remedy) from None
        try:
            return automap.of_picture(picture, self.args, **about)
        finally:
            host_hires.tile_again(p)

    def attach(self, p: Any) -> None:
        """Hold the second pass's sampler."""
        if host_hires.is_second(p):
            super().attach(p)
        else:
            self.finite.listen_after(p.sampler)

    def _report(self, p: Any, hold: Hold | None, first: int, slider_first: int) -> None:
        super()._report(p, hold, first, slider_first)
        self.finite.listen()  # the second pass decodes its own pictures

    def _latent_maps(self, p: Any, x: torch.Tensor) -> np.ndarray:
        self.latents = x
        if self.first is None:
            raise RuntimeError("the second pass began without its first picture's size")
        self.frame = frame = host_hires.frame(p, self.first, x)
        self.shaped = [frame.fit(m, self.args) for m in self.raw]
        return super()._latent_maps(p, x)

    def fitted_map(self, p: Any, index: int) -> np.ndarray:
        return self._shaped(index)

    def picture_size(self, p: Any, index: int) -> tuple[int, int]:
        """Return the size of what the map is for; before that is known, the map's own."""
        height, width = self.raw[index].shape
        if self.frame is None:
            return width, height
        return self.frame.size if self.frame.of_result((width, height)) else self.frame.first

    def _keep(self, p: Any) -> None:
        """Make what kept pixels of the results are, if there are any."""
        latents, self.latents = self.latents, None
        if self.levels is None or latents is None or self.frame is None:
            return
        if self.enlarged:
            x, y = self.frame.offset
            box = (x, y, x + self.frame.size[0], y + self.frame.size[1])
            self.enlarged = [picture.crop(box) for picture in self.enlarged]
            return
        kept = self.args.paste_back and any(self._edit(m).untouched.any() for m in self.shaped)
        if kept or self.args.colour_match:
            self.enlarged = host_hires.decode(latents)

    def _source(self, p: Any, index: int) -> Image.Image:
        return self.enlarged[index]

    def _whole(self, p: Any, index: int) -> tuple[Image.Image, np.ndarray]:
        return self.enlarged[index], self.fitted_map(p, index)

    def _pasted(self, p: Any, picture: Image.Image, index: int) -> Image.Image:
        return super()._pasted(p, picture, index) if self.enlarged else picture

    def skips_host_overlay(self, p: Any) -> bool:
        return False
