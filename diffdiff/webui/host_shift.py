"""The shift of a flow model's schedule: a setting of the job, set by the host as a run starts."""

from __future__ import annotations

import copy
from typing import Any

from modules import shared


def set_shift(sampler: Any, shift: float | None) -> None:
    """Give a sampler that makes no images the schedule of a run with this shift.

    The loaded model keeps the shift of the run that it may be in.

    Args:
        shift: None, or a model whose shift is no setting of a job, changes nothing.
    """
    predictor = getattr(sampler.model_wrap, "predictor", None)
    if not shift or predictor is None or not getattr(shared.sd_model, "use_shift", False):
        return
    sampler.model_wrap.predictor = shifted = copy.deepcopy(predictor)
    shifted.set_parameters(shift=shift)
