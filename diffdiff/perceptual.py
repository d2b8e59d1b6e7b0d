"""LPIPS (Zhang et al., arXiv 1801.03924), where its package and its network are already there."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch

NETWORK = "alexnet-owt-7be5be79.pth"  # what torchvision would download

Distance = Callable[[np.ndarray, np.ndarray], float]


@cache
def distance() -> Distance | None:
    """LPIPS of two pictures, uint8 `[H, W, 3]`; None where it would need a download."""
    there = Path(torch.hub.get_dir()) / "checkpoints" / NETWORK
    if importlib.util.find_spec("lpips") is None or not there.is_file():
        return None
    import lpips

    network = lpips.LPIPS(net="alex", verbose=False).eval()

    def measured(before: np.ndarray, after: np.ndarray) -> float:
        pair = [torch.tensor(p).permute(2, 0, 1)[None] / 127.5 - 1 for p in (before, after)]
        with torch.no_grad():
            return float(network(*pair))

    return measured
