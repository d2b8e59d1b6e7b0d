"""DiffEdit (Couairon et al., arXiv 2210.11427): a map from the model's predictions for two prompts.

The map is where a model predicts different noise for the two, averaged over several noises. The
paper cuts it at 0.5; here it stays continuous, to be used as a change map, and the cut is an
option. Its encoding and decoding are in `diffdiff.sampling.inversion`.

The model, the level and the noises are arguments; nothing here knows a host.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import torch
from torch import Tensor

from ..errors import FieldError
from ..sampling.noise_levels import Level, noised
from ..settings.sources import DiffEditArgs
from . import geometry
from .soften import soften

OUTLIERS = ("otsu", "percentile", "ratio", "none")
AMOUNTS = {"otsu": 99.0, "percentile": 95.0, "ratio": 3.0, "none": 0.0}
MOST_NOISES = 256
SAME = 1e-6  # of the predictions: a smaller difference is rounding

Compare = Callable[[Tensor], "tuple[Tensor, Tensor]"]
"""`x [K, C, h, w] -> predictions for the query and for the reference, [K, C, h, w] each`. Noise, v,
velocity or x0: for one x these differ by a factor, which the rescaling takes out again. For the
same reason classifier-free guidance changes nothing: conditional predictions are enough."""


def draw(init: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """Draw n noises for a latent `[1, C, h, w]`: `[n, C, h, w]` of its dtype, on its device.

    Drawn where the generator lives, so that a generator of the CPU gives every device the same.

    Raises:
        FieldError: "diffedit_noises" outside 1..256.
    """
    if not 1 <= n <= MOST_NOISES:
        remedy = f"Use 1 to {MOST_NOISES}; the paper uses 10"
        raise FieldError("diffedit_noises", f"{n} noises", remedy)
    shape = (n, *init.shape[1:])
    return torch.randn(shape, generator=generator, device=generator.device).to(init)


def noise_timestep(level: float, count: int = 1000) -> int:
    """Return the timestep of a noise level given as a fraction of the schedule (0.5 is the
    paper's).

    Raises:
        FieldError: "diffedit_level" outside 0..1, and 0, where all predictions say nothing.
    """
    if not 0 < level <= 1:  # false for NaN too
        remedy = "Use a number above 0 up to 1, best 0.6 or less; the paper uses 0.5"
        raise FieldError("diffedit_level", f"{level} is not a noise level", remedy)
    return min(int(round(level * count, 6)), count - 1)


def differences(
    predict: Compare,
    init: Tensor,
    level: Level,
    noises: Tensor,
    batch: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Return |prediction for the query - for the reference|, mean over channels, for each noise.

    This is all that needs the model: keep it, and `settle` and `finish` cost nothing.

    Args:
        predict: the model.
        init: `[1, C, ..., h, w]`.
        level: noise level of every call (`diffdiff.sampling.noise_levels`).
        noises: `[n, C, ..., h, w]`.
        batch: noises in one model call, by the memory there is; None means all.
        progress: called as `progress(model evaluations done, all)`; may raise to stop.

    Returns:
        float32 `[n, h, w]` on the CPU, 0 or more.

    Raises:
        FieldError: "query" where both prompts predict the same, "diffedit_batch" below 1,
            "model" where a prediction is not finite.
    """
    if batch is not None and batch < 1:
        raise FieldError("diffedit_batch", f"{batch} noises at once", "Use 1 or more")
    if init.shape[0] != 1 or noises.shape[1:] != init.shape[1:]:
        raise ValueError(
            f"one init latent and noises of its shape are needed, got {list(init.shape)} and "
            f"{list(noises.shape)}"
        )
    parts, size, done = [], 0.0, 0
    for some in noises.split(batch or len(noises)):
        x = noised(init, some, level)
        query, reference = (answer.float() for answer in predict(x))
        size = max(size, float(query.abs().amax()))
        # channels, and the one frame of a model that knows frames
        parts.append((query - reference).abs().flatten(1, -3).mean(1).cpu())
        done += 2 * len(some)
        if progress is not None:
            progress(done, 2 * len(noises))
    stack = torch.cat(parts)
    if not torch.isfinite(stack).all():
        remedy = "Run the model in float32 or bfloat16"
        raise FieldError("model", "its predictions are not finite", remedy)
    if float(stack.amax()) <= SAME * size:
        problem = "the model predicts the same for both prompts, so there is no map"
        raise FieldError("query", problem, "Use a query that differs from the reference")
    return stack


def settle(stack: Tensor, outliers: str = "otsu", amount: float | None = None) -> Tensor:
    """Combine the differences of some noises into a map: float32 `[h, w]` in 0..1.

    Args:
        stack: `[n, h, w]`, from `differences`.
        outliers: how extreme values are removed, which the paper does and does not describe.
            "percentile" limits each noise's values to that percentile of all, then averages and
            stretches the range to 0..1; "none" is the same without a limit. "otsu" limits and
            averages too, then puts Otsu's threshold (1979, of the square roots) at 0.5 and what is
            twice as far above the least at 1: a small and a large region fill the range alike,
            which no one percentile can do. "ratio" is the clamp of diffusers: the average is
            divided by `amount` times its own mean and cut off at 1.
        amount: the percentile, above 50 up to 100 (None: 99 for "otsu", else 95), or the ratio,
            above 0 (None: 3).

    A map that is the same everywhere is 1 everywhere.

    Raises:
        FieldError: "diffedit_outliers" or "diffedit_amount".
    """
    if outliers not in OUTLIERS:
        known = ", ".join(OUTLIERS)
        raise FieldError("diffedit_outliers", f"{outliers!r} is not known", f"Use one of {known}")
    amount = AMOUNTS[outliers] if amount is None else float(amount)
    if outliers == "ratio":
        if not 0 < amount < math.inf:
            raise FieldError(
                "diffedit_amount", f"{amount} times", "Use a number above 0, such as 3"
            )
        mean = stack.mean(0)
        top = (mean.mean() * amount).clamp(min=torch.finfo(mean.dtype).tiny)
        return mean.clamp(max=top) / top
    if outliers != "none":
        if not 50 < amount <= 100:
            remedy = "Use a percentile above 50 up to 100, such as 95"
            raise FieldError("diffedit_amount", f"{amount} is not usable", remedy)
        flat = stack.flatten()
        limit = flat.kthvalue(max(math.ceil(amount / 100 * len(flat)), 1)).values
        if limit > flat.amin():  # else all that differs is rarer than outliers: nothing would stay
            stack = stack.clamp(max=limit)
    mean = stack.mean(0)
    low, high = mean.amin(), mean.amax()
    if low == high:
        return torch.ones_like(mean)
    if outliers == "otsu":
        mean, low, high = (v.double() for v in (mean, low, high))  # so that the three stay apart
        middle = otsu(mean.sqrt()).square()
        high = torch.minimum(high, 2 * middle - low)
        below, above = (mean - low) / (middle - low), (mean - middle) / (high - middle)
        return (torch.where(mean < middle, below, 1 + above).clamp(0, 2) / 2).float()
    return ((mean - low) / (high - low)).clamp(0, 1)


def otsu(values: Tensor) -> Tensor:
    """Return Otsu's threshold: 0-d, the middle of the gap between the two groups.

    Of all splits the one that leaves the least variance within the groups. There must be two
    different values, float64 of any shape.
    """
    values = values.flatten().sort().values
    count, total = torch.arange(1, len(values)), values.cumsum(0)
    ours, rest = total[:-1] / count, (total[-1] - total[:-1]) / (len(values) - count)
    between = count * (len(values) - count) * (ours - rest).square()
    between[values[1:] == values[:-1]] = -1  # equal values stay together
    split = int(between.argmax())
    return (values[split] + values[split + 1]) / 2


def finish(
    m: Tensor | np.ndarray,
    height: int,
    width: int,
    cut: float | None = None,
    grow: float = 0.0,
    radius: float = 0.0,
    direction: str = "both",
    falloff: str = "gaussian",
) -> np.ndarray:
    """Turn a map of latent cells into a change map of the picture: float32 `[height, width]` in
    0..1.

    Args:
        m: `[h, w]` in 0..1.
        cut: None keeps the map continuous; else what is above becomes 1 and the rest 0, in whole
            cells (the paper: 0.5).
        grow: pixels by which bright parts spread, in a disc of whole cells: 0 up to 512.
        radius, direction, falloff: as in `diffdiff.maps.soften.soften`, pixels.

    Raises:
        FieldError: "diffedit_cut", "diffedit_grow", or those of `soften`.
    """
    cells = np.array(m.cpu() if isinstance(m, Tensor) else m, np.float32)
    if cut is not None:
        if not 0 <= cut < 1:
            remedy = "Use a number from 0 to below 1; the paper uses 0.5"
            raise FieldError("diffedit_cut", f"{cut} is not a map value", remedy)
        cells = (cells > cut).astype(np.float32)
    if not 0 <= grow <= 512:
        raise FieldError("diffedit_grow", f"{grow} pixels", "Use 0 to 512")
    reach = grow * cells.shape[1] / width
    if reach >= 1:
        side = np.arange(-int(reach), int(reach) + 1)
        disc = (side**2 + side[:, None] ** 2 <= reach**2).astype(np.uint8)
        cells = cv2.dilate(cells, disc)
    if cut is None:
        change = geometry.resize(cells, width, height)
    else:  # whole cells, so that their area averages are the cells again
        rows = np.arange(height) * cells.shape[0] // height
        change = cells[rows[:, None], np.arange(width) * cells.shape[1] // width]
    return soften(change, radius, direction, falloff)


def finished(stack: Tensor, size: tuple[int, int], args: DiffEditArgs) -> np.ndarray:
    """Turn some `differences` into a change map: float32 `[H, W]` in 0..1; size: (width,
    height)."""
    m = settle(stack, args.diffedit_outliers, args.diffedit_amount)
    return finish(m, size[1], size[0], args.diffedit_cut, args.diffedit_grow)
