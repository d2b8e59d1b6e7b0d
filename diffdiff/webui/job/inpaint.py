"""The hosts' inpaint tabs in soft inpaint mode: their mask in, our map and region out.

The job gets, for its own length, the region that will ever change as its inpaint mask. So the
host's crop encloses it, inpainting checkpoints and other extensions see it, and the host's latents
are those of the original, which is what unreleased pixels are held on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from modules import devices, masking, processing, shared
from modules.sd_samplers_common import approximation_indexes, images_tensor_to_samples
from PIL import Image, ImageOps

from ...maps import inpaint_mask
from ...maps.geometry import over_frames
from ...settings.schema import EditArgs
from .. import host

ORIGINAL = 1  # "Masked content: original"
CONTENT = {0: "fill", 2: "latent noise", 3: "latent nothing"}
BUILTIN = "soft inpainting"


def both(args: EditArgs) -> str:
    """Return a sentence that a change map is used together with the mask."""
    return (
        f"the softened mask and the change map are both used (combine: {args.combine}); "
        "clear the painting to use the mask alone"
    )


@contextmanager
def temporarily(owner: Any, **values: Any) -> Iterator[None]:
    """Set attributes for the length of a `with`. What someone else has set meanwhile stays: a batch
    tab gives the next picture's mask to the same object."""
    before = {name: getattr(owner, name) for name in values}
    for name, value in values.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in values.items():
            if getattr(owner, name) is value:
                setattr(owner, name, before[name])


class Inpaint:
    """One job's inpaint mask.

    hard: bool `[H, W]` at the init image's size, after the host's invert option.
    soft: float32 `[H, W]`, the same softened.
    radius: pixels of the size that is processed.
    """

    def __init__(self, p: Any, args: EditArgs, size: tuple[int, int]):
        """Soften the mask. size: (width, height) of the init image."""
        mask = processing.create_binary_mask(p.image_mask)
        if mask.size != size:
            mask = mask.resize(size, Image.Resampling.NEAREST)
        self.hard = inpaint_mask.hard(np.array(mask), p.inpainting_mask_invert)
        padding = p.inpaint_full_res_padding if p.inpaint_full_res else None
        work = inpaint_mask.Work(p.width, p.height, p.resize_mode, padding)
        self.soft = inpaint_mask.soft_mask(self.hard, args, work)
        self.radius = args.radius((p.width, p.height))
        self.content, self.blur = p.inpainting_fill, host.mask_blur(p)

    def replace_mask(self, p: Any, support: np.ndarray, stack: ExitStack) -> None:
        """Make the support, bool `[H, W]`, the job's mask until the stack closes."""
        mask = Image.fromarray(support.astype(np.uint8) * 255)
        if p.inpainting_mask_invert:  # the host inverts it once more
            mask = ImageOps.invert(mask)
        stack.enter_context(
            temporarily(
                p,
                image_mask=mask,
                mask_round=True,
                inpainting_fill=ORIGINAL,
                paste_to=None,
                **host.no_mask_blur(p),
            )
        )

    def write_infotext(self, p: Any, args: EditArgs, with_map: bool) -> None:
        """Write what the host would have written, and note what it does not do this time."""
        if with_map:
            p.comment(f"Differential Diffusion: {both(args)}")
        if self.content in CONTENT:
            p.extra_generation_params["Masked content"] = CONTENT[self.content]
        if any(self.blur):
            blur = " x ".join(str(b) for b in dict.fromkeys(self.blur))
            p.comment(f"Differential Diffusion: the soften radius replaces the mask blur ({blur})")

    def start(
        self, p: Any, fitted: list[np.ndarray], sources: list[Image.Image]
    ) -> torch.Tensor | None:
        """Return what the host's masked content puts into the mask: latents `[B, C, h, w]`; None
        for the original.

        Args:
            fitted: hard masks as the host fitted its pictures, float32 `[height, width]`.
            sources: those pictures, RGB.
        """
        if self.content == ORIGINAL:
            return None
        x = p.init_latent
        gray = [Image.fromarray(np.rint(m * 255).astype(np.uint8)) for m in fitted]
        if self.content == 0:
            filled = [masking.fill(s, m) for s, m in zip(sources, gray)]
            latents = encode(p, filled)
            return latents.expand(len(x), *x.shape[1:]) if len(latents) == 1 else latents
        small = np.stack([np.array(m.resize(x.shape[:-3:-1])) for m in gray]) >= inpaint_mask.HALF
        inside = torch.from_numpy(over_frames(small, x.ndim)).to(x)
        kept = x * (1 - inside)
        if self.content != 2:
            return kept
        seeds = p.all_seeds[: len(x)]
        shape = (x.shape[1], *x.shape[-2:])
        noise = processing.create_random_tensors(shape, seeds).to(x)
        return (
            kept + noise.view(len(seeds), x.shape[1], *[1] * (x.ndim - 4), *x.shape[-2:]) * inside
        )


def encode(p: Any, pictures: list[Image.Image]) -> torch.Tensor:
    """Encode RGB pictures of one size to latents, as the host encodes an init image."""
    array = np.stack([np.array(image, np.float32) / 255 for image in pictures])
    tensor = torch.from_numpy(array).permute(0, 3, 1, 2).contiguous()
    how = approximation_indexes.get(shared.opts.sd_vae_encode_method)
    with devices.autocast(), host.references_kept():
        tensor = tensor.to(shared.device, devices.dtype_vae)
        return images_tensor_to_samples(tensor, how, p.sd_model)


def quiet_builtin(p: Any, stack: ExitStack) -> None:
    """Disable the host's own soft inpainting until the stack closes, and note it."""
    for script in getattr(p.scripts, "alwayson_scripts", ()):
        at = script.args_from
        if script.title().lower() != BUILTIN or at is None or not p.script_args[at]:
            continue
        others = list(p.script_args)
        others[at] = False
        stack.enter_context(temporarily(p, script_args_value=type(p.script_args)(others)))
        p.comment("Differential Diffusion: the WebUI's Soft inpainting is disabled for this job")
        return
