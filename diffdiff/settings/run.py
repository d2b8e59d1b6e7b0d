"""The settings of img2img itself, for the command line and the local page."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

# of `load`, and the command's flags
DTYPES = ("auto", "float32", "float16", "bfloat16")
OFFLOADS = ("none", "model", "sequential")


class RunArgs(BaseModel, extra="forbid"):
    """One run. `EditArgs` says what the change map does to it."""

    prompt: str = Field(
        default="", title="Prompt", description="What the changed parts should show."
    )
    negative_prompt: str = Field(
        default="", title="Negative prompt", description="What the changed parts should not show."
    )
    strength: float = Field(
        default=1.0,
        ge=0,
        le=1,
        title="Denoising strength",
        description="Denoising strength of white pixels.",
    )
    steps: int = Field(
        default=20,
        ge=1,
        le=1000,
        title="Steps",
        description="Sampling steps of the full schedule (denoising strength 1).",
    )
    guidance: float | None = Field(
        default=None,
        ge=0,
        le=50,
        title="CFG scale",
        description="How closely the prompt is followed. Unset: the pipeline's default.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**32 - 1,
        title="Seed",
        description="Seed for the noise. Image i uses seed + i.",
    )
    count: int = Field(
        default=1, ge=1, le=64, title="Images", description="Number of images to make at once."
    )
    scheduler: str | None = Field(
        default=None,
        title="Scheduler",
        description="Name of a diffusers scheduler, such as DDIM, Euler, Heun, "
        "DPMSolverMultistep. Unset: the checkpoint's own.",
    )
    switch: float = Field(
        default=0.8,
        ge=0,
        le=1,
        title="Switch to refiner at",
        description="Fraction of the steps after which the Stable Diffusion XL refiner takes over.",
    )
    width: int | None = Field(
        default=None,
        ge=8,
        le=8192,
        title="Width",
        description="Width in pixels. Unset: that of the input.",
    )
    height: int | None = Field(
        default=None,
        ge=8,
        le=8192,
        title="Height",
        description="Height in pixels. Unset: that of the input.",
    )

    def alone(self, index: int = 0, strength: float | None = None) -> RunArgs:
        """Return the run of one picture alone: its seed, and its strength if it differs from the
        run's."""
        settings: dict[str, Any] = {**vars(self), "seed": (self.seed + index) % 2**32, "count": 1}
        if strength is not None:
            settings["strength"] = strength
        return RunArgs(**settings)
