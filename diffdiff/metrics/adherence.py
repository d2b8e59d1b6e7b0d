"""How well an edit follows its change map, and how much of the picture it changed.

CAM and DAM are the measures of *Differential Diffusion* (Levin & Fried, arXiv 2306.00950): the map
compared with an edit map of what really changed. The paper's edit map is spatial LPIPS;
`pixel_change` is the variant that needs no network.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..errors import FieldError


def pixel_change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the mean absolute difference over the channels: float32 [H, W] in 0..1 (1 = black to
    white).

    Args:
        before, after: uint8 [H, W, C] of one shape.

    Raises:
        FieldError: "after", for other types or shapes.
    """
    _check_pictures(before, after)
    difference = np.abs(before.astype(np.int16) - after)
    return (difference.sum(2, dtype=np.int32) / (255 * before.shape[2])).astype(np.float32)


def mean_change(before: np.ndarray, after: np.ndarray) -> float:
    """Return the mean absolute difference of two uint8 pictures [H, W, C], in 8-bit levels, 0..255.

    Raises:
        FieldError: "after".
    """
    _check_pictures(before, after)
    return float(np.abs(before.astype(np.int16) - after).mean(dtype=np.float64))


def edit_map(change: np.ndarray, full: np.ndarray) -> np.ndarray:
    """Return the paper's edit map: the change under a map minus that of a full edit. float64 [H,
    W].

    Args:
        change: [H, W], distance of input and output (spatial LPIPS, or `pixel_change`) under the
            change map, best the mean over many pictures.
        full: [H, W], the same where everything may change (the paper's black map).

    0 where the map let as much change as without it, below 0 where it held the picture back.

    Raises:
        FieldError: "full", for another shape.
    """
    if np.shape(full) != np.shape(change):
        problem = f"its shape is {list(np.shape(full))}, the change's {list(np.shape(change))}"
        raise FieldError("full", problem, "Measure both at one size")
    return np.asarray(change, np.float64) - full


def pearson(a: np.ndarray, b: np.ndarray) -> float | None:
    """Return Pearson's correlation, -1..1, of two arrays of one shape; None where one is constant.

    Raises:
        FieldError: "edit", for different shapes, no values, or values that are not finite.
    """
    a, b = _centred(a, b)
    # scaled first: squares of tiny differences would vanish
    top_a, top_b = np.abs(a).max(), np.abs(b).max()
    if top_a == 0 or top_b == 0:
        return None
    a, b = a / top_a, b / top_b
    return float(np.clip((a * b).sum() / math.sqrt((a * a).sum() * (b * b).sum()), -1, 1))


def cam(m: np.ndarray, edit: np.ndarray) -> float | None:
    """Return the correlation of change map (1 = change) and edit map; higher is better, 1 at most.

    None where one of them is constant. Pearson's correlation is blind to scale and offset, and
    the paper's opposite convention turns both sides round, so the figure is the paper's.
    """
    return pearson(m, edit)


def dam(m: np.ndarray, edit: np.ndarray) -> float:
    """Return the distance of change map and edit map: min over a, b of ||m - a edit + b||,
    Frobenius.

    Lower is better, 0 at least. It grows with the number of pixels: compare at one size only, or
    divide by sqrt(H W).

    Raises:
        FieldError: "edit", as `pearson`.
    """
    rest, edit = _centred(m, edit)  # centring is the best b
    top = np.abs(edit).max()
    if top > 0:
        edit = edit / top
        rest = rest - (rest * edit).sum() / (edit * edit).sum() * edit
    return float(np.sqrt((rest * rest).sum()))


class Bin(NamedTuple):
    """Pixels of one range of strength, low < m <= high; the first, 0..0, is what is kept.

    change: mean change there, None where there are no pixels.
    """

    low: float
    high: float
    pixels: int
    change: float | None


