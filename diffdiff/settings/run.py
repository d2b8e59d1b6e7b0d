"""The settings of img2img itself, where no WebUI's tab has them. Command line and page derive."""

from __future__ import annotations

from pydantic import BaseModel, Field

# of `load`, and the command's flags
DTYPES = ("auto", "float32", "float16", "bfloat16")
OFFLOADS = ("none", "model", "sequential")


class RunArgs(BaseModel, extra="forbid"):
    """One run. `EditArgs` says what the change map does to it."""

    prompt: str = Field("", title="Prompt", description="What the changed parts become.")
    negative_prompt: str = Field(
        "", title="Negative prompt", description="What the changed parts keep away from."
    )
    strength: float = Field(
        1.0, ge=0, le=1, title="Denoising strength", description="The strength of a white pixel."
    )
    steps: int = Field(
        20, ge=1, le=1000, title="Steps", description="Steps of the full schedule (strength 1)."
    )
    guidance: float | None = Field(
        None, ge=0, le=50, title="Guidance", description="How closely the prompt is followed; "
        "left out, the pipeline's own default.",
    )  # fmt: skip
    seed: int = Field(
        0, ge=0, le=2**32 - 1, title="Seed", description="Of the noise. Picture i has seed + i."
    )
    count: int = Field(1, ge=1, le=64, title="Pictures", description="How many to make at once.")
    scheduler: str | None = Field(
        None, title="Scheduler", description="A diffusers scheduler by name, such as DDIM, "
        "Euler, Heun, DPMSolverMultistep; left out, the checkpoint's own.",
    )  # fmt: skip
    switch: float = Field(
        0.8, ge=0, le=1, title="Refiner from", description="Part of the steps after which a "
        "second model of Stable Diffusion XL, its refiner, goes on.",
    )  # fmt: skip
    width: int | None = Field(
        None, ge=8, le=8192, title="Width", description="Pixels; left out, the input's own."
    )
    height: int | None = Field(
        None, ge=8, le=8192, title="Height", description="Pixels; left out, the input's own."
    )

    def alone(self, index: int = 0, strength: float | None = None) -> RunArgs:
        """The run of one picture alone: its seed, and its strength if that is not the run's."""
        own = {"seed": (self.seed + index) % 2**32, "count": 1}
        own |= {} if strength is None else {"strength": strength}
        return RunArgs(**{**vars(self), **own})
