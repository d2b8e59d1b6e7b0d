"""Edit one row with an engine, and all rows with a pool of engines."""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np
from PIL import Image

from ..edit import coarse
from ..error_report import explain
from ..errors import FieldError
from ..images import pictures
from ..maps import build, geometry
from ..pipelines import anchors, png
from ..pipelines.hints import given_back
from ..pipelines.opening import open_engine
from .tasks import MARK, Outcome, Task

AGAIN = "Run the batch again; rows that are done are kept"


class Pool(Protocol):
    """Engines that process tasks, one each. busy: how many are at work. A context, closed at the
    end."""

    @property
    def busy(self) -> int: ...

    def __enter__(self) -> Pool: ...

    def __exit__(self, *error: Any) -> None: ...

    def room(self) -> bool:
        """Return whether an engine waits for a task."""
        ...

    def submit(self, task: Task) -> None:
        """Give a task to an engine that waits."""
        ...

    def wait(self) -> tuple[Task, Outcome] | None:
        """Wait until a task ends, or until an engine has started or gone (None)."""
        ...


def run(tasks: Iterator[Task], pool: Pool, retries: int) -> Iterator[Outcome]:
    """Process tasks and yield their outcomes in the order in which they end.

    No more tasks are drawn than there are engines, so that memory does not grow with the batch.

    Args:
        retries: how often a row is begun again after an error that may not be its own.
    """
    ahead: deque[Task] = deque(islice(tasks, 1))  # begun next
    over: Outcome | None = None
    while ahead or pool.busy:
        if ahead and pool.room():
            task = ahead.popleft()
            task.tries += 1
            pool.submit(task)
            ahead.extend(() if ahead else islice(tasks, 1))
        elif over:  # handed out when no engine waits for its caller
            yield over
            over = None
        elif ended := pool.wait():
            task, outcome = ended
            if outcome.again and task.tries <= retries:
                ahead.append(task)
            else:
                over = outcome
    if over:
        yield over


class Local:
    """The engine of this process. It is loaded for the first task, so without tasks never."""

    def __init__(self, chosen: argparse.Namespace):
        self.chosen, self.engine, self.task = chosen, None, None

    def __enter__(self) -> Local:
        return self

    def __exit__(self, *error: Any) -> None:
        self.engine = None

    @property
    def busy(self) -> int:
        return int(self.task is not None)

    def room(self) -> bool:
        return self.task is None

    def submit(self, task: Task) -> None:
        self.task = task

    def wait(self) -> tuple[Task, Outcome] | None:
        task, self.task = self.task, None
        if task is None:
            return None
        if self.engine is None:
            self.engine = opened(self.chosen, self.chosen.json or self.chosen.quiet)
        return task, attempt(self.engine, task)


def opened(chosen: argparse.Namespace, silent: bool) -> Any:
    """Open the engine of the `--model` flags, on `chosen.threads` cores of the CPU.

    The number of threads decides how sums are split, and so the last bits of a picture.
    """
    engine = open_engine(chosen, silent)
    import torch  # after what `silent` sets

    torch.set_num_threads(chosen.threads)
    return engine


def attempt(engine: Any, task: Task) -> Outcome:
    """Try a task once; any error is in the outcome."""
    began = time.perf_counter()
    try:
        result = edited(engine, task)
        outcome = Outcome(task.where, task.out, "done", task.mark, task.files, result.files)
        outcome.levels, outcome.hints = result.levels, result.hints
    except FieldError as error:
        outcome = Outcome.failed(task, error)
    except Exception as error:
        reported = explain(error)
        said = " ".join(str(error).split())[:200]
        problem = f"{type(error).__name__}: {said}" if said else type(error).__name__
        error = reported[0] if reported else FieldError("row", problem, AGAIN)
        outcome = Outcome.failed(task, error, again=True)
    outcome.seconds = time.perf_counter() - began
    return outcome


class Edited(NamedTuple):
    """files: the row's pictures as PNG files, each with its settings and its hash. levels: as in
    `Outcome`."""

    files: list[bytes]
    levels: list[dict[str, Any]] | None
    hints: list[str]


def edited(engine: Any, task: Task) -> Edited:
    """Edit a row: return its pictures."""
    image = pictures.read(task.picture, "picture", task.out)
    change_map = _map(engine, image, task)
    requested = task.args
    image, change_map, args = coarse.prepared(image, change_map, requested)
    task = replace(task, args=args)  # moves and new sides are done
    edit = anchors.editing(engine, task.args, task.run)
    result, files = edit(image, change_map, task.args, task.run), []
    coarse.noted(result.settings, requested)
    whole = given_back(result, image, task.picture, coarse.wanted(requested))
    profile = image.info.get("icc_profile")
    for picture, own, made in zip(result.pictures, result.runs, whole):
        texts = png.texts(requested, own, change_map, result.settings, picture.size)
        files.append(png.png(made, {**texts, MARK: task.mark}, profile))
    return Edited(files, result.settings.get("levels"), result.settings.get("hints", []))


def _map(engine: Any, image: Image.Image, task: Task) -> np.ndarray | None:
    """Return the change map as it was sent, or made from the picture: float32 [H, W] in 0..1."""
    if task.args.source == "upload":
        return None if task.map is None else geometry.decode(task.map)

    def find(layer: Any) -> np.ndarray:
        from ..pipelines.model_maps import of_layer

        return of_layer(engine, image, layer, task.run.prompt, task.run)

    def none(text: str, name: str) -> np.ndarray:
        raise FieldError(name, "a row has no further files", "Use another source")

    return build.render(task.args, build.Given(np.asarray(image), none, none, find=find))
