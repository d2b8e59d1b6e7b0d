"""End a job with an error: the host's own way, in our words, on the page and in the API.

Hosts swallow what a script's hook raises, so it is the job that has to raise it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ..errors import FieldError, PageError
from ..patching import attribute
from ..settings.titles import control_of
from . import host

logger = logging.getLogger("diffdiff")
FAILED = "DD failed"


def for_host(p: Any, error: Exception) -> Exception:
    """Return the error as this job is to raise it now, since the host may have to know of it
    before."""
    if isinstance(error, FieldError) and not host.is_api(p):
        shown_error = PageError(control_of(error.field), error.problem, error.remedy)
        shown_error.field = error.field
        error = shown_error.with_traceback(error.__traceback__)
    host.keep_error(p, error)
    return error


@contextmanager
def reported(p: Any) -> Iterator[None]:
    """Pass errors raised inside to whoever started the job."""
    try:
        yield
    except Exception as error:
        host_error = for_host(p, error)
        if host_error is error:
            raise
        raise host_error from error.__cause__


def fail_job(p: Any, error: Exception, under_way: bool = False) -> None:
    """End this job, and only this one, with an error."""

    def stop(*args: Any, **kwargs: Any) -> None:
        raise for_host(p, error)

    p.diffdiff_refused = changed = ExitStack()  # the next job on the same object is another
    changed.enter_context(attribute(p, init=stop, sample=stop))
    if under_way:
        p.sampler.sample_img2img = stop


class Unusable:
    """Stands for a picture that could not be finished: using it raises the error."""

    def __init__(self, error: Exception):
        vars(self)["error"] = error

    def __getattr__(self, name: str) -> Any:
        raise vars(self)["error"]


@contextmanager
def finished(p: Any, pp: Any) -> Iterator[None]:
    """End the job if a picture fails inside: hosts would go on with the unfinished picture."""
    try:
        yield
    except Exception as error:
        pp.image = Unusable(for_host(p, error))


@contextmanager
def completed(processed: Any) -> Iterator[None]:
    """Report errors that happen inside, after a job's pictures are finished, in the comments that
    the page shows and in the parameters that the API sends. The pictures are right and have cost
    their time, so the job does not end with an error.

    Args:
        processed: the host's result of the job.
    """
    try:
        yield
    except Exception as error:
        logger.exception("Differential Diffusion: what goes with the pictures could not be made")
        text = f"what goes with the pictures could not be made ({type(error).__name__}: {error})"
        processed.comments += f"Differential Diffusion: {text}\n"
        processed.extra_generation_params[FAILED] = text
        note = f", {FAILED}: {json.dumps(text, ensure_ascii=False)}"
        processed.infotexts[:] = [infotext + note for infotext in processed.infotexts]
        processed.info += note
