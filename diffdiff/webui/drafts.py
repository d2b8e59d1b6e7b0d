"""A draft: the tab's own job in few steps and small, asked for by the painter's button.

Right before it presses Generate, the page's script writes a random word into a hidden
box of the panel, and empties it again. A word counts once, so that none can stick, and only on the
page: the API cannot ask for a draft.
"""

from __future__ import annotations

import math
import re
from typing import Any

from modules import shared

from ..edit import draft
from ..errors import FieldError
from ..lru import LruCache
from ..settings.schema import EditArgs, fields
from . import batch_tab, host, host_hires, host_scripts, infotext
from .refusal import for_host

WORD = re.compile(r"draft-[0-9a-z]{8,64}")
KEPT = 4096  # words; a page makes one for each press of the button
_used: LruCache[str, bool] = LruCache(KEPT)


class Draft:
    """A job that is a draft.

    Args:
        word: by which it was asked for.

    Attributes:
        whole: width and height of the run that it is a draft of; with a second pass, of that.
        shown: entries of the infotext as that run has them.
        problem: why it is refused.
    """

    def __init__(self, word: str):
        self.word = word
        self.whole: tuple[int, int] = (0, 0)
        self.shown: dict[str, Any] = {}
        self.problem: FieldError | None = None


def of_job(p: Any) -> Draft | None:
    """Return a job's draft; None for an ordinary job."""
    return getattr(p, "diffdiff_draft", None)


def _requested(values: tuple[Any, ...]) -> Any:
    """Return what a script's values have in the box of the word; None where they end before it."""
    return values[len(fields())] if len(values) > len(fields()) else None


def word_of(p: Any, values: tuple[Any, ...]) -> str:
    """Return the word of a press of the button among a script's values; empty for none, for one
    that has counted already, and for a job of the API."""
    word = _requested(values)
    if host.is_api(p) or not isinstance(word, str) or not WORD.fullmatch(word):
        return ""
    return "" if word in _used else word


def refuse_script(p: Any, values: tuple[Any, ...] | None) -> None:
    """Refuse a draft of a job with a chosen script, before the script runs.

    Raises:
        FieldError: "script".
    """
    word = word_of(p, values or ())
    if word:
        _used.put(word, True)
        title = host_scripts.script_title(p) or "a script"
        problem = f"a draft is one plain run, and {title} is chosen"
        raise for_host(p, FieldError("script", problem, "Choose None, or press Generate"))


def begin(p: Any, values: tuple[Any, ...]) -> None:
    """Make a job a draft if its page asked for one: few steps, small, one picture, none saved.

    Raises:
        FieldError: for what cannot be drafted.
    """
    job_draft = of_job(p)
    if job_draft is None or job_draft.word != _requested(values):
        word = word_of(p, values)
        if not word and job_draft is None:
            return  # an ordinary job stays as it is
        p.diffdiff_draft = job_draft = Draft(word) if word else None
        if job_draft is None:
            return
        _used.put(word, True)
        try:
            _shrink(p, job_draft)
        except FieldError as problem:
            job_draft.problem = problem
    if job_draft.problem is not None:  # the Batch tab runs several jobs on one object
        raise job_draft.problem


def _shrink(p: Any, job_draft: Draft) -> None:
    pictures = getattr(p, "init_images", None) or ()
    if any(batch_tab.FILE in getattr(picture, "info", {}) for picture in pictures):
        raise FieldError("batch", "a draft is of one image", "Use another tab, or press Generate")
    p.batch_size = p.n_iter = 1
    p.do_not_save_samples = p.do_not_save_grid = True
    if host_hires.is_text_job(p):
        job_draft.whole, job_draft.shown = host_hires.shrink(p, draft.STEPS, draft.on_grid)
        return
    job_draft.whole = p.width, p.height
    job_draft.shown = {"Steps": p.steps, "Size": f"{p.width}x{p.height}"}
    p.steps = min(p.steps, draft.STEPS)
    p.width, p.height = draft.on_grid(p.width, p.height)


def settings(p: Any, args: EditArgs) -> EditArgs:
    """Return the settings as a job uses them: as they are, or for a draft in proportion.

    Raises:
        FieldError: "mode", "outpaint".
    """
    job_draft = of_job(p)
    if job_draft is None:
        return args
    draft.check(args)
    if host_hires.is_text_job(p):
        part = math.sqrt(math.prod(host_hires.final_size(p)) / math.prod(job_draft.whole))
        return draft.sized(args, part)
    part = math.sqrt(p.width * p.height / math.prod(job_draft.whole))
    crops = getattr(p, "image_mask", None) is not None and p.inpaint_full_res
    return draft.sized(args, part, pasted=not crops)


def write_infotext(p: Any) -> None:
    """Write into a draft's parameters that it is one. All others are those of the run that it is a
    draft of, so that pasting them brings back that run."""
    job_draft = of_job(p)
    if job_draft is None:
        return
    for name, value in job_draft.shown.items():
        if value is None:
            p.extra_generation_params.pop(name, None)
        else:
            p.extra_generation_params[name] = value
    p.extra_generation_params[infotext.DRAFT] = lambda *others, **named: _about(p)


def _about(p: Any) -> str:
    """Return what a draft is, without a character that parameters would quote."""
    text = host_hires.is_text_job(p)
    part = getattr(getattr(p, "diffdiff", None), "part", None)
    size = (p.hr_upscale_to_x, p.hr_upscale_to_y) if text else (p.width, p.height)
    size = size if part is None else part.area.whole
    steps = (getattr(p, "hr_second_pass_steps", 0) if text else 0) or p.steps
    words = f"{steps} step{'' if steps == 1 else 's'} at {size[0]}x{size[1]}"
    return f"{words} and interrupted" if shared.state.interrupted else words
