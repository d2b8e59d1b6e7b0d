"""Success against change, in the manner of DiffEdit (arXiv 2210.11427, its figures 5 and 6).

Pairs of painted pictures that differ in one word, whose changed region is known. The region is
what a user would paint; every method gets it in its own way, at rising strengths.
"""

from __future__ import annotations

import cv2
import numpy as np
from tqdm import tqdm

from diffdiff.maps.soften import soften
from diffdiff.metrics import adherence, perceptual

from .. import probe
from ..prompt_pairs import SIZE, Pair, pairs
from .adherence import DRAWS, draws
from .methods import SOFTNESS, Bench, blended, blurred, builtin, ours
from .scenes import Ask
from .success import Judge

FIRST = 97_000_000  # seed of the first pair; those of benchmarks.diffedit are others
STRENGTHS = (0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
LEVEL = 0.9  # of ours' best success, at which changes are compared


def soft(region: np.ndarray) -> np.ndarray:
    """A region as our soft inpainting reads it: white, and falling off outward."""
    return soften(region.astype(np.float32), region.shape[0] / SOFTNESS, "outward", "gaussian")


METHODS = {
    "plain img2img": lambda bench, ask, region, s: bench.plain(ask, s),
    "ours": lambda bench, ask, region, s: ours(bench, ask, soft(region), s),
    "blended latent diffusion": lambda bench, ask, region, s: blended(bench, ask, region, s),
    "blurred mask": lambda bench, ask, region, s: blurred(bench, ask, region, s),
    "built-in soft inpainting": lambda bench, ask, region, s: builtin(bench, ask, soft(region), s),
}


def sized(pair: Pair, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The input and its region at another size."""
    if size == SIZE:
        return pair.before, pair.region
    before = cv2.resize(pair.before, (size, size), interpolation=cv2.INTER_CUBIC)
    region = cv2.resize(pair.region.astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST)
    return before, region > 0


def distances(judge) -> dict:
    """name -> distance of two pictures. The first one is that of the curves."""
    found, lpips = {}, perceptual.distance()
    if lpips is not None:
        found["LPIPS"] = lpips
    if judge is not None:
        found["probe"] = lambda a, b: float(probe.distance(judge, a[None], b[None]).mean())
    found["of 255"] = adherence.mean_change
    return found


def collect(bench: Bench, made: list[Pair], size: int, success: Judge, measured: dict) -> dict:
    """method -> {"success" or a distance or "outside": `[strengths, pairs]`}."""
    keys = ("success", "outside", *measured)
    shape = len(STRENGTHS), len(made)
    found = {name: {key: np.zeros(shape) for key in keys} for name in METHODS}
    for i, pair in enumerate(tqdm(made, "trade-off", unit="pair")):
        before, region = sized(pair, size)
        ask = Ask(before, pair.query, i)
        for name, make in METHODS.items():
            for s, strength in enumerate(STRENGTHS):
                got = make(bench, ask, region.astype(np.float32), strength)
                values = found[name]
                values["success"][s, i] = success(pair, got)
                apart = 255 * adherence.pixel_change(before, got)
                values["outside"][s, i] = apart[~region].mean() if not region.all() else 0.0
                for key, distance in measured.items():
                    values[key][s, i] = distance(before, got)
    return found


def at_success(values: dict, key: str, wanted: float) -> float | None:
    """The distance at which a method's mean success first reaches `wanted`, between its strengths
    linearly; None where it never does."""
    seen, apart = values["success"], values[key]
    for k in range(len(seen)):
        if seen[k] >= wanted:
            if k == 0 or seen[k] == seen[k - 1]:
                return float(apart[k])
            part = (wanted - seen[k - 1]) / (seen[k] - seen[k - 1])
            return float(apart[k - 1] + part * (apart[k] - apart[k - 1]))
    return None


def table(found: dict) -> dict:
    """method -> key -> means by strength; and "success_low", "success_high", 95 % by bootstrap."""
    weights = draws(found["ours"]["success"].shape[1])
    rows = {}
    for name, values in found.items():
        rows[name] = {key: v.mean(1).tolist() for key, v in values.items()}
        drawn = values["success"] @ weights.T
        for end, part in (("low", 2.5), ("high", 97.5)):
            rows[name][f"success_{end}"] = np.percentile(drawn, part, axis=1).tolist()
    return rows


def goals(rows: dict, key: str) -> dict[str, bool]:
    """At a success that ours reaches, every other method changes more, or never gets there."""
    wanted = LEVEL * max(rows["ours"]["success"])
    mine = at_success(rows["ours"], key, wanted)
    held = {}
    for name in rows:
        if name != "ours":
            theirs = at_success(rows[name], key, wanted)
            held[f"less change than {name} at equal success"] = theirs is None or mine < theirs
    return held


def run(
    bench: Bench, count: int, size: int, success: Judge, about: str, judge
) -> tuple[dict, dict]:
    """Figures for JSON, and no arrays. about: what success is; judge: the probe or None."""
    measured = distances(judge)
    key = next(iter(measured))
    rows = table(collect(bench, pairs(FIRST, count), size, success, measured))
    figures = {
        "pairs": count,
        "strengths": STRENGTHS,
        "success": about,
        "distance": key,
        "rows": rows,
        "goals": goals(rows, key),
        "level": LEVEL,
        "draws": DRAWS,
        "equal": {
            name: at_success(rows[name], key, LEVEL * max(rows["ours"]["success"])) for name in rows
        },
    }
    return figures, {}
