"""Settings of what a grey means: a part of the change, and where it begins."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

FEW = 10  # runs of fewer steps get levels in between, if the user leaves the choice
MOST = 16  # extra levels


class ResponseArgs(BaseModel, extra="forbid"):
    """What part of a change a grey means."""

    response: str | None = Field(
        None,
        title="Response",
        description="Even changes: how far each strength moves the picture, as a sheet measures "
        "it, such as 0.2 26; 0.4 39; 1 85. A grey of the map is then that part of the change. "
        "Empty: that part of the strength. API: a list of pairs too.",
    )


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
