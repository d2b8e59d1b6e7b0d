"""The host's page: the components of its img2img tab, by their element ids.

The page's script has the ids of what only a browser sees (`javascript/hosts/webui.mjs`).
"""

from __future__ import annotations

import logging
from typing import Any

logger = logging.getLogger("diffdiff")

TAB = {  # what the panel must know of the tab: id of the component -> name
    "img2img_prompt": "prompt", "img2img_styles": "styles", "img2img_width": "width",
    "img2img_height": "height", "img2img_denoising_strength": "denoising",
    "img2img_steps": "steps", "img2img_sampling": "sampler", "img2img_scheduler": "scheduler",
    "resize_mode": "resize_mode", "img2img_mask_mode": "inverted",
    "img2img_inpaint_full_res": "only_masked", "img2img_inpaint_full_res_padding": "padding",
    "img2img_distilled_cfg_scale": "shift",
}  # fmt: skip
OF_SOME = ("img2img_distilled_cfg_scale",)  # Forge Neo's flow models read it as shift
LAST = "generation_info_img2img"  # of the tab's components: all others exist when it is made


def name_of(component: Any) -> str | None:
    """Return the panel's name for a component of the tab; None for any other."""
    return TAB.get(getattr(component, "elem_id", None))


def is_last(component: Any) -> bool:
    """Return whether the tab is complete with this component."""
    return getattr(component, "elem_id", None) == LAST


def look(page: Any, app: Any = None) -> None:
    """Log, in one line, which of these components a finished page lacks.

    Args:
        page: Gradio's blocks; None where the host has no page.
    """
    blocks = getattr(page, "blocks", None)
    if not blocks:
        return
    there = {getattr(component, "elem_id", None) for component in blocks.values()}
    lacking = [name for name in (*TAB, LAST) if name not in (*there, *OF_SOME)]
    if LAST in lacking:
        what = "Preview map, presets and the legend's noise are switched off"
    else:
        what = "Preview map uses a default"
    if lacking:
        logger.error(
            "Differential Diffusion: %s, because this WebUI's page has no %s",
            what,
            " and no ".join(lacking),
        )
