"""Milliseconds of map work on this machine: python -m benchmarks.maps"""

from __future__ import annotations

import base64
import io
import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from diffdiff.images import paste_back
from diffdiff.maps import geometry, soften

SIDE = 4096


def median_ms(work: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of `work` in milliseconds, after one run that does not count."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def painted_map(side: int) -> np.ndarray:
    """A plausible mask, float32 [side, side]: two discs and a bar, 0 or 1."""
    m = np.zeros((side, side), np.float32)
    cv2.circle(m, (side // 3, side // 3), side // 6, 1, -1)
    cv2.circle(m, (2 * side // 3, side // 2), side // 9, 1, -1)
    cv2.rectangle(m, (side // 8, 3 * side // 4), (7 * side // 8, 3 * side // 4 + 40), 1, -1)
    return m


def as_base64(m: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray((m * 255).astype(np.uint8)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def prepare(m: np.ndarray, direction: str, falloff: str) -> np.ndarray:
    m = geometry.levels(m, 0.05, 0.95, 1.2)
    m = soften.soften(m, 64, direction, falloff)
    return geometry.to_latent(m, len(m) // 8, len(m) // 8)


def main() -> None:
    m = painted_map(SIDE)
    brushed = cv2.GaussianBlur(m, (0, 0), 20)
    rows: list[tuple[str, Callable[[], object]]] = []
    for name, picture in (("two values", m), ("soft brush", brushed)):
        text = as_base64(picture)
        rows.append((f"decode {SIDE}x{SIDE} 8-bit PNG, {name}", lambda t=text: geometry.decode(t)))
    for direction in soften.DIRECTIONS:
        for falloff in soften.FALLOFFS:
            rows.append(
                (
                    f"levels + soften(64, {direction}, {falloff}) + to_latent {SIDE}x{SIDE}",
                    lambda d=direction, f=falloff: prepare(m, d, f),
                )
            )
    small = painted_map(1024)
    rng = np.random.default_rng(0)
    old, new = (rng.integers(0, 256, (1024, 1024, 3), np.uint8) for _ in range(2))
    rows.append(
        (
            "paste_back 1024x1024, feather 8",
            lambda: paste_back.paste_back(old, new, small, 8),
        )
    )
    brush = cv2.GaussianBlur(small, (0, 0), 5)
    rows.append(
        (
            "soften(16, outward, linear) of a 1024x1024 map with many greys",
            lambda: soften.soften(brush, 16, "outward", "linear"),
        )
    )
    for name, work in rows:
        print(f"{name:66s} {median_ms(work):9.1f} ms", flush=True)


if __name__ == "__main__":
    main()
