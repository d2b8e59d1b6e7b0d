"""Golden vectors of moves: `python -m tests.golden.moves` writes `moves.json` anew.

`tests/unit/test_golden_moves.py` checks that it is what Python computes, `tests/js/moves.test.mjs`
that the painter's modules compute the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from diffdiff.edit.coarse import matrix_of, middle_of, move_of
from diffdiff.edit.compose import compose
from diffdiff.edit.fill import filled
from diffdiff.settings.moves import parse_moves

FILE = Path(__file__).with_name("moves.json")
WIDTH, HEIGHT = 40, 28
CASES = (
    "6,5,16,15 by 17,8 ring 6 margin 5 keep 0.15",
    "6,5,16,15 by -3,2 ring 4 margin 8 keep 0.3",
    "6,5,16,15 by 17,8 copy ring 5 margin 0 keep 0",
    "12,8,26,20 delete ring 0 margin 6; 2,2,9,9 by 14,9 ring 3 margin 0",
    "10,8,22,18 by 8,1 rotate 90 ring 5 margin 4",
    "10,8,22,18 by 6,3 scale 1.3,0.8 rotate 25 mirror ring 5 margin 4 keep 0.2",
)
# width and height of a picture, and a hole in it: one that is filled as it is, one that is large
HOLES = (((60, 50), (20, 14, 42, 34)), ((190, 160), (30, 40, 150, 140)))
EVERY = 5  # of a hole's rows and columns are kept
PLACINGS = (
    "10,20,30,60 by 0,0",
    "10,20,30,60 by 3.5,-2 scale 2,0.5 rotate 33",
    "10,20,30,60 rotate -90 mirror vertical",
    "10,20,30,60 by 1,1 rotate 450 mirror both scale 0.7",
)


def vectors() -> dict[str, Any]:
    """Return all vectors: JSON types only."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    maps = []
    for text in CASES:
        asked = parse_moves(text)
        made = compose(picture, [move_of(one, HEIGHT, WIDTH) for one in asked])
        grey = np.rint(made.map.astype(np.float64) * 65535).astype(int)
        maps.append({"moves": [_told(one) for one in asked], "map": grey.ravel().tolist()})
    matrices = []
    for text in PLACINGS:
        (one,) = parse_moves(text)
        middle = middle_of(one, np.zeros((1, 1)))
        matrices.append(_told(one) | {"middle": middle, "matrix": matrix_of(one, middle)})
    fills = [_filled(*one) for one in HOLES]
    return {"width": WIDTH, "height": HEIGHT, "maps": maps, "matrices": matrices, "fills": fills}


def scene(width: int, height: int) -> np.ndarray:
    """Paint sky and ground: uint8 `[H, W, 3]`. tests/js/inpaint.test.mjs paints the same."""
    y, x = np.mgrid[:height, :width]
    sky = y < height // 2
    red = np.where(sky, 90 + 60 * y // height, 60)
    green = 120 + 80 * x // width
    blue = (7 * x + 3 * y) % 24 + np.where(sky, 180, 40)
    return np.dstack([red, green, blue]).astype(np.uint8)


def _filled(size: tuple[int, int], box: tuple[int, int, int, int]) -> dict[str, Any]:
    picture, (left, top, right, bottom) = scene(*size), box
    hole = np.zeros(picture.shape[:2], bool)
    hole[top:bottom, left:right] = True
    filled(picture, hole)
    kept = picture[top:bottom:EVERY, left:right:EVERY]
    return {"size": size, "box": box, "every": EVERY, "filled": kept.ravel().tolist()}


def _told(one: Any) -> dict[str, Any]:
    names = ("region", "by", "scale", "rotate", "mirror", "copy", "delete", "keep", "ring")
    return {name: getattr(one, name) for name in (*names, "margin")}


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors()) + "\n", encoding="utf-8")
