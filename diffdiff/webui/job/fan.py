"""A job that is a strength fan: one run over stripes of different strength."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from ...edit.contact_sheet import with_bar
from ...edit.fan import Fan, placed
from ...edit.plan import for_fan, make_fan
from ...sampling.hold import Hold
from ...settings.schema import EditArgs
from .. import infotext
from . import originals
from .session import Session


class FanSession(Session):
    """The state of a fan's job. Its map holds the strengths themselves."""

    def __init__(self, p: Any, args: EditArgs, change_maps: list[np.ndarray]):
        super().__init__(p, args, change_maps)
        self.requested, self.args = args, for_fan(args)
        self.fans: dict[int, Fan] = {}

    def begin(self, p: Any) -> None:
        if self.args.fan_layout != "map":
            make_fan(self.requested, p.width, p.height)  # raises before the host has done any work
        super().begin(p)

    def fan(self, p: Any, index: int) -> Fan:
        """Return the fan of picture `index`, at the job's size."""
        index = index if self.per_picture else 0
        if index not in self.fans:
            base = super().fitted_map(p, index) if self.args.fan_layout == "map" else None
            self.fans[index] = make_fan(self.requested, p.width, p.height, base)
        return self.fans[index]

    def fitted_map(self, p: Any, index: int) -> np.ndarray:
        return self.fan(p, index).map

    def _report(self, p: Any, hold: Hold | None, first: int, slider_first: int) -> None:
        super()._report(p, hold, first, slider_first)
        p.extra_generation_params["DD calls"] = hold.calls if hold else 0

    def _placed(self, p: Any, index: int, size: tuple[int, int]) -> Fan:
        """Return the fan on the finished picture: with only masked, the host has processed a part
        of it."""
        fan = self.fan(p, index)
        if p.paste_to is not None:
            x, y, w, h = p.paste_to
            fan = placed(fan, *originals.init_image(p, index).size, (x, y, x + w, y + h))
        return fan if fan.labels.shape[::-1] == size else placed(fan, *size, (0, 0, *size))

    def _whole(self, p: Any, index: int) -> tuple[Image.Image, np.ndarray]:
        source = originals.original(p, index)
        return source, self._placed(p, index, source.size).map

    def composite(self, p: Any, picture: Image.Image, index: int) -> Image.Image:
        """Return the picture with its strengths above it."""
        picture = super().composite(p, picture, index)
        fan = self._placed(p, index, picture.size)
        bar = with_bar(np.array(picture.convert("RGB")), fan)
        drawn = Image.fromarray(bar.picture)
        p.extra_generation_params |= {
            "DD stripes": infotext.places([s.strength for s in fan.stripes], bar.below(fan)),
            "DD bar": bar.height,
            "DD frame": "{}x{}".format(*drawn.size),
        }
        drawn.info = dict(picture.info)
        return drawn
