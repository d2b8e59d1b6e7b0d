"""Several strengths with one pipeline: the strength fan and the strength sheet."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image

from ..edit.contact_sheet import strength_sheet, with_bar
from ..edit.fan import Fan, at_once, needed, placed
from ..metrics.perceptual import distance
from ..patching import attribute
from ..sampling.lockstep import Lockstep
from ..sampling.start_steps import StartRule
from ..settings.response import measured, text
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, changed, replaced
from .scheduler_choice import choose
from .scheduler_hook import Progress


def finish_fan(result: Any, fan: Fan) -> None:
    """Add strengths above the pictures of a fan, and where its stripes are to its settings."""
    width, height = result.pictures[0].size
    if (height, width) != fan.labels.shape:  # a second stage has enlarged them
        fan = placed(fan, width, height, (0, 0, width, height))
    bars = [with_bar(np.asarray(picture), fan) for picture in result.pictures]
    result.pictures = [Image.fromarray(bar.picture) for bar in bars]
    result.settings |= {
        "bar": bars[0].height,
        "frame": list(result.pictures[0].size),
        "strengths": [stripe.strength for stripe in fan.stripes],
        "boxes": list(map(list, bars[0].below(fan))),
    }


def sheet(
    engine: Any,
    image: Image.Image,
    change_map: np.ndarray | None,
    args: EditArgs,
    run: RunArgs,
    progress: Progress | None = None,
    rule: StartRule | None = None,
    **extra: Any,
) -> Any:
    """Make a picture for each strength: plain img2img at it, or the map scaled by it.

    The pictures of the result: a contact sheet for each seed, then the single ones, by strength
    and then by seed; `runs` has the strength and seed of each.
    """
    strengths = args.several
    if change_map is None:
        base = np.ones((1, 1), np.float32)
        alone = EditArgs(levels=args.levels, extra_calls=args.extra_calls)
    else:
        base, alone = change_map, replaced(args, mode="edit", scale="relative")
    counts = _Counts(progress, _needed(engine, strengths, run, rule))

    def work(i: int) -> Callable[[], Any]:
        runs = replaced(run, strength=strengths[i])
        return lambda: by_itself(engine).edit(image, base, alone, runs, counts.of(i), rule, **extra)

    device = getattr(engine.pipe, "_execution_device", torch.device("cpu"))
    works = [work(i) for i in range(len(strengths))]
    lockstep = Lockstep(works, at_once(args.sheet_batch, device.type))
    with ExitStack() as stack:
        for model in models(engine):
            stack.enter_context(lockstep.intercepted(model))
        if getattr(engine.pipe, "vae", None) is not None:
            stack.enter_context(lockstep.intercepted(engine.pipe.vae, "decode", step=False))
        for owner, name in encoders(engine):
            stack.enter_context(remembered(owner, name))
        results = lockstep.go()
    result, original = results[0], np.asarray(engine.frame(image, run).fit(image))
    singles = [r.pictures for r in results]
    sheets = []
    for i in range(run.count):
        pictures = [np.asarray(of_strength[i]) for of_strength in singles]
        before = original if pictures[0].shape == original.shape else None
        sheets.append(strength_sheet(pictures, strengths, before, distance=distance()))
    result.pictures = [Image.fromarray(s.picture) for s in sheets]
    result.pictures += [picture for of_strength in singles for picture in of_strength]
    result.runs = [run.alone(i) for i in range(run.count)]
    result.runs += [run.alone(i, s) for s in strengths for i in range(run.count)]
    # once per evaluation of the model, which may serve several seeds
    result.calls, result.skipped = sum(r.calls for r in results), 0
    result.settings |= {f"dd_{name}": value for name, value in changed(args).items()}
    result.settings |= {
        "frame": list(result.pictures[0].size),
        "strengths": list(strengths),
        "boxes": list(map(list, sheets[0].boxes)),
        "calls": result.calls,
    }
    result.settings.pop("strength", None)
    if change_map is None:
        result.settings.pop("map", None)
        changes = np.mean([s.changes for s in sheets], axis=0)
        points = measured(strengths, changes)
        if points:  # by the strength alone, no map between
            result.settings["changes"] = text(points)
    return result


def _needed(
    engine: Any, strengths: tuple[float, ...], run: RunArgs, rule: StartRule | None
) -> list[int]:
    """Return the model evaluations of each picture without a map; with one there are no more."""
    decoder = getattr(engine.pipe, "decoder_pipe", engine.pipe)
    scheduler, _ = choose(decoder.scheduler, run.scheduler, run.seed)
    start_rule: StartRule = engine.rules.rule if rule is None else rule
    return list(needed(strengths, run.steps, run.steps - 1, start_rule, scheduler.order))


class _Counts:
    """The progress of all, computed from the progress of each."""

    def __init__(self, progress: Progress | None, needed: list[int]):
        self.progress, self.needed, self.done = progress, needed, [0] * len(needed)

    def of(self, index: int) -> Progress:
        def moved(done: int, total: int) -> None:
            self.done[index], self.needed[index] = done, total
            if self.progress is not None:
                self.progress(sum(self.done), sum(self.needed))

        return moved


def by_itself(engine: Any) -> Any:
    """Return an engine of the same models with its own pipelines, because a run keeps its state on
    them."""
    twin = copy.copy(engine)
    twin.pipe = copy.copy(engine.pipe)
    if hasattr(engine.pipe, "decoder_pipe"):
        twin.pipe.decoder_pipe = copy.copy(engine.pipe.decoder_pipe)
    if engine.second is not None:
        twin.second = by_itself(engine.second)
    return twin


def models(engine: Any) -> list[Any]:
    """Return the models that are called at every step."""
    pipe = getattr(engine.pipe, "decoder_pipe", engine.pipe)
    backbones = [getattr(pipe, name, None) for name in ("unet", "transformer")]
    more = models(engine.second) if engine.second is not None else []
    return [model for model in backbones if model is not None] + more


def encoders(engine: Any) -> list[tuple[Any, str]]:
    """Return the functions that give the same result for every strength: (owner, name)."""
    parts = engine.pipe.components
    texts = [parts[n] for n in parts if "text_encoder" in n and parts[n] is not None]
    found = [(part, "forward") for part in texts]
    if getattr(engine.pipe, "vae", None) is not None:
        found.append((engine.pipe.vae, "encode"))
    return found


@contextmanager
def remembered(owner: Any, name: str) -> Iterator[None]:
    """Cache a function's results for repeated arguments, for the duration of a `with`."""
    plain = getattr(owner, name)
    known: list[tuple[tuple[Any, ...], dict[str, Any], Any]] = []

    def ask(*args: Any, **kwargs: Any) -> Any:
        for before, named, answer in known:
            if same((before, named), (args, kwargs)):
                return answer
        answer = plain(*args, **kwargs)
        known.append((args, kwargs, answer))
        return answer

    with attribute(owner, **{name: ask}):
        yield


def same(a: Any, b: Any) -> bool:
    """Return whether two arguments are the same, tensors by their content."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.shape == b.shape and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a is b or a == b
