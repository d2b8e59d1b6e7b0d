"""Every pixel its own denoising strength, by Differential Diffusion (arXiv 2306.00950).

What `__all__` lists is for everybody, and stays within a minor version. It is imported when it is
first used, so that a part costs nothing but itself.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

PUBLIC = {  # name: the module that has it
    "EditArgs": "args", "parse": "args", "fields": "args", "FieldError": "errors",
    "decode": "decode", "shape": "prepare", "strengths": "prepare", "releases": "releases",
    "climb": "ladder", "Hold": "hold", "traits": "samplers", "sigma_schedule": "levels",
    "timestep_schedule": "levels", "paste_back": "composite", "adherence": "metrics",
    "pack": "travel", "unpack": "travel",
}  # fmt: skip
__all__ = ["__version__", *PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'diffdiff' has no attribute {name!r}")
    return getattr(importlib.import_module(f".{PUBLIC[name]}", __name__), name)
