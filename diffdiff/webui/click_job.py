"""Points on the host's own model: its inner features are read once, then points cost nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..lru import LruCache
from ..maps.click import Scene, unit
from ..settings.click import Clicks
from . import model_job, words_job

KEPT = 4  # features of pictures, those that were used last

known: LruCache[str, Scene] = LruCache(KEPT)


class Found(NamedTuple):
    """scene: the picture with its features. calls: model evaluations that it cost now."""

    scene: Scene
    calls: int

    def region(self, clicks: Clicks, edges: bool) -> np.ndarray:
        """Return what the points belong to: float32 `[H, W]` of the picture's size."""
        return self.scene.region(clicks, edges)


def found(
    picture: Image.Image,
    width: int,
    height: int,
    level: float,
    noises: int,
    seed: int,
    networks: str = "",
    override_settings: dict[str, Any] | None = None,
    further: dict[str, Any] | None = None,
    ask: bool = True,
    name: str | None = None,
) -> Found | None:
    """Return what the model sees in a picture.

    Args:
        picture: RGB.
        width, height, level, noises, seed, networks, override_settings, further: as in
            `words_job.WordsQuery`.
        ask: False to have what is known, or None.
        name: the picture's `digest`, where it is known.

    Raises:
        FieldError: "points_level", "model"; "run" for an interrupted one.
    """
    query = words_job.WordsQuery(
        picture,
        "",
        (),
        width,
        height,
        level,
        noises,
        seed,
        networks,
        override_settings,
        further,
        level_field="points_level",
    )
    key = model_job.key(query._asdict() | {"size": query.size}, picture, name)
    scene = known.get(key)
    if scene is not None:
        return Found(scene, 0)
    if not ask:
        return None
    features = unit(words_job.inner_features(query))
    return Found(known.put(key, Scene(features, np.asarray(picture))), noises)
