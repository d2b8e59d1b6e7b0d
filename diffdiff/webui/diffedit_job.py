"""DiffEdit on the host's own model: a small job whose sampler compares two prompts.

The model's answers are cached, so that everything after it costs nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from modules import shared
from PIL import Image
from torch import Tensor

from ..errors import FieldError
from ..lru import LruCache
from ..maps import diffedit
from ..settings.sources import DiffEditArgs, check_prompts
from . import host, model_job
from .host_words import without_networks

KEPT = 16  # answers of the model, the latest ones

known: LruCache[str, Tensor] = LruCache(KEPT)


class DiffEditQuery(NamedTuple):
    """What a map is found from.

    picture: RGB. reference, query: prompts; styles: names of those that the query gets.
    width, height: size of the run that the map is for, pixels. override_settings: the job's own;
    further: further settings of the job's object.
    """

    picture: Image.Image
    reference: str
    query: str
    width: int
    height: int
    styles: tuple[str, ...] = ()
    override_settings: dict[str, Any] | None = None
    further: dict[str, Any] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """The size that the model sees (`model_job.size_of`)."""
        return model_job.size_of(self.picture, self.width, self.height)


class Found(NamedTuple):
    """stack: as `differences` returns it. calls: model evaluations that it cost now."""

    stack: Tensor
    calls: int


def differences(query: DiffEditQuery, args: DiffEditArgs, ask: bool = True) -> Tensor | None:
    """Return the model's answers (`maps.diffedit.differences`): float32 `[n, h, w]`, on the CPU.

    Args:
        ask: False to have what is known, or None.

    Raises:
        FieldError: "query", "diffedit_level", "model"; "run" for an interrupted one.
    """
    answer = found(query, args, ask)
    return None if answer is None else answer.stack


def found(query: DiffEditQuery, args: DiffEditArgs, ask: bool = True) -> Found | None:
    """Return the same with its cost; arguments and errors as for `differences`."""
    check_prompts(query.reference, query.query)
    key = _key(query, args)
    stack = known.get(key)
    if stack is not None:
        return Found(stack, 0)
    if not ask:
        return None
    stack = known.put(key, _find(query, args))
    return Found(stack, 2 * len(stack))  # both prompts with each noise


def _key(query: DiffEditQuery, args: DiffEditArgs) -> str:
    inputs = query._asdict() | {
        "size": query.size,
        "noises": (args.diffedit_noises, args.diffedit_level, args.diffedit_seed),
        "styles": [str(shared.prompt_styles.styles.get(name)) for name in query.styles],
    }
    return model_job.key(inputs, query.picture)


def _find(query: DiffEditQuery, args: DiffEditArgs) -> Tensor:
    return model_job.run(
        query.picture,
        query.size,
        query.query,
        without_networks(query.reference),
        lambda call: _compare(call, args),
        query.styles,
        query.override_settings,
        query.further,
    )


def _compare(call: model_job.Call, args: DiffEditArgs) -> Tensor:
    """Ask the denoiser for both prompts: the prompt, and the negative prompt."""
    if getattr(shared.sd_model, "cond_stage_key", None) == "edit":
        remedy = "Load another checkpoint"
        raise FieldError("model", "DiffEdit is not for InstructPix2Pix checkpoints", remedy)
    part = args.diffedit_level
    level, sigma = model_job.level_of(call.p.sampler, part, "diffedit_level")
    generator = torch.Generator().manual_seed(args.diffedit_seed)
    noises = diffedit.draw(call.init, args.diffedit_noises, generator)
    shared.state.sampling_steps, shared.state.sampling_step = 2 * len(noises), 0

    def ask(x: Tensor) -> tuple[Tensor, Tensor]:
        with host.capture_cond_uncond(call.denoiser) as answers:
            call.ask(x, sigma, 2.0, part)
        return answers[0]

    def predict(x: Tensor) -> tuple[Tensor, Tensor]:
        queries, references = zip(*model_job.halved(x, ask))
        return torch.cat(queries), torch.cat(references)

    def on_progress(done: int, of: int) -> None:
        shared.state.sampling_step = done

    batch = call.batch(args.diffedit_batch)
    return diffedit.differences(predict, call.init, level, noises, batch, on_progress)
