"""Change maps: stretch their values, and bring them to the size that is needed.

A change map is a float32 array [H, W] in 0..1, where 1 means change fully and 0 means keep.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..errors import FieldError
from ..images.read import BLOCK, MAX_PIXELS, decode

__all__ = ["decode", "follow", "invert", "levels", "resize", "to_latent"]


LARGEST_CELL = 16  # pixels of a latent cell


def invert(m: np.ndarray) -> np.ndarray:
    """Return 1 - m, for maps in which white means keep, as in the paper. float32 [H, W] in 0..1."""
    return np.subtract(np.float32(1), m, dtype=np.float32)


def levels(m: np.ndarray, black: float, white: float, gamma: float) -> np.ndarray:
    """Stretch the values of a map: float32 [H, W] in 0..1 to the same.

    Args:
        black, white: the map values that become 0 and 1.
        gamma: then t becomes t ** (1 / gamma); above 1 brightens.

    With (0, 1, 1) the map itself is returned.

    Raises:
        FieldError: "black", "white" or "gamma", for values that are not finite, for
            black >= white (in float32) and for gamma <= 0.
    """
    low, high, power = _level_values(black, white, gamma)
    if (low, high, power) == (0, 1, 1):
        return m
    out = np.empty(m.shape, np.float32)
    rows = 1 + BLOCK // m.shape[1]
    for start in range(0, len(m), rows):
        t = np.subtract(m[start : start + rows], low, dtype=np.float32)
        t /= high - low
        block = np.clip(t, 0, 1, out=out[start : start + rows])
        if power != 1:  # 0 and 1 stay, and libm is slow there
            np.power(block, power, out=block, where=(block > 0) & (block < 1))
    return out


def _level_values(black: float, white: float, gamma: float) -> tuple[np.float32, ...]:
    for name, value in (("black", black), ("white", white), ("gamma", gamma)):
        if not abs(value) <= 1e6:  # NaN too
            raise FieldError(name, f"{value} is not a usable number", "Use a finite number")
    if not np.float32(black) < np.float32(white):
        problem = f"{black} is not below white ({white})"
        raise FieldError("black", problem, "Use a black level smaller than the white level")
    if gamma < 1e-6:
        remedy = "Use a number above 0; 1 leaves the map as it is"
        raise FieldError("gamma", f"{gamma} is not a usable exponent", remedy)
    return np.float32(black), np.float32(white), np.float32(1 / gamma)


def resize(m: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize a map: float32 [height, width] in 0..1.

    Each axis on its own: area averaging where it shrinks, linear between pixel centers where it
    grows. A part of the map that has one value keeps exactly that value. At the same size the map
    itself is returned.

    Raises:
        FieldError: "width" or "height" below one pixel.
    """
    _check_sides(width, height)
    rows, columns = m.shape
    if (rows, columns) == (height, width):
        return m
    if height < rows or width < columns:
        m = _area(m, min(height, rows), min(width, columns))
    if height > rows:
        m = _stretch(m, height, axis=0)
    if width > columns:
        m = _stretch(m, width, axis=1)
    return np.clip(m, 0, 1, out=m)


def _check_sides(width: int, height: int) -> None:
    for name, side in (("width", width), ("height", height)):
        if side < 1:
            raise FieldError(name, f"{side} pixels", "Use a size of at least one pixel")


