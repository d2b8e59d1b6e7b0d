"""DiffEdit proper and its relatives: edits that start from the inverted picture.

The picture is encoded by DDIM inversion without a prompt, then decoded with the prompt; a pixel
that is not released yet is taken from the path of the inversion (Couairon et al., arXiv
2210.11427). Nothing is random but the noises of the map.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from inspect import signature

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .. import __version__
from ..edit.plan import EditPlan
from ..errors import FieldError
from ..maps import geometry
from ..maps.shaping import shape
from ..sampling.finite import START, Finite
from ..sampling.inversion import Ddim, ddim, decode, invert, rungs
from ..sampling.start_steps import DIFFUSERS
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, changed, replaced
from ..settings.sources import DiffEditArgs
from . import hints
from .diffedit_methods import CUT, INVERTED, MAPPED, METHODS
from .engine import Engine, Result
from .finite import MODEL, VAE
from .model_maps import find
from .noise_predictor import Prompted
from .scheduler_hook import Progress


@dataclass
class Path:
    """An inverted picture: K + 1 latents, and their levels."""

    latents: list[Tensor]
    schedule: Ddim

    def part(self, top: int) -> Path:
        """Return the path's lowest `top` steps."""
        levels = self.schedule
        return Path(self.latents[: top + 1], Ddim(levels.timesteps[:top], levels.alphas[: top + 1]))


def invert_picture(
    prompted: Prompted,
    picture: Image.Image,
    steps: int,
    run: int,
    refine: int = 0,
    progress: Progress | None = None,
) -> Path:
    """Invert a picture by DDIM without a prompt.

    Args:
        picture: as `Engine.fit` gives it.
        steps: of the full schedule; run: how many of them, from the picture on.
        refine: further model calls per step (`diffdiff.sampling.inversion.invert`).
        progress: called with (model calls made, model calls in all).

    Raises:
        FieldError: "strength" for a schedule that leaves nothing of the picture there.
    """
    try:
        schedule, calls = ddim(prompted.alphas, steps, run / steps), 0
    except FieldError as error:
        if error.field != "diffedit_ratio":
            raise
        raise FieldError("strength", error.problem, "Use a smaller strength") from None
    notes = Finite()
    with prompted.session():
        init = prompted.encode(picture)
        notes.see(START, init)
        empty = prompted.words("", *picture.size)

        def predict(x: Tensor, t: int) -> Tensor:
            nonlocal calls
            calls += 1
            answer = prompted.noise(x, t, empty)
            notes.see(f"call {calls} of the inversion", answer)
            if progress is not None:
                progress(calls, run * (1 + refine))
            return answer

        path = Path(invert(predict, init, schedule, refine), schedule)
        notes.check(steps, MODEL, VAE)
        return path


def decode_picture(
    prompted: Prompted,
    path: Path,
    rung: Tensor,
    run: RunArgs,
    size: tuple[int, int],
    progress: Progress | None = None,
) -> Image.Image:
    """Decode an inverted picture with `run`'s prompt, negative prompt and guidance.

    Args:
        rung: `[1, 1, h, w]`, for how many steps each latent pixel is decoded.
        size: (width, height) of the picture.
        progress: called with (steps made, steps in all).
    """
    top, done, notes = int(rung.max()), 0, Finite()
    guidance = run.guidance
    if guidance is None:
        guidance = signature(prompted.pipe.__call__).parameters["guidance_scale"].default
    with prompted.session():
        words, empty = (prompted.words(p, *size) for p in (run.prompt, run.negative_prompt))

        def predict(x: Tensor, t: int) -> Tensor:
            nonlocal done
            done += 1
            answer = prompted.guided(x, t, words, empty, guidance)
            notes.see(run.steps - top + done - 1, answer)
            if progress is not None:
                progress(done, top)
            return answer

        path = path.part(top)
        latent = decode(predict, path.latents, path.schedule, rung)
        notes.check(run.steps, MODEL, VAE)
        return prompted.decode(latent)


