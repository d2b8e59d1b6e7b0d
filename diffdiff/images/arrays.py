"""Pictures that keep their place although they were an array in between.

A script may read a picture as an array, change what is new or beside it, and make a picture of it
again, as *Outpainting mk2* does. Nobody sees what happens to an array, so the place is kept only
where the pixels show that nothing has moved.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from PIL import Image

from ..patching import attribute
from .placed import Place, Placed, place_of, put

KEPT = 4  # pictures that were read last
NEAR = 1  # levels: a value divided by 255 and multiplied again is cut
MODES = ("L", "RGB", "RGBA")


@contextmanager
def through_arrays() -> Iterator[None]:
    """Give a picture that is made of an array the place of the one that was read as an array, for
    the duration of a `with`."""
    read: deque[tuple[Image.Image, Place]] = deque(maxlen=KEPT)
    plain, interface = Image.fromarray, Image.Image.__array_interface__
    comparing = False

    def reading(self: Placed) -> Any:
        if self.place is not None and not comparing:
            read.append((self, self.place))
        return interface.fget(self)  # type: ignore[attr-defined]

    def fromarray(*args: Any, **kwargs: Any) -> Image.Image:
        nonlocal comparing
        made = plain(*args, **kwargs)
        comparing = True
        try:
            for picture, place in reversed(read):
                if place_of(made) is None and unmoved(made, picture, place):
                    return put(made, place)
        finally:
            comparing = False
        return made

    with ExitStack() as stack:
        stack.enter_context(attribute(Placed, __array_interface__=property(reading)))
        stack.enter_context(attribute(Image, fromarray=fromarray))
        yield


def unmoved(made: Image.Image, picture: Image.Image, place: Place) -> bool:
    """Return whether a picture still shows another one at its place.

    All of it must be the same, but for what is new and, next to it, up to half of the old.

    Args:
        made: what may have changed.
        picture: what it was made of, with its place.
    """
    if made.size != picture.size or made.mode not in MODES or picture.mode not in MODES:
        return False
    one, other = (np.asarray(p.convert("RGB")).astype(np.int16) for p in (made, picture))
    differ = np.any(np.abs(one - other) > NEAR, axis=2)
    rows = _old(place.offset[1], place.whole[1], made.height)
    columns = _old(place.offset[0], place.whole[0], made.width)
    return not differ[rows, columns].any()


def _old(offset: float, whole: float, length: int) -> slice:
    """Return where along a side a picture must be as it was."""
    first, last = max(math.ceil(-offset), 0), min(math.floor(whole - offset), length)
    before, after = first > 0, last < length  # there is something new
    room = (last - first) // (4 if before and after else 2)
    return slice(first + before * room, last - after * room)
