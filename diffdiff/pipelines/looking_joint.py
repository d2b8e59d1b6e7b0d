"""Where a transformer with joint attention reads which word: Stable Diffusion 3 and Flux.1.

The pipeline itself prepares prompt and picture, and is stopped after its first model call.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

from ..errors import FieldError
from ..maps.words import ROOM, claims, positions
from ..sampling.inner import no_memory, out_of_memory
from ..sampling.joint import joint_attention
from ..settings.words import FIELD
from .engine import Engine
from .looking import Progress, token_ids


class Text(NamedTuple):
    """What a family's transformer reads first. tokenizer: its name in the pipeline. start: tokens
    before the prompt's first. room: tokens of the prompt."""

    tokenizer: str
    start: int
    room: int


JOINT = {"sd3": Text("tokenizer", 1, ROOM), "flux": Text("tokenizer_2", 0, 256)}


class _Enough(Exception):
    """Stops a pipeline after its first model call."""


def joint_claims(
    engine: Engine,
    picture: Image.Image,
    prompt: str,
    phrases: Sequence[str],
    level: float,
    count: int,
    seed: int,
    progress: Progress | None = None,
    field: str = FIELD,
) -> np.ndarray:
    """Return where the model reads each phrase of a prompt; as `looking.word_claims`.

    Args:
        engine: of a family in `JOINT`, with its text encoders.
        level: of the schedule, which these models shift: the picture is noised more than that.

    Raises:
        FieldError: `field`, or "model".
    """
    pipe, text = engine.pipe, JOINT[engine.family]
    tokenizer = getattr(pipe, text.tokenizer, None)
    if tokenizer is None:
        problem = "it has no text encoder"
        raise FieldError("model", problem, "Load the whole pipeline, its text encoder too")
    where, tokens = positions(token_ids(tokenizer), prompt, phrases, field, text.room)
    where = [[at - 1 + text.start for at in places] for places in where]
    size = {"width": picture.width, "height": picture.height}
    cells = (side // pipe.vae_scale_factor for side in (picture.height, picture.width))
    stop = pipe.transformer.register_forward_hook(_stop)
    try:
        with torch.no_grad(), joint_attention(pipe.transformer, *cells) as seen:
            for i in range(count):
                _one_call(pipe, prompt, picture, level, (seed + i) % 2**32, size)
                if progress is not None:
                    progress(i + 1, count)
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
        raise no_memory("Use a smaller image") from None
    finally:
        stop.remove()
        pipe.maybe_free_model_hooks()
    return claims(seen.layers(), where, tokens, text.start)


def _stop(*_: Any) -> None:
    raise _Enough


def _one_call(
    pipe: Any, prompt: str, picture: Image.Image, level: float, seed: int, size: dict[str, int]
) -> None:
    steps = math.ceil(1 / level)
    request = {
        "prompt": prompt,
        "image": picture,
        "strength": min(1 / steps * (1 + 1e-6), 1.0),
        "num_inference_steps": steps,
        "generator": torch.Generator("cpu").manual_seed(seed),
        "output_type": "latent",
        **size,
    }
    call: Callable[..., Any] = pipe.__call__
    known = inspect.signature(call).parameters
    if known["guidance_scale"].default > 1 and not hasattr(
        pipe.transformer.config, "guidance_embeds"
    ):
        request["guidance_scale"] = 1.0  # one prompt in a call, not two
    with suppress(_Enough):
        pipe(**{name: value for name, value in request.items() if name in known})
