"""Words on the host's own model: a small job whose sampler looks at what the attention reads.

What was read is cached: strengths, levels and softening cost nothing after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from modules import shared
from PIL import Image
from torch import Tensor

from ..lru import LruCache
from ..maps import diffedit
from ..maps.words import ROOM, claims, positions
from ..sampling.inner import features, no_memory, text_attention
from ..sampling.noise_levels import noised
from ..settings.words import FIELD
from . import host_words, model_job

KEPT = 16  # answers of the model, the latest ones

known: LruCache[str, np.ndarray] = LruCache(KEPT)
Watched = TypeVar("Watched")


class WordsQuery(NamedTuple):
    """What is looked for in a picture.

    picture: RGB. prompt: what the model is given, without syntax, with the phrases in their order.
    width, height: size of the run, pixels. level: noise, as a fraction of the schedule;
    noises: how many; seed: theirs. networks: extra networks of the run, as its prompt names them.
    override_settings: the job's own; further: further settings of the job's object. field: of an
    error that a phrase causes; level_field: of one that the level causes.
    """

    picture: Image.Image
    prompt: str
    phrases: tuple[str, ...]
    width: int
    height: int
    level: float
    noises: int
    seed: int
    networks: str = ""
    override_settings: dict[str, Any] | None = None
    further: dict[str, Any] | None = None
    field: str = FIELD
    level_field: str = "words_level"

    @property
    def size(self) -> tuple[int, int]:
        """The size that the model sees (`model_job.size_of`)."""
        return model_job.size_of(self.picture, self.width, self.height)


class Found(NamedTuple):
    """claims: as `maps.words.claims` returns them. calls: model evaluations that it cost now."""

    claims: np.ndarray
    calls: int


def found(query: WordsQuery, ask: bool = True) -> Found | None:
    """Return what the model reads where.

    Args:
        ask: False to have what is known, or None.

    Raises:
        FieldError: `query.field`, "model"; "run" for an interrupted one.
    """
    key = model_job.key(query._asdict() | {"size": query.size}, query.picture)
    stack = known.get(key)
    if stack is not None:
        return Found(stack, 0)
    if not ask:
        return None
    return Found(known.put(key, _find(query)), query.noises)


def _find(query: WordsQuery) -> np.ndarray:
    def read(call: model_job.Call) -> np.ndarray:
        height, width = call.init.shape[-2:]
        with text_attention(host_words.network(), height, width) as seen:
            _predict(call, query)
        layers = seen.layers()  # refuses models whose tokenizers may be of any kind
        tokenize = host_words.tokenizer()  # of the job's own checkpoint
        where, count = positions(tokenize, query.prompt, query.phrases, query.field)
        if count < ROOM:
            host_words.check_plain(query.prompt, count, query.field)
        return claims(layers, where, count)

    return _run(query, read)


def inner_features(query: WordsQuery, part: int = 2) -> Tensor:
    """Return inner features of the model's second half: float32 `[C, h, w]` on the CPU.

    Args:
        query: its phrases are not looked for.
        part: h and w are at least the latent's sides by this.

    Raises:
        FieldError: "model"; "run" for an interrupted one.
    """

    def read(call: model_job.Call) -> Tensor:
        with features(host_words.network()) as seen:
            _predict(call, query)
        height, width = call.init.shape[-2:]
        return seen.first(-(-height // part), -(-width // part))

    return _run(query, read)


def _run(query: WordsQuery, read: Callable[[model_job.Call], Watched]) -> Watched:
    prompt = f"{query.networks} {query.prompt}".strip()
    # as the negative prompt too: whichever of the two the host asks for, alone or in one call,
    # the answer is that of this prompt
    return model_job.run(
        query.picture,
        query.size,
        prompt,
        query.prompt,
        read,
        (),
        query.override_settings,
        query.further,
    )


def _predict(call: model_job.Call, query: WordsQuery) -> None:
    """Have the noises predicted once, while someone watches."""
    level, sigma = model_job.level_of(call.p.sampler, query.level, query.level_field)
    noises = diffedit.draw(call.init, query.noises, torch.Generator().manual_seed(query.seed))
    shared.state.sampling_steps, shared.state.sampling_step = len(noises), 0
    for some in noises.split(call.batch()):
        x = noised(call.init, some, level)
        try:
            model_job.halved(x, lambda x: call.ask(x, sigma, 1.0, query.level))
        except RuntimeError as error:
            if not model_job.out_of_memory(error):
                raise
            raise no_memory("Use a smaller width and height") from None
        shared.state.sampling_step += len(some)
