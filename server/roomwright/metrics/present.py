"""What there is at the moment, counted in the rooms themselves when somebody asks."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from roomwright.metrics.figures import Figure
from roomwright.metrics.labels import USUAL, of_track
from roomwright.rooms.room import Room
from roomwright.sfu.sorts import Sort


def _nothing() -> Counter[Sort]:
    return Counter(dict.fromkeys(USUAL, 0))


@dataclass(slots=True)
class Present:
    """How many rooms, participants, published tracks and subscriptions there are; the last two by sort of track."""

    rooms: int = 0
    participants: int = 0
    published: Counter[Sort] = field(default_factory=_nothing)
    subscribed: Counter[Sort] = field(default_factory=_nothing)

    @classmethod
    def of(cls, rooms: Iterable[Room]) -> "Present":
        """Count."""
        present = cls()
        for room in rooms:
            present.rooms += 1
            present.participants += len(room.participants)
            for participant in room.participants.values():
                for track in participant.tracks.values():
                    sort = Sort.of(track.info)
                    present.published[sort] += 1
                    present.subscribed[sort] += len(track.subscribers)
        return present

    def figures(self) -> Iterator[Figure]:
        """All of it."""
        yield Figure("gauge", "livekit_room_total", "Rooms now.", [({}, self.rooms)])
        yield Figure("gauge", "livekit_participant_total", "Participants now.", [({}, self.participants)])
        for name, purpose, sorts in (
            ("livekit_track_published_total", "Published tracks now.", self.published),
            ("livekit_track_subscribed_total", "Subscriptions to tracks now.", self.subscribed),
        ):
            yield Figure("gauge", name, purpose, [(of_track(sort), count) for sort, count in sorts.items()])
