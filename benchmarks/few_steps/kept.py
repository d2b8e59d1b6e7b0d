"""Samplers measured one by one, each in a file of its own."""

from __future__ import annotations

import json
import time
from pathlib import Path

from .runs import ROWS, SAMPLERS


def maker(pictures: int, strips: int, folder: Path):
    """In every process: what measures a sampler by its name, and keeps what it finds."""
    import torch

    from .figures import of_sampler
    from .models import Toy

    torch.set_num_threads(1)
    toy, known = Toy(), {sampler.name: sampler for sampler in SAMPLERS}

    def measure(name: str) -> str:
        began = time.monotonic()
        found = of_sampler(toy, known[name], ROWS, pictures, strips)
        folder.mkdir(parents=True, exist_ok=True)
        kept_at(folder, name).write_text(json.dumps(found, indent=1), encoding="utf-8")
        return f"{name}: {time.monotonic() - began:.0f} s"

    return measure


def kept_at(folder: Path, name: str) -> Path:
    words = "".join(c if c.isalnum() else " " for c in name.replace("+", "p"))
    return folder / ("-".join(words.split()).lower() + ".json")
