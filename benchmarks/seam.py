"""How much the border of a region shows in a picture."""

from __future__ import annotations

import cv2
import numpy as np

FEWEST = 32  # pairs of neighbours on a contour that is measured


def jumps(picture: np.ndarray, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of all pairs of neighbours, by rows then columns: how far their difference leaves its
    surroundings' (levels of 255), and whether they lie on two sides of the region's border."""
    found, crossing = [], []
    for p, m in ((picture, region), (picture.transpose(1, 0, 2), region.T)):
        step = np.diff(p.astype(np.float32), axis=1)
        middle = (step[:, :-2] + step[:, 2:]) / 2
        found.append(abs(step[:, 1:-1] - middle).mean(2).ravel())
        crossing.append((m[:, 1:-2] != m[:, 2:-1]).ravel())
    return np.concatenate(found), np.concatenate(crossing)


def seam(picture: np.ndarray, region: np.ndarray) -> float:
    """At the region's border, over the same away from it; 1 is as smooth as the rest."""
    found, crossing = jumps(picture, region)
    wide = cv2.dilate(region.astype(np.uint8), np.ones((7, 7)))
    narrow = cv2.erode(region.astype(np.uint8), np.ones((7, 7)))
    band = wide != narrow
    near = np.concatenate([m[:, 1:-2].ravel() for m in (band, band.T)])
    if not crossing.any() or near.all():
        return float("nan")
    return float(found[crossing].mean() / found[~near].mean())


def outer_seam(picture: np.ndarray, original: np.ndarray, mask: np.ndarray, reach: int) -> float:
    """The same at the worst contour around the mask, over what the original has there.

    Contours run at every whole distance from the mask's border up to `reach` pixels; 1 is as the
    original. Wherever a method moves the seam to, one of them runs along it.
    """
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    worst = float("nan")
    for distance in range(reach + 1):
        found, crossing = jumps(picture, away <= distance)
        if crossing.sum() >= FEWEST:
            own = jumps(original, away <= distance)[0]
            worst = np.fmax(worst, found[crossing].mean() / max(own[crossing].mean(), 1e-6))
    return float(worst)
