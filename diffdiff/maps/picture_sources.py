"""Change maps computed from a picture: brightness, color, edges, detail, difference, foreground.

A picture is uint8 [H, W, 3] or [H, W, 4] (RGB, RGBA); every function returns float32 [H, W] in
0..1, the same for the same input on every run. What is transparent is seen on white, as the WebUIs
flatten an init image. Levels, invert and softening come after.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import FieldError
from .shapes import WHOLE

WEIGHTS = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601 luma
WORK_SIDE = 768  # pixels; GrabCut takes seconds on more
SEED = 1
COLOURS = 5


def luminance(picture: np.ndarray) -> np.ndarray:
    """Return the brightness: BT.601 luma of the sRGB values, black 0, white 1."""
    luma = _colours(picture).reshape(-1, 3) @ WEIGHTS / 255
    return luma.reshape(picture.shape[:2]).clip(0, 1).astype(np.float32)


def saturation(picture: np.ndarray) -> np.ndarray:
    """Return the saturation of HSV, (max - min) / max: grays and black 0, pure colors 1."""
    colours = _colours(picture)
    top = colours.max(2).astype(np.float32)
    return (top - colours.min(2)) / np.maximum(top, 1)


def edges(picture: np.ndarray, sigma: float = 1.0) -> np.ndarray:
    """Return the strength of edges: length of the gradient, the largest of the three channels.

    Args:
        sigma: pixels by which the picture is smoothed first (Gaussian), 0..64; 0 = not at all.

    By Sobel's kernels, scaled so that a straight step from black to white is 1 unsmoothed.

    Raises:
        FieldError: "edge_sigma", or "image" for what is no picture.
    """
    colours = _colours(picture).astype(np.float32) / np.float32(255)
    if not 0 <= sigma <= 64:
        raise FieldError("edge_sigma", f"{sigma} pixels", "Use 0 to 64")
    if sigma > 0:
        colours = cv2.GaussianBlur(colours, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    x, y = (
        cv2.Sobel(colours, cv2.CV_32F, dx, 1 - dx, ksize=3, borderType=cv2.BORDER_REPLICATE)
        for dx in (1, 0)
    )
    return (np.sqrt(x * x + y * y).max(2) / 4).clip(0, 1)


def canny(picture: np.ndarray, low: float = 100, high: float = 200) -> np.ndarray:
    """Find Canny's edges (1986), one pixel wide, of the brightness: 0 or 1.

    Args:
        low, high: thresholds of the gradient (Sobel, 8-bit levels), 0 <= low <= high <= 2000.

    Raises:
        FieldError: "canny_low" or "image".
    """
    grey = _grey(picture)
    if not 0 <= low <= high <= 2000:
        remedy = "Use 0 <= low <= high <= 2000, such as 100 and 200"
        raise FieldError("canny_low", f"{low:g} with canny_high {high:g}", remedy)
    return (cv2.Canny(grey, low, high, L2gradient=True) > 0).astype(np.float32)


def detail(picture: np.ndarray, radius: int = 4) -> np.ndarray:
    """Measure how busy the picture is: standard deviation of the brightness nearby, times 2.

    Args:
        radius: the window has 2 radius + 1 pixels a side; 1..128.

    A flat window is exactly 0; half black, half white is 1.

    Raises:
        FieldError: "detail_radius" or "image".
    """
    grey = _grey(picture)
    if int(radius) != radius or not 1 <= radius <= 128:
        raise FieldError("detail_radius", f"{radius} pixels", "Use a whole number from 1 to 128")
    side = 2 * int(radius) + 1
    # sums of whole numbers are exact in float64, so the variance of a flat window is 0
    values = grey.astype(np.float64)
    one, two = (
        cv2.boxFilter(v, -1, (side, side), normalize=False, borderType=cv2.BORDER_REPLICATE)
        for v in (values, values * values)
    )
    variance = np.maximum(side**2 * two - one * one, 0) / side**4
    return (np.sqrt(variance) * (2 / 255)).clip(0, 1).astype(np.float32)


def from_point(height: int, width: int, x: float = 0.5, y: float = 0.5) -> np.ndarray:
    """Return the distance from a point, relative to that of the farthest pixel: a vignette.

    Args:
        x, y: the point, in parts of the width and the height; it may lie outside.

    Raises:
        FieldError: "size", "point_x" or "point_y".
    """
    _check_size(height, width)
    for name, value in (("point_x", x), ("point_y", y)):
        if not -10 <= value <= 10:  # false for NaN too
            remedy = "Use parts of the picture, such as 0.5 for its middle"
            raise FieldError(name, f"{value} is not usable", remedy)
    across = np.arange(width) + 0.5 - x * width
    down = np.arange(height) + 0.5 - y * height
    far = np.sqrt(across**2 + down[:, None] ** 2)
    return (far / (far.max() or 1)).astype(np.float32)


def from_border(height: int, width: int) -> np.ndarray:
    """Return the distance from the nearest border: 0 in the outermost pixels, 1 in the middle.

    Where all pixels touch a border all is 0.

    Raises:
        FieldError: "size".
    """
    _check_size(height, width)
    across, down = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in (width, height))
    far = np.minimum(across, down[:, None])
    return (far / max(far.max(), 1)).astype(np.float32)


def difference(picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return where two pictures differ: the largest difference of one channel.

    Raises:
        FieldError: "image", or "other_image", also for another size.
    """
    one, two = _colours(picture), _colours(other, "other_image")
    if one.shape != two.shape:
        (h, w), (other_h, other_w) = one.shape[:2], two.shape[:2]
        problem = f"{other_w}x{other_h} pixels, the picture has {w}x{h}"
        raise FieldError("other_image", problem, "Give two pictures of one size")
    return cv2.absdiff(one, two).max(2).astype(np.float32) / np.float32(255)


