"""Look into a loaded pipeline's model: where it reads which word, and its inner features.

The picture is noised a little and predicted once for each of some noises, while
`diffdiff.sampling.inner` watches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..maps import diffedit
from ..maps.words import claims, positions
from ..sampling.inner import features, no_memory, out_of_memory, text_attention
from ..sampling.noise_levels import noised
from ..settings.words import FIELD
from .noise_predictor import Prompted

Progress = Callable[[int, int], None]


def word_claims(
    prompted: Prompted,
    picture: Image.Image,
    prompt: str,
    phrases: Sequence[str],
    level: float,
    count: int,
    seed: int,
    progress: Progress | None = None,
    field: str = FIELD,
) -> np.ndarray:
    """Return where the model reads each phrase of a prompt: float32 `[phrases, h, w]`, 0 or more.

    Args:
        picture: as `Engine.fit` gives it.
        prompt: what the model is given, with the phrases in their order.
        level: noise level, as a fraction of the schedule. count, seed: of the noises.
        progress: called with (noises predicted, noises to predict).
        field: of an error that a phrase causes.

    Raises:
        FieldError: `field`, or "model".
    """
    tokenizer = getattr(prompted.pipe, "tokenizer", None) or prompted.pipe.tokenizer_2
    where, tokens = positions(token_ids(tokenizer), prompt, phrases, field)
    with prompted.session():
        init = prompted.encode(picture)
        with text_attention(prompted.pipe.unet, *init.shape[-2:]) as seen:
            _predict(prompted, init, prompt, picture.size, level, count, seed, progress)
        return claims(seen.layers(), where, tokens)


def inner_features(
    prompted: Prompted,
    picture: Image.Image,
    level: float = 0.1,
    count: int = 1,
    seed: int = 0,
    prompt: str = "",
    part: int = 2,
    progress: Progress | None = None,
) -> Tensor:
    """Return inner features of the model's second half: float32 `[C, h, w]` on the CPU.

    Args:
        part: h and w are at least the latent's sides by this; 2 is the finest that still says what
            things are (DIFT, Tang et al., arXiv 2306.03881).
        others: as in `word_claims`.

    Raises:
        FieldError: "model".
    """
    with prompted.session():
        init = prompted.encode(picture)
        with features(prompted.pipe.unet) as seen:
            _predict(prompted, init, prompt, picture.size, level, count, seed, progress)
        height, width = init.shape[-2:]
        return seen.first(-(-height // part), -(-width // part))


def _predict(
    prompted: Prompted,
    init: Tensor,
    prompt: str,
    size: tuple[int, int],
    level: float,
    count: int,
    seed: int,
    progress: Progress | None,
) -> None:
    """Predict the noises of a latent once; fewer at a time where the memory is short."""
    timestep = diffedit.noise_timestep(level, len(prompted.alphas))
    words, at = prompted.words(prompt, *size), prompted.level(timestep)
    noises = diffedit.draw(init, count, torch.Generator().manual_seed(seed))
    batch, done = min(prompted.batch(init), count), 0
    while done < count:
        try:
            prompted.noise(noised(init, noises[done : done + batch], at), timestep, words)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            if batch == 1:
                raise no_memory("Use a smaller image") from None
            batch //= 2
            continue
        done = min(done + batch, count)
        if progress is not None:
            progress(done, count)


def token_ids(tokenizer: Any) -> Callable[[str], list[int]]:
    """Return the function from a text to its tokens alone, without those around it."""
    return lambda text: tokenizer(text, add_special_tokens=False, verbose=False).input_ids
