"""How good connections are: a first, honest score from what is lost and how long the way is.

It knows nothing of frozen pictures or of what codecs conceal. Loss is what did not come even after it was asked for;
the way is the round trip that subscribers' reports show.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from roomwright.media.forward.events import ConnectionQuality, QualityChanged

if TYPE_CHECKING:
    from roomwright.media.forward.endpoint import Endpoint

_EXCELLENT, _GOOD = 4.1, 3.0
_FREE_DELAY = 0.1
"""Seconds of one-way delay that nobody minds."""
_PER_SECOND = 100.0
_PER_LOSS = 400.0
"""Points of 100 that a second of delay, and the loss of everything, cost."""


def score(loss: float, round_trip: float) -> float:
    """A mean opinion score (ITU-T G.107, Annex B) from 1 to 4.5; `loss` from 0 to 1, `round_trip` in seconds."""
    delay = max(0.0, round_trip / 2 - _FREE_DELAY)
    rating = min(100.0, max(0.0, 100.0 - _PER_SECOND * delay - _PER_LOSS * loss))
    return max(1.0, round(1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating), 2))


def quality_of(value: float) -> ConnectionQuality:
    """The name of a score."""
    if value >= _EXCELLENT:
        return ConnectionQuality.EXCELLENT
    return ConnectionQuality.GOOD if value >= _GOOD else ConnectionQuality.POOR


class QualityMeter:
    """Measures from one call to the next, and remembers what was told."""

    def __init__(self) -> None:
        self._counted: dict[Endpoint, tuple[int, int]] = {}
        self._told: dict[tuple[str, str], float] = {}

    def score(self, room: str, participant_sid: str) -> float | None:
        """What was measured of a participant last; None: nothing yet."""
        return self._told.get((room, participant_sid))

    def forget(self, endpoint: "Endpoint") -> None:
        """A connection is gone."""
        self._counted.pop(endpoint, None)
        self._told.pop((endpoint.room, endpoint.participant_sid), None)

    def measure(self, endpoints: Sequence["Endpoint"]) -> list[QualityChanged]:
        """The participants whose score is not what was told; the worse of a participant's connections counts."""
        scores: dict[tuple[str, str], float] = {}
        for endpoint in endpoints:
            key = (endpoint.room, endpoint.participant_sid)
            scores[key] = min(scores.get(key, 5.0), self._score(endpoint))
        changed = {key: value for key, value in scores.items() if self._told.get(key) != value}
        self._told.update(changed)
        return [QualityChanged(room, sid, quality_of(value), value) for (room, sid), value in changed.items()]

    def _score(self, endpoint: "Endpoint") -> float:
        downs = [down for down in endpoint.downs.values() if down.stream]
        down_loss = max((down.loss for down in downs), default=0.0)
        round_trip = max((down.round_trip or 0.0 for down in downs), default=0.0)
        return score(max(self._up_loss(endpoint), down_loss), round_trip)

    def _up_loss(self, endpoint: "Endpoint") -> float:
        received = sum(stream.reception.received for stream in endpoint.streams)
        lost = sum(max(0, stream.reception.lost) for stream in endpoint.streams)
        received_before, lost_before = self._counted.get(endpoint, (0, 0))
        self._counted[endpoint] = (received, lost)
        new_lost, new_received = max(0, lost - lost_before), max(0, received - received_before)
        return new_lost / (new_lost + new_received) if new_lost else 0.0
