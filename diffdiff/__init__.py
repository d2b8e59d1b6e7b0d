"""Give every pixel its own denoising strength, by Differential Diffusion (arXiv 2306.00950).

What `__all__` lists is for everybody, and stays within a minor version. It is imported when it is
first used, so that a part costs nothing but itself.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

PUBLIC = {  # name: the module that has it, and its name there
    "EditArgs": ("settings.schema", "EditArgs"),
    "parse": ("settings.schema", "parse"),
    "fields": ("settings.schema", "fields"),
    "FieldError": ("errors", "FieldError"),
    "decode_map": ("images.read", "decode"),
    "shape": ("maps.shaping", "shape"),
    "strengths": ("edit.plan", "strengths"),
    "release_steps": ("edit.releases", "release_steps"),
    "EditPlan": ("edit.plan", "EditPlan"),
    "StartSteps": ("sampling.start_steps", "StartSteps"),
    "WebUIRule": ("sampling.start_steps", "WebUIRule"),
    "DiffusersRule": ("sampling.start_steps", "DiffusersRule"),
    "climb": ("sampling.start_steps", "WEBUI"),
    "Hold": ("sampling.hold", "Hold"),
    "habits_of": ("sampling.probe", "habits_of"),
    "Habits": ("sampling.calls", "Habits"),
    "SamplerCall": ("sampling.calls", "SamplerCall"),
    "Draws": ("sampling.draws", "Draws"),
    "sigma_schedule": ("sampling.noise_levels", "sigma_schedule"),
    "timestep_schedule": ("sampling.noise_levels", "timestep_schedule"),
    "paste_back": ("images.paste_back", "paste_back"),
    "adherence": ("metrics.adherence", "adherence"),
    "pack": ("maps.embedded", "pack"),
    "unpack": ("maps.embedded", "unpack"),
}
__all__ = ["__version__", *PUBLIC]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'diffdiff' has no attribute {name!r}")
    module, own = PUBLIC[name]
    return getattr(importlib.import_module(f".{module}", __name__), own)
