"""The memory and the embedded backend as tests need them: time can be skipped, everything can be forgotten.

Owns what is added to them. Time of rooms is the test's; time of connections and media stays the machine's.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from roomwright.rooms.events import Event
from roomwright.rooms.instant import Instant
from roomwright.rooms.revocations import Revocations
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.sfu.fanout import Fanout
from roomwright.sfu.local import LocalBackend
from roomwright.sfu.memory import MemoryBackend
from roomwright.testing.clock import MovableClock
from roomwright_proto import livekit as pb

REMEMBERED = 50
"""How many events a failure report may look back on."""


class _RememberingFanout(Fanout):
    """Keeps the last events too."""

    def __init__(self) -> None:
        super().__init__()
        self.last: deque[Event] = deque(maxlen=REMEMBERED)
        self.rooms: set[str] = set()

    def publish(self, events: list[Event]) -> None:
        self.last.extend(events)
        self.rooms.update(event.room.sid for event in events)
        super().publish(events)


class TestedBackend(LocalBackend):
    """What both backends get. `keep_time` is called once, before anything happens."""

    __test__ = False

    def keep_time(self, clock: MovableClock) -> None:
        """Live by `clock` from now on."""
        self._clock = clock
        self._fanout = self._remembered = _RememberingFanout()

    def next_timeout(self) -> float | None:
        """When a room's or a call's time is over next."""
        return self.rooms.next_timeout()

    def catch_up(self) -> None:
        """Do what is due by the clock, which was put forward."""
        if self._timer is not None:
            self._timer.cancel()
        self._on_timer()

    def last_events(self) -> list[Event]:
        """What happened lately, oldest first."""
        return list(self._remembered.last)

    def forget(self) -> list[str]:
        """Delete every room, and all that outlasts rooms. Returns the sids of all rooms that there were."""
        now = Instant.of(self._clock)
        for room in list(self.rooms):
            self.rooms.close(room, pb.RoomEndReason.ROOM_END_API_DELETE, pb.DisconnectReason.ROOM_DELETED, now)
        self._drain()
        self.rooms.revocations = Revocations()
        sids = list(self._remembered.rooms)
        self._remembered.last.clear()
        self._remembered.rooms.clear()
        return sids


class TestedMemory(TestedBackend, MemoryBackend):
    """The memory backend of a test."""


class TestedEmbedded(TestedBackend, EmbeddedBackend):
    """The embedded backend of a test: real clients and their media live in real time."""

    def keep_time(self, clock: MovableClock) -> None:
        """Live by `clock` from now on, but for clients."""
        self._real_clock = self._clock
        super().keep_time(clock)

    def instant(self) -> Instant:
        """The present, for clients."""
        return Instant.of(self._real_clock)

    def call_at(self, due: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Have `callback` called at a real time."""
        delay = max(0.0, due - self._real_clock.monotonic())
        return asyncio.get_running_loop().call_later(delay, callback)
