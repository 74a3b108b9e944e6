"""Rectangles of pixels, and how a picture is fitted into one. Pure; owns neither pictures nor layouts.

Everything is even, because chroma of YUV 4:2:0 has half the size.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rect:
    """Pixels from the top left corner."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column that does not belong to it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row that does not belong to it."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Fit:
    """Scale to `width` by `height`, cut `cut_left` and `cut_top` off, and put what is left at `to`."""

    width: int
    height: int
    cut_left: int
    cut_top: int
    to: Rect


def even(value: float) -> int:
    """The even whole number at or below."""
    return int(value) // 2 * 2


def contain(width: int, height: int, room: Rect) -> Fit:
    """All of a picture of this size, in the middle of the room."""
    scale = min(room.width / width, room.height / height)
    wide, high = _within(width * scale, room.width), _within(height * scale, room.height)
    to = Rect(room.left + even((room.width - wide) / 2), room.top + even((room.height - high) / 2), wide, high)
    return Fit(wide, high, 0, 0, to)


def cover(width: int, height: int, room: Rect) -> Fit:
    """The middle of a picture of this size, so that it fills the room."""
    scale = max(room.width / width, room.height / height)
    wide = max(room.width, even(width * scale + 1))
    high = max(room.height, even(height * scale + 1))
    return Fit(wide, high, even((wide - room.width) / 2), even((high - room.height) / 2), room)


def _within(size: float, limit: int) -> int:
    return max(2, min(limit, even(size + 1)))
