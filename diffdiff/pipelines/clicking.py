"""Maps of clicked points by a loaded pipeline's model, which runs once for each picture."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image

from ..images.pictures import digest
from ..lru import LruCache
from ..maps.click import Scene, in_levels, unit
from ..maps.geometry import resize
from ..settings.click import ClickArgs, Clicks, parse_points
from ..settings.run import RunArgs
from .engine import Engine
from .frame import Frame
from .looking import Progress, inner_features
from .noise_predictor import Prompted

KEPT = 4  # features of pictures, those that were used last

_known: WeakKeyDictionary[Engine, LruCache[Hashable, Scene]] = WeakKeyDictionary()


class Look(NamedTuple):
    """What a model has seen in a picture, in its frame. size: of the picture. calls: noises
    predicted for it now."""

    scene: Scene
    frame: Frame
    size: tuple[int, int]
    calls: int

    def region(self, clicks: Clicks, edges: bool = True) -> np.ndarray:
        """Return what the points belong to: float32 `[H, W]` of the picture's size.

        Raises:
            FieldError: "points".
        """
        if self.frame.worked == self.frame.size:
            return self.scene.region(clicks, edges)
        scaled = clicks.scaled(*(a / b for a, b in zip(self.frame.size, self.size)))
        m = resize(self.frame.cut_map(self.scene.region(scaled, edges)), *self.size)
        return in_levels(m.copy())


def find_clicked(
    engine: Engine,
    image: Image.Image,
    text: str,
    args: ClickArgs,
    run: RunArgs | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Find the change map of some points: float32 `[H, W]` in 0..1, of the image's size.

    The model's features of the latest pictures are kept: other points cost no call.

    Args:
        text: points and a box (`diffdiff.settings.click`), in pixels of the image.
        run: whose width and height the model is to see it at, as the edit will.
        progress: called with (noises predicted, noises to predict).

    Raises:
        FieldError: "points", "model".
    """
    clicks = parse_points(text, image.size)
    look = look_at(engine, image, args, run, progress)
    return look.region(clicks, args.points_edges)


def look_at(
    engine: Engine,
    image: Image.Image,
    args: ClickArgs,
    run: RunArgs | None = None,
    progress: Progress | None = None,
    name: str | None = None,
) -> Look:
    """Look at an image, for points in it; without a model call if the look is known.

    Args:
        run, progress: as in `find_clicked`.
        name: the image's `digest`, where it is known: a large one takes longer than a region.

    Raises:
        FieldError: "model".
    """
    run = run or RunArgs()
    frame, key = _place(engine, image, args, run, name)
    known = _kept(engine, image, frame, key)
    if known is not None:
        return known
    source = engine.fit(image, run)
    seen = image if frame.worked == frame.size else source
    prompted = Prompted(engine, "Source click")
    features = inner_features(prompted, source, *_noises(args), progress=progress)
    scene = _known[engine].put(key, Scene(unit(features), np.asarray(seen)))
    return Look(scene, frame, image.size, args.points_noises)


def known_look(
    engine: Engine,
    image: Image.Image,
    args: ClickArgs,
    run: RunArgs | None = None,
    name: str | None = None,
) -> Look | None:
    """Return the look at an image that `look_at` made before, or None."""
    return _kept(engine, image, *_place(engine, image, args, run or RunArgs(), name))


def _kept(engine: Engine, image: Image.Image, frame: Frame, key: Hashable) -> Look | None:
    scene = _known.setdefault(engine, LruCache(KEPT)).get(key)
    return None if scene is None else Look(scene, frame, image.size, calls=0)


def _noises(args: ClickArgs) -> tuple[float, int, int]:
    return args.points_level, args.points_noises, args.points_seed


def _place(
    engine: Engine, image: Image.Image, args: ClickArgs, run: RunArgs, name: str | None
) -> tuple[Frame, Hashable]:
    """Return where the image lies in what the model sees, and the key of its look."""
    frame = engine.frame(image, run)
    return frame, (name or digest(image), frame, *_noises(args))
