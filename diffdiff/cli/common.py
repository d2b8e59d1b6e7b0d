"""What several commands share: the model's flags, a progress bar."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from ..settings.run import DTYPES, OFFLOADS


def add_engine(command: argparse.ArgumentParser) -> None:
    """Add the flags that `open_engine` reads."""
    engine = command.add_argument_group("the model")
    engine.add_argument(
        "--model",
        default="toyworld",
        metavar="NAME",
        help="toyworld (included), a diffusers folder, a .safetensors file or a hub id "
        "(default: %(default)s)",
    )
    engine.add_argument(
        "--dtype", choices=DTYPES, default="auto", help="type of the weights (default: %(default)s)"
    )
    engine.add_argument(
        "--device", default="auto", metavar="NAME", help="cpu, cuda, mps, ... (default: auto)"
    )
    engine.add_argument(
        "--offload",
        choices=OFFLOADS,
        default="none",
        help="keep parts of the model off the GPU until needed (default: %(default)s)",
    )
    engine.add_argument("--slicing", action="store_true", help="less memory, somewhat slower")
    engine.add_argument(
        "--config", metavar="NAME", help="diffusers folder or hub id that a .safetensors file needs"
    )
    engine.add_argument(
        "--second", metavar="NAME", help="Stable Diffusion XL's refiner, or DeepFloyd IF's stage II"
    )


def print_hints(settings: Mapping[str, Any]) -> None:
    """Print what the user should know of a run, on stderr."""
    for hint in settings.get("hints", ()):
        print(f"note: {hint}.", file=sys.stderr)


class Progress:
    """A bar on stderr that the engine advances: `progress(done, total)`."""

    def __init__(self, silent: bool, unit: str = "step"):
        self.silent, self.unit, self.bar = silent, unit, None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: Any) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, done: int, total: int) -> None:
        if self.silent:
            return
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(total=total, unit=self.unit)
        self.bar.total = total
        self.bar.update(done - self.bar.n)
