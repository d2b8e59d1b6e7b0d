"""Weighted clustering in one dimension, around centers of which some are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

HEAVY = 0.01  # share of all values that makes one of them a flat region
BINS = 192  # distinct values besides the flat regions


def nearest_centers(
    values: np.ndarray,
    given: Sequence[float],
    extra: int,
    amount: Callable[[np.ndarray], np.ndarray],
) -> list[float]:
    """Find at most `extra` of the values that, beside the given centers, leave the squared distance
    (in `amount`) from all values to the nearest center least.

    Solved exactly by dynamic programming (H. Wang and M. Song, Ckmeans.1d.dp, The R Journal 3/2,
    2011).

    Args:
        values: `[n]` in 0..1, none above the largest given center.
        given: rising.
        amount: rising.

    Returns:
        Fewer than `extra` where no more of them help.
    """
    values, weights = _histogram(values)
    centers = np.union1d(values, given)
    is_given = np.isin(centers, given)
    at, weight = amount(centers), np.zeros(len(centers))
    weight[np.searchsorted(centers, values)] = weights
    cost = _gaps(at, weight)
    n = len(centers)
    # best[m][j]: least cost of all below center j, which is one, with m extra ones among them
    best = np.full((extra + 1, n), np.inf)
    source = np.full((extra + 1, n), -1)
    since = -1  # the last one that is given: it cannot be passed over
    for j in range(n):
        own = 0 if is_given[j] else 1
        if since < 0:
            best[own][j] = cost[n, j]
        low = max(since, 0)
        for m in range(own, extra + 1) if j else ():
            options = best[m - own, low:j] + cost[low:j, j]
            if options.min() < best[m][j]:
                best[m][j], source[m][j] = options.min(), low + int(options.argmin())
        since = j if is_given[j] else since
    final = best[:, n - 1]
    # a level more has to be worth it
    m = int(np.flatnonzero(final <= final.min() + 1e-12)[0])
    found, j = [], n - 1
    while j >= 0:
        if not is_given[j]:
            found.append(float(centers[j]))
        j, m = int(source[m][j]), m - (not is_given[j])
    return found


def _histogram(strength: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return strengths that represent all, and their shares: flat regions by themselves, the rest
    by bins whose middle value they take."""
    values, counts = np.unique(strength, return_counts=True)
    shares = counts / counts.sum()
    if len(values) <= BINS:
        return values, shares
    heavy = shares >= HEAVY
    rest, light = values[~heavy], shares[~heavy]
    bins = np.minimum((rest * BINS).astype(int), BINS - 1)
    edges = np.flatnonzero(np.diff(bins)) + 1
    groups = zip(np.split(rest, edges), np.split(light, edges))
    middles = [(g[len(g) // 2], part.sum()) for g, part in groups if len(g)]
    at, weight = np.array(middles).T if middles else np.zeros((2, 0))
    order = np.argsort(np.concatenate([values[heavy], at]))
    return (
        np.concatenate([values[heavy], at])[order],
        np.concatenate([shares[heavy], weight])[order],
    )


def _gaps(at: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return `[n + 1, n]`: for centers i < j, the squared distances of all values between them to
    the nearer one, times their weights; row 0 has only the right center."""
    n = len(at)
    sums = np.zeros((3, n + 1))
    for power in range(3):
        sums[power, 1:] = np.cumsum(weight * at**power)

    def spread(low: np.ndarray, high: np.ndarray, center: np.ndarray) -> np.ndarray:
        w, s, q = (sums[p, high] - sums[p, low] for p in range(3))
        return np.maximum(q - 2 * center * s + center**2 * w, 0)

    i, j = np.arange(n)[:, None], np.arange(n)[None]
    half = np.searchsorted(at, (at[i] + at[j]) / 2).reshape(n, n)
    half = np.clip(half, np.minimum(i, j), np.maximum(i, j))
    between = spread(i, half, at[i]) + spread(half, j, at[j])
    below = spread(np.zeros(n, int), np.arange(n), at)
    return np.vstack([np.where(i < j, between, 0), below])
