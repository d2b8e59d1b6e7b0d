"""A job that is a strength sheet: a picture for each strength, and a contact sheet of them.

Each picture is a run of the host's own sampler with its own noise, as it would be alone. The runs
go side by side, so that one call of the model serves all that are at the same step.
"""

from __future__ import annotations

import copy
import functools
import logging
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch
from modules import images, processing, sd_samplers, sd_samplers_common, shared
from PIL import Image

from ...edit.contact_sheet import Sheet, strength_sheet
from ...edit.fan import at_once
from ...errors import FieldError
from ...metrics.perceptual import distance
from ...patching import attribute
from ...sampling.lockstep import Lockstep
from ...settings import response
from ...settings.schema import EditArgs, replaced
from .. import host, infotext
from . import originals, sampler_hook
from .inpaint import temporarily
from .session import Session

logger = logging.getLogger("diffdiff")


class SheetSession(Session):
    """The state of a sheet's job. Its batch has all pictures of the first strength, then of the
    second, and so on."""

    def __init__(self, p: Any, args: EditArgs, change_maps: list[np.ndarray]):
        super().__init__(p, args, change_maps)
        if args.levels == "fine":
            problem = "a sheet shows plain img2img at each strength, which starts at a step"
            raise FieldError("levels", problem, "Use levels steps or auto, or a fan.")
        self.args = replaced(args, scale="relative", levels="steps")
        self.values = args.several
        self.rows: list[SheetSession] = []
        self.each = 1  # pictures of one strength in a batch
        self.calls = 0
        self.begun: dict[int, list[bool]] = {}  # of an iteration, whether a strength came to work
        self.finished: dict[tuple[int, int], Image.Image] = {}  # (iteration, place in its batch)

    def begin(self, p: Any) -> None:
        if host.has_refiner(p):
            raise FieldError(
                "mode", "a sheet does not work with a refiner", "Switch the refiner off."
            )
        if host.frames_in_batch():
            problem = "this model reads a batch as the frames of a video, so there is no sheet"
            raise FieldError("mode", problem, "Use a fan, or one strength after another.")
        super().begin(p)
        plain = p.init

        def init(*args: Any, **kwargs: Any) -> None:
            plain(*args, **kwargs)
            self._multiply(p)

        self.stack.enter_context(attribute(p, init=init))
        self.saves = not p.do_not_save_grid
        # the contact sheet is the grid
        self.stack.enter_context(temporarily(p, do_not_save_grid=True))

    def _multiply(self, p: Any) -> None:
        """Repeat the job as the host has prepared it, once per strength."""
        self.each, count = p.batch_size, len(self.values)
        repeated = {"batch_size": self.each * count}
        for name in ("all_prompts", "all_negative_prompts", "all_seeds", "all_subseeds"):
            values = getattr(p, name)
            parts = (values[i : i + self.each] for i in range(0, len(values), self.each))
            repeated[name] = [item for part in parts for item in part * count]
        for name in ("overlay_images", "color_corrections"):
            if getattr(p, name, None) is not None:
                repeated[name] = getattr(p, name) * count
        self.stack.enter_context(temporarily(p, **repeated))
        x = p.init_latent
        if len(x) == 1:  # some hosts encode one picture for all of a batch
            x = x.expand(self.each, *x.shape[1:])
        p.init_latent = torch.cat([x] * count)
        if torch.is_tensor(p.image_conditioning):
            p.image_conditioning = torch.cat([p.image_conditioning] * count)
        self.rows = [copy.copy(self) for _ in self.values]
        for row, strength in zip(self.rows, self.values):
            row.user_strength = strength
        p.extra_generation_params["Denoising strength"] = self._strength_written

    def _strength_written(self, index: int = 0, **kwargs: Any) -> float:
        return self.values[self._row(index)]

    def _row(self, index: int) -> int:
        """Return which strength a picture of the job has."""
        return index // self.each % len(self.values)

    def attach(self, p: Any) -> None:
        """Replace the job's sampler: each strength has its own."""
        if "sample_img2img" not in vars(p.sampler):
            p.sampler.sample_img2img = self._sample

    def _sample(
        self,
        p: Any,
        x: torch.Tensor,
        noise: torch.Tensor,
        cond: Any,
        uncond: Any,
        steps: int | None = None,
        image_conditioning: Any = None,
    ) -> torch.Tensor:
        self.plan_used = True
        rng = PerRunNoise()
        rows = [StrengthRun(self, p, i, rng) for i in range(len(self.values))]
        if len({id(row.sampler) for row in rows}) < len(rows):  # as Tiled Diffusion does
            problem = "another extension has one sampler for all strengths of a sheet"
            raise FieldError("mode", problem, "Switch it off, or use mode fan or edit")
        works = [row.work(x, noise, cond, uncond, steps, image_conditioning) for row in rows]
        most = at_once(self.args.sheet_batch, x.device.type)
        if host.one_at_a_time():
            most = 1
        total = sum(row.expected(steps) for row in rows)

        def on_progress(calls: int) -> None:  # the host's bar: every sampler has set it to its own
            shared.state.sampling_steps = max(total, calls)
            shared.state.sampling_step = calls

        lockstep = Lockstep(works, most, on_progress, host.interruption)
        with ExitStack() as stack:
            stack.enter_context(lockstep.intercepted(host.inner_model(), "apply_model"))
            host.prepare_once(rows[0].sampler, x[: self.each * min(most, len(rows))], stack)
            samples = torch.cat(lockstep.go())
        self.begun[p.iteration] = [calls > 0 or not host.interruption() for calls in lockstep.calls]
        calls = [row.calls for row in rows]
        self.calls += sum(calls)
        p.extra_generation_params["DD calls"] = self.calls
        p.comment(f"Differential Diffusion: {len(calls)} strengths, a picture of each")
        logger.info("Differential Diffusion: %d model calls, by strength %s", sum(calls), calls)
        p.sampler.last_latent = samples
        return samples

    def recolor(self, p: Any, picture: Image.Image, index: int) -> Image.Image:
        if not self.raw:
            return picture
        return Session.recolor(self.rows[self._row(index)], p, picture, index % self.each)

    def composite(self, p: Any, picture: Image.Image, index: int) -> Image.Image:
        if self.raw:
            row = self.rows[self._row(index)]
            picture = Session.composite(row, p, picture, index % self.each)
        self.finished[p.iteration, index] = picture
        return picture

    def deliver(self, p: Any, processed: Any) -> None:
        """Put the contact sheets before the pictures, as the host puts its grid."""
        per_iteration = self.each * len(self.values)
        sheets: list[tuple[Image.Image, str]] = []
        for iteration, begun in self.begun.items():
            for i in range(self.each):
                places = [(r, (iteration, r * self.each + i)) for r, yes in enumerate(begun) if yes]
                finished = [(r, self.finished[at_]) for r, at_ in places if at_ in self.finished]
                if not finished:
                    continue
                sheet = self._sheet(p, i, finished)
                picture = Image.fromarray(sheet.picture)
                strengths = [self.values[r] for r, _ in finished]
                parameters = {
                    "DD tiles": infotext.places(strengths, sheet.boxes),
                    "DD frame": "{}x{}".format(*picture.size),
                    "Denoising strength": self.user_strength,
                }
                points = response.measured(strengths, sheet.changes)
                if points and not self.raw:  # by the strength alone, no map between
                    parameters["DD changes"] = response.text(points)
                p.extra_generation_params |= parameters
                seeds = p.all_prompts, p.all_seeds, p.all_subseeds
                text = processing.create_infotext(p, *seeds, index=iteration * per_iteration + i)
                if shared.opts.enable_pnginfo:
                    picture.info["parameters"] = text
                sheets.append((picture, text))
                if self.saves and shared.opts.grid_save:
                    images.save_image(
                        picture,
                        p.outpath_grids,
                        "grid",
                        p.all_seeds[iteration * per_iteration + i],
                        p.all_prompts[iteration * per_iteration + i],
                        shared.opts.grid_format,
                        info=text,
                        short_filename=not shared.opts.grid_extended_filename,
                        p=p,
                        grid=True,
                    )
        processed.images[:0] = [picture for picture, _ in sheets]
        processed.infotexts[:0] = [text for _, text in sheets]
        processed.index_of_first_image += len(sheets)
        processed.info = processed.infotexts[0]

    def _sheet(self, p: Any, index: int, finished: list[tuple[int, Image.Image]]) -> Sheet:
        pictures = [np.array(picture.convert("RGB")) for _, picture in finished]
        before = np.array(originals.original(p, index))
        fits = before.shape == pictures[0].shape
        strengths = [self.values[r] for r, _ in finished]
        return strength_sheet(pictures, strengths, before if fits else None, distance=distance())


