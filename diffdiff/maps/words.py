"""Words become a map: where a model's cross-attention reads which word of a prompt.

The idea is that of Prompt-to-Prompt (Hertz et al., arXiv 2208.01626) and DAAM (Tang et al., arXiv
2210.04885): a cell that shows a house reads "house". What `diffdiff.sampling.inner` has seen
becomes a claim of each word on each cell, takes on the picture's edges, and gets the word's
strength.

Together with DiffEdit's difference it is LEDITS++ (Brack et al., arXiv 2311.16711), whose
intersection of two cut masks is a product here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from ..errors import FieldError, shown
from ..settings.words import FIELD, Words
from .diffedit import otsu
from .guided import enlarged, guided

ROOM = 75  # tokens of a prompt that one call of the text encoder holds, without start and end
RADIUS, EPS = 0.25, 1e-4  # of the guided filter
PERCENTILE, POWER = 99.0, 0.8
ENOUGH = 512 * 512  # pixels that a map is measured by
SMALL = 1e-6
LEAST = 0.5  # of a word beside others, where it has most, to be stretched to 1
WEIGHT = 0.75  # of the words beside a difference: so much of it goes where none is read

Tokenize = Callable[[str], "list[int]"]
"""`text -> the model's own tokens of it, without start and end`."""


def positions(
    tokenize: Tokenize, prompt: str, phrases: Sequence[str], field: str = FIELD, room: int = ROOM
) -> tuple[list[list[int]], int]:
    """Return where the tokens of each phrase are in a prompt, counted with the start token, and how
    many tokens the prompt has.

    A word that the tokenizer splits has all of its pieces. Phrases stand in the prompt in their
    order.

    Raises:
        FieldError: names the first phrase that is not there, or past what the model reads.
    """
    whole, found, at = list(tokenize(prompt)), [], 0
    for phrase in phrases:
        own = list(tokenize(phrase))
        starts = range(at, len(whole) - len(own) + 1)
        start = next((i for i in starts if own and whole[i : i + len(own)] == own), None)
        if start is None:
            problem = f"the model's tokenizer does not keep {shown(phrase)}"
            raise FieldError(field, problem, "Use another word for it")
        at = start + len(own)
        if at > room:
            problem = f"{shown(phrase)} lies past the {room} tokens that the model reads at once"
            raise FieldError(field, problem, "Use fewer or shorter words")
        found.append([1 + i for i in range(start, at)])
    return found, min(len(whole), room)


def claims(
    layers: Sequence[Tensor], where: Sequence[Sequence[int]], count: int, start: int = 1
) -> np.ndarray:
    """Return how much each cell reads of each phrase: float32 `[phrases, h, w]`, 0..1.

    Of what a cell reads of the prompt's own tokens; start, end and padding take most of it and say
    nothing. Mean over a phrase's tokens and over the layers, at the finest layer's size.

    Args:
        layers: float32 `[h, w, n]` each, as `diffdiff.sampling.inner` gives them.
        where, count: as `positions` gives them.
        start: tokens before the prompt's first one.
    """
    height, width = max((layer.shape[:2] for layer in layers), key=lambda s: s[0] * s[1])
    total = np.zeros((len(where), height, width), np.float32)
    for layer in layers:
        own = layer[..., start : count + start]
        shares = own / own.sum(-1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)
        for i, at in enumerate(where):
            mean = shares[..., [p - 1 for p in at]].mean(-1).numpy()
            total[i] += enlarged(mean, width, height)
    return total / len(layers)


def normal(m: np.ndarray) -> np.ndarray:
    """Stretch a map `[H, W]`, 0 or more, to 0..1 by its two classes: Otsu's threshold lies at 0.5,
    what is twice as far above the least at 1.

    The threshold is that of the values to the power 0.8: of the values themselves it is best for
    small objects, of their roots, as DiffEdit has it here, for large areas. A map that is the same
    everywhere is 1 everywhere.
    """
    some = _some(m).astype(np.float64)
    lowest = some.min()
    some = np.minimum(some, np.percentile(some, PERCENTILE)) - lowest
    highest = some.max()
    if not highest:
        return np.ones(m.shape, np.float32)
    middle = float(otsu(torch.from_numpy((some / highest) ** POWER)) ** (1 / POWER)) * highest
    m = np.clip(m - lowest, 0, highest)
    above = np.minimum((m - middle) / (min(highest, 2 * middle) - middle), 1)
    return (np.where(m < middle, m / middle, 1 + above) / 2).astype(np.float32)


def _some(m: np.ndarray) -> np.ndarray:
    """Return enough values of maps `[..., H, W]` to measure them."""
    step = math.ceil(math.sqrt(m.shape[-2] * m.shape[-1] / ENOUGH))
    return m[..., ::step, ::step]


def refined(m: np.ndarray, picture: np.ndarray, edges: bool) -> np.ndarray:
    """Bring a map of cells to a picture, float32 `[H, W]` in 0..1.

    Args:
        m: float32 `[h, w]`, 0 or more.
        picture: uint8 `[H, W, 3]`.
        edges: follow its edges (`diffdiff.maps.guided`); else the map is only enlarged.
    """
    height, width = picture.shape[:2]
    return normal(guided(m, picture, RADIUS, EPS) if edges else enlarged(m, width, height))


def joined(parts: Sequence[np.ndarray], words: Words) -> np.ndarray:
    """Give each word its strength where it is: float32 `[H, W]` in 0..1.

    Words that claim the same pixel share it by the squares of their claims. What a word then has is
    stretched to 1 where it has most, twice at most. A pixel's value is the mean of its words'
    strengths, and of the rest's for what is left.

    Args:
        parts: float32 `[H, W]` in 0..1 for each word.
    """
    claimed = np.asarray(parts, np.float32)
    own = np.square(claimed)
    own = own * claimed.max(0) / np.maximum(own.sum(0), SMALL)
    highest = np.percentile(_some(own), PERCENTILE, axis=(1, 2), keepdims=True).astype(np.float32)
    own = np.minimum(own / np.maximum(highest, LEAST), 1)
    own = own / np.maximum(own.sum(0), 1)
    strengths = np.array(words.strengths, np.float32) - np.float32(words.rest)
    return np.clip(words.rest + np.tensordot(strengths, own, 1), 0, 1).astype(np.float32)


def word_map(found: np.ndarray, words: Words, picture: np.ndarray, edges: bool) -> np.ndarray:
    """Return the map of some words: float32 `[H, W]` in 0..1.

    Args:
        found: `claims` of the words' phrases.
        picture, edges: as in `refined`.
    """
    return joined([refined(claim, picture, edges) for claim in found], words)


def product(
    difference: Tensor, found: np.ndarray, words: Words, picture: np.ndarray, edges: bool
) -> np.ndarray:
    """Return where two prompts differ and the words are, both: float32 `[H, W]` in 0..1.

    The product of the two maps of cells, brought to the picture as one; a quarter of a difference
    stays where no word is read. The strongest word's strength is the highest value.

    Args:
        difference: float32 `[h, w]` in 0..1, DiffEdit's settled map.
        others: as in `word_map`.
    """
    highest = max(*words.strengths, words.rest)
    if not highest:
        return np.zeros(picture.shape[:2], np.float32)
    height, width = difference.shape
    spans = [enlarged(claim, width, height) for claim in found]
    parts = [(m - m.min()) / max(float(m.max() - m.min()), SMALL) for m in spans]
    m = joined(parts, words) / np.float32(highest) * WEIGHT + (1 - WEIGHT)
    return refined(m * difference.numpy(), picture, edges) * np.float32(highest)
