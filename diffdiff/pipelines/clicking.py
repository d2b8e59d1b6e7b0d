"""Maps of clicked points by a loaded pipeline's model, which is asked once for a picture."""

from __future__ import annotations

import hashlib
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image

from ..lru import LruCache
from ..maps.click import region, unit
from ..maps.geometry import resize
from ..settings.click import ClickArgs, parse_points
from ..settings.run import RunArgs
from .engine import Engine
from .looking import Progress, inner_features
from .noise_predictor import Prompted

KEPT = 4  # features of pictures, those that were used last

_known: WeakKeyDictionary[Engine, LruCache[tuple, np.ndarray]] = WeakKeyDictionary()


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
    run = run or RunArgs()
    frame, source = engine.frame(image, run), engine.fit(image, run)
    found = _features(engine, source, args, progress)
    if frame.worked == frame.size:
        return region(found, clicks, np.asarray(image), args.points_edges)
    own = clicks.scaled(*(a / b for a, b in zip(frame.size, image.size)))
    m = region(found, own, np.asarray(source), args.points_edges)
    return resize(frame.cut_map(m), *image.size)


def _features(
    engine: Engine, source: Image.Image, args: ClickArgs, progress: Progress | None
) -> np.ndarray:
    noises = args.points_level, args.points_noises, args.points_seed
    key = (hashlib.sha256(source.tobytes()).digest(), source.size, *noises)
    known = _known.setdefault(engine, LruCache(KEPT))
    found = known.get(key)
    if found is None:
        prompted = Prompted(engine, "Source click")
        found = known.put(key, unit(inner_features(prompted, source, *noises, progress=progress)))
    return found
