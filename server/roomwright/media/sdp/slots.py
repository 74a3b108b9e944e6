"""Sections as places for tracks that we send: who sits where, and when a place may be given to another.

A receiver hears of a track only when a section that carried nothing begins to carry something. So a place that was left
stays empty for one negotiation before it is given away.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from roomwright.media.sdp.tracks import Requirement, Wanted

MAX_FREE = 16
"""With so many free sections of a kind a track may return after all: descriptions must not grow forever."""


class Place(Enum):
    """Whether a section can be given to a track."""

    FREE = auto()
    TAKEN = auto()
    LEFT = auto()


@dataclass(slots=True)
class Slot:
    """A section that can carry a track to the client. `carried` are the sids of all tracks that it ever carried."""

    mid: str
    kind: str
    place: Place = Place.FREE
    wanted: Wanted | None = None
    carried: set[str] = field(default_factory=set[str])

    def take(self, wanted: Wanted) -> None:
        """Give the place to a track."""
        self.place, self.wanted = Place.TAKEN, wanted
        self.carried.add(wanted.track_sid)

    def leave(self) -> None:
        """The track is not wanted any more."""
        self.place, self.wanted = Place.LEFT, None


class Slots:
    """The slots of a connection, in the order of the sections.

    `returning` says whether a track may return to a section that it left. Where we offer it should not: the Python SDK
    never tells its application of a track that does (recorded with the reference, too).
    """

    def __init__(self, *, returning: bool = True) -> None:
        self._slots: dict[str, Slot] = {}
        self._returning = returning

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots.values())

    def get(self, mid: str) -> Slot | None:
        """The slot of a section, if it is one."""
        return self._slots.get(mid)

    def add(self, mid: str, kind: str) -> Slot:
        """The slot of a section that can carry a track; a new one is free."""
        slot = self._slots.get(mid)
        if slot is None or slot.kind != kind:
            slot = self._slots[mid] = Slot(mid, kind)
        return slot

    def keep(self, mids: Collection[str]) -> None:
        """Forget the slots of sections that cannot carry tracks any more."""
        self._slots = {mid: slot for mid, slot in self._slots.items() if mid in mids}

    def rest(self) -> None:
        """A negotiation is over: what was left in it is free from now on."""
        for slot in self._slots.values():
            if slot.place is Place.LEFT:
                slot.place = Place.FREE

    def settle(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        """Take away what is not wanted any more, place what is new. Returns what found no place, in order."""
        wishes = dict.fromkeys(wanted)
        for slot in self._slots.values():
            if slot.wanted is not None and slot.wanted not in wishes:
                slot.leave()
        return [wish for wish in wishes if wish not in self.placed() and not self._place(wish)]

    def placed(self) -> set[Wanted]:
        """The tracks that have a place."""
        return {slot.wanted for slot in self._slots.values() if slot.wanted is not None}

    def requirement(self, wanted: Iterable[Wanted]) -> Requirement | None:
        """What a negotiation would need so that all of `wanted` find a place; None when nothing would change."""
        wishes, placed = set(wanted), self.placed()
        if wishes == placed:
            return None
        new = wishes - placed
        return Requirement(audios=self._missing("audio", new), videos=self._missing("video", new))

    def _missing(self, kind: str, new: Iterable[Wanted]) -> int:
        usable = sum(slot.kind == kind and slot.place is not Place.TAKEN for slot in self._slots.values())
        return max(0, sum(wish.kind == kind for wish in new) - usable)

    def _place(self, wish: Wanted) -> bool:
        free = [slot for slot in self._slots.values() if slot.place is Place.FREE and slot.kind == wish.kind]
        if not self._returning and len(free) < MAX_FREE:
            free = [slot for slot in free if wish.track_sid not in slot.carried]
        if free:
            free[0].take(wish)
        return bool(free)
