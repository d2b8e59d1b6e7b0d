"""The panel's preview of a map, without a run: Preview map, live changes, copying into the
painter."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from modules import call_queue, images, shared
from PIL import Image

from ...edit import request as intake
from ...edit.plan import EditPlan
from ...errors import FieldError
from ...images.data_url import map_url
from ...images.read import decode_picture
from ...maps import geometry, inpaint_mask
from ...maps.build import wanted
from ...maps.overlay import overlay
from ...maps.shaping import level
from ...sampling.level_report import Start, summary
from ...settings.preset import completed
from ...settings.schema import EditArgs, parse
from ...settings.titles import for_page
from .. import automap, host, schedules
from ..job.inpaint import both

logger = logging.getLogger("diffdiff")
JOB = "diffdiff map"  # what the host calls a question to the model
LARGEST = 1024  # pixels, of the longer side of what is shown


class PreviewContext(NamedTuple):
    """What the last preview was made from; live changes use the same.

    about: as `automap.of_picture` takes it, without the panel's settings.
    work: how the coming run processes the picture.
    run: its sampler and steps, where they are known.
    """

    picture: Image.Image
    denoising: float
    about: dict[str, Any]
    work: inpaint_mask.Work
    run: schedules.RunSettings | None = None


def context_of(sent: dict[str, Any]) -> PreviewContext:
    """Read what the page sent with Preview map.

    Args:
        sent: picture and mask as data URLs (mask: or empty), prompt, styles, width, height,
            denoising, sampler, scheduler, steps; first_width, first_height: of txt2img's first
            pass; resize_mode, only_masked, padding, inverted as the host numbers them.

    Raises:
        FieldError: "image", "mask".
    """
    if not sent["picture"]:
        remedy = "Generate one" if "first_width" in sent else "Put one into the tab"
        raise FieldError("image", "there is no picture", remedy)
    width, height = int(sent.get("width") or 512), int(sent.get("height") or 512)
    about = {
        "prompt": sent.get("prompt") or "",
        "styles": tuple(sent.get("styles") or ()),
        "width": int(sent.get("first_width") or width),
        "height": int(sent.get("first_height") or height),
        "mask": automap.decode_mask(sent.get("mask"), bool(sent.get("inverted"))),
    }
    denoising = sent.get("denoising")
    picture = decode_picture(sent["picture"])
    padding = int(sent.get("padding") or 0) if sent.get("only_masked") else None
    work = inpaint_mask.Work(width, height, sent.get("resize_mode") or 0, padding)
    run = schedules.run_settings(sent)
    return PreviewContext(
        picture, 0.75 if denoising is None else float(denoising), about, work, run
    )


def current_map(
    context: PreviewContext, args: EditArgs, painted: np.ndarray | None, ask: bool
) -> np.ndarray | None:
    """Return the request's map before it is shaped: float32 [H, W] of the picture's size; None
    where there is none, and the inpaint mask alone says what changes.

    Raises:
        FieldError: what a source refuses. ModelRequired: as `automap.of_picture`.
    """
    if wanted(args):
        return automap.of_picture(context.picture, args, painted=painted, ask=ask, **context.about)
    if painted is None and args.soft:
        if context.about["mask"] is None:
            remedy = "Paint one in an inpaint tab, send one as `mask`, or give a change map"
            raise FieldError("mode", "soft inpaint needs a mask, and there is none", remedy)
        return None
    if painted is None:
        raise FieldError("map", "nothing is painted", "Paint, or choose another source")
    return geometry.resize(painted, *context.picture.size)


def effective_map(
    context: PreviewContext, args: EditArgs, change_map: np.ndarray | None
) -> np.ndarray:
    """Return the map as the run would use it: shaped, in soft inpaint with the softened mask."""
    mask = context.about["mask"]
    if change_map is not None and (not args.soft or mask is None):
        return inpaint_mask.shape_for(change_map, args, context.work)
    sent = Image.fromarray((mask * 255).astype(np.uint8))
    if sent.size != context.picture.size:
        sent = sent.resize(context.picture.size, Image.Resampling.NEAREST)
    soft = inpaint_mask.soft_mask(inpaint_mask.hard(np.array(sent)), args, context.work)
    levelled = [] if change_map is None else [level(change_map, args)]
    return inpaint_mask.joined(soft, levelled, args.combine)[0]


def map_for_preview(
    context: PreviewContext, args: EditArgs, painted: np.ndarray | None
) -> np.ndarray | None:
    """Call `current_map`, waiting in the host's queue only if the model is needed."""
    try:
        return current_map(context, args, painted, False)
    except automap.ModelRequired:
        return on_the_model(lambda: current_map(context, args, painted, True))


