"""One job: its settings, its maps, and what it changes on the job. Lives on `p`, ends with `p`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch
from PIL import Image

from ...edit.cells import whole_cells
from ...edit.plan import EditPlan
from ...errors import FieldError
from ...maps import geometry
from ...maps.inpaint_mask import Work, joined, shape_for
from ...maps.shaping import level
from ...patching import attribute
from ...sampling.fine_levels import Exact
from ...sampling.hold import Hold
from ...sampling.noise_levels import Schedule
from ...settings.schema import EditArgs
from .. import host, infotext
from ..refusal import reported
from . import checks, finite, friendly, hints, inversion_prompts, originals, sampler_hook
from .carried import Carried
from .inpaint import Inpaint, quiet_builtin
from .leveling import Leveling, planned
from .part import Part, part_of
from .run_report import describe

NO_MAP = "Paint where the picture may change, or send a map."


class Session:
    """The state of one job.

    Args:
        p: the host's processing object.
        args: checked settings.
        change_maps: decoded maps, float32 `[H, W]`: one, or one for every picture of a batch; in
            soft inpaint, for a fan and a sheet there may be none.
        pieces: of shaped maps, for pictures that are parts of others: one for each of the job's.

    Raises:
        FieldError: there is nothing that says what should change.
    """

    later = False  # whether maps are made while the job runs

    def __init__(
        self,
        p: Any,
        args: EditArgs,
        change_maps: list[np.ndarray],
        pieces: list[np.ndarray] | None = None,
    ):
        self.args = self.requested = args
        self.user_strength = float(p.denoising_strength)
        self.raw = change_maps
        self.inpaint: Inpaint | None = None
        self.stack = ExitStack()  # what is changed for the length of the job
        self.shaped = self._shape(p, change_maps) if pieces is None else pieces
        if getattr(p, "image_mask", None) is not None:
            quiet_builtin(p, self.stack)
        self.per_picture = len(change_maps) > 1 or len(getattr(p, "init_images", ())) > 1
        self.size = p.width, p.height  # some hosts change it before they begin
        self.part: Part | None = None  # once the job has begun
        self.plan_used = False  # whether the sampler has requested the plan
        self.levels: Leveling | None = None  # once the sampler has requested it
        self.fitted: dict[int, np.ndarray] = {}
        self.carried = Carried(change_maps)
        self.finite = finite.JobFinite()

    def _shape(self, p: Any, change_maps: list[np.ndarray]) -> list[np.ndarray]:
        """Return the maps of whole pictures as the run uses them."""
        # the image's own resolution is where a radius in pixels means what the user saw
        sizes = [originals.init_image(p, i).size for i in range(len(change_maps))]
        at_size = [geometry.resize(m, *size) for m, size in zip(change_maps, sizes)]
        if self.args.soft and p.image_mask is not None:
            return self._inpaint(p, [level(m, self.args) for m in at_size])
        if at_size or self.args.fans:
            work = Work(p.width, p.height, p.resize_mode)
            return [shape_for(m, self.args, work) for m in at_size]
        raise FieldError(
            "mode",
            "soft inpaint needs a mask, and this job has none",
            "Paint one in an inpaint tab, send one as `mask`, or give a change map.",
        )

    def _inpaint(self, p: Any, painted: list[np.ndarray]) -> list[np.ndarray]:
        """Soften the host's mask and join the painted maps; its support becomes the job's mask."""
        size = originals.init_image(p, 0).size
        self.inpaint = Inpaint(p, self.args, size)
        shaped = joined(self.inpaint.soft, painted, self.args.combine)
        support = np.maximum.reduce([geometry.resize(m, *size) for m in shaped]) > 0
        self.inpaint.replace_mask(p, support, self.stack)
        return shaped

    def close(self) -> None:
        """Restore the job's settings; some hosts' tabs run several jobs on one object."""
        self.stack.close()

    def begin(self, p: Any) -> None:
        """Check what can be checked before the job runs, and write the infotext."""
        self._check(p)
        written = infotext.write(self.requested, self.raw)
        if self.later or len(self.raw) > 1:  # hosts ask for what differs from picture to picture
            written[infotext.MAP] = lambda index=0, **others: self.carried.mark(index)
        p.extra_generation_params.update(written)
        hints.shape(p, self)
        if self.inpaint is not None:
            self.inpaint.write_infotext(p, self.args, bool(self.raw))
        plain = p.sample

        def sample(*args: Any, **kwargs: Any) -> Any:
            self.plan_used = False
            with reported(p):
                self.finite.begin()
                samples = plain(*args, **kwargs)
                self.finite.check(samples)
                if not self.plan_used and self._awaited():
                    problem = "this job made its images without the sampler that follows the map"
                    remedy = "Run this job's script without Differential Diffusion, or after it."
                    raise FieldError("script", problem, remedy)
            return samples

        self.stack.enter_context(attribute(p, sample=sample))

    def _awaited(self) -> bool:
        """Return whether the sampler should have requested the plan by now."""
        return True

    def _check(self, p: Any) -> None:
        """Refuse what the job cannot do, and settle on the part of the picture that changes."""
        checks.check(p, self.args, len(self.shaped), len(p.init_images))
        self.part = part_of(p, self.args, self.shaped) if self.args.mode == "edit" else None
        if self.part is not None:
            self.shaped = self.part.maps
            self.part.lend(p, self.stack)

    def attach(self, p: Any) -> None:
        """Hold the job's sampler."""
        if "sample_img2img" not in vars(p.sampler):
            filled = self._filled(p)
            sampler_hook.hold_sampler(
                p.sampler,
                functools.partial(self.plan, p, filled),
                functools.partial(self._report, p),
            )

    def _filled(self, p: Any) -> torch.Tensor | None:
        """Return the latents that start the run where strength is full, None for the original's."""
        if self.inpaint is None:
            return None
        count = len(p.init_images) if self.per_picture else 1
        hard = self.inpaint.hard.astype(np.float32)
        fitted = [self._fit(p, i, hard) for i in range(count)]
        return self.inpaint.start(p, fitted, [originals.source(p, i) for i in range(count)])

    def fitted_map(self, p: Any, index: int) -> np.ndarray:
        """Return the map of picture `index` as the host fitted its image: float32 `[height,
        width]`."""
        index = index if self.per_picture else 0
        if index not in self.fitted:
            self.fitted[index] = self._fit(p, index, self._shaped(index))
        return self.fitted[index]

    def _shaped(self, index: int) -> np.ndarray:
        return self.shaped[index if len(self.shaped) > 1 else 0]

    def _fit(self, p: Any, index: int, shaped: np.ndarray) -> np.ndarray:
        size, mode = originals.init_image(p, index).size, p.resize_mode
        if p.paste_to is not None:  # only masked: the host works on a crop
            x, y, w, h = p.paste_to
            shaped = geometry.resize(shaped, *size)[y : y + h, x : x + w]
            size, mode = (w, h), 2
        return geometry.follow(shaped, mode, size, p.width, p.height)

    def plan(
        self,
        p: Any,
        filled: torch.Tensor | None,
        x: torch.Tensor,
        schedule: Schedule,
        steps: int,
        slider_first: int,
        exact: Callable[[], Exact],
    ) -> sampler_hook.RunPlan:
        """Return what a run of the sampler follows."""
        self.plan_used = True
        latent = self._latent_maps(p, x)
        mask = host.latent_mask(p)
        if mask is not None:  # the host's own inpaint mask: outside of it nothing changes
            # not softened and alone, the mask is what the host makes of it
            hard = self.inpaint is not None and self.inpaint.radius == 0 and not self.raw
            mask = geometry.over_frames(mask[:, 0], x.ndim)
            latent = mask if hard else latent * mask
        edit = EditPlan(latent, self.args, self.user_strength, steps, len(schedule) - 1)
        self.levels = Leveling()
        ladder, first, coarse = self.levels.plan(edit, schedule, slider_first, exact)
        if filled is not None:
            full = torch.from_numpy(ladder.start <= edit.floor(slider_first)).to(x.device)
            filled = torch.where(full, filled.to(x), x)
        stepwise = self.args.mask_channel == "step"
        inverted = self.args.anchor == "inverted" and first is not None
        empty = inversion_prompts.empty(p, len(x)) if inverted else None
        reference = friendly.reference(p, self.args, first, len(x), filled is not None)
        return sampler_hook.RunPlan(ladder, first, filled, stepwise, coarse, empty, reference)

    def _latent_maps(self, p: Any, x: torch.Tensor) -> np.ndarray:
        """Return the maps at latent size: float32 `[B or 1, 1, ..., h, w]`. Where a batch is the
        frames of a video and has several maps, a latent frame gets that of its place in time."""
        frames = x.shape[2] if x.ndim == 5 else 1
        if frames > 1 and len(self.shaped) > 1:
            last = len(self.shaped) - 1
            indices = [round(i * last / (frames - 1)) for i in range(frames)]
        else:
            indices = range(len(x) if self.per_picture else 1)
        stack = np.stack([geometry.cells(self.fitted_map(p, i), *x.shape[-2:]) for i in indices])
        if frames > 1 and len(self.shaped) > 1:
            return stack[None, None]
        return geometry.over_frames(stack, x.ndim)

    def _report(self, p: Any, hold: Hold | None, first: int, slider_first: int) -> None:
        levels = planned(self.levels)
        if hold is not None and hold.remark:
            p.extra_generation_params["DD sampler"] = "approximate"
        levels.ran(hold)
        self.finite.heard(hold)
        if starts := levels.text(first):
            p.extra_generation_params[infotext.STARTS] = starts
        text = describe(p, self, hold, first, slider_first)
        p.comment(f"Differential Diffusion: {text}")
        hints.ran(p, self, hold is not None)

    def kept_share(self, p: Any) -> float:
        """Return the share of the pictures' pixels that no step of the run changes, 0 to 1."""
        crop = p.paste_to is not None
        indices = range(len(self.shaped) if self.per_picture else 1)
        maps = (self._whole(p, i)[1] if crop else self.fitted_map(p, i) for i in indices)
        kept = float(np.mean([self._edit(m).untouched.mean() for m in maps]))
        return kept if self.part is None else 1 - self.part.area.share * (1 - kept)

    def picture_size(self, p: Any, index: int) -> tuple[int, int]:
        """Return the size of what the map of picture `index` is for."""
        return originals.init_image(p, index).size

    def _source(self, p: Any, index: int) -> Image.Image:
        """Return the original of picture `index`, RGB, at the size that the run works at."""
        return originals.source(p, index)

    def recolor(self, p: Any, picture: Image.Image, index: int) -> Image.Image:
        """Return the picture as the VAE decoded it, with the colors of the original."""
        if not self.args.colour_match or self.levels is None:
            return picture
        source, change_map = whole_cells(self._source(p, index), self.fitted_map(p, index), picture)
        if source.size != picture.size:
            return picture
        edited = np.array(picture.convert("RGB"))
        return Image.fromarray(self._edit(change_map).recolor(edited, np.array(source)))

    def skips_host_overlay(self, p: Any) -> bool:
        """Return whether the host's overlay would only interfere. A crop needs it to be pasted."""
        return self.inpaint is not None and p.paste_to is None

    def composite(self, p: Any, picture: Image.Image, index: int) -> Image.Image:
        """Return the picture with kept pixels pasted back from the init image, exactly."""
        picture = self._pasted(p, picture, index)
        return picture if self.part is None else self.part.put(picture, index)

    def _pasted(self, p: Any, picture: Image.Image, index: int) -> Image.Image:
        if not self.args.paste_back or self.levels is None:
            return picture
        source, change_map = whole_cells(*self._whole(p, index), picture)
        if source.size != picture.size:
            p.comment("Differential Diffusion: the size changed, kept pixels were not pasted back")
            return picture
        # a painted gray is meant to show; the rim of a softened mask is there to hide the seam
        fade = self.args.soft and not (self.inpaint and self.raw)
        edited = np.array(picture.convert("RGB"))
        result = Image.fromarray(self._edit(change_map).paste(edited, np.array(source), fade))
        result.info = dict(picture.info)
        return result

    def _whole(self, p: Any, index: int) -> tuple[Image.Image, np.ndarray]:
        """Return the original of a finished picture, RGB, and the map of all of it."""
        source = originals.original(p, index)
        if p.paste_to is None:
            return source, self.fitted_map(p, index)
        return source, geometry.resize(self._shaped(index if self.per_picture else 0), *source.size)

    def deliver(self, p: Any, processed: Any) -> None:
        """Add what goes with the pictures of a finished job."""

    def _edit(self, change_map: np.ndarray) -> EditPlan:
        """Return the edit of a finished picture, given its map."""
        return EditPlan(change_map, self.args, self.user_strength, *planned(self.levels).counted)
