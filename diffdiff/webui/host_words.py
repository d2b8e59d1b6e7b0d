"""What reading words needs of a host: its text encoder's tokenizer, its network."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from modules import extra_networks, shared

from ..errors import FieldError
from ..sampling.inner import REMEDY
from . import host

NETWORK = re.compile(r"<[^<>]*>")


def _text_encoders() -> list[Any]:
    model = shared.sd_model
    owned = [value for name, value in vars(model).items() if name.startswith("text_processing_")]
    owners = [getattr(model, "cond_stage_model", None), *owned]
    return [one for one in owners if hasattr(one, "tokenize")]


def tokenizer() -> Callable[[str], list[int]]:
    """Return the loaded model's own tokenizer.

    Raises:
        FieldError: "model", where there is none.
    """
    encoders = _text_encoders()
    if not encoders:
        raise FieldError("model", "its tokenizer cannot be read", REMEDY)
    return lambda text: list(encoders[0].tokenize([text])[0])


def check_plain(prompt: str, count: int, field: str) -> None:
    """Check that the host reads a prompt as that many tokens, as its tokenizer does: it replaces
    the names of its embeddings.

    Raises:
        FieldError: `field`.
    """
    for encoder in _text_encoders():
        if hasattr(encoder, "process_texts"):
            if int(encoder.process_texts([prompt])[1]) != count:
                problem = "one of these words is the name of an embedding"
                raise FieldError(field, problem, "Use another word for it")
            return


def network() -> Any:
    """Return the module that predicts noise: UNet or transformer."""
    model = host.inner_model()
    return getattr(getattr(model, "model", model), "diffusion_model", model)


def networks_of(prompt: str) -> str:
    """Return the extra networks that a prompt names, as it names them."""
    return " ".join(NETWORK.findall(prompt))


def without_networks(prompt: str) -> str:
    """Return a prompt without its extra networks."""
    return extra_networks.parse_prompt(prompt)[0]
