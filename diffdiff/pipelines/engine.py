"""One edit by a diffusers pipeline: the core's map and shapes around a `job`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image

from ..edit import coarse
from ..edit.area import Area, changed_area
from ..edit.plan import for_fan, make_fan
from ..errors import FieldError
from ..lru import LruCache
from ..maps import geometry
from ..maps.inpaint_mask import Work, shape_for
from ..sampling.friendly import Inversion
from ..sampling.start_steps import StartRule
from ..settings import infotext
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, changed
from . import hints
from .families import Family
from .fan_sheet import finish_fan, sheet
from .frame import Frame
from .friendly import KEPT
from .job import Job, Result
from .ruler import noise_by_strength
from .scheduler_choice import choose
from .scheduler_hook import Progress


class Engine:
    """A loaded img2img pipeline that follows change maps.

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
        self.inversions: LruCache[str, Inversion] = LruCache(KEPT)
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
        rule: StartRule | None = None,
        **extra: Any,
    ) -> Result:
        """Run img2img with a denoising strength for every pixel.

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
        if coarse.wanted(args):
            image, change_map, prepared = coarse.prepared(image, change_map, args)
            result = self.edit(image, change_map, prepared, run, progress, rule, **extra)
            coarse.noted(result.settings, args)
            return result
        began = time.perf_counter()
        if args.anchor == "inverted":
            problem = "inverted is for one picture at a time, in the mode edit"
            raise FieldError("anchor", problem, "Use friendly or noised, or `diffdiff diffedit`")
        if args.mode == "sheet":
            result = sheet(self, image, change_map, args, run, progress, rule, **extra)
            hints.add(result, self, change_map, image.size, args, run)
            result.seconds = time.perf_counter() - began
            return result
        if change_map is None and (args.needs_map or args.soft):
            raise FieldError("map", "there is none", "Give a change map: white changes.")
        result = self._edit(image, change_map, args, run, progress, rule, extra)
        result.runs = [run.alone(i) for i in range(run.count)]
        result.settings |= {"model": self.name}
        if change_map is not None:
            result.settings["map"] = infotext.fingerprint([change_map])
        hints.add(result, self, change_map, image.size, args, run)
        result.seconds = time.perf_counter() - began
        return result

    def _edit(
        self,
        image: Image.Image,
        change_map: np.ndarray | None,
        args: EditArgs,
        run: RunArgs,
        progress: Progress | None,
        rule: StartRule | None,
        extra: dict[str, Any],
    ) -> Result:
        frame, source = self.frame(image, run), self.fit(image, run)
        shaped, fan = np.ones((1, 1), np.float32), None
        if change_map is not None:
            shaped = shape_for(geometry.resize(change_map, *image.size), args, Work(*source.size))
        worked = geometry.resize(shaped, *frame.size)
        if args.mode == "fan":
            cell = self.rules.factor(getattr(self.pipe, "decoder_pipe", self.pipe))
            fan = make_fan(args, *frame.size, worked, cell)
            shaped = worked = fan.map
        worked = frame.filled(worked)
        requested, args = args, for_fan(args) if fan else args
        area = self._area(worked, args)
        part = source if area is None else source.crop(area.box)
        job = Job(self, part, worked if area is None else area.cut(worked), args, run, rule, extra)
        pictures, calls = job.go(progress)
        result = job.result(pictures, calls)
        if area is not None:
            result.pictures = [area.put(picture, source) for picture in pictures]
            result.change_map = job.edit.at(worked).strengths.astype(np.float32)
            result.settings |= {"size": list(source.size), "worked_on": list(area.box)}
        if frame.worked != frame.size:
            result.pictures = [frame.cut(picture) for picture in result.pictures]
            result.change_map = frame.cut_map(result.change_map)
            result.settings["size"] = list(frame.size)
        if self.second is not None and self.second.family == "if-2":
            # stage II redraws at four times the size, by the same map
            if not self.second.reads_text and "prompt_embeds" not in extra:
                extra = {**extra, **self.embeds(run)}
            levels = result.settings.get("levels")
            result = self.second.enlarge(pictures, image, shaped, args, run, progress, **extra)
            result.calls += calls
            if levels is not None:  # beside those of the second stage
                result.settings["levels_first"] = levels
        if fan:
            finish_fan(result, fan)
            result.settings.pop("dd_scale", None)
            result.settings |= {f"dd_{name}": value for name, value in changed(requested).items()}
        return result

    def _area(self, change_map: np.ndarray, args: EditArgs) -> Area | None:
        """Return the rectangle that a run works on, None for the whole picture."""
        if args.area != "changed":
            return None
        if self.second is not None and self.second.family == "if-2":
            problem = "stage II of DeepFloyd IF works on the whole image"
            raise FieldError("area", problem, "Use area whole")
        return changed_area(change_map > 0, args.area_padding)

    @torch.no_grad()
    def embeds(self, run: RunArgs) -> dict[str, torch.Tensor]:
        """Return the prompt as a stage without a text encoder takes it."""
        positive, negative = self.pipe.encode_prompt(
            run.prompt, negative_prompt=run.negative_prompt or None
        )
        return {"prompt_embeds": positive, "negative_prompt_embeds": negative}

    def enlarge(
        self,
        small: list[Image.Image],
        image: Image.Image,
        shaped: np.ndarray,
        args: EditArgs,
        run: RunArgs,
        progress: Progress | None,
        **extra: Any,
    ) -> Result:
        """Run DeepFloyd IF's stage II on the edited small pictures, the original, and the shaped
        map."""
        source = self.fit(image, run)
        job = Job(
            self, source, geometry.resize(shaped, *source.size), args, run, None, extra, small
        )
        return job.result(*job.go(progress))

    def noise(self, args: EditArgs, run: RunArgs) -> Callable[[float], float] | None:
        """Return how noisy each strength would start, for a legend; None where strengths start at
        steps, or where only a run can tell."""
        if not args.fine(run.steps):
            return None
        decoder = getattr(self.pipe, "decoder_pipe", self.pipe)
        scheduler, _ = choose(decoder.scheduler, run.scheduler, run.seed)
        return noise_by_strength(scheduler, run.steps, self.rules.rule)

    def fit(self, image: Image.Image, run: RunArgs) -> Image.Image:
        """Return the input at the working size, RGB; untouched where it fits already."""
        frame = self.frame(image, run)
        return frame.filled_picture(frame.fit(image))

    def worked_at(self, image: Image.Image, run: RunArgs) -> tuple[int, int]:
        """Return the working size (width, height) of an input."""
        return self.frame(image, run).worked

    def frame(self, image: Image.Image, run: RunArgs) -> Frame:
        """Return the size of an input's result, and the size that the model works at."""
        width, height = image.size
        step = self.rules.multiple
        if self.native is None:
            return Frame.around((run.width or width, run.height or height), step)
        # a model of one size: what it makes is another picture anyway
        scale = self.native / min(width, height)
        width, height = run.width or round(width * scale), run.height or round(height * scale)
        size = max(round(width / step), 1) * step, max(round(height / step), 1) * step
        return Frame(size, size)

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
                f"its UNet takes {channels} channels, so it is not a plain img2img model "
                "(inpainting, depth or instruction checkpoints have more)",
                "Use the base checkpoint.",
            )
