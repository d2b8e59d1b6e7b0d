"""The entry point for the host: the script's class, or one line that says why there is none."""

from __future__ import annotations

import logging
from typing import Any


def load() -> type[Any] | None:
    """Return the AlwaysOn script for this host; called each time the host loads its scripts."""
    try:
        from . import host_hooks, selfcheck
        from .script import DifferentialDiffusion

        if "the panel" in selfcheck.missing():
            return None
        host_hooks.start(DifferentialDiffusion)
    except (ImportError, AttributeError) as error:
        logging.getLogger("diffdiff").error(
            "Differential Diffusion is switched off, because this WebUI is not one it knows: %s",
            error,
        )
        return None
    return DifferentialDiffusion