def alpha(picture: np.ndarray) -> np.ndarray:
    """Return the alpha channel: transparent 0, opaque 1.

    Raises:
        FieldError: "image", also for a picture without alpha.
    """
    _colours(picture)
    if picture.shape[2] != 4:
        remedy = "Send a picture with transparency, such as an RGBA PNG, or use another source"
        raise FieldError("image", "it has no alpha channel", remedy)
    return picture[..., 3].astype(np.float32) / np.float32(255)


def foreground(
    picture: np.ndarray,
    box: Sequence[float] | None = None,
    inside: np.ndarray | None = None,
    outside: np.ndarray | None = None,
    rounds: int = 5,
) -> np.ndarray:
    """Find the object in a box or under strokes, by GrabCut (Rother et al. 2004, OpenCV's): 0 or 1.

    Args:
        box: (left, top, right, bottom) in parts of the width and the height; all outside of it is
            background. None is the whole picture.
        inside, outside: [H, W], above 0 where marked; with strokes alone, `inside` and
            `outside` are both needed.
        rounds: 1..20.

    Pictures of more than 768 pixels a side are cut at that size.

    Raises:
        FieldError: "image", "box", "inside", "outside" or "rounds".
    """
    colours = _colours(picture)
    if not 1 <= rounds <= 20:
        raise FieldError("rounds", f"{rounds} rounds", "Use 1 to 20")
    height, width = colours.shape[:2]
    scale = min(1.0, WORK_SIDE / max(height, width))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA) if scale < 1 else colours
    state = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    state[_box(WHOLE if box is None else box, *state.shape)] = cv2.GC_PR_FGD
    for name, stroke, value in (
        ("outside", outside, cv2.GC_BGD),
        ("inside", inside, cv2.GC_FGD),
    ):
        if stroke is None:
            continue
        if stroke.shape != (height, width):
            problem = f"its shape is {list(stroke.shape)}, the picture's [{height}, {width}]"
            raise FieldError(name, problem, "Draw the strokes on the picture itself")
        drawn = (stroke > 0).astype(np.float32)
        if scale < 1:  # a thin stroke must not vanish
            drawn = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)
        state[drawn > 0] = value
    _check_state(state)
    models = np.zeros((2, 1, 65))
    cv2.setRNGSeed(SEED)
    bgr = np.ascontiguousarray(small[..., ::-1])
    whole = (0, 0, 1, 1)  # not read where there is a mask
    cv2.grabCut(bgr, state, whole, models[0], models[1], rounds, cv2.GC_INIT_WITH_MASK)
    found = np.isin(state, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    if scale < 1:
        found = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)
    return (found >= 0.5).astype(np.float32)


def _box(box: Sequence[float], height: int, width: int) -> tuple[slice, slice]:
    sides = tuple(box)
    remedy = "Use left,top,right,bottom in parts of the picture, such as 0.25,0.25,0.75,0.75"
    if len(sides) != 4 or not all(map(math.isfinite, sides)):
        raise FieldError("box", "it is not four numbers", remedy)
    left, top, right, bottom = (
        round(min(max(v, 0), 1) * n) for v, n in zip(sides, (width, height) * 2)
    )
    if left >= right or top >= bottom:
        raise FieldError("box", "it holds no pixel of the picture", remedy)
    return slice(top, bottom), slice(left, right)


def _check_state(state: np.ndarray) -> None:
    """Check that GrabCut can learn five colors of each kind: there must be some pixels of each."""
    background = np.count_nonzero(state == cv2.GC_BGD)
    if background < COLOURS:
        problem = "the box holds the whole picture and no stroke says what is background"
        raise FieldError("box", problem, "Draw a smaller box, or a stroke outside the object")
    if state.size - background < COLOURS:
        problem = "nearly all of the picture is marked as background"
        raise FieldError("outside", problem, "Use a larger box, or fewer of these strokes")


def _colours(picture: np.ndarray, field: str = "image") -> np.ndarray:
    """Flatten a picture onto white: uint8 [H, W, 3]."""
    good = isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.ndim == 3
    if not good or picture.shape[2] not in (3, 4) or picture.size == 0:
        shape, kind = list(np.shape(picture)), getattr(picture, "dtype", type(picture).__name__)
        problem = f"{kind} {shape} is not a picture"
        raise FieldError(field, problem, "Give uint8 [H, W, 3] or [H, W, 4]")
    if picture.shape[2] == 3:
        return np.ascontiguousarray(picture)
    opacity = picture[..., 3:].astype(np.uint16)
    on_white = (picture[..., :3] * opacity + 255 * (255 - opacity) + 127) // 255
    return on_white.astype(np.uint8)


def _grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(_colours(picture), cv2.COLOR_RGB2GRAY)


def _check_size(height: int, width: int) -> None:
    if min(height, width) < 1:
        raise FieldError("size", f"{width}x{height} pixels", "Use a size of at least one pixel")