def _area(m: np.ndarray, height: int, width: int) -> np.ndarray:
    """Average over areas, [height, width], neither side larger than the map's.

    cv2 holds its weights in float32, which turns a constant into a neighboring float. Sums in
    float64, divided by what the same weights make of ones, give the constant back.
    """
    rows, columns = m.shape
    shared = math.gcd(rows, height)
    source, target = rows // shared, height // shared  # the pattern of weights repeats so
    repeat = min(shared, 1 + BLOCK // (source * columns))
    block = np.ones((repeat * source, columns))
    weight = _cv_area(block, repeat * target, width)
    out = np.empty((height, width), np.float32)
    for first in range(0, shared, repeat):
        count = min(repeat, shared - first)
        part = block[: count * source]
        part[:] = m[first * source : (first + count) * source]
        means = _cv_area(part, count * target, width)
        np.divide(means, weight[: count * target], out=means)
        out[first * target : (first + count) * target] = means
    return out


def _cv_area(block: np.ndarray, height: int, width: int) -> np.ndarray:
    area = cv2.resize(block, (width, height), interpolation=cv2.INTER_AREA)
    return area.reshape(height, width)


def _stretch(m: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Enlarge one axis linearly to `size`; the border pixel continues outwards."""
    last = m.shape[axis] - 1
    at = np.clip((np.arange(size) + 0.5) * ((last + 1) / size) - 0.5, 0, last)
    low = at.astype(np.intp)
    part = (at - low).astype(np.float32)
    first = np.take(m, low, axis)
    step = np.take(m, np.minimum(low + 1, last), axis)
    step -= first  # a + (b - a) t: equal neighbors stay exactly what they are
    step *= part[:, None] if axis == 0 else part
    step += first
    return step


def follow(
    m: np.ndarray, resize_mode: int, image_size: tuple[int, int], width: int, height: int
) -> np.ndarray:
    """Do to a map what the WebUI does to its init image before img2img: [height, width].

    Args:
        m: float32 [H, W] in 0..1.
        resize_mode: 0 just resize, 1 crop and resize, 2 resize and fill, 3 latent upscale (the
            host stretches the latent as a whole, so the geometry is that of 0).
        image_size: (width, height) of the init image in pixels; a map of another size is first
            resized to it.
        width, height: size of the job, in pixels.

    The integers are those of `modules.images.resize_image` (A1111 v1.10.1, the same in Forge). In
    mode 2 the border values of the map continue into the filled part, as the picture's do.

    Raises:
        FieldError: "resize_mode", also where the whole picture at the scale of the job would have
            more than 8192*8192 pixels; "width" or "height".
    """
    _check_sides(width, height)
    if resize_mode not in (0, 1, 2, 3):
        remedy = "Use 0 (just resize), 1 (crop and resize), 2 (resize and fill) or 3"
        raise FieldError("resize_mode", f"{resize_mode} is not a resize mode", remedy)
    image_width, image_height = image_size
    m = resize(m, image_width, image_height)
    if resize_mode in (0, 3):
        return resize(m, width, height)
    wider = width / height > image_width / image_height  # the job is wider than the picture
    fitted_width, fitted_height = width, height
    if wider == (resize_mode == 1):
        fitted_height = image_height * width // image_width
    else:
        fitted_width = image_width * height // image_height
    if fitted_width * fitted_height > MAX_PIXELS:
        problem = f"the picture becomes {fitted_width}x{fitted_height} pixels when resized"
        remedy = "Use just resize, or a picture whose shape is nearer to that of the job"
        raise FieldError("resize_mode", problem, remedy)
    left, top = width // 2 - fitted_width // 2, height // 2 - fitted_height // 2
    return _window(resize(m, fitted_width, fitted_height), left, top, width, height)


def _window(m: np.ndarray, left: int, top: int, width: int, height: int) -> np.ndarray:
    """Paste a map at (left, top) into [height, width]: cut outside, continued at its borders."""
    columns = np.clip(np.arange(width) - left, 0, m.shape[1] - 1)
    rows = np.clip(np.arange(height) - top, 0, m.shape[0] - 1)
    return m[rows[:, None], columns]


def to_latent(m: np.ndarray, h: int, w: int) -> np.ndarray:
    """Average a map to latent resolution: float32 [h, w] in 0..1 by area.

    For whole factors this is the mean of each block, and a block of one value keeps exactly it.
    """
    return resize(m, w, h)


def cells(m: np.ndarray, h: int, w: int) -> np.ndarray:
    """Average a map to the latent resolution of a VAE that works in whole cells: `to_latent` of
    what it sees, without a rest."""
    rows, columns = (max(side // count, 1) * count for side, count in zip(m.shape, (h, w)))
    return to_latent(m[:rows, :columns], h, w)


def over_frames(stack: np.ndarray, rank: int) -> np.ndarray:
    """Reshape maps to broadcast over latents of any rank: `[B, h, w]` -> `[B, 1, ..., h, w]`.

    rank: of the latents; 4 for `[B, C, h, w]`, 5 for `[B, C, T, h, w]`, whose frames share a map.
    """
    return stack.reshape(len(stack), *[1] * (rank - 3), *stack.shape[-2:])


def part(
    m: np.ndarray,
    whole: tuple[float, float],
    offset: tuple[float, float],
    width: int,
    height: int,
    edge: int = 0,
    continued: bool = False,
) -> np.ndarray:
    """Return the part of a map that a picture shows: float32 [height, width] in 0..1.

    Args:
        m: float32 [H, W], of all of the picture that this one is a part of.
        whole: (width, height) of all of it, in pixels of the part.
        offset: (x, y) of the part's left top corner in it; what lies beyond is new and is 1.
        edge: pixels inside, beside what is new, over which the map rises to 1.
        continued: what lies beyond is not new but continues the map's borders.
    """
    columns, rows = max(round(whole[0]), 1), max(round(whole[1]), 1)
    x, y = (np.arange(side) + round(at) for side, at in zip((width, height), offset))
    inside = ((y >= 0) & (y < rows))[:, None] & ((x >= 0) & (x < columns))
    found = resize(m, columns, rows)[np.clip(y, 0, rows - 1)[:, None], np.clip(x, 0, columns - 1)]
    if continued or inside.all():
        return found
    new = np.ones_like(found)
    if edge > 0 and inside.any():
        away = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        found = np.maximum(found, np.clip(1 - away / edge, 0, 1))
    return np.where(inside, found, new).astype(np.float32)
