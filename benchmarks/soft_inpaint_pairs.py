"""Pictures and masks of the soft inpainting benchmark, and what each prompt asks for."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import cv2
import numpy as np

from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import caption

from .toyworld import SIZE
from .toyworld_edits import EDITS

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


@dataclass
class Pair:
    """One picture, uint8 `[128, 128, 3]`, one mask, bool `[128, 128]`, and what is asked for."""

    name: str
    picture: np.ndarray
    mask: np.ndarray
    prompt: str


def masks() -> dict[str, np.ndarray]:
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    disc = np.hypot(x - 0.5, y - 0.55) < 0.25
    line = abs((x - 0.1) * 0.6 - (y - 0.25)) < 0.03
    blobs = np.zeros_like(disc)
    for at in ((0.25, 0.3, 0.12), (0.7, 0.25, 0.09), (0.6, 0.7, 0.14), (0.2, 0.8, 0.07)):
        blobs |= np.hypot(x - at[0], y - at[1]) < at[2]
    return {
        "disc": disc,
        "half plane": x + 0.2 * y > 0.62,
        "thin line": line & (x > 0.1) & (x < 0.9),
        "blobs": blobs,
        "border": (y > 0.6) & (x < 0.7),
    }


def pairs() -> list[Pair]:
    """Every picture with two masks; each mask with at least four pictures."""
    pictures = []
    for scene, wanted in EDITS[:6]:
        prompt = caption(replace(scene, **wanted))
        pictures.append((f"scene {scene.seed}", paint(scene, SIZE), prompt))
    try:
        from skimage import data
    except ImportError:
        print("scikit-image is not installed: painted pictures only", file=sys.stderr)
    else:
        for name in PHOTOGRAPHS:
            photo = getattr(data, name)()
            side = min(photo.shape[:2])
            top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
            square = photo[top : top + side, left : left + side]
            small = cv2.resize(square, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
            pictures.append((name, small, "a winter night, mountains, clear sky"))
    drawn = list(masks().items())
    made = []
    for i, (name, picture, prompt) in enumerate(pictures):
        for k in (2 * i, 2 * i + 1):
            kind, mask = drawn[k % len(drawn)]
            made.append(Pair(f"{name}, {kind}", picture, mask, prompt))
    return made
