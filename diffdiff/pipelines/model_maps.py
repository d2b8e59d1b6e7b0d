"""Maps found by a loaded pipeline's model: DiffEdit's, those of words and of points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from ..maps import word_product
from ..maps.diffedit import finished
from ..maps.geometry import resize
from ..maps.layers import CLICK, WORDS, Layer
from ..maps.words import word_map
from ..settings.click import ClickArgs
from ..settings.run import RunArgs
from ..settings.sources import DiffEditArgs, WordsArgs
from ..settings.words import parse_words
from .clicking import find_clicked
from .engine import Engine
from .frame import Frame
from .looking import Progress, word_claims
from .looking_joint import JOINT, joint_claims
from .noise_predictor import Prompted, differ


def of_layer(
    engine: Engine,
    image: Image.Image,
    layer: Layer,
    prompt: str = "",
    run: RunArgs | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Find the map of a layer whose source asks the model: float32 `[H, W]` of the image's size.

    Args:
        prompt: DiffEdit's query where the layer has none.
        others: as in `find`.
    """
    inputs, args = layer.own, layer.finding
    if layer.source == WORDS:
        assert isinstance(args, WordsArgs)
        return find_words(engine, image, inputs.get("words") or "", args, run, progress)
    if layer.source == CLICK:
        assert isinstance(args, ClickArgs)
        return find_clicked(engine, image, inputs.get("points") or "", args, run, progress)
    assert isinstance(args, DiffEditArgs)
    query = (inputs.get("query") or "").strip() or prompt
    return find(engine, image, inputs.get("reference") or "", query, args, run, progress)


def find(
    engine: Engine,
    image: Image.Image,
    reference: str,
    query: str,
    args: DiffEditArgs,
    run: RunArgs | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Find the change map between two prompts (DiffEdit): float32 `[H, W]` in 0..1, of the image's
    size.

    Args:
        image: the input.
        run: whose width and height the model is to see it at, as the edit will.
        others: as in `differ`.
    """
    with_words = word_product.word_factor(args, reference, query)
    frame, source = _framed(engine, image, run)
    prompted = Prompted(engine)
    stack = differ(prompted, source, reference, query, args, progress)
    if with_words is None:
        return _unframed(lambda picture: finished(stack, picture.size, args), frame, image, source)
    found = word_claims(
        prompted,
        source,
        with_words.prompt,
        with_words.words.phrases,
        word_product.LEVEL,
        word_product.NOISES,
        args.diffedit_seed,
        progress,
        with_words.field,
    )

    def make(picture: Image.Image) -> np.ndarray:
        return word_product.finished(stack, found, with_words, np.asarray(picture), args)

    return _unframed(make, frame, image, source)


def find_words(
    engine: Engine,
    image: Image.Image,
    text: str,
    args: WordsArgs,
    run: RunArgs | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Find the change map of some words: float32 `[H, W]` in 0..1, of the image's size.

    Args:
        text: words with strengths (`diffdiff.settings.words`).
        others: as in `find`.

    Raises:
        FieldError: "words", "model".
    """
    words = parse_words(text)
    frame, source = _framed(engine, image, run)
    look = (
        source,
        words.prompt,
        words.phrases,
        args.words_level,
        args.words_noises,
        args.words_seed,
        progress,
    )
    if engine.family in JOINT:
        found = joint_claims(engine, *look)
    else:
        found = word_claims(Prompted(engine, "Source words"), *look)

    def make(picture: Image.Image) -> np.ndarray:
        return word_map(found, words, np.asarray(picture), args.words_edges)

    return _unframed(make, frame, image, source)


def _framed(engine: Engine, image: Image.Image, run: RunArgs | None) -> tuple[Frame, Image.Image]:
    run = run or RunArgs()
    return engine.frame(image, run), engine.fit(image, run)


def _unframed(
    make: Callable[[Image.Image], np.ndarray],
    frame: Frame,
    image: Image.Image,
    source: Image.Image,
) -> np.ndarray:
    """Return a map of the image's size: made for it, or cut out of what the model saw."""
    if frame.worked == frame.size:
        return make(image)
    return resize(frame.cut_map(make(source)), *image.size)
