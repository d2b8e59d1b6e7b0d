"""What the UNet is told beside the pictures while it learns: where the thing stands, its colour.

Words that place a thing have no effect on a fresh network, and it has no use for knowing where a
pixel lies; neither is learnt before the other, so the plain loss hardly moves for thousands of
steps. Small heads on two inner maps of the UNet ask for both at once; within some hundred steps
the words work. The heads are thrown away.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffdiff.toyworld.paint import PLACE
from diffdiff.toyworld.world import VALUES, Scene

COLOURS = VALUES["colour"]
AIR, GROUND = (0.35, 0.2), (0.72, 0.15)  # height of a thing's middle, and half its height
WIDTH = 0.15  # half the width of a thing
NOISY = 500  # timesteps below this show the thing itself


class Hints(nn.Module):
    """Heads on the UNet's maps at 8x8.

    Args:
        unet: its middle block and the last residual block before it grows to 16x16 are listened to.
    """

    def __init__(self, unet: nn.Module):
        super().__init__()
        # one map for the thing, one for each colour, two for the place of the pixel itself
        channels = unet.config.block_out_channels[-1]
        self.heads = nn.ModuleList(nn.Conv2d(channels, 3 + len(COLOURS), 1) for _ in range(2))
        self.heard: list[Tensor | None] = [None, None]
        parts = (unet.mid_block, unet.up_blocks[0].resnets[-1])
        self.hooks = [part.register_forward_hook(self._hear(i)) for i, part in enumerate(parts)]

    def _hear(self, i: int):
        def hook(module, inputs, output):
            self.heard[i] = output

        return hook

    def close(self) -> None:
        """The UNet is as it was."""
        for hook in self.hooks:
            hook.remove()

    def forward(self, scenes: list[Scene], captions: list[str], t: Tensor) -> Tensor:
        """The loss of the UNet's last answer, one number.

        Args:
            scenes, captions: what was asked for. What a caption does not name is not asked of it.
            t: timesteps `[B]`.
        """
        thing = where(scenes).to(t.device)
        colour = F.one_hot(torch.tensor([COLOURS.index(s.colour) for s in scenes]), len(COLOURS))
        coloured = thing[:, None] * colour[:, :, None, None].to(t.device)
        places = ("left", "right", "middle", "centre")
        placed = _named(captions, places).to(t.device) * (t > NOISY)
        told = placed * _named(captions, COLOURS).to(t.device)
        side = thing.shape[-1]
        own = (torch.arange(side, device=t.device) + 0.5) / side * 3 - 1.5
        total = torch.zeros((), device=t.device)
        for head, heard in zip(self.heads, self.heard):
            answer = head(heard.float())
            stands = _missed(answer[:, 0], thing).mean((1, 2))
            looks = _missed(answer[:, 3:], coloured).mean((1, 2, 3))
            lies = (answer[:, 1] - own).square() + (answer[:, 2] - own[:, None]).square()
            total = total + (stands * placed).mean() + (looks * told).mean() + 0.1 * lies.mean()
        return total


def where(scenes: list[Scene], side: int = 8) -> Tensor:
    """About where the thing of each scene is seen: float32 `[B, side, side]` in 0..1."""
    grid = (torch.arange(side) + 0.5) / side

    def bump(middle: list[float], half: list[float]) -> Tensor:
        apart = (grid - torch.tensor(middle)[:, None]) / torch.tensor(half)[:, None]
        return torch.exp(-apart.square() / 2)

    heights = [AIR if scene.thing == "balloon" else GROUND for scene in scenes]
    rows = bump([h[0] for h in heights], [h[1] for h in heights])
    columns = bump([PLACE[scene.place] for scene in scenes], [WIDTH] * len(scenes))
    return rows[:, :, None] * columns[:, None, :]


def _named(captions: list[str], words: tuple[str, ...]) -> Tensor:
    return torch.tensor([any(word in c for word in words) for c in captions], dtype=torch.float32)


def _missed(answer: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(answer, target, reduction="none")
