"""One edit by a diffusers pipeline: the core's map, ladder, hold and composite around it."""

from __future__ import annotations

import inspect
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from PIL import Image

from .. import __version__, colour, infotext, maps
from ..args import EditArgs, changed
from ..composite import paste_back
from ..errors import FieldError
from ..inpaint import Work, shape_for
from ..ladder import NEVER, Rule
from ..prepare import fanned, for_fan, full_strength, kept, plan, shown, strengths
from .choice import choose
from .families import Family
from .held import Held, Progress, hold_pipeline
from .pictures import flat
from .settings import RunArgs
from .several import finish_fan, sheet


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


class Engine:
    """A loaded img2img pipeline that obeys change maps.

    Args:
        pipe: a diffusers img2img pipeline of a supported family.
        family: that family.
        name: of the model, for records.
        second: an engine that goes on: SDXL's refiner, or stage II of DeepFloyd IF.
        native: pixels of the shorter side of its pictures, for a model that knows one size only.
    """

    def __init__(
        self,
        pipe: Any,
        family: Family,
        name: str,
        second: Engine | None = None,
        native: int | None = None,
    ):
        self.pipe, self.rules, self.name, self.second = pipe, family, name, second
        self.native = pipe.unet.config.sample_size if family.name.startswith("if") else native
        self._check_parts()

    @property
    def family(self) -> str:
        return self.rules.name

    def edit(
        self,
        image: Image.Image,
        change_map: np.ndarray | None,
        args: EditArgs,
        run: RunArgs,
        progress: Progress | None = None,
        rule: Rule | None = None,
        **extra: Any,
    ) -> Result:
        """img2img with a strength of its own for every pixel.

        Args:
            image: the input; alpha lies on white.
            change_map: float32 `[H, W]` in 0..1, any size; 1 = change. A fan and a sheet need none.
            args: what is done to the map.
            run: img2img's own settings.
            progress: called with (model calls made, model calls in all).
            rule: strength -> start step, if not the pipeline's own.
            extra: further arguments of the pipeline, such as `prompt_embeds`.

        Raises:
            FieldError: a setting, the map or the model cannot be used.
        """
        began = time.perf_counter()
        if args.mode == "sheet":
            result = sheet(self, image, change_map, args, run, progress, rule, **extra)
            result.seconds = time.perf_counter() - began
            return result
        if change_map is None and (args.needs_map or args.mode == "soft inpaint"):
            raise FieldError("map", "there is none", "Give a change map: white changes.")
        source = self.fit(image, run)
        result = self._edit(image, source, change_map, args, run, progress, rule, extra)
        result.runs = [run.alone(i) for i in range(run.count)]
        result.settings |= {"model": self.name}
        if change_map is not None:
            result.settings["map"] = infotext.fingerprint([change_map])
        result.seconds = time.perf_counter() - began
        return result

    def _edit(self, image, source, change_map, args, run, progress, rule, extra) -> Result:
        shaped, fan = np.ones((1, 1), np.float32), None
        if change_map is not None:
            shaped = shape_for(maps.resize(change_map, *image.size), args, Work(*source.size))
        worked = maps.resize(shaped, *source.size)
        if args.mode == "fan":
            cell = self.rules.factor(getattr(self.pipe, "decoder_pipe", self.pipe))
            fan = fanned(args, *source.size, worked, cell)
            shaped = worked = fan.map
        told, args = args, for_fan(args) if fan else args
        job = _Job(self, source, worked, args, run, rule, extra)
        pictures, calls = job.go(progress)
        result = job.result(pictures, calls)
        if self.second is not None and self.second.family == "if-2":
            # stage II redraws at four times the size, by the same map
            if not self.second.reads_text and "prompt_embeds" not in extra:
                extra = {**extra, **self.embeds(run)}
            result = self.second.enlarge(pictures, image, shaped, args, run, progress, **extra)
            result.calls += calls
        if fan:
            finish_fan(result, fan)
            result.settings.pop("dd_scale", None)
            result.settings |= {f"dd_{name}": value for name, value in changed(told).items()}
        return result

    @torch.no_grad()
    def embeds(self, run: RunArgs) -> dict[str, torch.Tensor]:
        """The prompt as a stage without a text encoder takes it."""
        positive, negative = self.pipe.encode_prompt(
            run.prompt, negative_prompt=run.negative_prompt or None
        )
        return {"prompt_embeds": positive, "negative_prompt_embeds": negative}

    def enlarge(self, small: list[Image.Image], image, shaped, args, run, progress, **extra):
        """DeepFloyd IF's stage II: the edited small pictures, the original, and the shaped map."""
        source = self.fit(image, run)
        job = _Job(self, source, maps.resize(shaped, *source.size), args, run, None, extra, small)
        return job.result(*job.go(progress))

    def fit(self, image: Image.Image, run: RunArgs) -> Image.Image:
        """The input at the working size, RGB; untouched where it fits already."""
        image, size = flat(image), self.worked_at(image, run)
        return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)

    def worked_at(self, image: Image.Image, run: RunArgs) -> tuple[int, int]:
        """The working size (width, height) of an input."""
        width, height = image.size
        if self.native is not None:
            scale = self.native / min(width, height)
            width, height = round(width * scale), round(height * scale)
        width, height = run.width or width, run.height or height
        step = self.rules.multiple
        return tuple(max(round(side / step), 1) * step for side in (width, height))

    def _check_parts(self) -> None:
        pipe = self.pipe
        encoders = [n for n in pipe.components if n.endswith(("text_encoder", "text_encoder_2"))]
        self.reads_text = any(getattr(pipe, n, None) is not None for n in encoders)
        vae, unet = getattr(pipe, "vae", None), getattr(pipe, "unet", None)
        if vae is None or unet is None:
            return
        channels = unet.config.in_channels
        if channels != vae.config.latent_channels:
            raise FieldError(
                "model",
                f"its UNet takes {channels} channels, so it is no plain img2img model "
                "(inpainting, depth or instruction checkpoints have more)",
                "Use the base checkpoint.",
            )


