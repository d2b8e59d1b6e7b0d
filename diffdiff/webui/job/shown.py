"""What a job shows while it runs, and leaves when it is interrupted."""

from __future__ import annotations

from typing import Any

from modules import sd_samplers_common, shared


def show(sampler: Any, hold: Any) -> None:
    """Show the held picture in the live preview, and return it from an interrupted job.

    hold: `Hold`, or a run that has its `init` and `picture`.
    """
    latent = sampler.last_latent
    if latent is None or latent.shape != hold.init.shape:
        return
    preview = shared.state.current_latent
    sampler.last_latent = hold.picture(latent)
    if preview is latent:
        shared.state.current_latent = sampler.last_latent
    elif preview is not None and preview.shape == latent.shape:
        shared.state.current_latent = hold.picture(preview)
    if not shared.parallel_processing_allowed:
        sd_samplers_common.store_latent(shared.state.current_latent)