def plan_of(context: PreviewContext, args: EditArgs, change_map: np.ndarray) -> EditPlan:
    """Return the edit of a shaped map, by the steps of the coming run where they are known."""
    steps = context.run.steps if context.run is not None else 1
    return EditPlan(change_map, args, context.denoising, steps, steps - 1)


def draw_overlay(context: PreviewContext, args: EditArgs, shaped: np.ndarray) -> Image.Image:
    """Draw the strengths of a map over the picture."""
    strength = plan_of(context, args, shaped).strengths.astype(np.float32)
    flat = np.asarray(images.flatten(context.picture, shared.opts.img2img_background_color))
    scale = min(LARGEST / max(context.picture.size), 1)
    if scale < 1:
        width, height = (max(round(side * scale), 1) for side in context.picture.size)
        flat = cv2.resize(flat, (width, height), interpolation=cv2.INTER_AREA)
        strength = geometry.resize(np.clip(strength, 0, 1), width, height)
    return Image.fromarray(overlay(flat, strength))


def show(sent: dict[str, Any], values: tuple[Any, ...]) -> tuple[Any, Image.Image | None, str, str]:
    """Make a preview: (state for live changes, picture, words as HTML, the map as a data URL)."""
    try:
        host.make_temp_folder()
        context = context_of(sent)
        args, painted = request(values)
        change_map = map_for_preview(context, args, painted)
        shaped = effective_map(context, args, change_map)
        url = "" if change_map is None else map_url(change_map)
        return (
            context,
            draw_overlay(context, args, shaped),
            _report(context, args, change_map, shaped),
            url,
        )
    except FieldError as error:
        return None, None, error_html(error), ""


def refresh(
    context: PreviewContext | None, values: tuple[Any, ...]
) -> tuple[Image.Image | None, str] | None:
    """Update the preview: (picture, words), or None where there was no preview yet."""
    if context is None:
        return None
    try:
        args, painted = request(values)
        change_map = current_map(context, args, painted, False)
        shaped = effective_map(context, args, change_map)
        return draw_overlay(context, args, shaped), _report(context, args, change_map, shaped)
    except FieldError as error:
        return None, error_html(error)
    except automap.ModelRequired:
        return None, _note("Press Preview map: this needs the model.")


def request(values: tuple[Any, ...]) -> tuple[EditArgs, np.ndarray | None]:
    """Return the panel's settings and the painted map."""
    settings = {**intake.request_of(values), "enabled": True}
    painted = settings.pop("map", None)
    args = parse(completed(settings))
    return args, geometry.decode(painted) if painted else None


def on_the_model(work: Callable[[], Any]) -> Any:
    """Run work that may call the model, in the host's queue and its thread for such work."""

    def safe() -> tuple[Any, FieldError | None]:
        try:
            return work(), None
        except FieldError as error:  # the host would print it
            return None, error
        except Exception as error:  # no checkpoint, a text encoder that is missing, no memory, ...
            logger.exception("Differential Diffusion: the model could not be run")
            problem = f"it could not be run ({type(error).__name__}: {error})"
            remedy = "Check that a checkpoint with its text encoders and VAE is loaded"
            return None, FieldError("model", problem, remedy)

    with call_queue.queue_lock:
        shared.state.begin(job=JOB)
        try:
            outcome = host.on_main_thread(safe)
        finally:
            shared.state.end()
    if outcome is None:
        raise FieldError("model", "it failed; see the host's log", "Try another setting")
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]


def _report(
    context: PreviewContext, args: EditArgs, change_map: np.ndarray | None, shaped: np.ndarray
) -> str:
    if shaped.max() == 0:
        return _note("The map is black: nothing would change.")
    words = f"On average {shaped.mean():.0%} of full strength; half or more on"
    words += f" {(shaped >= 0.5).mean():.0%} of the image."
    if args.soft and context.about["mask"] is not None and change_map is not None:
        about = both(args)
        words += f" {about[0].upper()}{about[1:]}."
    if context.run is not None and (starts := summary(starts_of(context, args, shaped))):
        words += f" In {context.run.steps} steps {starts}."
    return _note(words)


def starts_of(context: PreviewContext, args: EditArgs, shaped: np.ndarray) -> list[Start]:
    """Return where the pixels of a shaped map would start, the strongest first; empty if
    unknown."""
    known = schedules.known(context.run) if context.run is not None else None
    if known is None:
        return []
    cell, work = host.cell(), context.work
    latent = geometry.cells(
        geometry.resize(shaped, work.width, work.height), work.height // cell, work.width // cell
    )
    return schedules.begun(known, plan_of(context, args, latent))


def _note(text: str) -> str:
    return f"<p class='diffdiff-hint' role='status'>{html.escape(text)}</p>"


def error_html(error: FieldError) -> str:
    """Return an error as HTML."""
    return f"<p class='diffdiff-error' role='alert'>{html.escape(str(for_page(error)))}</p>"
