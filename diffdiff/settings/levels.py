"""Settings of what a gray means: which part of the change, and where it starts."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

FEW = 10  # runs of fewer steps get levels in between, if the user leaves the choice
MOST = 16  # extra levels


class ResponseArgs(BaseModel, extra="forbid"):
    """What part of the change a gray means."""

    response: str | None = Field(
        default=None,
        title="Response",
        description="Even changes: how far each strength changes the image, as measured by a "
        "sheet, such as 0.2 26; 0.4 39; 1 85. A gray of the map then means that part of the "
        "change. Empty: that part of the strength. API: a list of pairs works too.",
    )


class LevelArgs(ResponseArgs, extra="forbid"):
    """Where strengths start."""

    levels: Literal["auto", "steps", "fine"] = Field(
        default="auto",
        title="Levels",
        description="Noise level at which a gray starts. steps: at one of the run's steps, "
        "rounded as img2img rounds its denoising strength. fine: at its own noise level, between "
        f"steps too. auto: fine below {FEW} steps.",
    )
    extra_calls: int = Field(
        default=2,
        ge=0,
        le=MOST,
        title="Extra levels",
        description="Levels fine: how many levels between steps may be added. Each costs one more "
        "model call (two with samplers that call the model twice per step).",
    )

    def fine(self, steps: int) -> bool:
        """Return whether a run of `steps` should start pixels between steps, or try to."""
        return self.levels == "fine" or (self.levels == "auto" and steps < FEW)
