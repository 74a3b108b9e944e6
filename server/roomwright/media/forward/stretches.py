"""How packets of source streams are numbered in one outgoing stream, and which source packet an outgoing number was.

An outgoing stream is a row of stretches. In each, one source stream is forwarded with constant offsets, so nothing is
kept per packet, and gaps and reordering of the source appear as they are. A new stretch (another layer, or the same one
after a pause) goes on where the last one ended. No outgoing number is ever used for two packets.
"""

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from roomwright.media.rtp.numbers import TIMESTAMP_MASK, sequence_distance
from roomwright.media.rtp.rewrite import Recipe

SourceT = TypeVar("SourceT")

KEPT = 8
"""Stretches that are remembered, to answer who missed packets."""


@dataclass(slots=True)
class Stretch(Generic[SourceT]):
    """Packets of `source` from `first` on, until `last` once it has ended.

    Numbers are extended by their wraps. Outgoing number = source number + `shift`; outgoing timestamp = source
    timestamp + `ahead`, modulo 2**32. `last_timestamp` is an outgoing one, `arrived` when its packet came.
    """

    source: SourceT
    first: int
    shift: int
    ahead: int
    recipe: Recipe
    last: int | None = None
    last_timestamp: int = 0
    arrived: float = 0.0

    def contains(self, number: int) -> bool:
        """Whether a source number belongs to the stretch."""
        return self.first <= number and (self.last is None or number <= self.last)


class Stretches(Generic[SourceT]):
    """The stretches of an outgoing stream, oldest first."""

    __slots__ = ("_row",)

    def __init__(self) -> None:
        self._row: deque[Stretch[SourceT]] = deque(maxlen=KEPT)

    @property
    def latest(self) -> Stretch[SourceT] | None:
        """The last stretch, ended or not; None before the first."""
        return self._row[-1] if self._row else None

    @property
    def current(self) -> Stretch[SourceT] | None:
        """The stretch that is being forwarded; None in a pause."""
        latest = self.latest
        return latest if latest and latest.last is None else None

    def begin(self, source: SourceT, first: int, ahead: int, recipe: Recipe) -> Stretch[SourceT]:
        """Begin a stretch with the source packet `first`; the one before must have ended."""
        latest = self.latest
        if latest is None:
            shift = 0
        elif latest.last is None:
            raise ValueError("the stretch before goes on")
        else:
            shift = latest.last + latest.shift + 1 - first
        stretch = Stretch(source, first, shift, ahead & TIMESTAMP_MASK, recipe)
        self._row.append(stretch)
        return stretch

    def end(self, last: int, timestamp: int, arrived: float) -> None:
        """End the current stretch after the source packet `last` with that timestamp, which arrived then (seconds)."""
        current = self.current
        if current:
            current.last = max(last, current.first - 1)
            current.last_timestamp = (timestamp + current.ahead) & TIMESTAMP_MASK
            current.arrived = arrived

    def find(self, outgoing: int, highest: int) -> tuple[Stretch[SourceT], int] | None:
        """The stretch and the extended source number of an outgoing number (16 bits); None: not remembered.

        `highest` is the highest outgoing number so far, with its wraps.
        """
        extended = highest + sequence_distance(outgoing, highest)
        for stretch in reversed(self._row):
            if extended >= stretch.first + stretch.shift:
                number = extended - stretch.shift
                return (stretch, number) if stretch.contains(number) else None
        return None
