"""The host's page: the components of its tabs img2img and txt2img, by their element ids.

The page's script has the ids of what only a browser sees (`javascript/hosts/webui.mjs`).
"""

from __future__ import annotations

import logging
from typing import Any

logger = logging.getLogger("diffdiff")

TAB = {  # what the panel must know of the tab: id of the component -> name
    "img2img_prompt": "prompt",
    "img2img_styles": "styles",
    "img2img_width": "width",
    "img2img_height": "height",
    "img2img_denoising_strength": "denoising",
    "img2img_steps": "steps",
    "img2img_sampling": "sampler",
    "img2img_scheduler": "scheduler",
    "resize_mode": "resize_mode",
    "img2img_mask_mode": "inverted",
    "img2img_inpaint_full_res": "only_masked",
    "img2img_inpaint_full_res_padding": "padding",
    "img2img_distilled_cfg_scale": "shift",
}
TEXT_TAB = {
    "txt2img_prompt": "prompt",
    "txt2img_styles": "styles",
    "txt2img_width": "width",
    "txt2img_height": "height",
    "txt2img_denoising_strength": "denoising",
    "txt2img_steps": "steps",
    "txt2img_sampling": "sampler",
    "txt2img_scheduler": "scheduler",
    "txt2img_hires_steps": "hires_steps",
    "hr_sampler": "hires_sampler",
    "hr_scheduler": "hires_scheduler",
    "txt2img_hr_scale": "hires_scale",
    "txt2img_hr_distilled_cfg": "shift",
}
# what shows a tab's results, with the tab's name
RESULTS = ("{}_gallery", "generation_info_{}", "html_info_{}", "html_log_{}")
# Forge Neo's flow models read it as shift
OF_SOME = ("img2img_distilled_cfg_scale", "txt2img_hr_distilled_cfg")
# of the tab's components: all others exist when it is made
LAST, TEXT_LAST = "generation_info_img2img", "generation_info_txt2img"
SAME = "Use same "  # what the second pass's lists call the first one's choice


def name_of(component: Any, is_img2img: bool = True) -> str | None:
    """Return the panel's name for a component of the tab; None for any other."""
    return (TAB if is_img2img else TEXT_TAB).get(getattr(component, "elem_id", None) or "")


def result_of(component: Any, is_img2img: bool = True) -> int | None:
    """Return the place of a component among `RESULTS`; None for any other."""
    ids = results(is_img2img)
    name = getattr(component, "elem_id", None)
    return ids.index(name) if name in ids else None


def results(is_img2img: bool = True) -> list[str]:
    """Return the ids of what shows a tab's results."""
    return [name.format("img2img" if is_img2img else "txt2img") for name in RESULTS]


def is_last(component: Any, is_img2img: bool = True) -> bool:
    """Return whether the tab is complete with this component."""
    return getattr(component, "elem_id", None) == (LAST if is_img2img else TEXT_LAST)


def of_second(values: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of txt2img's second pass under the names that img2img's have; those of
    img2img as they are.

    Its steps are those of its whole schedule: the host makes all hires steps, at any strength. The
    size of the first pass stays as `first_width` and `first_height`.

    Args:
        values: by the names of `TAB` or of `TEXT_TAB`; some may be missing.
    """
    if "hires_steps" not in values:
        return values
    merged = dict(values)
    steps = int(values.get("hires_steps") or values.get("steps") or 0)
    strength = min(float(values.get("denoising") or 0), 0.999)
    merged["steps"] = int(steps / strength) if strength > 0 else steps
    for name in ("sampler", "scheduler"):
        choice = str(values.get(f"hires_{name}") or SAME)
        merged[name] = values.get(name) if choice.startswith(SAME) else choice
    for side in ("width", "height"):
        merged[f"first_{side}"] = values.get(side)
        merged[side] = int((values.get(side) or 512) * (values.get("hires_scale") or 1))
    return merged


def look(page: Any, app: Any = None) -> None:
    """Log, in one line, which of these components a finished page lacks.

    Args:
        page: Gradio's blocks; None where the host has no page.
    """
    blocks = getattr(page, "blocks", None)
    if not blocks:
        return
    there = {getattr(component, "elem_id", None) for component in blocks.values()}
    known = (*TAB, LAST, *TEXT_TAB, TEXT_LAST)
    lacking = [name for name in known if name not in (*there, *OF_SOME)]
    if LAST in lacking or TEXT_LAST in lacking:
        what = "Preview map, presets and the legend's noise are switched off"
    else:
        what = "Preview map uses a default"
    if lacking:
        logger.error(
            "Differential Diffusion: %s, because this WebUI's page has no %s",
            what,
            " and no ".join(lacking),
        )
