"""The judge of the toy world's pictures: a small CNN that tells a scene's attributes.

It learns from the painter alone, never from a model's pictures nor from pictures that a model was
trained on. Blur, noise and smooth stains while it learns make it indifferent to what a VAE does.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import multiprocessing
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from benchmarks.recipe.train import MIRROR
from diffdiff.toyworld import paint as painter
from diffdiff.toyworld import palette, world
from diffdiff.toyworld.world import VALUES, Scene, random_scene

SIZE = 64  # pixels that the probe looks at
PAINTED = 128  # pixels of a picture as painted
LEAST = 0.97  # right, of pictures it never saw, for every attribute
CHANNELS = (32, 64, 96, 128)
# seeds of scenes: the model's are recipe.seed * 10**6 and on
SEEDS = {"train": 90_000_000, "test": 91_000_000}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How the probe is trained."""

    seed: int = 1
    pictures: int = 4000
    tests: int = 1000
    epochs: int = 8
    batch: int = 64
    rate: float = 4e-3


class Probe(nn.Module):
    """Pictures `[B, 3, 64, 64]` in -1..1 -> attribute -> logits `[B, values]`."""

    def __init__(self):
        super().__init__()
        self.stages, before = nn.ModuleList(), 3
        for after in CHANNELS:
            conv = nn.Conv2d(before, after, 3, padding=1, bias=False)
            self.stages.append(nn.Sequential(conv, nn.BatchNorm2d(after), nn.ReLU()))
            before = after
        # where a thing stands must stay known: no pooling over the last 4x4
        side = SIZE // 2 ** len(CHANNELS)
        self.trunk = nn.Sequential(
            nn.Flatten(), nn.Dropout(0.2), nn.Linear(before * side**2, 128), nn.ReLU()
        )
        self.heads = nn.ModuleDict({name: nn.Linear(128, len(v)) for name, v in VALUES.items()})

    def features(self, x: Tensor) -> list[Tensor]:
        """Of every stage, `[B, C, s, s]` with s = 64, 32, 16, 8; never negative."""
        found = []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
            x = F.max_pool2d(x, 2)
        return found

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        seen = self.trunk(F.max_pool2d(self.features(x)[-1], 2))
        return {name: head(seen) for name, head in self.heads.items()}


def batch_of(pictures: np.ndarray) -> Tensor:
    """uint8 `[B, H, W, 3]`, square -> float32 `[B, 3, 64, 64]` in -1..1."""
    x = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2) / 127.5 - 1
    return F.interpolate(x, (SIZE, SIZE), mode="area")


