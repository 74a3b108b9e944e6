"""One HTTP/2 connection and the tasks of its calls.

Nothing that arrives on a connection may harm more than that connection, or write a traceback: grpclib's protocol is
kept from what it cannot digest, and whatever its parser raises ends the connection.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import structlog
from grpclib.config import Configuration
from grpclib.protocol import AbstractHandler, H2Protocol, Stream
from h2.config import H2Configuration
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived, StreamReset, UnknownFrameReceived
from h2.exceptions import H2Error
from hyperframe.frame import GoAwayFrame

from roomwright import logs
from roomwright.errors import Code, ServiceError
from roomwright.wire.exchange import GRPC, Exchange, Record, Watchers
from roomwright.wire.grpc.calls import Methods, NotGrpcError
from roomwright.wire.grpc.headers import Headers, refusal
from roomwright.wire.grpc.messages import receive, refuse, reply
from roomwright.wire.twirp import STATUS

log = structlog.get_logger(__name__)

KEEPALIVE_S = 120.0
"""How often a silent peer is pinged."""
KEEPALIVE_TIMEOUT_S = 20.0
"""How long it has to answer; also ends connections that never say anything."""
MAX_RESETS = 100
"""Streams that a peer may reset in one read: as many as it may have open (CVE-2023-44487)."""
MAX_UNREAD = 16 * 1024 * 1024
"""Bytes that a peer may send while it does not read what we sent: it makes us pile up acknowledgements."""

# Latin-1 reads every byte: one bad header is a refused call, not a lost connection. Headers are checked in `calls`.
_H2 = H2Configuration(
    client_side=False,
    header_encoding="latin-1",
    validate_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_inbound_headers=False,
    normalize_outbound_headers=False,
)


class Calls(AbstractHandler):
    """The running calls of one connection; `on_idle` is called whenever the last one ended.

    `watchers` are told of each answer.
    """

    def __init__(self, methods: Methods, on_idle: Callable[[], None], watchers: Watchers) -> None:
        self._methods = methods
        self._watchers = watchers
        self._on_idle = on_idle
        self.tasks: dict[Stream, asyncio.Task[None]] = {}
        self.draining = False

    def __repr__(self) -> str:
        return f"<Calls: {len(self.tasks)} running{', draining' if self.draining else ''}>"

    def accept(self, stream: Stream, headers: Headers, release_stream: Callable[[], None]) -> None:
        """Start to serve a stream."""
        task = asyncio.create_task(self._serve(stream, headers))
        self.tasks[stream] = task
        task.add_done_callback(lambda _: self._ended(stream, release_stream))

    def _ended(self, stream: Stream, release_stream: Callable[[], None]) -> None:
        """Forget a call; also one that was cancelled before its task took a step."""
        del self.tasks[stream]
        release_stream()
        if not self.tasks:
            self._on_idle()

    def cancel(self, stream: Stream) -> None:
        """The peer gave the call up."""
        if task := self.tasks.get(stream):
            task.cancel()

    def close(self) -> None:
        """The connection is gone."""
        for task in self.tasks.values():
            task.cancel()

    async def _serve(self, stream: Stream, headers: Headers) -> None:
        try:
            answer = await self._answer(stream, headers)
            if stream.connection.is_closing():
                return  # a handler may go on after its peer has left
            await (reply(stream, answer) if isinstance(answer, bytes) else refuse(stream, answer))
        except H2Error as error:
            log.debug("a peer left before its answer", reason=repr(error))
        except Exception:
            log.exception("a call failed", path=dict(headers).get(":path", "")[:200])

    async def _answer(self, stream: Stream, headers: Headers) -> bytes | Headers:
        """The reply, or the headers of a refusal."""
        named = dict(headers)
        current, start = logs.Request(named), time.perf_counter()
        logs.enter(current)
        path = named.get(":path", "")
        try:
            answer = await self._reply(stream, named)
        except ServiceError as error:
            seconds = time.perf_counter() - start
            exchange = Exchange(GRPC, path, STATUS[error.code], error.code, seconds, current)
            _tell(self._watchers.refused_calls, exchange)
            http_status = error.http_status if isinstance(error, NotGrpcError) else 200
            return [*refusal(error, http_status), ("x-request-id", current.id)]
        else:
            _tell(self._watchers.every, Exchange(GRPC, path, 200, "", time.perf_counter() - start, current))
            return answer
        finally:
            current.answered = True

    async def _reply(self, stream: Stream, headers: Mapping[str, str]) -> bytes:
        if self.draining:
            raise ServiceError(Code.UNAVAILABLE, "the server is shutting down")
        call = self._methods.find(headers)
        try:
            async with asyncio.timeout(call.timeout):
                return await call.run(await receive(stream))
        except TimeoutError:
            text = f"the call did not end within the {call.timeout:g} s that its grpc-timeout allows"
            raise ServiceError(Code.DEADLINE_EXCEEDED, text) from None


def _tell(watchers: tuple[Record, ...], exchange: Exchange) -> None:
    for record in watchers:
        record(exchange)


class Connection(H2Protocol):
    """grpclib's protocol with our calls, our limits and an orderly end."""

    def __init__(self, methods: Methods, connections: "set[Connection]", watchers: Watchers) -> None:
        self.calls = self._make_calls(methods, watchers)
        self._connections = connections
        self._last_stream = 0
        self._unread = 0
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        config = Configuration(
            _keepalive_time=KEEPALIVE_S,
            _keepalive_timeout=KEEPALIVE_TIMEOUT_S,
            _keepalive_permit_without_calls=True,
            _http2_max_pings_without_data=0,
            _http2_min_sent_ping_interval_without_data=KEEPALIVE_S / 2,
        )
        super().__init__(self.calls, config, _H2)

    def _make_calls(self, methods: Methods, watchers: Watchers) -> Calls:
        return Calls(methods, self._idle, watchers)

    def __repr__(self) -> str:
        return f"<Connection {self._peer}: {self.calls!r}>"

    @property
    def _peer(self) -> Any:
        return self._transport.get_extra_info("peername")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer connected."""
        self._transport = cast("asyncio.Transport", transport)
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The peer is gone; this stays among the connections until its calls have ended too."""
        super().connection_lost(exc)
        self.lost.set_result(None)
        if not self.calls.tasks:
            self._connections.discard(self)

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._unread = 0
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse and dispatch; a peer that does not keep to HTTP/2 is left."""
        if self.connection.is_closing():
            return
        try:
            events = self.connection.feed(data)
        except Exception as error:  # a parser that is not ours, on bytes from anybody
            self._leave(f"it does not speak HTTP/2: {error!r}"[:300])
            return
        self._flush()
        for event in events:
            self._dispatch(event)
        self._flush()
        self._check_manners(data, events)

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, UnknownFrameReceived):
            return  # RFC 9113, 5.5: must be ignored; grpclib raises
        if isinstance(event, DataReceived) and not event.flow_controlled_length:
            return  # grpclib takes an empty frame for the stream's end
        if isinstance(event, RequestReceived):
            self._last_stream = max(self._last_stream, event.stream_id or 0)
        self.processor.process(event)

    def _check_manners(self, data: bytes, events: list[Event]) -> None:
        if not self.connection.write_ready.is_set():
            self._unread += len(data)
        if self._unread > MAX_UNREAD:
            self._transport.abort()
        elif sum(isinstance(event, StreamReset) for event in events) > MAX_RESETS:
            self._leave("it resets streams faster than it may open them", ErrorCodes.ENHANCE_YOUR_CALM)

    def _leave(self, reason: str, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        log.debug("left a peer", peer=self._peer, reason=reason)
        self._flush()  # the parser has put its own GOAWAY there
        self.close(code)

    def _flush(self) -> None:
        if not self.connection.is_closing():
            self.connection.flush()

    def drain(self) -> None:
        """Refuse new calls, and close when those that run have ended."""
        self.calls.draining = True
        if not self.calls.tasks:
            self.close()

    def _idle(self) -> None:
        if self.lost.done():
            self._connections.discard(self)
        elif self.calls.draining:
            self.close()

    def close(self, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Say goodbye (which calls were seen, so that others may be tried elsewhere), cancel what runs, hang up."""
        if not self.connection.is_closing():
            farewell = GoAwayFrame(0, last_stream_id=self._last_stream, error_code=code)
            self._transport.write(farewell.serialize())
        self.processor.close("the server closed the connection")

    def abort(self) -> None:
        """Hang up at once, with what is still unsent."""
        self._transport.abort()
