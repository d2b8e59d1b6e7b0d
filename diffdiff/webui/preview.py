"""The panel's look at a map that makes itself, without a run: Preview, live changes, hand-over."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from modules import call_queue, images, shared
from PIL import Image

from .. import intake, maps
from ..args import EditArgs, parse
from ..automap import wanted
from ..decode import decode_picture
from ..errors import FieldError
from ..overlay import overlay
from ..prepare import shape, strengths
from . import automap, host

LARGEST = 1024  # pixels, of the longer side of what is shown


class Seen(NamedTuple):
    """What the last Preview had before it; live changes are of the same.

    about: as `automap.of_picture` takes it, without what the panel says.
    """

    picture: Image.Image
    denoising: float
    about: dict[str, Any]


def seen(sent: dict[str, Any]) -> Seen:
    """What the page sent with Preview.

    Args:
        sent: picture and mask as data URLs (mask: or empty), prompt, styles, width, height,
            denoising.

    Raises:
        FieldError: "image", "mask".
    """
    if not sent["picture"]:
        remedy = "Put one into the tab"
        raise FieldError("image", "there is no picture", remedy)
    about = {
        "prompt": sent.get("prompt") or "", "styles": tuple(sent.get("styles") or ()),
        "width": int(sent.get("width") or 512), "height": int(sent.get("height") or 512),
        "mask": automap.sent_mask(sent.get("mask")),
    }  # fmt: skip
    denoising = sent.get("denoising")
    picture = decode_picture(sent["picture"])
    return Seen(picture, 0.75 if denoising is None else float(denoising), about)


def found(what: Seen, args: EditArgs, painted: np.ndarray | None, ask: bool) -> np.ndarray:
    """The request's map before it is shaped: float32 [H, W] of the picture's size.

    Raises:
        FieldError: what a source refuses. Unknown: as `automap.of_picture`.
    """
    if wanted(args):
        return automap.of_picture(what.picture, args, painted=painted, ask=ask, **what.about)
    if painted is None:
        raise FieldError("map", "nothing is painted", "Paint, or choose another source")
    return maps.resize(painted, *what.picture.size)


def looked_for(what: Seen, args: EditArgs, painted: np.ndarray | None) -> np.ndarray:
    """`found`; the host's queue is only waited in where the model is needed."""
    try:
        return found(what, args, painted, False)
    except automap.Unknown:
        return on_the_model(lambda: found(what, args, painted, True))


def drawn(what: Seen, args: EditArgs, change_map: np.ndarray) -> Image.Image:
    """The strengths of a map over the picture."""
    strength = strengths(shape(change_map, args), args, what.denoising).astype(np.float32)
    flat = np.asarray(images.flatten(what.picture, shared.opts.img2img_background_color))
    scale = min(LARGEST / max(what.picture.size), 1)
    if scale < 1:
        width, height = (max(round(side * scale), 1) for side in what.picture.size)
        flat = cv2.resize(flat, (width, height), interpolation=cv2.INTER_AREA)
        strength = maps.resize(np.clip(strength, 0, 1), width, height)
    return Image.fromarray(overlay(flat, strength))


def as_url(change_map: np.ndarray) -> str:
    """A map as the painter takes it: a data URL of a 16-bit PNG."""
    _, data = cv2.imencode(".png", np.round(change_map * 65535).astype(np.uint16))
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def show(sent: dict[str, Any], values: tuple) -> tuple[Any, Image.Image | None, str, str]:
    """Preview: (what live changes are of, picture, words as HTML, the map as a data URL)."""
    try:
        host.make_temp_folder()
        what = seen(sent)
        args, painted = request(values)
        change_map = looked_for(what, args, painted)
        return what, drawn(what, args, change_map), _words(args, change_map), as_url(change_map)
    except FieldError as error:
        return None, None, error_html(error), ""


def refresh(what: Seen | None, values: tuple) -> tuple[Image.Image, str] | None:
    """A live change: (picture, words), or None where there was no preview yet."""
    if what is None:
        return None
    try:
        args, painted = request(values)
        change_map = found(what, args, painted, False)
        return drawn(what, args, change_map), _words(args, change_map)
    except FieldError as error:
        return None, error_html(error)
    except automap.Unknown:
        return None, _told("Press Preview map: this needs the model.")


def request(values: tuple) -> tuple[EditArgs, np.ndarray | None]:
    """The panel's settings and the painted map."""
    asked = {**intake.request_of(values), "enabled": True}
    painted = asked.pop("map", None)
    args = parse(asked)
    return args, maps.decode(painted) if painted else None


def on_the_model(work: Callable[[], Any]) -> Any:
    """Work that may ask the model: in the host's queue and its thread for such work."""

    def safe() -> tuple[Any, FieldError | None]:
        try:
            return work(), None
        except FieldError as error:  # the host would print it
            return None, error

    with call_queue.queue_lock:
        shared.state.begin(job="diffdiff map")
        try:
            made = host.on_main_thread(safe)
        finally:
            shared.state.end()
    if made is None:
        raise FieldError("model", "it failed; the host's log says why", "Try another setting")
    if made[1] is not None:
        raise made[1]
    return made[0]


def _words(args: EditArgs, change_map: np.ndarray) -> str:
    shaped = shape(change_map, args)
    if shaped.max() == 0:
        return _told("The map is black: nothing would change.")
    words = f"On average {shaped.mean():.0%} of full strength; on {(shaped >= 0.5).mean():.0%} of"
    return _told(f"{words} the picture half or more.")


def _told(text: str) -> str:
    return f"<p class='diffdiff-hint' role='status'>{html.escape(text)}</p>"


def error_html(error: FieldError) -> str:
    return f"<p class='diffdiff-error' role='alert'>{html.escape(str(error))}</p>"
