"""CAM and DAM of every method: how well what changed follows the map (arXiv 2306.00950)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from diffdiff.metrics import adherence, perceptual

from .. import probe
from .methods import EVEN, METHODS, OURS, Bench, strength_runs
from .scenes import MAPS, Ask, turned, turned_back
from .workers import Work, each

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
    found["pixels"] = adherence.pixel_change
    if judge is not None:
        found["probe"] = lambda a, b: probe.distance(judge, a[None], b[None])[0]
    return found


@dataclass
class Changes:
    """What all runs changed, maps as in `scenes.MAPS`.

    full: measure -> `[N, H, W]` of plain img2img at strength 1.
    edits: measure -> map -> method -> `[N, H, W]`.
    shown: of the first asks, {"input": picture, (map, method): picture}.
    """

    full: dict[str, np.ndarray]
    edits: dict[str, dict[str, dict[str, np.ndarray]]]
    shown: list[dict]


def one(bench: Bench, measured: dict[str, Change], ask: Ask) -> Changes:
    """One ask by every method and map. The runs of N-run compositing serve all maps, and the last
    of them is the full edit."""
    runs = strength_runs(bench, ask)
    kept: dict = {"input": ask.picture, "full": runs[-1]}

    def changes(picture: np.ndarray) -> dict[str, np.ndarray]:
        found = {name: change(ask.picture, picture) for name, change in measured.items()}
        return {name: turned_back(v, ask.turn)[None] for name, v in found.items()}

    edits: dict = {name: {kind: {} for kind in MAPS} for name in measured}
    for kind, make in MAPS.items():
        m = turned(make(ask.picture.shape[0]), ask.turn)
        for method, by in METHODS.items():
            more = {"runs": runs} if method == "N-run compositing" else {}
            kept[kind, method] = picture = by(bench, ask, m, **more)
            for name, change in changes(picture).items():
                edits[name][kind][method] = change
    return Changes(changes(runs[-1]), edits, [kept])


def collect(found: Iterable[Changes], count: int) -> Changes:
    """What is known of each ask, as one; the pictures of the first few."""
    parts = []
    for part in tqdm(found, "adherence", count, unit="picture"):
        if len(parts) >= SHOWN:
            part.shown.clear()
        parts.append(part)
    edits = {
        name: {
            kind: {k: np.concatenate([p.edits[name][kind][k] for p in parts]) for k in METHODS}
            for kind in MAPS
        }
        for name in parts[0].edits
    }
    full = {name: np.concatenate([p.full[name] for p in parts]) for name in parts[0].full}
    return Changes(full, edits, [kept for p in parts for kept in p.shown])


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


def row(m: np.ndarray, change: np.ndarray, full: np.ndarray, drawn: np.ndarray) -> dict:
    """CAM, DAM and their intervals from `[N, H, W]` changes, and the change where the map is 0.

    DAM is the map's own spread times sqrt(1 - CAM^2), as the best a and b are a regression; so
    its interval is CAM's. drawn: the correlations of redrawn pictures.
    """
    edit = adherence.edit_map(change.mean(0), full.mean(0))
    cam = adherence.cam(m, edit) or 0.0
    low, high = interval(cam, drawn)
    spread = float(np.linalg.norm(m - m.mean()))
    near, far = sorted(map(abs, (low, high)))
    near = 0.0 if low < 0 < high else near
    return {
        "cam": cam,
        "cam_low": low,
        "cam_high": high,
        "dam": adherence.dam(m, edit),
        "dam_low": spread * math.sqrt(1 - far**2),
        "dam_high": spread * math.sqrt(1 - near**2),
        "change": float(change.mean()),
        "kept": float(change[:, m <= 0].mean()),
    }


def rows(m: np.ndarray, changes: dict[str, np.ndarray], full: np.ndarray) -> dict[str, dict]:
    """method -> figures; of the others also by how much `EVEN` leads in CAM, pictures in pairs.

    All methods share pictures and noise: their difference is known better than either.
    """
    weights = draws(len(full))
    drawn = {}
    for name, change in changes.items():
        each = (change - full).reshape(len(change), -1).astype(np.float32)
        drawn[name] = correlations(m, (weights @ each).reshape(-1, *m.shape))
    found = {name: row(m, change, full, drawn[name]) for name, change in changes.items()}
    for name, own in found.items():
        half = NORMAL * float((drawn[EVEN] - drawn[name]).std(ddof=1))
        lead = found[EVEN]["cam"] - own["cam"]
        own |= {"lead": lead, "lead_low": lead - half, "lead_high": lead + half}
    return found


def table(changes: Changes) -> dict[str, dict[str, dict[str, dict]]]:
    """measure -> map -> method -> figures."""
    found: dict = {}
    for name, kinds in changes.edits.items():
        full = changes.full[name]
        size = full.shape[-1]
        found[name] = {kind: rows(MAPS[kind](size), own, full) for kind, own in kinds.items()}
    return found


def by_pictures(changes: Changes, name: str, method: str = EVEN) -> dict[str, dict[str, float]]:
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
        kind: {k: adherence.edit_map(v.mean(0), full).astype(np.float32) for k, v in rows.items()}
        for kind, rows in changes.edits[name].items()
    }


def goals(found: dict[str, dict[str, dict]], method: str = EVEN) -> dict[str, bool]:
    """Of one measure: what the report has to show -> whether ours, with even changes, does."""
    held = {}
    for kind, rows in found.items():
        mine = rows[method]
        others = {name: r for name, r in rows.items() if name not in OURS}
        held[f"{kind}: CAM above the paper's {PAPER[kind][0]:g}"] = mine["cam"] > PAPER[kind][0]
        for name, r in others.items():
            held[f"{kind}: CAM above {name}, intervals apart"] = mine["cam_low"] > r["cam_high"]
        held[f"{kind}: lowest DAM"] = mine["dam"] < min(r["dam"] for r in others.values())
    return held


def told(changes: Changes, response: str | None) -> dict:
    """The figures, for JSON."""
    found = table(changes)
    name = next(iter(found))
    full = changes.full[name]
    return {
        "pictures": len(full),
        "size": full.shape[-1],
        "counts": name,
        "table": found,
        "by_pictures": by_pictures(changes, name),
        "goals": goals(found[name]),
        "default": sum(goals(found[name], OURS[0]).values()),
        "response": response,
    }


def pictures(changes: Changes) -> dict[str, np.ndarray]:
    """The arrays: "edit/measure/map/method", "shown/i/input" and "shown/i/map/method"."""
    arrays = {
        f"edit/{name}/{kind}/{method}": m
        for name in changes.full
        for kind, rows in edit_maps(changes, name).items()
        for method, m in rows.items()
    }
    for i, kept in enumerate(changes.shown):
        for key, picture in kept.items():
            arrays[f"shown/{i}/" + ("/".join(key) if isinstance(key, tuple) else key)] = picture
    return arrays


def run(asks: list[Ask], make: Callable[[], Work], workers: int) -> Changes:
    """make: in every process, what makes `Changes` of an ask."""
    return collect(each(make, asks, workers), len(asks))
