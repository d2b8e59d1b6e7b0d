"""Every pixel its own denoising strength, by Differential Diffusion (arXiv 2306.00950).

What `__all__` lists is for everybody, and stays within a minor version. It is imported when it is
first used, so that a part costs nothing but itself.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

PUBLIC = {  # name: the module that has it, and its name there
    "EditArgs": ("args", "EditArgs"), "parse": ("args", "parse"), "fields": ("args", "fields"),
    "FieldError": ("errors", "FieldError"), "decode_map": ("decode", "decode"),
    "shape": ("shaping", "shape"), "strengths": ("prepare", "strengths"),
    "release_steps": ("releases", "releases"), "climb": ("ladder", "climb"),
    "Hold": ("hold", "Hold"), "habits_of": ("probe", "habits_of"),
    "Habits": ("calls", "Habits"), "SamplerCall": ("calls", "SamplerCall"),
    "Draws": ("draws", "Draws"),
    "sigma_schedule": ("levels", "sigma_schedule"),
    "timestep_schedule": ("levels", "timestep_schedule"),
    "paste_back": ("composite", "paste_back"), "adherence": ("metrics", "adherence"),
    "pack": ("travel", "pack"), "unpack": ("travel", "unpack"),
}  # fmt: skip
__all__ = ["__version__", *PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'diffdiff' has no attribute {name!r}")
    module, own = PUBLIC[name]
    return getattr(importlib.import_module(f".{module}", __name__), own)