def by_strength(m: np.ndarray, change: np.ndarray, bins: int = 10) -> list[Bin]:
    """Return the mean change per range of strength: kept pixels first, then `bins` equal ranges.

    Args:
        m: [H, W] in 0..1.
        change: [H, W], what is averaged.

    Raises:
        FieldError: "bins" outside 1..256, "change" for another shape, "map" for values outside
            0..1.
    """
    if not 1 <= bins <= 256:
        raise FieldError("bins", f"{bins} ranges", "Use 1 to 256")
    m, change = np.asarray(m, np.float64).round(6), np.asarray(change, np.float64)
    if m.shape != change.shape:
        problem = f"its shape is {list(change.shape)}, the map's {list(m.shape)}"
        raise FieldError("change", problem, "Give one value for every pixel of the map")
    if not ((m >= 0) & (m <= 1)).all():  # false for NaN too
        raise FieldError("map", "it has values outside 0..1", "Give a change map")
    edges = np.linspace(0, 1, bins + 1).round(6)
    index = np.searchsorted(edges, m.ravel(), side="left")  # 0 for m = 0
    pixels = np.bincount(index, minlength=bins + 1)
    total = np.bincount(index, change.ravel(), minlength=bins + 1)
    lows = [0.0, *edges[:-1].tolist()]
    return [
        Bin(low, high, int(n), float(t / n) if n else None)
        for low, high, n, t in zip(lows, edges.tolist(), pixels, total)
    ]


class Outside(NamedTuple):
    """What happened where the map is 0.

    pixels: how many there are; changed: how many differ at all; most: the largest difference of
    one channel, 0..255.
    """

    pixels: int
    changed: int
    most: int


def outside(before: np.ndarray, after: np.ndarray, m: np.ndarray) -> Outside:
    """Return whether kept pixels (m = 0) came out as they went in.

    Args:
        before, after: uint8 [H, W, C] of one shape.
        m: [H, W].

    Raises:
        FieldError: "after", or "map" for another size.
    """
    _check_pictures(before, after)
    _check_map(m, before)
    kept = np.asarray(m) <= 0
    difference = np.abs(before[kept].astype(np.int16) - after[kept]).max(1)
    changed = int(np.count_nonzero(difference))
    return Outside(int(kept.sum()), changed, int(difference.max(initial=0)))


def adherence(
    before: np.ndarray,
    after: np.ndarray,
    m: np.ndarray,
    edit: np.ndarray | None = None,
    bins: int = 10,
) -> dict[str, Any]:
    """Return all measures of one edit, ready for JSON.

    Args:
        before, after: uint8 [H, W, C] of one shape.
        m: change map, [H, W] in 0..1.
        edit: [H, W], what changed; None means `pixel_change`.
        bins: ranges of strength.

    Returns:
        mean_change (0..255), cam (None where undefined), dam, dam_rms (dam / sqrt(H W)),
        by_strength (of `edit`), outside.

    Raises:
        FieldError: "after", "map", "edit" or "bins".
    """
    _check_pictures(before, after)
    _check_map(m, before)
    edit = pixel_change(before, after) if edit is None else np.asarray(edit)
    distance = dam(m, edit)
    return {
        "mean_change": mean_change(before, after),
        "cam": cam(m, edit),
        "dam": distance,
        "dam_rms": distance / math.sqrt(edit.size),
        "by_strength": [b._asdict() for b in by_strength(m, edit, bins)],
        "outside": outside(before, after, m)._asdict(),
    }


def _centred(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape or a.size == 0:
        problem = f"its shape is {list(b.shape)}, the map's {list(a.shape)}"
        raise FieldError("edit", problem, "Give one value for every pixel of the map")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise FieldError("edit", "it has values that are not finite", "Give finite numbers")
    return _minus_mean(a), _minus_mean(b)


def _minus_mean(v: np.ndarray) -> np.ndarray:
    # a constant minus its rounded mean need not be 0
    return np.zeros_like(v) if v.min() == v.max() else v - v.mean()


def _check_pictures(before: np.ndarray, after: np.ndarray) -> None:
    for picture in (before, after):
        if picture.ndim != 3 or picture.dtype != np.uint8 or picture.size == 0:
            problem = f"{picture.dtype} {list(picture.shape)} is not a picture"
            raise FieldError("after", problem, "Give two uint8 pictures [H, W, C]")
    if before.shape != after.shape:
        problem = f"its shape is {list(after.shape)}, the other's {list(before.shape)}"
        raise FieldError("after", problem, "Give two pictures of one size and channel count")


def _check_map(m: np.ndarray, picture: np.ndarray) -> None:
    if np.shape(m) != picture.shape[:2]:
        problem = f"its shape is {list(np.shape(m))}, the picture's {list(picture.shape[:2])}"
        raise FieldError("map", problem, "Resize the map to the picture first")
