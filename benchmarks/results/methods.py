"""The methods that the report compares: each makes one picture of an ask and a change map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from diffdiff.pipelines.engine import Engine
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

from .. import blends
from .around import Algorithm1, Around, Blended, BuiltIn, instead
from .scenes import Ask

RUNS = 5  # of N-run compositing
SOFTNESS = 16  # the blurred mask's sigma is a side / 16: 8 pixels of 128, 32 of 512
FEATHER = 128  # ours' feather is a side / 128: the default, 4 pixels, of 512
OURS = ("ours", "ours, even changes", "ours, transition 1")
EVEN = OURS[1]  # the setting for maps that are to be followed; the report's goals are set for it


class Bench:
    """An engine and the settings of every run."""

    def __init__(
        self,
        engine: Engine,
        steps: int = 20,
        guidance: float | None = 5.0,
        scheduler: str | None = None,
    ):
        self.engine, self.steps = engine, steps
        self.settings = {"steps": steps, "guidance": guidance, "scheduler": scheduler}
        self.response: str | None = None  # of this model, where it has been measured

    def edit(
        self,
        ask: Ask,
        change_map: np.ndarray,
        strength: float = 1.0,
        settings: dict | None = None,
        **run: Any,
    ) -> np.ndarray:
        """By this project: uint8 `[H, W, 3]`, of `count` pictures the first."""
        return self.edits(ask, change_map, strength, settings, **run)[0]

    def edits(self, ask, change_map, strength=1.0, settings=None, **run) -> list[np.ndarray]:
        height, width = ask.picture.shape[:2]
        run = RunArgs(
            **{
                "prompt": ask.prompt,
                "seed": ask.seed,
                "strength": strength,
                "width": width,
                "height": height,
                **self.settings,
                **run,
            }
        )
        # all methods begin at the schedule's steps
        args = parse({"levels": "steps"} | (settings or {}))
        result = self.engine.edit(Image.fromarray(ask.picture), change_map, args, run)
        return [np.asarray(picture.convert("RGB")) for picture in result.pictures]

    def plain(self, ask: Ask, strength: float = 1.0, **run: Any) -> np.ndarray:
        """Plain img2img, the pipeline as diffusers has it."""
        with instead(None):
            return self.edit(ask, *_whole(ask), strength, {"paste_back": False}, **run)

    def around(
        self,
        kind: type[Around],
        ask: Ask,
        change_map: np.ndarray,
        strength: float = 1.0,
        **run: Any,
    ) -> tuple[np.ndarray, Any]:
        """By another method: the picture, and the method's own object."""
        with instead(partial(kind, change_map=change_map)) as done:
            picture = self.edit(ask, *_whole(ask), strength, {"paste_back": False}, **run)
        return picture, done[-1]

    @contextmanager
    def counted(self) -> Iterator[list[int]]:
        """Batch sizes of the model calls made inside, as the model itself sees them."""
        pipe = getattr(self.engine.pipe, "decoder_pipe", self.engine.pipe)
        network = getattr(pipe, "unet", None) or pipe.transformer
        seen: list[int] = []
        hook = network.register_forward_hook(
            lambda module, args, kwargs, out: seen.append(
                len(args[0] if args else kwargs.get("sample", kwargs.get("hidden_states")))
            ),
            with_kwargs=True,
        )
        try:
            yield seen
        finally:
            hook.remove()


def _whole(ask: Ask) -> tuple[np.ndarray]:
    return (np.ones(ask.picture.shape[:2], np.float32),)


def ours(
    bench: Bench,
    ask: Ask,
    m: np.ndarray,
    strength: float = 1.0,
    transition: float = 0,
    even: bool = False,
) -> np.ndarray:
    settings = {"transition": transition, "feather": m.shape[1] / FEATHER}
    return bench.edit(ask, m, strength, {**settings, "response": bench.response if even else None})


def algorithm_1(bench: Bench, ask: Ask, m: np.ndarray, strength: float = 1.0) -> np.ndarray:
    return bench.around(Algorithm1, ask, m, strength)[0]


def blended(bench: Bench, ask: Ask, m: np.ndarray, strength: float = 1.0) -> np.ndarray:
    return bench.around(Blended, ask, m, strength)[0]


def blurred(bench: Bench, ask: Ask, m: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """The hosts' inpainting with mask blur: the mask, blurred, rounded for the latents, alpha of
    the paste."""
    soft = blends.blurred(m >= 0.5, m.shape[1] / SOFTNESS)
    picture = bench.around(Blended, ask, soft, strength)[0]
    return blends.mix(ask.picture, picture, soft)


def builtin(bench: Bench, ask: Ask, m: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """It reads grey masks: the map is its mask. Pasted by its own overlay."""
    picture, done = bench.around(BuiltIn, ask, m, strength)
    weight = blends.builtin_weight(done.moved[0].astype(np.float64), m.shape[::-1])
    return blends.mix(ask.picture, picture, weight)


def composited(
    bench: Bench,
    ask: Ask,
    m: np.ndarray,
    strength: float = 1.0,
    runs: list | None = None,
    count: int = RUNS,
) -> np.ndarray:
    """Plain runs at 1/N, 2/N, ... 1 of the strength, mixed pixel by pixel between the two nearest.

    runs: pictures that are there already, `strength_runs`.
    """
    runs = strength_runs(bench, ask, strength, count) if runs is None else runs
    stack = np.stack([ask.picture, *runs]).astype(np.float32)
    at = m * (len(stack) - 1)
    low = np.minimum(at.astype(int), len(stack) - 2)
    part = (at - low)[..., None]
    y, x = np.indices(m.shape)
    mixed = stack[low, y, x] * (1 - part) + stack[low + 1, y, x] * part
    return np.rint(mixed).astype(np.uint8)


def strength_runs(bench: Bench, ask: Ask, strength: float = 1.0, count: int = RUNS) -> list:
    return [bench.plain(ask, strength * k / count) for k in range(1, count + 1)]


METHODS: dict[str, Callable[..., np.ndarray]] = {
    OURS[0]: ours,
    EVEN: partial(ours, even=True),
    OURS[2]: partial(ours, transition=1.0),
    "Algorithm 1": algorithm_1,
    "blended latent diffusion": blended,
    "blurred mask": blurred,
    "built-in soft inpainting": builtin,
    "N-run compositing": composited,
}
ABOUT = {
    OURS[0]: "hard release as in the paper, the default; kept areas are pasted back, "
    "with the default's feather in proportion (a side / 128)",
    EVEN: "the same with the field `response`: a gray means that part of the change, not of the "
    "strength. Measured once, on other pictures",
    OURS[2]: "each pixel is released over a whole step",
    "Algorithm 1": "of the paper, with the thresholds of its published code",
    "blended latent diffusion": "arXiv 2206.02779, the mask is the map cut at 0.5",
    "blurred mask": "masked img2img as in the WebUI's inpaint tab: the map cut at 0.5 and blurred "
    "(sigma: a side / 16), rounded for the latents, alpha of the paste",
    "built-in soft inpainting": "the WebUI's formula with its defaults, at every step and for the "
    "paste; the gray map is its mask",
    "N-run compositing": f"plain img2img at {RUNS} strengths, mixed by the map",
}
