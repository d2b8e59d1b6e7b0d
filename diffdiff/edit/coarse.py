"""The coarse picture of a request, and its map: moves first, then what is added at the sides."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image

from ..errors import FieldError
from ..images import pictures
from ..maps import geometry
from ..settings.coarse import COARSE
from ..settings.moves import MOVE, MoveRequest, parse_moves, parse_sides
from ..settings.schema import EditArgs, changed, fields
from .compose import Coarse, Matrix, Move, compose
from .outpaint import outpaint

FINER = 8  # a polygon's edge is drawn so many times finer, as a power of two for OpenCV: 3 bits


class Prepared(NamedTuple):
    """image: RGB. map: float32 `[H, W]`, None where there is none. args: without the moves, so that
    nothing is done twice."""

    image: Image.Image
    map: np.ndarray | None
    args: EditArgs


def wanted(args: EditArgs) -> bool:
    """Return whether a request has a coarse picture."""
    return bool(args.move or args.outpaint)


def without(args: EditArgs) -> EditArgs:
    """Return the settings of a run on a coarse picture."""
    return EditArgs(**{name: getattr(args, name) for name in fields() if name not in COARSE})


def noted(settings: dict[str, Any], args: EditArgs) -> None:
    """Add to a run's settings what was done before it."""
    if args.move:
        settings["dd_moves"] = len(parse_moves(args.move))
    settings |= {f"dd_{n}": v for n, v in changed(args).items() if n in COARSE and args.outpaint}


def prepared(image: Image.Image, change_map: np.ndarray | None, args: EditArgs) -> Prepared:
    """Make the coarse picture of a request and join its map with the given one: the larger counts.

    Args:
        image: any mode; alpha lies on white.
        change_map: float32 `[h, w]` in 0..1 of the picture as it was; None where there is none.

    Raises:
        FieldError: "move" or "outpaint".
    """
    if not wanted(args):
        return Prepared(image, change_map, args)
    flat = pictures.flat(image)
    made = coarse_of(np.asarray(flat), args, change_map)
    picture = Image.fromarray(made.picture)
    picture.info = dict(image.info)
    return Prepared(picture, made.map, without(args))


def coarse_of(picture: np.ndarray, args: EditArgs, change_map: np.ndarray | None = None) -> Coarse:
    """Make the coarse picture of a request: uint8 `[H, W, 3]`, float32 `[H, W]`; see `prepared`."""
    height, width = picture.shape[:2]
    m = np.zeros((height, width), np.float32)
    if args.move:
        request = parse_moves(args.move)
        moves = [move_of(one, height, width, number) for number, one in enumerate(request, 1)]
        picture, m = compose(picture, moves)
    if change_map is not None:
        m = np.maximum(m, geometry.resize(change_map, width, height))
    if args.outpaint:
        sides = parse_sides(args.outpaint)
        picture, new = outpaint(picture, **sides, fill=args.outpaint_fill, edge=args.outpaint_edge)
        top, left = sides["top"], sides["left"]
        at = new[top : top + height, left : left + width]
        np.maximum(at, m, out=at)
        m = new
    return Coarse(picture, m)


def move_of(request: MoveRequest, height: int, width: int, number: int = 1) -> Move:
    """Return a move with its selection on a picture.

    Raises:
        FieldError: "move".
    """
    selection = selected(request, height, width, number)
    matrix = request.matrix or matrix_of(request, middle_of(request, selection))
    return Move(
        selection, matrix, request.copy, request.delete, request.keep, request.ring, request.margin
    )


def selected(request: MoveRequest, height: int, width: int, number: int = 1) -> np.ndarray:
    """Draw the region of a move: float32 `[height, width]` in 0..1.

    Raises:
        FieldError: "move", for a mask that cannot be read.
    """
    region = request.region
    if isinstance(region, str):
        try:
            return geometry.resize(geometry.decode(region, MOVE), width, height)
        except FieldError as error:
            problem = f"move {number}, region: {error.problem}"
            raise FieldError(MOVE, problem, error.remedy) from None
    drawn = np.zeros((height, width), np.float32)
    if len(region) == 4:
        left, top, right, bottom = region
        across, down = _share(left, right, width), _share(top, bottom, height)
        return (down[:, None] * across).astype(np.float32)
    points = np.array(region, np.float64).reshape(-1, 2)
    corner = np.floor(points.min(0)).clip(0, (width, height)).astype(int)
    end = np.ceil(points.max(0)).clip(0, (width, height)).astype(int)
    w, h = end - corner
    if w <= 0 or h <= 0:
        return drawn
    fine = np.zeros((h * FINER, w * FINER), np.uint8)
    at = np.rint((points - corner) * FINER * 8 - 4).astype(np.int32)  # to 1/8 of a fine pixel
    cv2.fillPoly(fine, [at], 1, shift=3)
    blocks = fine.reshape(h, FINER, w, FINER).mean((1, 3))
    drawn[corner[1] : end[1], corner[0] : end[0]] = blocks
    return drawn


def _share(low: float, high: float, count: int) -> np.ndarray:
    """Return how much of each pixel lies between two places."""
    at = np.arange(count)
    return np.clip(np.minimum(at + 1, high) - np.maximum(at, low), 0, 1)


def middle_of(request: MoveRequest, selection: np.ndarray) -> tuple[float, float]:
    """Return what a move turns and scales about: the middle of the box around its region."""
    if not isinstance(request.region, str):
        xs, ys = request.region[0::2], request.region[1::2]
        return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    left, top, width, height = cv2.boundingRect((selection >= 0.5).view(np.uint8))
    return left + width / 2, top + height / 2


def matrix_of(request: MoveRequest, middle: tuple[float, float]) -> Matrix:
    """Return the matrix of a move: mirrored, scaled, turned about the middle, then shifted."""
    turn = math.radians(request.rotate)
    cos, sin = math.cos(turn), math.sin(turn)
    if request.rotate % 90 == 0:  # exactly: cos(90 degrees) is 6e-17 in floats
        cos, sin = float(round(cos)), float(round(sin))
    across = request.scale[0] * (-1 if request.mirror in ("horizontal", "both") else 1)
    down = request.scale[1] * (-1 if request.mirror in ("vertical", "both") else 1)
    a, b, c, d = cos * across, sin * across, -sin * down, cos * down
    x, y = middle
    e = x + request.by[0] - a * x - c * y
    f = y + request.by[1] - b * x - d * y
    return a, b, c, d, e, f
