"""Empty prompts for the host's denoiser, and whether a job can use DDIM inversion."""

from __future__ import annotations

import inspect
from typing import Any

from modules import prompt_parser, shared

from ...errors import FieldError
from ...settings.schema import EditArgs
from .. import host, host_hires

SAMPLER = "DDIM"  # the one that can be run backwards


def empty(p: Any, count: int) -> tuple[Any, Any]:
    """Return the empty prompt for `count` pictures, as prompt and as negative prompt."""
    return prompts(p, [""] * count)


def prompts(p: Any, texts: list[str]) -> tuple[Any, Any]:
    """Return a prompt for each picture, as prompt and as negative prompt."""
    size = {"width": p.width, "height": p.height}
    known = inspect.signature(prompt_parser.SdConditioning.__init__).parameters
    if "distilled_cfg_scale" in known:
        size["distilled_cfg_scale"] = getattr(p, "distilled_cfg_scale", None)
    positive = prompt_parser.SdConditioning(texts, False, **size)
    negative = prompt_parser.SdConditioning(texts, True, **size)
    with host.references_kept():
        cond = prompt_parser.get_multicond_learned_conditioning(shared.sd_model, positive, p.steps)
        return cond, prompt_parser.get_learned_conditioning(shared.sd_model, negative, p.steps)


def check_inversion(p: Any, args: EditArgs) -> None:
    """Check that this job can start from the inverted picture.

    Raises:
        FieldError: "anchor".
    """
    problem, remedy = None, ""
    name = host_hires.sampler_name(p)
    if name != SAMPLER:
        problem = f"inverted needs the sampler {SAMPLER}, not {name}"
        remedy = f"Choose {SAMPLER}"
    elif (shared.opts.eta_ddim if p.eta is None else p.eta) > 0:
        problem, remedy = "inverted needs DDIM without noise", "Set its eta to 0"
    elif args.mode == "sheet":
        problem, remedy = "inverted does not work in a sheet", "Use noised, or another mode"
    elif host.is_flow():
        problem, remedy = "inverted does not work with flow matching models", "Use noised"
    elif host.has_refiner(p):
        problem, remedy = "inverted does not work with a refiner", "Switch the refiner off"
    if problem:
        raise FieldError("anchor", problem, remedy)
