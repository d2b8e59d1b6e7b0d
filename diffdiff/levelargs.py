"""Settings of what a grey means in few steps (`diffdiff.fine`)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from .fine import FEW, MOST


class LevelArgs(BaseModel, extra="forbid"):
    """Where strengths begin."""

    levels: Literal["auto", "steps", "fine"] = Field(
        "auto",
        title="Levels",
        description="Where a grey begins. steps: at one of the run's steps, as the WebUI rounds "
        f"its denoising strength. fine: at its own noise, between steps too. auto: fine below "
        f"{FEW} steps.",
    )
    extra_calls: int = Field(
        2,
        ge=0,
        le=MOST,
        title="Extra levels",
        description="Levels fine: how many levels between steps there may be. Each costs one "
        "model call more (two with a sampler that makes two a step).",
    )

    def fine(self, steps: int) -> bool:
        """Whether levels between steps are asked for, or to be tried, in a run of `steps`."""
        return self.levels == "fine" or (self.levels == "auto" and steps < FEW)
