"""CAM and DAM of every method: how well what changed follows the map (FIELD: arXiv 2306.00950)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from diffdiff import metrics, perceptual

from .. import probe
from .methods import METHODS, OURS, Bench, strength_runs
from .scenes import MAPS, Ask

PAPER = {"gradient": (0.97, 19.41), "complex": (0.81, 52.2), "triangle": (0.93, 35.75)}
DRAWS, CHOICES = 1000, 50  # of the bootstrap, and of fewer pictures
NORMAL = 1.959964
SHOWN = 3  # pictures that are kept for the contact sheet

Change = Callable[[np.ndarray, np.ndarray], np.ndarray]


def measures(judge=None) -> dict[str, Change]:
    """name -> change of two pictures, uint8 `[H, W, 3]`: float `[H, W]`. The first one counts."""
    found: dict[str, Change] = {}
    spatial = perceptual.distance_map()
    if spatial is not None:
        found["LPIPS"] = spatial
    found["pixels"] = metrics.pixel_change
    if judge is not None:
        found["probe"] = lambda a, b: probe.distance(judge, a[None], b[None])[0]
    return found


@dataclass
class Changes:
    """What all runs changed.

    full: measure -> `[N, H, W]` of plain img2img at strength 1.
    edits: measure -> map -> method -> `[N, H, W]`.
    shown: of the first asks, {"input": picture, (map, method): picture}.
    """

    full: dict[str, np.ndarray]
    edits: dict[str, dict[str, dict[str, np.ndarray]]]
    shown: list[dict]


def collect(bench: Bench, asks: list[Ask], measured: dict[str, Change]) -> Changes:
    """Every ask by every method and map. The runs of N-run compositing serve all maps, and the
    last of them is the full edit."""
    size = asks[0].picture.shape[0]
    drawn = {name: make(size) for name, make in MAPS.items()}
    full: dict[str, list] = {name: [] for name in measured}
    edits = {n: {m: {k: [] for k in METHODS} for m in drawn} for n in measured}
    shown = []
    for ask in tqdm(asks, "adherence", unit="picture"):
        runs = strength_runs(bench, ask)
        kept = {"input": ask.picture, "full": runs[-1]}
        for name, change in measured.items():
            full[name].append(change(ask.picture, runs[-1]))
        for kind, m in drawn.items():
            for method, make in METHODS.items():
                more = {"runs": runs} if method == "N-run compositing" else {}
                kept[kind, method] = picture = make(bench, ask, m, **more)
                for name, change in measured.items():
                    edits[name][kind][method].append(change(ask.picture, picture))
        if len(shown) < SHOWN:
            shown.append(kept)
    stacked = {
        name: {kind: {k: np.stack(v) for k, v in rows.items()} for kind, rows in kinds.items()}
        for name, kinds in edits.items()
    }
    return Changes({name: np.stack(v) for name, v in full.items()}, stacked, shown)


def correlations(m: np.ndarray, edits: np.ndarray) -> np.ndarray:
    """CAM of many edit maps: `[H, W]`, `[D, H, W]` -> `[D]`; 0 where an edit map is constant."""
    a = np.asarray(m, np.float64).ravel()
    b = np.asarray(edits, np.float64).reshape(len(edits), -1)
    a, b = a - a.mean(), b - b.mean(1, keepdims=True)
    size = np.sqrt((a @ a) * (b * b).sum(1))
    return np.divide(b @ a, size, out=np.zeros(len(b)), where=size > 0)


def interval(point: float, drawn: np.ndarray) -> tuple[float, float]:
    """95 % of a correlation by the bootstrap's spread in Fisher's z.

    Not by its percentiles: a mean over redrawn pictures is noisier than that over all, so that
    redrawn correlations are too low by about as much as they spread.
    """
    z = np.arctanh(np.clip([point, *drawn], -1 + 1e-12, 1 - 1e-12))
    half = NORMAL * z[1:].std(ddof=1)
    return float(np.tanh(z[0] - half)), float(np.tanh(z[0] + half))


def draws(count: int, seed: int = 0) -> np.ndarray:
    """How often each picture is drawn: float32 `[DRAWS, count]`, rows sum to 1."""
    rng = np.random.default_rng(seed)
    return (rng.multinomial(count, np.full(count, 1 / count), DRAWS) / count).astype(np.float32)


def row(m: np.ndarray, change: np.ndarray, full: np.ndarray, weights: np.ndarray) -> dict:
    """CAM, DAM and their intervals from `[N, H, W]` changes.

    DAM is the map's own spread times sqrt(1 - CAM^2), as the best a and b are a regression; so
    its interval is CAM's.
    """
    edit = metrics.edit_map(change.mean(0), full.mean(0))
    cam = metrics.cam(m, edit) or 0.0
    each = (change - full).reshape(len(change), -1).astype(np.float32)
    low, high = interval(cam, correlations(m, (weights @ each).reshape(-1, *m.shape)))
    spread = float(np.linalg.norm(m - m.mean()))
    near, far = sorted(map(abs, (low, high)))
    near = 0.0 if low < 0 < high else near
    return {
        "cam": cam, "cam_low": low, "cam_high": high, "dam": metrics.dam(m, edit),
        "dam_low": spread * math.sqrt(1 - far**2), "dam_high": spread * math.sqrt(1 - near**2),
        "change": float(change.mean()),
    }  # fmt: skip


def table(changes: Changes) -> dict[str, dict[str, dict[str, dict]]]:
    """measure -> map -> method -> figures."""
    count, size = changes.full["pixels"].shape[:2]
    weights, found = draws(count), {}
    for name, kinds in changes.edits.items():
        found[name] = {
            kind: {k: row(MAPS[kind](size), v, changes.full[name], weights)
                   for k, v in rows.items()}
            for kind, rows in kinds.items()
        }  # fmt: skip
    return found


def by_pictures(changes: Changes, name: str, method: str = OURS[0]) -> dict[str, dict[str, float]]:
    """map -> number of pictures -> mean CAM of random choices of so many."""
    count, size = changes.full[name].shape[:2]
    rng = np.random.default_rng(1)
    found: dict[str, dict[str, float]] = {}
    for kind, rows in changes.edits[name].items():
        each = (rows[method] - changes.full[name]).astype(np.float64)
        found[kind] = {}
        for few in sorted({max(count >> k, 1) for k in range(4)}):
            picked = [rng.choice(count, few, replace=False) for _ in range(CHOICES)]
            edits = np.stack([each[p].mean(0) for p in picked])
            found[kind][str(few)] = float(correlations(MAPS[kind](size), edits).mean())
    return found


def edit_maps(changes: Changes, name: str) -> dict[str, dict[str, np.ndarray]]:
    """map -> method -> the edit map of all pictures, float32 `[H, W]`."""
    full = changes.full[name].mean(0)
    return {
        kind: {k: metrics.edit_map(v.mean(0), full).astype(np.float32) for k, v in rows.items()}
        for kind, rows in changes.edits[name].items()
    }


def goals(found: dict[str, dict[str, dict]]) -> dict[str, bool]:
    """Of one measure: what the report has to show -> whether ours (hard, the default) does."""
    held = {}
    for kind, rows in found.items():
        mine = rows[OURS[0]]
        others = {name: r for name, r in rows.items() if name not in OURS}
        held[f"{kind}: CAM above the paper's {PAPER[kind][0]:g}"] = mine["cam"] > PAPER[kind][0]
        for name, r in others.items():
            held[f"{kind}: CAM above {name}, intervals apart"] = mine["cam_low"] > r["cam_high"]
        held[f"{kind}: lowest DAM"] = mine["dam"] < min(r["dam"] for r in others.values())
    return held


def run(bench: Bench, asks: list[Ask], judge=None) -> tuple[dict, dict[str, np.ndarray]]:
    """Figures for JSON, and arrays: "edit/measure/map/method", "shown/i/input" and
    "shown/i/map/method"."""
    measured = measures(judge)
    changes = collect(bench, asks, measured)
    found = table(changes)
    name = next(iter(measured))
    figures = {
        "pictures": len(asks), "size": asks[0].picture.shape[0], "counts": name,
        "table": found, "by_pictures": by_pictures(changes, name), "goals": goals(found[name]),
    }  # fmt: skip
    arrays = {
        f"edit/{name}/{kind}/{method}": m
        for name in measured
        for kind, rows in edit_maps(changes, name).items()
        for method, m in rows.items()
    }
    for i, kept in enumerate(changes.shown):
        for key, picture in kept.items():
            arrays[f"shown/{i}/" + ("/".join(key) if isinstance(key, tuple) else key)] = picture
    return figures, arrays
