"""One call of the engine at the working size: start steps, held pipeline and composite."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from PIL import Image

from .. import __version__
from ..edit.plan import EditPlan
from ..errors import FieldError
from ..maps import geometry
from ..sampling.start_steps import NEVER, StartRule
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, changed
from . import friendly
from .between import Leveled, record, wanted
from .finite import MODEL, VAE, decoded
from .scheduler_choice import choose
from .scheduler_hook import Held, Progress, hold_pipeline


@dataclass
class Result:
    """pictures: RGB, one for every seed. change_map: float32 `[H, W]`, the strength of every pixel.

    calls, skipped, steps: model calls made, and steps of the schedule that were not needed.
    settings: what differs from the defaults, the model, the map's fingerprint; JSON types only.
    runs: the settings of each picture alone.
    """

    pictures: list[Image.Image]
    change_map: np.ndarray
    calls: int
    skipped: int
    steps: int
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)
    runs: list[RunArgs] = field(default_factory=list)


class Job:
    """One call of `Engine.edit`, at the working size.

    Args:
        engine: whose pipeline runs.
        source: the picture at that size.
        shaped: the map at that size.
        args, run, rule, extra: as for `Engine.edit`.
        small: pictures that a second stage of DeepFloyd IF enlarges.
    """

    def __init__(
        self,
        engine: Any,
        source: Image.Image,
        shaped: np.ndarray,
        args: EditArgs,
        run: RunArgs,
        rule: StartRule | None,
        extra: dict[str, Any],
        small: list[Image.Image] | None = None,
    ):
        self.engine, self.source, self.args, self.run = engine, source, args, run
        own_rule, start_rule = rule is not None, rule or engine.rules.rule
        self.extra, self.small, self.leveled = extra, small, None
        self.refines = engine.second is not None and engine.second.family == "sdxl"
        pipe = engine.pipe
        decoder = getattr(pipe, "decoder_pipe", pipe)
        self.scheduler, self.note = choose(decoder.scheduler, run.scheduler, run.seed)
        if args.anchor == "friendly":
            self.scheduler = friendly.noisy(self.scheduler)
            friendly.check(self)
        factor = engine.rules.factor(decoder)
        grid = geometry.to_latent(shaped, source.height // factor, source.width // factor)
        self.edit = EditPlan(shaped, args, run.strength, run.steps, run.steps - 1, start_rule)
        on_grid = self.edit.at(grid)
        if wanted(args, run, self.scheduler, self.refines, own_rule):
            self.leveled, self.first = Leveled(on_grid), None
            self.finished = self.edit.counted(*Leveled.exact_steps)
        else:
            self.ladder, self.first = on_grid.start_steps()
            self.finished = self.edit

    def go(self, progress: Progress | None) -> tuple[list[Image.Image], int]:
        """Run the pipeline: return its pictures with kept pixels pasted back, and the model
        calls."""
        nothing = (self.ladder.start == NEVER).all() if not self.leveled else self.leveled.nothing
        if nothing:
            return [self.source.copy() for _ in range(self.run.count)], 0
        pictures, calls = self._call_pipeline(progress)
        return [self._composite(p) for p in pictures], calls

    def _call_pipeline(self, progress: Progress | None) -> tuple[list[Image.Image], int]:
        engine, run, refiner = self.engine, self.run, self.engine.second
        if self.leveled:
            held, pictures = self.part(engine, progress, strength=1.0)
            self.first = self.leveled.first
            return pictures, held.calls
        assert self.first is not None  # where nothing is released nothing is run
        strength = engine.rules.rule.img2img_args(self.first, run.steps).strength
        if self.args.anchor == "friendly":
            return friendly.run(self, progress, strength)
        switch = round(run.switch * run.steps)
        if not self.refines or self.first >= switch:  # one of them does it all
            alone = refiner if self.refines else engine
            held, pictures = self.part(alone, progress, strength=strength)
            return pictures, held.calls
        base, latents = self.part(
            engine, progress, strength=strength, denoising_end=run.switch, output_type="latent"
        )
        held, pictures = self.part(
            refiner, progress, known=base.known, image=latents, denoising_start=run.switch
        )
        return pictures, base.calls + held.calls

    def part(
        self,
        engine: Any,
        progress: Progress | None,
        known: tuple[torch.Tensor, torch.Tensor] | None = None,
        anchor: Any = None,
        instead: dict[str, Any] | None = None,
        **more: Any,
    ) -> tuple[Held, Any]:
        """Run one pipeline's part of the run.

        Args:
            more: arguments of its call; instead: those that the caller's own do not override.
            others: as for `Held`.
        """
        request = {**self._request(engine), **more, **self.extra, **(instead or {})}
        accepted = inspect.signature(engine.pipe.__call__).parameters
        request = {k: v for k, v in request.items() if k in accepted}
        pipe, options = engine.pipe, {"known": known, "progress": progress, "anchor": anchor}
        ladder = self.leveled.held() if self.leveled else self.ladder
        held = hold_pipeline(pipe, self.scheduler, ladder, **options)
        with held as held, decoded(pipe, held.finite):
            pictures = pipe(**request).images
        held.finite.check(self.run.steps, MODEL, VAE)
        return held, pictures

    @property
    def seeds(self) -> list[int]:
        """The seed of each picture."""
        return [(self.run.seed + i) % 2**32 for i in range(self.run.count)]

    def _request(self, engine: Any) -> dict[str, Any]:
        run = self.run
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in self.seeds]
        request: dict[str, Any] = {
            "prompt": run.prompt,
            "negative_prompt": run.negative_prompt or None,
            "image": self.source,
            "num_inference_steps": run.steps,
            "num_images_per_prompt": run.count,
            "generator": generators if run.count > 1 else generators[0],
            "width": self.source.width,
            "height": self.source.height,
            "output_type": "pil",
        }
        if run.guidance is not None:
            request["guidance_scale"] = run.guidance
        if engine.family == "if-2":
            quarter = self.source.width // 4, self.source.height // 4
            request["original_image"] = self.source
            request["image"] = self.small or self.source.resize(quarter, Image.Resampling.BICUBIC)
        if any(name.endswith("_embeds") for name in self.extra):
            del request["prompt"], request["negative_prompt"]
        elif not engine.reads_text:
            raise FieldError(
                "model", "it has no text encoder", "Load the whole pipeline, its text encoder too."
            )
        if engine.family == "flux" and run.negative_prompt:
            raise FieldError("negative_prompt", "Flux.1 is distilled and has none", "Leave it out.")
        return request

    def _composite(self, picture: Image.Image) -> Image.Image:
        if not isinstance(picture, Image.Image):
            return picture  # tensors were asked for
        picture = picture.convert("RGB")
        if picture.size != self.source.size:
            return picture
        original = np.asarray(self.source)
        edited = self.finished.recolor(np.asarray(picture), original)
        fade = self.args.soft
        return Image.fromarray(self.finished.paste(edited, original, fade))

    def result(self, pictures: list[Image.Image], calls: int) -> Result:
        first = self.run.steps if self.first is None else self.first
        settings = {
            **changed(self.run),
            **{f"dd_{name}": value for name, value in changed(self.args).items()},
            "scheduler": type(self.scheduler).__name__.removesuffix("Scheduler"),
            "size": list(self.source.size),
            "version": __version__,
        }
        if self.note:
            settings["note"] = self.note
        if self.leveled:
            settings["levels"] = record(self.leveled.starts)
        skipped = max(first - self.edit.slider_first, 0)
        strength = self.edit.strengths.astype(np.float32)
        return Result(pictures, strength, calls, skipped, self.run.steps, 0.0, settings)