@torch.no_grad()
def answers(probe: Probe, pictures: np.ndarray) -> np.ndarray:
    """uint8 `[B, H, W, 3]` -> int64 `[B, 7]`: the index of each attribute's likeliest value."""
    parts = [
        torch.stack([logits.argmax(1) for logits in probe(batch_of(p)).values()], 1)
        for p in np.array_split(pictures, max(len(pictures) // 128, 1))
    ]
    return torch.cat(parts).numpy()


def labels(scenes: list[Scene]) -> np.ndarray:
    """int64 `[B, 7]`, in the order of `VALUES`."""
    rows = [[v.index(getattr(s, name)) for name, v in VALUES.items()] for s in scenes]
    return np.array(rows, np.int64)


@torch.no_grad()
def distance(probe: Probe, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How unlike two pictures are, in place: LPIPS's form on the probe's features.

    The squared difference of features of unit length, summed over channels, averaged over stages.

    Args:
        a, b: uint8 `[B, H, W, 3]`.
    Returns:
        float32 `[B, H, W]`, 0 (the same) to 2.
    """
    size, total = a.shape[1:3], torch.zeros(len(a), *a.shape[1:3])
    for x, y in zip(probe.features(batch_of(a)), probe.features(batch_of(b))):
        apart = (F.normalize(x, dim=1) - F.normalize(y, dim=1)).square().sum(1, keepdim=True)
        total += F.interpolate(apart, size, mode="bilinear", align_corners=False)[:, 0]
    return (total / len(CHANNELS)).numpy()


def _painted(seed: int) -> tuple[np.ndarray, Scene]:
    scene = random_scene(np.random.default_rng(seed))
    picture = painter.paint(scene, PAINTED)
    return cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA), scene


def painted(part: str, count: int, workers: int | None = None) -> tuple[np.ndarray, list[Scene]]:
    """Pictures uint8 `[count, 64, 64, 3]` of fresh scenes; part: "train" or "test"."""
    seeds = range(SEEDS[part], SEEDS[part] + count)
    with multiprocessing.get_context("spawn").Pool(workers or os.cpu_count()) as pool:
        drawn = pool.imap(_painted, seeds, chunksize=16)
        rows = list(tqdm(drawn, f"probe: paint, {part}", count, unit="picture", leave=False))
    return np.stack([picture for picture, _ in rows]), [scene for _, scene in rows]


def worn(x: Tensor, generator: torch.Generator) -> Tensor:
    """`[B, 3, 64, 64]`, a little moved, recoloured, stained, blurred and noisy."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(len(x), *shape, generator=generator)

    def normal(size: int) -> Tensor:
        return torch.randn(len(x), 3, size, size, generator=generator)

    zoom, move = uniform(0.95, 1.05, 1), uniform(-0.06, 0.06, 2)
    theta = torch.zeros(len(x), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = zoom[:, 0], zoom[:, 0], move
    grid = F.affine_grid(theta, x.shape, align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
    x = x * uniform(0.92, 1.08, 3, 1, 1) + uniform(-0.05, 0.05, 3, 1, 1)
    # stains of the size of a latent's errors
    x = x + uniform(0, 0.1, 1, 1, 1) * F.interpolate(normal(SIZE // 4), x.shape[2:], mode="bicubic")
    sigma = uniform(0.01, 1.2, 1, 1)
    taps = torch.exp(-(torch.arange(-3, 4) ** 2) / (2 * sigma**2))
    taps = (taps / taps.sum(-1, keepdim=True)).repeat_interleave(3, 0)
    flat = x.reshape(1, -1, SIZE, SIZE)
    flat = F.conv2d(flat, taps[:, :, :, None], padding=(3, 0), groups=flat.shape[1])
    flat = F.conv2d(flat, taps[:, :, None], padding=(0, 3), groups=flat.shape[1])
    return flat.view_as(x) + uniform(0, 0.06, 1, 1, 1) * normal(SIZE)


def mirrored(x: Tensor, y: Tensor, flip: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror images where flip `[B]` says so: left becomes right, in the labels `[B, 7]` too."""
    names = VALUES["place"]
    swap = torch.tensor([names.index(MIRROR[name]) for name in names])
    at, y = list(VALUES).index("place"), y.clone()
    y[:, at] = torch.where(flip, swap[y[:, at]], y[:, at])
    return torch.where(flip[:, None, None, None], x.flip(3), x), y


def train(recipe: Recipe, pictures: np.ndarray, scenes: list[Scene]) -> Probe:
    """The same recipe and pictures give the same probe, on one machine."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        probe = Probe().to(memory_format=torch.channels_last)
        generator = torch.Generator().manual_seed(recipe.seed)
        xs, ys = batch_of(pictures), torch.from_numpy(labels(scenes))
        steps = recipe.epochs * (len(xs) // recipe.batch)
        optimizer = torch.optim.AdamW(probe.parameters(), recipe.rate, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, steps)
        bar = tqdm(total=steps, desc="probe: train", unit="step", leave=False)
        for _ in range(recipe.epochs):
            order = torch.randperm(len(xs), generator=generator)
            for index in order[: len(xs) // recipe.batch * recipe.batch].split(recipe.batch):
                flip = torch.rand(len(index), generator=generator) < 0.5
                x, y = mirrored(xs[index], ys[index], flip)
                x = worn(x, generator).contiguous(memory_format=torch.channels_last)
                with torch.autocast("cpu", torch.bfloat16):
                    said = probe(x).values()
                loss = sum(
                    F.cross_entropy(logits.float(), y[:, i], label_smoothing=0.05)
                    for i, logits in enumerate(said)
                )
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                schedule.step()
                bar.update()
                bar.set_postfix(loss=f"{loss.item():.2f}")
        bar.close()
    return probe.eval().requires_grad_(False)


def key(recipe: Recipe) -> str:
    """Changes with the recipe, the painter, the world and this file."""
    told = json.dumps(dataclasses.asdict(recipe)).encode()
    sources = [
        Path(p).read_bytes() for p in (painter.__file__, palette.__file__, world.__file__, __file__)
    ]
    return hashlib.sha256(b"\0".join([told, *sources])).hexdigest()[:12]


def get(cache: Path, recipe: Recipe = Recipe()) -> tuple[Probe, dict]:
    """The probe, from the cache or newly trained, and how it did.

    Returns:
        probe, and {"test": attribute -> part right of held-out painted pictures, "tests": count,
        "seconds": to paint and to train, "cached": bool}.
    """
    path, probe = cache / f"probe-{key(recipe)}.pt", Probe()
    if path.exists():
        state = torch.load(path, map_location="cpu", weights_only=True)
        probe.load_state_dict(state["probe"])
        return probe.eval().requires_grad_(False), state["report"] | {"cached": True}
    print("The probe is trained once, which takes some minutes.", file=sys.stderr)
    began = time.monotonic()
    pictures, scenes = painted("train", recipe.pictures)
    drawn = time.monotonic()
    probe = train(recipe, pictures, scenes)
    trained = time.monotonic()
    pictures, scenes = painted("test", recipe.tests)
    right = (answers(probe, pictures) == labels(scenes)).mean(0).tolist()
    report = {
        "test": dict(zip(VALUES, right)),
        "tests": recipe.tests,
        "seconds": {"paint": drawn - began, "train": trained - drawn},
    }
    cache.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save({"probe": probe.state_dict(), "report": report}, partial)
    partial.replace(path)
    return probe, report | {"cached": False}


def interval(right: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a part, 0..1."""
    z, part = 1.959964, right / of
    middle = (part + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z / (1 + z**2 / of) * math.sqrt(part * (1 - part) / of + z**2 / (4 * of**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def binned(at: np.ndarray, values: np.ndarray, bins: int) -> np.ndarray:
    """Means of values `[N]` by where `at` `[N]`, 0..1, lies; float64 `[bins]`, each must be hit."""
    index = np.minimum((np.asarray(at, np.float64) * bins).astype(int), bins - 1)
    return np.bincount(index, values, bins) / np.bincount(index, minlength=bins)


def smallest_step(values: np.ndarray) -> float:
    """From one value to the next; not below 0 = monotone."""
    return float(np.diff(values).min())


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """-1..1; 0 where one of them is constant."""
    a, b = (np.asarray(v, np.float64) - np.mean(v) for v in (a, b))
    size = math.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size else 0.0
