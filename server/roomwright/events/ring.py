"""The last entries of the feed, and readers that go through them each at its own pace.

Nothing is kept until somebody reads for the first time. A reader is a place in the ring and costs nothing else: one
that falls behind is told how many entries it has missed, and goes on.
"""

import asyncio
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from roomwright.feed import Entry, Feed

if TYPE_CHECKING:
    from collections.abc import Callable


MOST_BYTES = 64 * 1024 * 1024
"""Of all entries that are kept; rooms may have half a megabyte of metadata, which is in each of their events."""


class Missed(NamedTuple):
    """Entries that a reader does not get: how many, or None where nobody can say."""

    number: int | None


class Taken(NamedTuple):
    """What a reader is told: a gap first, if there is one, then entries. `last` is the sequence before these."""

    gap: Missed | None
    last: int
    entries: list[Entry]


class Ring:
    """The newest `kept` entries since the first reader came."""

    def __init__(self, feed: Feed, kept: int) -> None:
        self._feed = feed
        self._began = feed.next_sequence
        self._kept = kept
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._next = 0
        self._news = asyncio.Event()
        self._unlisten: Callable[[], None] | None = None
        self._ended = False

    def __repr__(self) -> str:
        return f"<Ring: {len(self._entries)} entries before {self._next}{', ended' if self._ended else ''}>"

    def reader(self, after: int | None) -> "Reader":
        """A reader of what comes after the entry with that sequence; of what comes from now on for None."""
        if self._unlisten is None and not self._ended:
            self._unlisten = self._feed.listen(self._add)
            self._next = self._feed.next_sequence
        if after is None:
            return Reader(self, self._next)
        if self._began - 1 <= after < self._next:
            return Reader(self, after + 1)
        return Reader(self, self.first, lost_track=True)

    def end(self) -> None:
        """Nothing more will be told."""
        self._ended = True
        self._news.set()
        if self._unlisten is not None:
            self._unlisten()

    @property
    def ended(self) -> bool:
        """Whether all readers shall go."""
        return self._ended

    @property
    def first(self) -> int:
        """The sequence of the oldest entry that is kept, or of the next one."""
        return self._entries[0].sequence if self._entries else self._next

    def since(self, sequence: int, most: int) -> list[Entry]:
        """Entries from that sequence on, at most so many."""
        behind = self._next - sequence
        start = max(0, len(self._entries) - behind)
        return list(islice(self._entries, start, start + most)) if behind > 0 else []

    async def wait(self, sequence: int) -> None:
        """Return when there is an entry with that sequence, or at the end."""
        while self._next <= sequence and not self._ended:
            await self._news.wait()

    def _add(self, entry: Entry) -> None:
        self._entries.append(entry.packed())
        self._bytes += len(entry.body)
        while len(self._entries) > self._kept or self._bytes > MOST_BYTES:
            self._bytes -= len(self._entries.popleft().body)
        self._next = entry.sequence + 1
        self._news.set()
        self._news = asyncio.Event()


class Reader:
    """A place in the ring."""

    def __init__(self, ring: Ring, place: int, *, lost_track: bool = False) -> None:
        self._ring = ring
        self._place = place
        self._lost_track = lost_track

    def __repr__(self) -> str:
        return f"<Reader before {self._place} of {self._ring!r}>"

    @property
    def last(self) -> int:
        """The sequence up to which everything has been taken."""
        return self._place - 1

    def take(self, most: int) -> Taken:
        """What comes next, at most so many entries, without waiting."""
        gap = self._gap()
        last = self.last
        entries = self._ring.since(self._place, most)
        if entries:
            self._place = entries[-1].sequence + 1
        return Taken(gap, last, entries)

    def _gap(self) -> Missed | None:
        behind = self._ring.first - self._place
        self._place += max(0, behind)
        if self._lost_track:
            self._lost_track = False
            return Missed(None)
        return Missed(behind) if behind > 0 else None

    async def wait(self) -> None:
        """Return when there is something to take, or when there never will be."""
        await self._ring.wait(self._place)
