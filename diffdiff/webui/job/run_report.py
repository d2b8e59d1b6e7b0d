"""What a finished run says of itself: a line for artists under the result, its cost in the log."""

from __future__ import annotations

import logging
from typing import Any

from ...sampling.hold import Hold
from . import friendly

logger = logging.getLogger("diffdiff")


def describe(p: Any, session: Any, hold: Hold | None, first: int, slider_first: int) -> str:
    """Return what the run of a job did, in an artist's words, and log what it cost.

    Args:
        p: the host's processing object.
        session: the job's `Session`, whose sampler has run.
        hold: what held the sampler; None: the map is empty and no model was needed.
        first, slider_first: the step the run began at, and the one of the tab's slider.
    """
    skipped = max(first - slider_first, 0)
    steps = skipped + max(len(session.levels.schedule) - first, 0)
    calls = hold.calls if hold else 0
    cost = f"{calls} model calls{friendly.cost(hold)}"
    logger.info("Differential Diffusion: %s, %d of %d steps skipped", cost, skipped, steps)
    what = "mask" if session.inpaint else "map"
    if hold is None:
        return f"the {what} is empty, so nothing changes"
    parts = [_extent(p, session, what)]
    if skipped:
        parts.append(f"{skipped} of {steps} steps were not needed")
    if hold.remark:
        parts.append(hold.remark)
    return "; ".join(parts)


def _extent(p: Any, session: Any, what: str) -> str:
    """Return how much of the picture the map keeps."""
    if session.requested.fans:
        return f"{len(session.requested.several)} strengths in one run"
    kept = session.kept_share(p)
    if kept in (0, 1):
        return f"the {what} {'keeps' if kept else 'changes'} the whole picture"
    share = "less than 1%" if kept < 0.01 else f"{min(int(kept * 100 + 0.5), 99)}%"
    return f"the {what} keeps {share} of the picture"
