"""Which tiles are seen, and where. Pure: it knows sizes and roles, not pictures.

Layouts: `grid`, `speaker` (a stage, the others in a column beside it) and `single-speaker` (a stage alone). A shared
screen takes the stage, and turns a grid into `speaker`. A suffix `-light` sets a light ground, `-dark` the usual one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from .geometry import Rect, even

GAP: Final = 8
"""Pixels between tiles at 720 lines; grows with the frame."""

MAX_TILES: Final = 49
"""In a grid; who is beyond is heard, not seen."""

_COLUMN: Final = 6
"""The column beside a stage has one part in so many of the width."""

_BASES: Final = ("grid", "speaker", "single-speaker")


@dataclass(frozen=True, slots=True)
class Tile:
    """What may be seen: `key` tells it from the others, `screen` is a shared screen. `spoke` orders by last speech."""

    key: str
    screen: bool = False
    video: bool = True
    spoke: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A tile's place in the frame."""

    key: str
    rect: Rect


@dataclass(frozen=True, slots=True)
class Look:
    """What a layout's name says."""

    base: str
    light: bool


def look(name: str) -> Look:
    """The layout of this name; one that is not known is a grid."""
    base, light = name.removesuffix("-dark"), False
    if name.endswith("-light"):
        base, light = name.removesuffix("-light"), True
    return Look(base if base in _BASES else "grid", light)


def arrange(tiles: Sequence[Tile], base: str, width: int, height: int) -> list[Place]:
    """Places for tiles, given in the order in which they came, in a frame of this size."""
    if not tiles:
        return []
    stage = _stage(tiles)
    if base == "single-speaker" or len(tiles) == 1:
        return [Place(stage.key, Rect(0, 0, width, height))]
    if base == "speaker" or stage.screen:
        return _speaker(stage, [tile for tile in tiles if tile is not stage], width, height)
    return _grid(tiles, width, height)


def _stage(tiles: Sequence[Tile]) -> Tile:
    return max(tiles, key=lambda tile: (tile.screen, tile.spoke, tile.video))


def _speaker(stage: Tile, others: Sequence[Tile], width: int, height: int) -> list[Place]:
    gap = _gap(width, height)
    column = even((width - 3 * gap) / _COLUMN)
    high = max(2, even(min(column * 9 / 16, height - 2 * gap)))
    fitting = max(1, (height - gap) // (high + gap))
    seen = _most_wanted(others, fitting)
    left = 2 * gap + column
    places = [Place(stage.key, Rect(left, gap, even(width - left - gap), even(height - 2 * gap)))]
    for row, tile in enumerate(seen):
        places.append(Place(tile.key, Rect(gap, gap + row * (high + gap), column, high)))
    return places


def _most_wanted(tiles: Sequence[Tile], count: int) -> list[Tile]:
    """So many of the tiles, in their own order: screens first, then who spoke, then who shows a picture."""
    ranked = sorted(tiles, key=lambda tile: (tile.screen, tile.spoke, tile.video), reverse=True)[:count]
    kept = {tile.key for tile in ranked}
    return [tile for tile in tiles if tile.key in kept]


def _grid(tiles: Sequence[Tile], width: int, height: int) -> list[Place]:
    seen = _most_wanted(tiles, MAX_TILES)
    gap = _gap(width, height)
    columns = _columns(len(seen), width, height)
    rows = ceil(len(seen) / columns)
    wide = max(2, even((width - gap * (columns + 1)) / columns))
    high = max(2, even((height - gap * (rows + 1)) / rows))
    top = even((height - rows * high - (rows - 1) * gap) / 2)
    places: list[Place] = []
    for row in range(rows):
        cells = seen[row * columns : (row + 1) * columns]
        left = even((width - len(cells) * wide - (len(cells) - 1) * gap) / 2)
        for column, tile in enumerate(cells):
            places.append(Place(tile.key, Rect(left + column * (wide + gap), top + row * (high + gap), wide, high)))
    return places


def _columns(count: int, width: int, height: int) -> int:
    """The number of columns at which a picture of 16:9 gets most pixels."""
    return max(range(1, count + 1), key=lambda columns: _picture_area(count, columns, width, height))


def _picture_area(count: int, columns: int, width: int, height: int) -> float:
    wide, high = width / columns, height / ceil(count / columns)
    across = min(wide, high * 16 / 9)
    return across * across


def _gap(width: int, height: int) -> int:
    return even(GAP * min(width, height) / 720)
