"""DiffEdit's difference times the attention of words, as a request asks for it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..errors import FieldError
from ..settings.sources import DiffEditArgs
from ..settings.words import BEFORE, Words, changed_words, parse_words, plain
from .diffedit import finish, settle
from .words import product

FIELD = "diffedit_words"
LEVEL, NOISES = 0.2, 4  # of the look at the words


class WordFactor(NamedTuple):
    """What is looked for. prompt: what the model is given. field: of an error."""

    words: Words
    prompt: str
    field: str = FIELD


def word_factor(args: DiffEditArgs, reference: str, query: str) -> WordFactor | None:
    """Return the words that DiffEdit's map is multiplied with; None: with nothing.

    Those of the settings, or what the reference prompt has and the query has not.

    Raises:
        FieldError: "diffedit_words".
    """
    if args.diffedit_with != "words":
        return None
    if args.diffedit_words.strip():
        words = parse_words(args.diffedit_words, FIELD)
        return WordFactor(words, words.prompt)
    shows = plain(reference).lower()
    words = changed_words(shows, plain(query))
    if words is None:
        problem = "the reference prompt has no word that the query lacks"
        raise FieldError(FIELD, problem, "Name the words, such as red house 1, sky 0")
    return WordFactor(words, f"{BEFORE} {shows}")


def finished(
    stack: Tensor, found: np.ndarray, what: WordFactor, picture: np.ndarray, args: DiffEditArgs
) -> np.ndarray:
    """Turn `differences` and `claims` into a change map: float32 `[H, W]` in 0..1.

    Args:
        picture: uint8 `[H, W, 3]`, whose edges and size it gets.
    """
    height, width = picture.shape[:2]
    difference = settle(stack, args.diffedit_outliers, args.diffedit_amount)
    m = product(difference, found, what.words, picture, edges=True)
    return finish(torch.from_numpy(m), height, width, args.diffedit_cut, args.diffedit_grow)
