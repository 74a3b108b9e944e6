"""Sections as places for tracks that we send: who sits where, and when a place may be given to another.

A receiver hears of a track only when a section that carried nothing begins to carry something. So a place that was left
stays empty for one negotiation before it is given away.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from roomwright.media.sdp.tracks import Requirement, Wanted


class Place(Enum):
    """Whether a section can be given to a track."""

    FREE = auto()
    TAKEN = auto()
    LEFT = auto()


@dataclass(slots=True)
class Slot:
    """A section that can carry a track to the client."""

    mid: str
    kind: str
    place: Place = Place.FREE
    wanted: Wanted | None = None

    def take(self, wanted: Wanted) -> None:
        """Give the place to a track."""
        self.place, self.wanted = Place.TAKEN, wanted

    def leave(self) -> None:
        """The track is not wanted any more."""
        self.place, self.wanted = Place.LEFT, None


class Slots:
    """The slots of a connection, in the order of the sections."""

    def __init__(self) -> None:
        self._slots: dict[str, Slot] = {}

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
        for slot in self._slots.values():
            if slot.place is Place.FREE and slot.kind == wish.kind:
                slot.take(wish)
                return True
        return False
