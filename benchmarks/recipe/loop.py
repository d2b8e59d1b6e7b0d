"""The steps of a training: a loop that resumes where it stopped, its learning rate, its loss."""

from __future__ import annotations

import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from tqdm import tqdm


def rate_at(step: int, steps: int, peak: float, warm: int = 50) -> float:
    """Warm up, then a cosine to a hundredth."""
    if step < warm:
        return peak * (step + 1) / warm
    done = (step - warm) / max(steps - warm, 1)
    return peak * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)


def picture_loss(y: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Errors of the pixels and of their differences (edges); and that of the pixels alone."""
    edges = sum(F.l1_loss(y.diff(dim=d), x.diff(dim=d)) for d in (2, 3))
    pixels = F.l1_loss(y, x)
    return pixels + 0.5 * F.mse_loss(y, x) + edges, pixels


def descend(loss: torch.Tensor, optimizer, rate: float) -> None:
    """One step down, at a learning rate."""
    (group,) = optimizer.param_groups
    group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
    optimizer.step()


class Stage:
    """Weights, optimizer and place of one training loop, kept in one file."""

    def __init__(self, path: Path, steps: int, every: float = 120.0, **parts):
        self.path, self.steps, self.every, self.parts = path, steps, every, parts
        self.step, self.saved = 0, time.monotonic()
        if path.exists():
            state = torch.load(path, map_location="cpu", weights_only=True)
            self.step = state.pop("step")
            for name, value in state.items():
                parts[name].load_state_dict(value)

    def __iter__(self):
        with tqdm(total=self.steps, initial=self.step, desc=self.path.stem, unit="step") as bar:
            self.bar = bar
            while self.step < self.steps:
                yield self.step
                self.step += 1
                bar.update()
                if time.monotonic() - self.saved > self.every or self.step == self.steps:
                    self.save()

    def save(self) -> None:
        state = {name: part.state_dict() for name, part in self.parts.items()}
        partial = self.path.with_suffix(".partial")
        torch.save({"step": self.step, **state}, partial)
        partial.replace(self.path)
        self.saved = time.monotonic()