class _Job:
    """One call of `Engine.edit`, at the working size."""

    def __init__(self, engine, source, shaped, args, run, rule, extra, small=None):
        self.engine, self.source, self.args, self.run = engine, source, args, run
        self.rule = rule or engine.rules.rule
        self.extra, self.small = extra, small
        pipe = engine.pipe
        decoder = getattr(pipe, "decoder_pipe", pipe)
        self.scheduler, self.note = choose(decoder.scheduler, run.scheduler, run.seed)
        self.strength = strengths(shaped, args, run.strength)
        factor = engine.rules.factor(decoder)
        grid = maps.to_latent(shaped, source.height // factor, source.width // factor)
        steps, last = run.steps, run.steps - 1
        slider = int(self.rule(np.array(run.strength), steps, last).start)
        self.slider_first = min(slider, steps)
        wanted = strengths(grid, args, run.strength)
        self.ladder, self.first = plan(wanted, args, steps, last, self.slider_first, self.rule)

    def go(self, progress: Progress | None) -> tuple[list[Image.Image], int]:
        """The pictures as the pipeline makes them, kept pixels pasted back; model calls."""
        if (self.ladder.start == NEVER).all():
            return [self.source.copy() for _ in range(self.run.count)], 0
        pictures, calls = self._call_pipeline(progress)
        return [self._composite(p) for p in pictures], calls

    def _call_pipeline(self, progress: Progress | None) -> tuple[list[Image.Image], int]:
        engine, run, refiner = self.engine, self.run, self.engine.second
        strength = engine.rules.strength_from(self.first, run.steps)
        switch = round(run.switch * run.steps)
        refines = refiner is not None and refiner.family == "sdxl"
        if not refines or self.first >= switch:  # one of them does it all
            alone = refiner if refines else engine
            held, pictures = self._part(alone, progress, strength=strength)
            return pictures, held.calls
        base, latents = self._part(
            engine, progress, strength=strength, denoising_end=run.switch, output_type="latent"
        )
        held, pictures = self._part(
            refiner, progress, known=base.known, image=latents, denoising_start=run.switch
        )
        return pictures, base.calls + held.calls

    def _part(self, engine, progress, known=None, **more) -> tuple[Held, Any]:
        """One pipeline's part of the run."""
        request = {**self._request(engine), **more, **self.extra}
        accepted = inspect.signature(engine.pipe.__call__).parameters
        request = {k: v for k, v in request.items() if k in accepted}
        options = {"known": known, "progress": progress}
        with hold_pipeline(engine.pipe, self.scheduler, self.ladder, **options) as held:
            pictures = engine.pipe(**request).images
        return held, pictures

    def _request(self, engine) -> dict[str, Any]:
        run = self.run
        seeds = [(run.seed + i) % 2**32 for i in range(run.count)]
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        request = {
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
            quarter = tuple(side // 4 for side in self.source.size)
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
        original, edited = np.asarray(self.source), np.asarray(picture)
        untouched = kept(self.strength, self.run.steps, self.run.steps - 1, self.rule)
        if self.args.colour_match:
            edited = colour.match(edited, original, untouched)
        if self.args.paste_back:
            limit = None
            if self.args.mode == "soft inpaint":
                full = full_strength(self.args, self.run.strength)
                steps = self.run.steps, self.run.steps - 1
                limit = shown(self.strength, full, *steps, self.rule)
            edited = paste_back(original, edited, ~untouched, self.args.feather, limit)
        return Image.fromarray(edited)

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
        skipped = max(first - self.slider_first, 0)
        strength = self.strength.astype(np.float32)
        return Result(pictures, strength, calls, skipped, self.run.steps, 0.0, settings)
