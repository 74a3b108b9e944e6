"""A clock that can be put forward: what a test's rooms live by, and what its tokens are judged by.

It goes on like the machine's own, so that tokens and clients that read that one fit to it.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from roomwright.testing.bridge import LoopThread, both


class MovableClock:
    """The machine's time and what was skipped."""

    def __init__(self) -> None:
        self._skipped_ns = 0

    @property
    def skipped(self) -> float:
        """Seconds by which it is ahead of the machine's own."""
        return self._skipped_ns / 1e9

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return time.time_ns() + self._skipped_ns

    def monotonic(self) -> float:
        """Seconds on a scale that goes back only in `reset`."""
        return (time.monotonic_ns() + self._skipped_ns) / 1e9

    def skip(self, seconds: float) -> None:
        """Put it forward; nothing for less than nothing."""
        self._skipped_ns += max(0, round(seconds * 1e9))

    def reset(self) -> None:
        """Show the machine's time again."""
        self._skipped_ns = 0


class TimedRooms(Protocol):
    """A backend that lives by a `MovableClock`."""

    def next_timeout(self) -> float | None:
        """When something is due next, on the clock's monotonic scale."""
        ...

    def catch_up(self) -> None:
        """Do what is due."""
        ...


class ServerClock:
    """The time as the test's server sees it."""

    def __init__(self, thread: LoopThread, rooms: TimedRooms, clock: MovableClock, tokens: MovableClock) -> None:
        self.thread = thread
        self._rooms = rooms
        self._clock = clock
        self._tokens = tokens

    def __repr__(self) -> str:
        return f"<ServerClock: {self.skipped:g} s ahead>"

    @property
    def skipped(self) -> float:
        """Seconds that this test has skipped."""
        return self._clock.skipped

    def now(self) -> datetime:
        """The server's time."""
        return datetime.fromtimestamp(self._clock.now_ns() / 1e9, UTC)

    @both
    async def advance(self, seconds: float | timedelta, *, tokens: bool = False) -> None:
        """Skip some time: every time-out of rooms and calls that falls into it happens, each at its own time.

        Tokens keep the machine's time, because who makes them does not skip any; with `tokens` they grow old too.
        Connections, media and the delivery of webhooks live in real time.
        """
        seconds = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds} s")
        if tokens:
            self._tokens.skip(seconds)
        end = self._clock.monotonic() + seconds
        while (due := self._rooms.next_timeout()) is not None and due <= end:
            self._skip_to(due)
            await asyncio.sleep(0)
        self._skip_to(end)
        await asyncio.sleep(0)

    def _skip_to(self, moment: float) -> None:
        self._clock.skip(moment - self._clock.monotonic())
        self._rooms.catch_up()

    def reset(self) -> None:
        """Show the machine's time again. There must be nothing that waits."""
        self._clock.reset()
        self._tokens.reset()
