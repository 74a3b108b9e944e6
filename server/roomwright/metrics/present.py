"""What there is at the moment, counted in the rooms themselves when somebody asks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from roomwright.metrics.happenings import kind_of
from roomwright.rooms.room import Room


@dataclass(slots=True)
class Present:
    """How many rooms, participants, published tracks and subscriptions there are; the last two by kind."""

    rooms: int = 0
    participants: int = 0
    published: Counter[str] = field(default_factory=lambda: Counter({"AUDIO": 0, "VIDEO": 0}))
    subscribed: Counter[str] = field(default_factory=lambda: Counter({"AUDIO": 0, "VIDEO": 0}))

    @classmethod
    def of(cls, rooms: Iterable[Room]) -> "Present":
        """Count."""
        present = cls()
        for room in rooms:
            present.rooms += 1
            present.participants += len(room.participants)
            for participant in room.participants.values():
                for track in participant.tracks.values():
                    kind = kind_of(track.info)
                    present.published[kind] += 1
                    present.subscribed[kind] += len(track.subscribers)
        return present
