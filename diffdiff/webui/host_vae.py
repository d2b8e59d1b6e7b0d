"""The host's VAE, as a module."""

from __future__ import annotations

from typing import Any

import torch
from modules import shared

from . import host


def decoder() -> torch.nn.Module | None:
    """Return the module that turns latents into pixels; None where it is no separate module, or not
    a module."""
    parts = host.engine()
    owner: Any = shared.sd_model if parts is None else getattr(parts, "vae", None)
    found = getattr(getattr(owner, "first_stage_model", None), "decoder", None)
    return found if isinstance(found, torch.nn.Module) else None
