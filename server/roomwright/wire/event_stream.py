"""The event stream's door, `/events`: one long answer of server-sent events."""

import asyncio
import contextlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from roomwright.auth.claims import Claims
from roomwright.config import EventSettings
from roomwright.errors import Code, ServiceError
from roomwright.events import Asked, Reader, Ring, Taken, asked, beat, event, greeting, missed
from roomwright.feed import Feed
from roomwright.wire import answer
from roomwright.wire.answer import NOT_FOUND, Answer
from roomwright.wire.http import PUBLIC, Door

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger(__name__)

PATH = "/events"
AT_ONCE = 64
"""Events that are written together."""
LOOK_S = 1.0
"""How often it is looked whether a reader is still there."""
STALLED_S = 300.0
"""How long a reader may read nothing at all before it is left."""
_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold events back
    "Vary": "Origin",
    "Server": "Roomwright",
    **PUBLIC,
}
_STATUS = {Code.INVALID_ARGUMENT: 400, Code.UNAUTHENTICATED: 401}


class EventStreams:
    """`doors` are the handlers by path, for the HTTP port. `stop` ends all streams."""

    def __init__(self, feed: Feed, settings: EventSettings) -> None:
        self._feed = feed
        self._settings = settings
        self._ring: Ring | None = None
        self._stopped = False
        self._readers = 0
        self.doors: Mapping[str, Door] = {PATH: self._read}

    def __repr__(self) -> str:
        return f"<EventStreams: {self._readers} readers of {self._ring!r}>"

    def stop(self) -> None:
        """Send every reader away, and let nobody in any more."""
        self._stopped = True
        if self._ring is not None:
            self._ring.end()

    async def _read(self, request: web.BaseRequest, query: str, claims: Claims | None) -> Answer | web.StreamResponse:
        if request.method != "GET":
            return NOT_FOUND
        try:
            wish = asked(_parameters(query), request.headers.get("Last-Event-ID", ""), claims)
        except ServiceError as refusal:
            return answer.text(_STATUS[refusal.code], refusal.message)._replace(headers=PUBLIC)
        if self._stopped or self._readers >= self._settings.max_readers:
            return answer.text(429, "too many read the event stream (events.max_readers)")._replace(headers=PUBLIC)
        return await self._stream(request, wish)

    async def _stream(self, request: web.BaseRequest, wish: Asked) -> web.StreamResponse:
        if self._ring is None:
            self._ring = Ring(self._feed, self._settings.kept)
        stream = web.StreamResponse(headers=_HEADERS)
        reader = self._ring.reader(wish.after)
        self._readers += 1
        try:
            await stream.prepare(request)
            await self._write(stream, greeting(reader.last))
            await self._tell(request, stream, reader, wish)
        except (ConnectionError, TimeoutError):
            log.debug("a reader of the event stream is gone", peer=request.remote)
            stream.force_close()
        finally:
            self._readers -= 1
        return stream

    async def _tell(self, request: web.BaseRequest, stream: web.StreamResponse, reader: Reader, wish: Asked) -> None:
        """Write what there is to tell until the stream ends or the reader is gone."""
        clock = asyncio.get_running_loop()
        written = clock.time()
        while not self._stopped and not _gone(request):
            data = await self._next(reader, wish)
            if not data and clock.time() - written >= self._settings.heartbeat:
                data = beat(reader.last)
            if data:
                await self._write(stream, data)
                written = clock.time()

    async def _next(self, reader: Reader, wish: Asked) -> bytes:
        """What to write next; nothing if there is nothing yet."""
        taken = reader.take(AT_ONCE)
        written = _written(taken, wish)
        if written or taken.entries:
            return written
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await reader.wait()
        return b""

    async def _write(self, stream: web.StreamResponse, data: bytes) -> None:
        async with asyncio.timeout(STALLED_S):
            await stream.write(data)


def _gone(request: web.BaseRequest) -> bool:
    """Whether the reader has hung up: aiohttp tells it to those who write, and there may be nothing to write."""
    return request.transport is None or request.transport.is_closing()


def _written(taken: Taken, wish: Asked) -> bytes:
    gap = missed(taken.gap, taken.last) if taken.gap is not None else b""
    return gap + b"".join(event(each.sequence, wish.body(each)) for each in taken.entries if wish.wants(each))


def _parameters(query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        return {}
