"""What others do about the seam of an inpainted picture, each written from its description.

Pictures are uint8 `[H, W, 3]`, masks bool `[H, W]` (true = inpainted), weights float32 `[H, W]` in
0..1 (1 = the edited picture).
"""

from __future__ import annotations

import ast
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

# the defaults of A1111's built-in soft inpainting
POWER, SCALE, PRESERVATION, THRESHOLD, CONTRAST = 1.0, 0.5, 4.0, 0.5, 2.0
SMOOTHING = 4  # pixels, of its overlay


def mix(original: np.ndarray, edited: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Alpha: the mean of the two by weight, rounded."""
    w = weight[..., None].astype(np.float32)
    return np.rint(original + (edited.astype(np.float32) - original) * w).astype(np.uint8)


def feather(original: np.ndarray, edited: np.ndarray, mask: np.ndarray, sigma: float) -> np.ndarray:
    """Feathered paste: alpha by the Gaussian of the mask."""
    return mix(original, edited, blurred(mask, sigma))


def blurred(mask: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def mask_blur(original, edited, mask: np.ndarray, sigma: float) -> np.ndarray:
    """The hosts' standard paste: alpha is twice the blurred mask, cut at 1."""
    return mix(original, edited, np.minimum(2 * blurred(mask, sigma), 1))


def poisson(original: np.ndarray, edited: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Gradients of the edited picture in the mask (Perez et al. 2003, `cv2.seamlessClone`).

    It wants the mask away from the borders: the pictures are continued by two pixels.
    """
    rim = 2
    grown = [
        cv2.copyMakeBorder(a, rim, rim, rim, rim, cv2.BORDER_REPLICATE) for a in (edited, original)
    ]
    inside = cv2.copyMakeBorder(mask.astype(np.uint8) * 255, *(rim,) * 4, cv2.BORDER_CONSTANT)
    x, y, w, h = cv2.boundingRect(inside)
    out = cv2.seamlessClone(*grown, inside, (x + w // 2, y + h // 2), cv2.NORMAL_CLONE)
    return out[rim:-rim, rim:-rim]


def laplacian(original, edited, mask: np.ndarray, levels: int) -> np.ndarray:
    """Each band of frequencies mixed over its own width (Burt and Adelson 1983)."""
    stacks = []
    for layer in (original, edited):
        rest, bands = layer.astype(np.float32), []
        for _ in range(levels):
            small = cv2.pyrDown(rest)
            bands.append(rest - cv2.pyrUp(small, dstsize=rest.shape[1::-1]))
            rest = small
        stacks.append([*bands, rest])
    weights = [mask.astype(np.float32)]
    for _ in range(levels):
        weights.append(cv2.pyrDown(weights[-1]))
    mixed = [a + (b - a) * w[..., None] for a, b, w in zip(*stacks, weights)]
    out = mixed[-1]
    for band in mixed[-2::-1]:
        out = cv2.pyrUp(out, dstsize=band.shape[1::-1]) + band
    return np.rint(out.clip(0, 255)).astype(np.uint8)


def builtin_blend(init: Tensor, x0: Tensor, nmask: Tensor, sigma: float) -> Tensor:
    """A1111's soft inpainting at one step: between the original and the model's x0.

    The weight of x0 is nmask ** (sigma ** power * scale); the length of each latent vector is a
    power mean of both lengths, so that no contrast is lost.
    """
    t = nmask ** (sigma**POWER * SCALE)
    between = init * (1 - t) + x0 * t
    lengths = [v.norm(dim=1, keepdim=True).double() ** PRESERVATION for v in (init, x0)]
    wanted = (lengths[0] * (1 - t) + lengths[1] * t) ** (1 / PRESERVATION)
    return between * (wanted / (between.norm(dim=1, keepdim=True).double() + 1e-5)).to(between)


def window_mean(values: np.ndarray, low: float, high: float, width: float = 1.0) -> np.ndarray:
    """Its filter: of the 5x5 neighbours, weighted by a bell and sorted, the mean of those between
    two percentiles, of a window at least `width` wide. All pixels at once.

    Args:
        values: float `[h, w]`.
        low, high: parts of the sum of weights.
    """
    r = 2
    y, x = np.mgrid[-r : r + 1, -r : r + 1]
    end = np.exp(-((r + 1) ** 2) / 1.5**2)
    bell = np.maximum((np.exp(-(x**2 + y**2) / 1.5**2) - end) / (1 - end), 0)
    windows = np.lib.stride_tricks.sliding_window_view
    shape = (2 * r + 1,) * 2
    v = windows(np.pad(values, r), shape).reshape(*values.shape, -1)
    w = windows(np.pad(np.ones_like(values), r), shape).reshape(*values.shape, -1) * bell.ravel()
    order = np.argsort(np.where(w > 0, v, np.inf), -1, kind="stable")
    v, w = np.take_along_axis(v, order, -1), np.take_along_axis(w, order, -1)
    above = np.cumsum(w, -1)
    total = above[..., -1:]
    middle = (low + high) / 2 * total
    half = np.maximum((high - low) * total, width) / 2
    start = np.clip(middle - half, 0, np.maximum(total - 2 * half, 0))
    part = np.clip(np.minimum(above, start + 2 * half) - np.maximum(above - w, start), 0, None)
    return (v * part).sum(-1) / part.sum(-1)


def builtin_weight(distance: np.ndarray, size: tuple[int, int], window=window_mean) -> np.ndarray:
    """Its overlay: how much of the edited picture shows, by how far the latents have moved.

    Args:
        distance: float `[h, w]`, length of the change of each latent vector.
        size: (width, height) of the picture.
        window: its filter, `(values, low, high)`.
    """
    moved = window(window(distance, 0.9, 1.0), 0.25, 0.75)
    x = 1 / (1 + (moved / THRESHOLD) ** CONTRAST)
    shown = 1 - x**3 * (x * (6 * x - 15) + 10)
    grey = Image.fromarray((255 * shown).astype(np.uint8)).resize(size, Image.Resampling.LANCZOS)
    return np.asarray(grey.filter(ImageFilter.GaussianBlur(SMOOTHING)), np.float32) / 255


def real_window(root: Path):
    """The host's own filter, taken out of a checkout of the WebUI, as `window_mean` is called."""
    path = root / "extensions-builtin/soft-inpainting/scripts/soft_inpainting.py"
    wanted = (
        "weighted_histogram_filter",
        "weighted_histogram_filter_single_pixel",
        "get_gaussian_kernel",
    )
    kept = [
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name in wanted
    ]
    space: dict = {"np": np, "math": __import__("math")}
    try:
        import joblib

        space |= {n: getattr(joblib, n) for n in ("Parallel", "delayed", "cpu_count")}
    except ImportError:
        pass  # Forge's version needs it
    exec(compile(ast.Module(kept, []), str(path), "exec"), space)
    kernel, centre = space["get_gaussian_kernel"](stddev_radius=1.5, max_radius=2)

    def window(values, low, high):
        return space["weighted_histogram_filter"](
            values, kernel, centre, percentile_min=low, percentile_max=high, min_width=1
        )

    return window


def nmask_of(weight: np.ndarray, height: int, width: int) -> Tensor:
    """A mask at latent resolution as the hosts resize it: `[1, 1, h, w]` in 0..1."""
    grey = Image.fromarray(np.rint(weight * 255).astype(np.uint8)).resize((width, height))
    return torch.from_numpy(np.asarray(grey, np.float32) / 255)[None, None]
