"""Domain events for everybody who listens, each at its own pace."""

import asyncio
from collections import deque
from collections.abc import Iterable
from weakref import WeakSet

from roomwright.rooms.events import Event

BACKLOG = 16_384


class ListenerTooSlowError(Exception):
    """A listener left more events unread than are kept for it; it has missed some and must start again."""


class EventStream:
    """One listener's events, from its creation on. `aclose` it, or forget it: then it costs nothing any more.

    At most `backlog` unread events are kept. Beyond that all are dropped and iteration raises `ListenerTooSlowError`:
    an event is never left out in silence, and a listener never slows a room down.
    """

    def __init__(self, backlog: int) -> None:
        self._backlog = backlog
        self._unread: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._closed = False
        self._overflowed = False

    def put(self, events: Iterable[Event]) -> None:
        """Add events to what is unread."""
        if self._closed or self._overflowed:
            return
        self._unread.extend(events)
        if len(self._unread) > self._backlog:
            self._unread.clear()
            self._overflowed = True
        self._wake.set()

    def end(self) -> None:
        """Nothing more will come: iteration ends after what is unread."""
        self._closed = True
        self._wake.set()

    def take(self) -> list[Event]:
        """Everything that is unread, without waiting. Raises ListenerTooSlowError."""
        if self._overflowed:
            raise self._too_slow()
        taken = list(self._unread)
        self._unread.clear()
        return taken

    async def wait(self) -> bool:
        """Wait until there is something to take; False when nothing will come any more."""
        while not self._unread and not self._overflowed and not self._closed:
            self._wake.clear()
            await self._wake.wait()
        return bool(self._unread) or self._overflowed

    async def aclose(self) -> None:
        """Listen no more."""
        self._unread.clear()
        self.end()

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> Event:
        if not await self.wait():
            raise StopAsyncIteration
        if self._overflowed:
            raise self._too_slow()
        return self._unread.popleft()

    def _too_slow(self) -> ListenerTooSlowError:
        return ListenerTooSlowError(f"more than {self._backlog} events were unread")


class Fanout:
    """Hands every event to every stream."""

    def __init__(self, backlog: int = BACKLOG) -> None:
        self._backlog = backlog
        self._streams: WeakSet[EventStream] = WeakSet()
        self._ended = False

    def listen(self, backlog: int | None = None) -> EventStream:
        """A stream of the events from now on, with a backlog of its own if it needs one."""
        stream = EventStream(backlog or self._backlog)
        if self._ended:
            stream.end()
        else:
            self._streams.add(stream)
        return stream

    def publish(self, events: list[Event]) -> None:
        """Hand out events."""
        for stream in list(self._streams):
            stream.put(events)

    def end(self) -> None:
        """End every stream, after what it has not read yet."""
        self._ended = True
        for stream in list(self._streams):
            stream.end()
        self._streams.clear()
