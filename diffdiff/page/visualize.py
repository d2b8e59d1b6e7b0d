"""Draw strength and change as readable pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..maps.overlay import colours, overlay
from ..sampling.start_steps import DIFFUSERS, NEVER, StartRule

SMALLEST = 480  # pixels of width that a legend needs
PAPER, INK, FADED = (252, 252, 250), (28, 32, 40), (92, 98, 110)
TICKS = 5  # of the legend, both ends among them


def preview(
    picture: np.ndarray,
    strength: np.ndarray,
    steps: int,
    rule: StartRule = DIFFUSERS,
    noise: Callable[[float], float] | None = None,
) -> np.ndarray:
    """Return the overlay with a legend below: color, strength, and the step at which it is
    released, or how noisy it begins.

    Args:
        picture: uint8 [H, W, 3].
        strength: [H, W] in 0..1.
        steps: of the full schedule, 1 or more.
        rule: of the model's family, strength -> start step; the default is that of most.
        noise: for a run with levels between steps, strength -> part of noise.

    Returns:
        uint8 [h, w, 3], whole times larger than the picture where that is too small for a legend.
    """
    values = np.linspace(0, 1, TICKS)
    rows = {"strength": [f"{value:.0%}" for value in values]}
    if noise is None:
        rows[f"of {steps} steps"] = [released(value, steps, rule) for value in values]
    else:
        rows["begins at"] = ["kept" if not v else f"{noise(v):.0%} noise" for v in values]
    return _with_legend(overlay(picture, strength), rows)


def change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Draw how much two uint8 [H, W, 3] differ, pixel by pixel: black where they are equal,
    brightest where they differ most."""
    difference = np.abs(before.astype(np.float32) - after).mean(2)
    most = max(float(difference.max()), 1.0)
    values = np.linspace(0, most, TICKS)
    rows = {"change": [f"{value:.0f}" for value in values], "of 255": []}
    return _with_legend(colours(difference / most), rows)


def released(strength: float, steps: int, rule: StartRule = DIFFUSERS) -> str:
    """Return the step, counted from 1, at which a pixel of this strength is first changed, in
    words."""
    start = int(rule(np.array(strength), steps, steps - 1).start)
    return "kept" if start == NEVER else f"from {start + 1}"


def _with_legend(picture: np.ndarray, rows: Mapping[str, Sequence[str]]) -> np.ndarray:
    """Draw a picture above a scale of the colors; rows: name -> what is below the ticks."""
    factor = -(-SMALLEST // picture.shape[1])
    shown = Image.fromarray(picture)
    shown = shown.resize((shown.width * factor, shown.height * factor), Image.Resampling.NEAREST)
    unit = shown.width / 440
    font = ImageFont.load_default(round(14 * unit))
    margin, bar, line = round(14 * unit), round(11 * unit), round(19 * unit)
    top = shown.height + margin
    sheet = Image.new("RGB", (shown.width, top + bar + 2 * line + margin), PAPER)
    draw = ImageDraw.Draw(sheet)
    sheet.paste(shown, (0, 0))
    left = 3 * margin + max(round(draw.textlength(name, font)) for name in rows)
    length = shown.width - left - 2 * margin
    sheet.paste(
        Image.fromarray(np.tile(colours(np.linspace(0, 1, length)), (bar, 1, 1))), (left, top)
    )
    for i, (name, texts) in enumerate(rows.items()):
        y = top + bar + round((i + 0.9) * line)
        draw.text((margin, y), name, FADED, font, "ls")
        for value, text in zip(np.linspace(0, 1, TICKS), texts):
            draw.text((left + round(value * (length - 1)), y), text, INK, font, "ms")
    return np.asarray(sheet)
