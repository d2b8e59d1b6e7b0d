"""LPIPS (Zhang et al., arXiv 1801.03924), where its package and its network are installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch

NETWORK = "alexnet-owt-7be5be79.pth"  # what torchvision would download

Distance = Callable[[np.ndarray, np.ndarray], float]
DistanceMap = Callable[[np.ndarray, np.ndarray], np.ndarray]


@cache
def distance() -> Distance | None:
    """Return the LPIPS of two pictures, uint8 `[H, W, 3]`; None where it would need a download."""
    network = _network()
    return network and (lambda before, after: float(network(*_pair(before, after))))


@cache
def distance_map() -> DistanceMap | None:
    """Return the spatial LPIPS of two pictures: float32 `[H, W]`; None where it would need a
    download."""
    network = _network(spatial=True)
    return network and (lambda before, after: network(*_pair(before, after))[0, 0].numpy())


def _network(**more: bool) -> Callable[..., torch.Tensor] | None:
    there = Path(torch.hub.get_dir()) / "checkpoints" / NETWORK
    if importlib.util.find_spec("lpips") is None or not there.is_file():
        return None
    import lpips

    network = lpips.LPIPS(net="alex", verbose=False, **more).eval()
    return torch.no_grad()(network)


def _pair(*pictures: np.ndarray) -> list[torch.Tensor]:
    return [torch.tensor(p).permute(2, 0, 1)[None] / 127.5 - 1 for p in pictures]
