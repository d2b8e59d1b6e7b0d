"""Whether a pipeline's results are finite: pictures cannot show it, since 8 bits hold no NaN."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from ..sampling.finite import PIXELS, Finite

MODEL = "Use --dtype float32 or bfloat16, or another checkpoint"
VAE = (
    "Use --dtype float32 or bfloat16; Stable Diffusion XL's own VAE overflows in float16, a "
    "checkpoint with the repaired one does not"
)


@contextmanager
def decoded(pipe: Any, notes: Finite) -> Iterator[None]:
    """Note what a pipeline's VAE decodes, for the duration of a `with`.

    A hook and not another `decode`: pipelines that share a VAE run side by side.
    """
    pipe = getattr(pipe, "decoder_pipe", pipe)  # Kandinsky has a separate pipeline for prompts

    def see(_module: Any, _inputs: Any, pixels: torch.Tensor) -> None:
        notes.see(PIXELS, pixels)

    with ExitStack() as stack:
        for name in ("vae", "movq"):
            decoder = getattr(getattr(pipe, name, None), "decoder", None)
            if isinstance(decoder, torch.nn.Module):
                hook = decoder.register_forward_hook(see)
                stack.callback(hook.remove)
        yield