class StrengthRun:
    """One strength's run: a separate job as far as the sampler can see."""

    def __init__(self, session: SheetSession, p: Any, index: int, rng: PerRunNoise):
        self.index, self.each = index, session.each
        part = self.part
        self.session = session.rows[index]
        self.p = p = copy.copy(p)
        begin = p.iteration * p.batch_size + index * session.each
        rows = slice(begin, begin + session.each)
        p.denoising_strength, p.batch_size, p.iteration = self.session.user_strength, self.each, 0
        for name in ("prompts", "negative_prompts", "seeds", "subseeds"):
            setattr(p, name, part(getattr(p, name)))
            setattr(p, f"all_{name}", getattr(p, f"all_{name}")[rows])
        p.init_latent, p.image_conditioning = part(p.init_latent), part(p.image_conditioning)
        self.noise, self.rng = p.rng, rng
        p.rng = rng
        p.sampler = self.sampler = sd_samplers.create_sampler(p.sampler_name, p.sd_model)
        self.held_calls: int | None = None
        if session.raw:
            plan = functools.partial(self.session.plan, self.p, None)
            sampler_hook.hold_sampler(self.sampler, plan, self._report)
        else:
            session.finite.watch(self.sampler.model_wrap_cfg)

    def _report(self, hold: Any, first: int, slider_first: int) -> None:
        self.held_calls = hold.calls if hold else 0
        self.session.finite.heard(hold)

    @property
    def calls(self) -> int:
        """Denoiser calls, with and without the prompt counted as one."""
        steps = self.sampler.model_wrap_cfg.step
        return steps if self.held_calls is None else self.held_calls

    def part(self, value: Any) -> Any:
        """Return this strength's part of what the batch has for each picture."""
        rows = slice(self.index * self.each, (self.index + 1) * self.each)
        if hasattr(value, "batch"):  # a prompt made of several
            return type(value)((self.each, *value.shape[1:]), value.batch[rows])
        return value[rows] if isinstance(value, (list, torch.Tensor)) else value

    def expected(self, steps: int | None) -> int:
        """Return the steps of the run, if the sampler makes as many as its schedule has."""
        return sd_samplers_common.setup_img2img_steps(self.p, steps)[1] + 1

    def work(
        self,
        x: torch.Tensor,
        noise: torch.Tensor,
        cond: Any,
        uncond: Any,
        steps: int | None,
        image_conditioning: Any,
    ) -> Callable[[], torch.Tensor]:
        def run() -> torch.Tensor:
            self.rng.begin(self.noise, self.part)
            inputs = [self.part(value) for value in (x, noise, cond, uncond)]
            return self.sampler.sample_img2img(
                self.p, *inputs, steps=steps, image_conditioning=self.part(image_conditioning)
            )

        return run


class PerRunNoise:
    """The noise of steps, separate for each run: the hosts keep one for all in k-diffusion."""

    def __init__(self) -> None:
        self.generators: ContextVar[Any] = ContextVar("per-run noise")  # a run's threads share one

    def begin(self, rng: Any, part: Callable[[Any], Any]) -> None:
        """Take a run's part of the job's generators, in its thread, after the first noise."""
        generators = type(rng)(
            rng.shape,
            part(rng.seeds),
            subseeds=part(rng.subseeds),
            subseed_strength=rng.subseed_strength,
            seed_resize_from_h=rng.seed_resize_from_h,
            seed_resize_from_w=rng.seed_resize_from_w,
        )
        generators.next()
        self.generators.set(generators)

    def next(self) -> torch.Tensor:
        return self.generators.get().next()
