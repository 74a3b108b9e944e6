"""What has happened in rooms, counted from their events: starts, ends, joins, tracks and their times."""

from collections import Counter
from collections.abc import Iterator

from roomwright.metrics.figures import Distribution, Figure
from roomwright.metrics.histogram import Histogram
from roomwright.rooms import events
from roomwright.sfu.sorts import Sort

ROOM_S = (5, 10, 60, 300, 600, 1_800, 3_600, 7_200, 18_000, 36_000)
START_MS = (100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000)
SESSION_MS = (1e3, 1e4, 6e4, 3e5, 6e5, 1.8e6, 3.6e6, 7.2e6, 1.44e7)
_NS_PER_MS = 1_000_000


class Happenings:
    """Counts, since the start of the server.

    `joined` and `activated` count participants, `published` tracks by sort, `subscribed` subscriptions; `missed` how
    often events were lost because they were not taken in time.
    """

    def __init__(self) -> None:
        self.joined = self.activated = 0
        self.published: Counter[Sort] = Counter()
        self.subscribed = 0
        self.missed = 0
        self.room_seconds = Histogram(ROOM_S)
        self.start_ms = Histogram(START_MS)
        self.session_ms = Histogram(SESSION_MS)

    def take(self, event: events.Event) -> None:
        """Count an event."""
        match event:
            case events.RoomFinished():
                self.room_seconds.observe(_ms_since(event, event.room.creation_time_ms) / 1e3)
            case events.ParticipantJoined():
                self.joined += 1
            case events.ParticipantActivated():
                self.activated += 1
                self.start_ms.observe(_ms_since(event, event.participant.joined_at_ms))
            case events.ParticipantLeft():
                self.session_ms.observe(_ms_since(event, event.participant.joined_at_ms))
            case events.TrackPublished():
                self.published[Sort.of(event.track)] += 1
            case events.TrackSubscribed():
                self.subscribed += 1
            case _:
                pass

    def figures(self) -> Iterator[Figure | Distribution]:
        """Times, and what was missed; the counts are put beside what was tried, in `efforts.py`."""
        for name, purpose, histogram in (
            ("livekit_room_duration_seconds", "How long rooms lasted.", self.room_seconds),
            ("livekit_session_start_time_ms", "From joining to media.", self.start_ms),
            ("livekit_session_duration_ms", "How long participants stayed.", self.session_ms),
        ):
            yield Distribution(name, purpose, [({}, histogram)])
        name, purpose = "roomwright_metrics_missed_total", "Times that events were not counted."
        yield Figure("counter", name, purpose, [({}, self.missed)])

    def __repr__(self) -> str:
        return f"<Happenings: {self.joined} joins, {sum(self.published.values())} tracks>"


def _ms_since(event: events.Event, then_ms: int) -> float:
    return max(0.0, event.at_ns / _NS_PER_MS - then_ms)
