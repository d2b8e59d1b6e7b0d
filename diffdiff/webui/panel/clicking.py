"""The painter's tool Click in a WebUI: the host's own model looks at the picture."""

from __future__ import annotations

import threading

from modules import call_queue, shared

from ...errors import FieldError
from ...settings.click import ClickArgs
from ...settings.schema import parse
from ...ui import clicking
from .. import click_job
from . import preview

NAME = "diffdiff_click_"  # and the tab
_looking = threading.Lock()


def look(sent: clicking.Sent, width: int | None, height: int | None) -> clicking.Region:
    """Look at a picture, unless it is known; while another job runs, only known ones are answered.

    Raises:
        FieldError: "model"; "run" where the host is busy, or the look was interrupted.
    """
    args, picture = parse({}, ClickArgs), sent.picture
    noises = args.points_level, args.points_noises, args.points_seed
    request = picture, width or picture.width, height or picture.height, *noises
    seen = click_job.found(*request, ask=False, name=sent.id)
    if seen is not None:
        return seen.region
    with _looking:  # the next click waits for the look of the one before
        if shared.state.job or not call_queue.queue_lock.acquire(False):
            raise FieldError("run", clicking.BUSY, clicking.WAIT)
        call_queue.queue_lock.release()
        return preview.on_the_model(lambda: click_job.found(*request, name=sent.id)).region


def cancel() -> None:
    """Interrupt a look that is under way, and no other job."""
    if _looking.locked() and shared.state.job == preview.JOB:
        shared.state.interrupt()


def connect(is_text: bool) -> None:
    """Make the tool's questions known to Gradio, for one of the tabs."""
    tab = "txt2img" if is_text else "img2img"
    clicking.connect(clicking.Answers(look, cancel), NAME + tab, show_progress=False)
