"""Soften the edges of a change map by a radius in pixels.

Soft inpainting in *Differential Diffusion* (Levin & Fried, arXiv 2306.00950) blurs the inpaint mask
with a Gaussian; that is direction "both" with falloff "gaussian". The other kinds let the strength
fall off with the exact distance to the edge, on both sides of it or on one.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..errors import FieldError

DIRECTIONS = ("both", "outward", "inward")
FALLOFFS = ("gaussian", "linear", "smooth")
MAX_RADIUS = 4096  # pixels
TAIL = np.float32(1 / 512)  # nearer to 0 or 1 than this is 0 or 1
REACH = 3.1  # sigmas at which erfc(e / (sqrt 2 sigma)) is below 1/512
LOW_SIGMA = 8  # a reduced blur still spans so many of its own pixels: error below 1/255
LEVELS = 32  # gray levels of a map that are softened one by one
EXACT_WORK = LEVELS * 1024 * 1024  # levels times pixels; a small map may have more levels
STRIP = 32  # rows of a block that stays in the cache
STEPS = 65535  # levels are told apart, and profiles tabulated, to 16 bits


def soften(
    m: np.ndarray,
    radius: float,
    direction: str = "both",
    falloff: str = "gaussian",
    linear_light: bool = False,
) -> np.ndarray:
    """Soften a map: float32 [H, W] in 0..1.

    Args:
        m: change map, float32 [H, W] in 0..1.
        radius: pixels of this map, 0..4096; 0 returns the map itself.
        direction: "both" centers the transition on the edge, "outward" leaves the region as it is
            and adds a rim outside, "inward" leaves the outside as it is.
        falloff: "gaussian", "linear", or "smooth" (3 t^2 - 2 t^3 of the linear ramp).
        linear_light: soften the paper's map (1 - m) as a picture in sRGB, in linear light, as the
            authors' examples were made: an edge that was blurred to 1/2 then keeps 0.74.

    With e the distance of a pixel center to the edge, for a region of ones among zeros: "linear"
    goes from 1 to 0 over e = -radius..radius ("both") or over 0..radius on one side. "gaussian"
    has sigma = radius: "both" is the Gaussian blur itself with the border continued, "outward" is
    erfc(e / (sqrt 2 radius)), "inward" is erf of the same.

    A gray map is the sum of its level sets {m >= t}, each softened on its own. All its levels are
    used while there are at most 32, or few enough for its size (their number times the pixels up
    to 2^25); otherwise 32 evenly spaced ones, which is wrong by at most 1/64. A map that is nowhere
    larger is nowhere larger after softening: exactly, save by 1/64 where only one of two maps has
    so many levels. "outward" never goes below m, "inward" never above.
    Values below 1/512 become exactly 0 and values above 1 - 1/512 exactly 1 (save where m itself
    is there and the direction leaves it alone).

    Raises:
        FieldError: "soften_radius", "soften_direction" or "soften_falloff".
    """
    _check(radius, direction, falloff)
    if radius == 0:
        return m
    if linear_light:
        return _from_light(soften(_to_light(m), radius, direction, falloff))
    m = np.ascontiguousarray(m, dtype=np.float32)
    if (direction, falloff) == ("both", "gaussian"):
        return _blur(m, float(radius))
    soft = _cut_tails(_by_level(m, float(radius), direction, falloff))
    if direction == "outward":
        return np.maximum(soft, m, out=soft)
    return np.minimum(soft, m, out=soft) if direction == "inward" else soft


def reach(radius: float, direction: str = "both", falloff: str = "gaussian") -> float:
    """Return the distance in pixels beyond which softening changes nothing."""
    if direction == "inward" or radius == 0:
        return 0.0
    return radius * (REACH if falloff == "gaussian" else 1) + 0.5


def _to_light(m: np.ndarray) -> np.ndarray:
    """Return the part that changes, in linear light: 1 - decode(1 - m), sRGB (IEC 61966-2-1)."""
    keep = 1 - m.astype(np.float32)
    light = np.where(keep <= 0.04045, keep / 12.92, ((keep + 0.055) / 1.055) ** 2.4)
    return (1 - light).astype(np.float32)


def _from_light(m: np.ndarray) -> np.ndarray:
    """Invert `_to_light`; 0 stays exactly 0, 1 exactly 1."""
    light = 1 - m
    keep = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.where(m <= 0, 0, np.where(m >= 1, 1, 1 - keep)).clip(0, 1).astype(np.float32)


def _check(radius: float, direction: str, falloff: str) -> None:
    if not 0 <= radius <= MAX_RADIUS:  # false for NaN too
        remedy = f"Use a radius of 0 to {MAX_RADIUS} pixels"
        raise FieldError("soften_radius", f"{radius} is not a usable radius", remedy)
    for name, value, known in (
        ("soften_direction", direction, DIRECTIONS),
        ("soften_falloff", falloff, FALLOFFS),
    ):
        if value not in known:
            raise FieldError(name, f"{value!r} is not known", f"Use one of {', '.join(known)}")


def _cut_tails(soft: np.ndarray) -> np.ndarray:
    """Round the tails in place: keep becomes exactly 0, change exactly 1."""
    soft[soft < TAIL] = 0
    soft[soft > 1 - TAIL] = 1
    return soft


def _blur(m: np.ndarray, sigma: float) -> np.ndarray:
    """Blur by a Gaussian with the border continued, tails cut; a wide one works on a smaller
    picture.

    Averaging over blocks of `factor` pixels and doubling back linearly widen the picture too, by
    variances of (factor^2 - 1) / 12 and (factor^2 - 1) / 4: the small blur leaves that much out.
    """
    factor = 1
    while sigma >= 2 * factor * LOW_SIGMA:
        factor *= 2
    if factor == 1:
        return _cut_tails(_cv_blur(m, sigma))
    small_sigma = math.sqrt(sigma**2 - (factor**2 - 1) / 3) / factor
    small = _cv_blur(_blocks(m, factor), small_sigma)
    while factor > 2:
        small = _double(small)[1:-1, 1:-1]  # a rim of one pixel again, the outer is not exact
        factor //= 2
    out = np.empty_like(m)
    for y in range(0, len(m), 2 * STRIP):  # the last doubling and the tails, in the cache
        strip = out[y : y + 2 * STRIP]
        doubled = _double(small[y // 2 : y // 2 + STRIP + 2])
        strip[:] = doubled[2 : 2 + len(strip), 2 : 2 + m.shape[1]]
        _cut_tails(strip)
    return out


def _double(m: np.ndarray) -> np.ndarray:
    rows, columns = m.shape
    return cv2.resize(m, (2 * columns, 2 * rows), interpolation=cv2.INTER_LINEAR)


def _blocks(m: np.ndarray, factor: int) -> np.ndarray:
    """Return block means with a rim of one block, in which the border *pixels* continue outwards.

    Continuing the border blocks would spread what lies a few pixels inside.
    """
    down, right = -m.shape[0] % factor, -m.shape[1] % factor
    if down or right:
        m = cv2.copyMakeBorder(m, 0, down, 0, right, cv2.BORDER_REPLICATE)
    rows, columns = m.shape[0] // factor, m.shape[1] // factor
    means = np.empty((rows + 2, columns + 2), np.float32)
    means[1:-1, 1:-1] = _means(m, rows, columns)
    for edge in (0, -1):
        means[edge, 1:-1] = _means(m[edge][None], 1, columns)
        means[1:-1, edge] = _means(np.ascontiguousarray(m[:, edge][:, None]), rows, 1)[:, 0]
        means[edge, 0], means[edge, -1] = m[edge, 0], m[edge, -1]
    return means


def _means(m: np.ndarray, rows: int, columns: int) -> np.ndarray:
    return cv2.resize(m, (columns, rows), interpolation=cv2.INTER_AREA).reshape(rows, columns)


def _cv_blur(m: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(m, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def _by_level(m: np.ndarray, radius: float, direction: str, falloff: str) -> np.ndarray:
    """Sum over the levels of m, tile by tile: levels that cross no tile cost nothing there."""
    steps = (m * np.float32(STEPS) + np.float32(0.5)).astype(np.uint16)
    thresholds, weights = _levels(steps)
    reached = np.concatenate([[0], np.cumsum(weights)]).astype(np.float32)
    reach = radius * (REACH if falloff == "gaussian" else 1)
    table = _profile(radius, reach, direction, falloff)
    halo = math.ceil(reach) + 1
    tile = max(512, 4 * halo)
    soft = np.empty_like(m)
    for y in range(0, m.shape[0], tile):
        for x in range(0, m.shape[1], tile):
            top, left = max(0, y - halo), max(0, x - halo)
            near = steps[top : y + tile + halo, left : x + tile + halo]
            first = np.searchsorted(thresholds, near.min(), side="right")
            last = np.searchsorted(thresholds, near.max(), side="right")
            out = soft[y : y + tile, x : x + tile]
            out[:] = reached[first]  # the sets that hold all of this tile
            inner = np.s_[y - top : y - top + out.shape[0], x - left : x - left + out.shape[1]]
            for level in range(first, last):
                edge = _edge_distance(near >= thresholds[level], direction)[inner]
                out += weights[level] * _look_up(table, edge, reach)
    return soft


def _levels(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return thresholds (16-bit steps, rising) and the part of 0..1 that each stands for (sum <=
    1)."""
    seen = cv2.calcHist([steps], [0], None, [STEPS + 1], [0, STEPS + 1])
    thresholds = np.flatnonzero(seen)
    if len(thresholds) <= LEVELS or len(thresholds) * steps.size <= EXACT_WORK:
        parts = np.diff(thresholds, prepend=0) / STEPS
        return thresholds, parts.astype(np.float32)
    middle = np.ceil((np.arange(LEVELS) + 0.5) / LEVELS * STEPS).astype(np.int64)
    return middle, np.full(LEVELS, 1 / LEVELS, np.float32)


