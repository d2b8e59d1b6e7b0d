"""Work on many items by several processes, each with a model of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

Work = Callable[[Any], Any]
_own: list[Work] = []  # of this process


def each(make: Callable[[], Work], items: Sequence[Any], workers: int) -> Iterator[Any]:
    """`make()(item)` of every item, in order.

    Args:
        make: called once in every process; it and the items are pickled.
        workers: processes beside this one; up to 1 means this one alone.
    """
    if workers <= 1:
        yield from map(make(), items)
        return
    context = multiprocessing.get_context("spawn")  # threads of torch do not survive a fork
    with ProcessPoolExecutor(workers, context, _begin, (make,)) as pool:
        yield from pool.map(_one, items)


def _begin(make: Callable[[], Work]) -> None:
    import torch

    torch.set_num_threads(1)
    _own.append(make())


def _one(item: Any) -> Any:
    return _own[0](item)
