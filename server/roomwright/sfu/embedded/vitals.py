"""How well media arrives, for those who watch a server: read from counters that are kept anyway, when somebody asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from roomwright.media.transits import NOTHING, Passed
from roomwright.sfu.sorts import Sort

Direction = Literal["incoming", "outgoing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamVitals:
    """One stream of a publisher (`incoming`), or of a track to one subscriber (`outgoing`).

    `stream` says which: the same object each time. `packets` should have arrived since its beginning, `lost` did not
    even after they were asked for, `reordered` came late without having been asked for. `jitter` and `round_trip` are
    in seconds, None while they are not known. Of outgoing streams it is what subscribers report.
    """

    stream: object
    direction: Direction
    sort: Sort
    packets: int
    lost: int
    reordered: int = 0
    jitter: float | None = None
    round_trip: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Of a media plane.

    `qualities` has a rating (`ConnectionQuality`) and a score (1 to 4.5) for each participant whose media is connected;
    `passed` says how long packets took through it.
    """

    streams: Sequence[StreamVitals] = ()
    qualities: Sequence[tuple[int, float]] = ()
    passed: Passed = NOTHING