def _edge_distance(inside: np.ndarray, direction: str) -> np.ndarray:
    """Return the exact distance to the nearest pixel of the other kind: above 0 inside, below 0
    outside.

    0 on the side that the direction does not need. Both kinds must occur.
    """
    region = inside.astype(np.uint8)
    if direction == "inward":
        return _distance(region)
    if direction == "outward":
        return -_distance(1 - region)
    return _distance(region) - _distance(1 - region)


def _distance(mask: np.ndarray) -> np.ndarray:
    return cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def _profile(radius: float, reach: float, direction: str, falloff: str) -> np.ndarray:
    """Tabulate the softened value over edge distance, for -(reach + 1)..reach + 1."""
    distance = np.linspace(-reach - 1, reach + 1, STEPS)
    # the edge lies half a pixel before the first pixel of the other kind
    beyond = np.sign(distance) * np.maximum(np.abs(distance) - 0.5, 0)
    start = 1 if direction == "outward" else 0  # value on the side that stays as it is
    if falloff == "gaussian":
        value = start + np.array([math.erf(e / (math.sqrt(2) * radius)) for e in beyond])
    else:
        value = beyond / (2 * radius) + 0.5 if direction == "both" else beyond / radius + start
        value = np.clip(value, 0, 1)
        if falloff == "smooth":
            value = value * value * (3 - 2 * value)
    return _cut_tails(np.clip(value, 0, 1).astype(np.float32))


def _look_up(table: np.ndarray, edge: np.ndarray, reach: float) -> np.ndarray:
    scale = (len(table) - 1) / (2 * (reach + 1))
    index = (edge + np.float32(reach + 1)) * np.float32(scale) + np.float32(0.5)
    return table[np.clip(index, 0, len(table) - 1).astype(np.uint16)]
