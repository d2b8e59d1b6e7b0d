"""Open the engine for a command, a page or a batch."""

from __future__ import annotations

import os
from typing import Any


def open_engine(chosen: Any, silent: bool = False) -> Any:
    """Open the engine of the `--model` flags; silent: without the libraries' progress bars."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # read when they are imported
    if silent:
        os.environ.update(TQDM_DISABLE="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
    from .load import load  # after what is set above

    return load(
        chosen.model,
        dtype=chosen.dtype,
        device=chosen.device,
        offload=chosen.offload,
        slicing=chosen.slicing,
        config=chosen.config,
        second=chosen.second,
    )
