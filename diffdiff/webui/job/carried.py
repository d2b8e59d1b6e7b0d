"""A job's maps as they travel with its pictures."""

from __future__ import annotations

import numpy as np

from ...maps.embedded import pack
from .. import infotext


class Carried:
    """The maps of a job before they are shaped: one, or one for every picture of a batch.

    regions: that the painter made the only map of, as text.
    """

    def __init__(self, raw: list[np.ndarray], regions: str | None = None):
        self.raw, self.regions = raw, regions
        self.texts: dict[int, str] = {}

    def _place(self, index: int) -> int:
        return index % len(self.raw)

    def packed(self, index: int) -> str:
        """Return the map of picture `index` as a text."""
        place = self._place(index)
        if place not in self.texts:
            self.texts[place] = pack(self.raw[place])
        return self.texts[place]

    def mark(self, index: int = 0) -> str | None:
        """Return the fingerprint of the map of picture `index`; None while there is no map."""
        return infotext.fingerprint([self.raw[self._place(index)]]) if self.raw else None
