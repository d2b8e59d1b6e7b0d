"""Pictures that know where they lie in the one that they were made from.

A script that works on a picture in parts enlarges it, cuts it, pastes it onto a larger canvas. The
parts are pictures of Pillow, made by Pillow's own functions, so each of them can carry its place
along: nothing has to be found again by its pixels. What goes through an array in between has lost
its place, unless its pixels show that nothing has moved (`diffdiff.images.arrays`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from ..patching import attribute


@dataclass(frozen=True)
class Place:
    """Where a picture lies.

    origin: the picture that all began with, compared by identity.
    whole: (width, height) of all of it, in pixels of this picture.
    offset: (x, y) of this picture's left top corner in it, in the same pixels; negative where this
        picture goes beyond it.
    continued: whether what lies beyond continues its borders; else it is new.
    """

    origin: Any
    whole: tuple[float, float]
    offset: tuple[float, float] = (0.0, 0.0)
    continued: bool = False

    def cropped(self, left: float, top: float) -> Place:
        """Return the place of a part whose left top corner is there."""
        return replace(self, offset=(self.offset[0] + left, self.offset[1] + top))

    def resized(self, before: tuple[float, float], after: tuple[int, int]) -> Place:
        """Return the place of the picture at another size. before, after: (width, height)."""
        x, y = after[0] / before[0], after[1] / before[1]
        whole = self.whole[0] * x, self.whole[1] * y
        return replace(self, whole=whole, offset=(self.offset[0] * x, self.offset[1] * y))

    def fitted(self, before: tuple[int, int], mode: int, width: int, height: int) -> Place:
        """Return the place after the hosts' resize of a picture of size `before` to width x height.

        mode: 0 and 3 stretch, 1 crops, 2 fills (`diffdiff.maps.geometry.follow`).
        """
        if mode not in (1, 2):
            return self.resized(before, (width, height))
        wide, high = width, height
        if (width / height > before[0] / before[1]) == (mode == 1):
            high = before[1] * width // before[0]
        else:
            wide = before[0] * height // before[1]
        place = self.resized(before, (wide, high))
        place = place.cropped(wide // 2 - width // 2, high // 2 - height // 2)
        return replace(place, continued=mode == 2 or self.continued)

    def is_whole(self, size: tuple[int, int]) -> bool:
        """Return whether a picture of this size is all of it, at any scale."""
        numbers = zip((*self.offset, *self.whole), (0, 0, *size))
        return all(abs(a - b) < 1e-3 for a, b in numbers)

    def same(self, other: Place | None) -> bool:
        """Return whether two places are one, but for rounding."""
        if other is None or other.origin is not self.origin:
            return False
        pairs = zip((*self.whole, *self.offset), (*other.whole, *other.offset))
        return all(abs(a - b) < 1e-3 for a, b in pairs)


class Placed(Image.Image):
    """A picture with a place; None where it has lost it."""

    place: Place | None = None

    def _with(self, made: Image.Image, place: Place | None) -> Image.Image:
        return made if place is None else put(made, place)

    def copy(self) -> Image.Image:
        return self._with(super().copy(), self.place)

    def convert(self, *args: Any, **kwargs: Any) -> Image.Image:
        return self._with(super().convert(*args, **kwargs), self.place)

    def filter(self, *args: Any, **kwargs: Any) -> Image.Image:
        return self._with(super().filter(*args, **kwargs), self.place)

    def point(self, *args: Any, **kwargs: Any) -> Image.Image:
        return self._with(super().point(*args, **kwargs), self.place)

    def crop(self, box: Any = None) -> Image.Image:
        place = self.place
        if place is not None and box is not None:
            place = place.cropped(round(box[0]), round(box[1]))
        return self._with(super().crop(box), place)

    def resize(
        self, size: Any, resample: Any = None, box: Any = None, *args: Any, **kwargs: Any
    ) -> Image.Image:
        made = super().resize(size, resample, box, *args, **kwargs)
        if self.place is None:
            return made
        left, top, right, bottom = box or (0, 0, *self.size)
        place = self.place.cropped(left, top).resized((right - left, bottom - top), made.size)
        return self._with(made, place)

    def thumbnail(self, *args: Any, **kwargs: Any) -> None:
        before, place = self.size, self.place
        super().thumbnail(*args, **kwargs)
        if place is not None:
            self.place = place.resized(before, self.size)


def place_of(picture: Any) -> Place | None:
    """Return where a picture lies; None where that is not known."""
    return getattr(picture, "place", None) if isinstance(picture, Placed) else None


def put(picture: Image.Image, place: Place) -> Placed:
    """Return the picture with its place: itself where it is Pillow's plain class, else a copy."""
    if type(picture) is not Image.Image and not isinstance(picture, Placed):
        info = picture.info
        picture = picture.copy()
        picture.info = dict(info)
    picture.__class__ = Placed
    picture.place = place  # type: ignore[attr-defined]
    return picture  # type: ignore[return-value]


@contextmanager
def pasting() -> Iterator[None]:
    """Give a canvas the place of a picture that is pasted onto it, for the duration of a `with`."""
    plain = Image.Image.paste

    def paste(self: Image.Image, im: Any, box: Any = None, mask: Any = None) -> None:
        plain(self, im, box, mask)
        place = place_of(im)
        if place is None or type(self) not in (Image.Image, Placed):
            return
        left, top = (0, 0) if box is None or isinstance(box, Image.Image) else box[:2]
        place = place.cropped(-left, -top)
        known = place_of(self)
        if known is None and not isinstance(self, Placed):
            put(self, place)
        elif not place.same(known):  # a montage of several
            self.place = None  # type: ignore[attr-defined]

    with attribute(Image.Image, paste=paste):
        yield


def enlarging(plain: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that enlarges a picture and keeps its place, whatever it works with."""

    def enlarge(picture: Any, *args: Any, **kwargs: Any) -> Any:
        made = plain(picture, *args, **kwargs)
        place = place_of(picture)
        if place is None or not isinstance(made, Image.Image) or place_of(made) is not None:
            return made
        return put(made, place.resized(picture.size, made.size))

    return enlarge
