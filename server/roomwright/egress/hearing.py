"""What happens in rooms, for those who record: in order, and never later than a call that depends on it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from roomwright.rooms.events import Event
from roomwright.sfu.fanout import EventStream, ListenerTooSlowError

log = structlog.get_logger(__name__)

BACKLOG: Final = 1_000_000
"""Events that may be unread: as many as a server full of people says when it closes."""


class Hearing:
    """Hands the events of a backend on. `source` opens a stream of them with a backlog."""

    def __init__(self, source: Callable[[int], EventStream], on_event: Callable[[Event], Awaitable[None]]) -> None:
        self._source = source
        self._on_event = on_event
        self._stream: EventStream | None = None
        self._pumping: asyncio.Task[None] | None = None
        self._draining = False

    def start(self) -> None:
        """Listen from now on."""
        self._stream = self._source(BACKLOG)
        self._pumping = asyncio.get_running_loop().create_task(self._pump())

    async def drain(self) -> None:
        """Hand on everything that has happened up to now. What that leads to itself comes after it."""
        if self._stream is None or self._draining:
            return
        self._draining = True
        try:
            for event in self._taken(self._stream):
                await self._on_event(event)
        except Exception:
            log.exception("an event was not handled: recordings may miss something")
        finally:
            self._draining = False

    async def stop(self) -> None:
        """Hand on the last, and listen no more. Idempotent."""
        await self.drain()
        self._stream = None
        if self._pumping is not None:
            self._pumping.cancel()
            self._pumping = None

    def _taken(self, stream: EventStream) -> list[Event]:
        try:
            return stream.take()
        except ListenerTooSlowError as error:
            log.error("events are lost: recordings may miss tracks", reason=str(error))  # noqa: TRY400
            self._stream = self._source(BACKLOG)
            return []

    async def _pump(self) -> None:
        while (stream := self._stream) is not None and await stream.wait():
            await self.drain()
            await asyncio.sleep(0)