def edit(
    engine: Engine,
    image: Image.Image,
    method: str,
    reference: str,
    args: EditArgs,
    run: RunArgs,
    found: DiffEditArgs | None = None,
    change_map: np.ndarray | None = None,
    refine: int = 0,
    progress: Progress | None = None,
    path: Path | None = None,
) -> Result:
    """Edit a picture by a named method.

    Args:
        image: the input.
        method: one of `METHODS`.
        reference: what the picture shows; "" = the model without a prompt.
        args: what is done to the map, and the paste.
        run: `prompt` is the query, `strength` the encoding ratio.
        found: how the map is found; its cut is the paper's for "diffedit" unless it has its own.
        change_map: float32 `[H, W]` in 0..1 instead of finding one.
        refine: further model calls per step of the inversion.
        progress: called with (done, all), again for each part of the work.
        path: the inversion of this picture with as many steps, if it is known; at least as long
            as `run.strength` asks for.

    The result's `calls` are those of the edit and its inversion, without the map's.

    Raises:
        FieldError: "method", "map", or what one of the parts refuses.
    """
    began = time.perf_counter()
    if method not in METHODS:
        raise FieldError("method", f"{method!r} is not known", f"Use one of {', '.join(METHODS)}")
    if change_map is not None and method not in MAPPED:
        raise FieldError("map", f"{method} uses none", f"Leave it out, or use {', '.join(MAPPED)}")
    if args.levels == "fine" and method in INVERTED:
        problem = "an inverted picture is known at the steps' own levels only"
        raise FieldError("levels", problem, "Use levels steps")
    prompted = Prompted(engine)
    noted = {"method": method}
    if change_map is None and method in MAPPED:
        found = found or DiffEditArgs()
        if method == "diffedit" and found.diffedit_cut is None:
            found = replaced(found, diffedit_cut=CUT)
        change_map = find(engine, image, reference, run.prompt, found, run, progress)
        noted |= {"reference": reference, **changed(found)}
    if change_map is None:
        change_map = np.ones((2, 2), np.float32)
    if method in INVERTED:
        result = _inverted(prompted, engine, image, change_map, args, run, refine, progress, path)
        hints.add(result, engine, change_map, image.size, args, run)
    else:
        result = engine.edit(image, change_map, args, run, progress)
        if method not in MAPPED:
            result.settings.pop("map")
    noted |= {"refine": refine} if refine else {}
    result.settings |= noted
    result.seconds = time.perf_counter() - began
    return result


def _inverted(
    prompted: Prompted,
    engine: Engine,
    image: Image.Image,
    change_map: np.ndarray,
    args: EditArgs,
    run: RunArgs,
    refine: int,
    progress: Progress | None,
    path: Path | None,
) -> Result:
    frame, source = engine.frame(image, run), engine.fit(image, run)
    shaped = geometry.resize(shape(geometry.resize(change_map, *image.size), args), *frame.size)
    shaped = frame.filled(shaped)
    steps = run.steps
    plan = EditPlan(shaped, args, run.strength, steps, steps - 1, DIFFUSERS)
    factor = engine.rules.factor(engine.pipe)
    grid = geometry.to_latent(shaped, source.height // factor, source.width // factor)
    rung = rungs(plan.at(grid).strengths, steps)
    top = int(rung.max())
    picture = source.copy()
    calls = top if path else top * (2 + refine)
    if top:
        path = path or invert_picture(prompted, source, steps, top, refine, progress)
        picture = decode_picture(prompted, path, rung, run, source.size, progress)
        picture = _pasted(source, picture, plan)
    settings = {
        **changed(run),
        **{f"dd_{name}": value for name, value in changed(args).items()},
        "scheduler": "DDIM",
        "size": list(frame.size),
        "model": engine.name,
        "version": __version__,
    }
    skipped = int(round(run.strength * steps, 6)) - top
    strengths = frame.cut_map(plan.strengths.astype(np.float32))
    return Result(
        [frame.cut(picture)],
        strengths,
        calls,
        max(skipped, 0),
        steps,
        0.0,
        settings,
        [run.alone()],
    )


def _pasted(source: Image.Image, picture: Image.Image, plan: EditPlan) -> Image.Image:
    if picture.size != source.size:
        return picture
    return Image.fromarray(plan.paste(np.asarray(picture), np.asarray(source), fade=False))


@torch.no_grad()
def round_trip(prompted: Prompted, path: Path, size: tuple[int, int]) -> Tensor:
    """Decode the inverted picture without a prompt again: its latent, ideally `path.latents[0]`.

    Args:
        size: (width, height) of the picture.
    """
    empty = prompted.words("", *size)
    everything = rungs(np.ones(path.latents[0].shape[2:]), len(path.schedule))
    return decode(lambda x, t: prompted.noise(x, t, empty), path.latents, path.schedule, everything)
