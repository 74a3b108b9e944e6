"""The composed picture: tiles painted at their places, and only those that have changed.

One frame is painted over and over; encoders take what they need of it before they return.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import av

from .arrange import Place
from .captions import GROUND, caption, caption_place, placeholder
from .geometry import Fit, Rect, even
from .planes import BLACK, Colour, Planes, fill, paste, planes

LIGHT: Final = Colour(225, 128, 128)
DARK: Final = Colour(24, 128, 128)


class Shown(Protocol):
    """What a canvas asks of a tile."""

    @property
    def visible(self) -> bool:
        """Whether there is a picture."""
        ...

    def fitted(self, room: Rect) -> tuple[Planes, Fit] | None:
        """The picture, scaled for this place."""
        ...


@dataclass(frozen=True, slots=True)
class Painted:
    """A tile as it can be painted: its picture, if it has one, and the participant's name, if it is shown."""

    picture: Shown | None
    name: str


class Canvas:
    """`plain`: black without names, for a single picture."""

    def __init__(self, width: int, height: int, plain: bool) -> None:
        self.frame = av.VideoFrame(width, height, "yuv420p")
        self._all = Rect(0, 0, width, height)
        self._plain = plain
        self._planes = planes(self.frame)
        self._places: Mapping[str, Rect] = {}
        self._filled: dict[str, Rect] = {}
        fill(self._planes, self._all, BLACK)

    def arrange(self, places: Sequence[Place], light: bool) -> None:
        """Other places; every tile must be painted anew."""
        fill(self._planes, self._all, BLACK if self._plain else LIGHT if light else DARK)
        self._places = {place.key: place.rect for place in places}
        self._filled.clear()

    def shows(self, key: str) -> bool:
        """Whether the tile has a place."""
        return key in self._places

    def paint(self, key: str, tile: Painted) -> None:
        """Paint a tile that has changed."""
        room = self._places[key]
        fitted = tile.picture.fitted(room) if tile.picture and tile.picture.visible else None
        if fitted is None:
            self._filled.pop(key, None)
            self._without_picture(room, tile.name)
        else:
            self._picture(key, room, *fitted)
        if not self._plain:
            self._caption(room, tile.name)

    def _picture(self, key: str, room: Rect, picture: Planes, fit: Fit) -> None:
        if self._filled.get(key) != fit.to:
            fill(self._planes, room, BLACK if self._plain else GROUND)
            self._filled[key] = fit.to
        paste(self._planes, picture, fit)

    def _without_picture(self, room: Rect, name: str) -> None:
        if self._plain:
            fill(self._planes, room, BLACK)
        else:
            whole = Fit(room.width, room.height, 0, 0, room)
            paste(self._planes, placeholder(name, room.width, room.height), whole)

    def _caption(self, room: Rect, name: str) -> None:
        place = caption_place(room, self._all.height)
        box = caption(name, place.height, place.width)
        if box is None or place.top < room.top:
            return
        to = Rect(place.left, place.top, even(box[0].shape[1]), place.height)
        paste(self._planes, box, Fit(to.width, to.height, 0, 0, to))
