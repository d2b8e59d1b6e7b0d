"""The mask that an inpainting checkpoint sees."""

from __future__ import annotations

import torch
from torch import Tensor


def released_conditioning(condition: Tensor, held: Tensor, init: Tensor) -> Tensor:
    """Return the conditioning of an inpainting checkpoint, only what is released shown as masked.

    Args:
        condition: `[B, 1 + C, h, w]`, the mask (1 = masked) and the latent of the masked picture.
        held: bool `[B or 1, 1, h, w]`.
        init: `[B, C, h, w]` latent of the whole picture.
    """
    if condition.shape[2:] != init.shape[2:] or condition.shape[1] != init.shape[1] + 1:
        return condition  # the model is no inpainting checkpoint
    known = torch.cat([torch.zeros_like(init[:, :1]), init], 1).to(condition)
    return torch.where(held.to(condition.device), known, condition)
