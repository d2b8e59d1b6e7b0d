"""The response of a model under maps, measured on pictures that the report does not use."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from diffdiff.metrics import adherence
from diffdiff.settings.response import measured, text

from .methods import Bench, ours
from .scenes import TURNS, asks, blobs, gradient, turned

FIRST = 1000  # of the landscapes: none of the report's
COUNT = 16
BINS = 20  # of the strength


def brushed(size: int, seed: int) -> np.ndarray:
    """Eight soft blobs of any place, size and height: float32 `[size, size]`."""
    rng = np.random.default_rng(seed)
    drawn = rng.uniform((0, 0, 0.08, 0.1), (1, 1, 0.22, 1), (8, 4))
    return blobs(size, drawn)


def response(bench: Bench, size: int, count: int = COUNT) -> str:
    """How far the strengths move a picture when a map sets them, as the field `response` has it.

    A sheet measures strengths apart; under a map what is beside a pixel counts as well. Half of
    the runs have a gradient, half have blobs, in all eight ways.
    """
    sums, counts = np.zeros((2, BINS)), np.zeros(BINS)
    for ask in tqdm(asks(count, size, FIRST), "response", unit="picture", leave=False):
        for k in range(3):
            turn = (ask.turn + 3 * k) % TURNS
            for m in (turned(gradient(size), turn), brushed(size, 3 * ask.seed + k)):
                change = adherence.pixel_change(ask.picture, ours(bench, ask, m))
                where = np.minimum((m * BINS).astype(int), BINS - 1)[m > 0]
                counts += np.bincount(where, minlength=BINS)
                sums += [
                    np.bincount(where, values[m > 0], minlength=BINS) for values in (m, change)
                ]
    strengths, changes = sums[:, counts > 0] / counts[counts > 0]
    return text(measured(strengths, 255 * changes))
