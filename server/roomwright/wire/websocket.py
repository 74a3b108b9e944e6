"""A client's WebSocket on aiohttp: frames in as they come, frames out through a bounded queue.

Nothing is compressed: the messages are small, and what a client can make the server inflate need not be bounded then.
"""

import asyncio
import contextlib
from collections import deque
from typing import Protocol

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from roomwright.signalling.frames import Frame

log = structlog.get_logger(__name__)

_CLEAN = (WSCloseCode.OK, 1005)  # 1005: a close frame without a code, which is how SDKs close
_FAIRNESS = 64
_CLOSE_WITHIN_S = 2.0


class Listener(Protocol):
    """Who hears what comes over the socket."""

    def on_frame(self, frame: Frame) -> None:
        """A frame came."""
        ...

    def on_pong(self) -> None:
        """The answer to a ping came."""
        ...

    def on_close(self, socket: "WebSocket", *, clean: bool) -> None:
        """The socket is gone; `clean`: the client closed it in good order. Called once, last."""
        ...


class WebSocket:
    """One socket; what is sent before `run` waits for it.

    At most `backlog` bytes wait to be sent: a client that reads more slowly is cut off. `largest` is the size in bytes
    of a message from the client; a larger one ends the connection (close code 1009). 0 means no limit. `names` says in
    the log whose it is.
    """

    def __init__(self, largest: int, backlog: int) -> None:
        self._socket = web.WebSocketResponse(
            max_msg_size=largest, compress=False, autoping=False, timeout=_CLOSE_WITHIN_S
        )
        self.names: dict[str, str] = {}
        self._largest_backlog = backlog
        self._waiting: deque[Frame | None] = deque()
        self._size = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._transport: asyncio.Transport | None = None

    def welcomes(self, request: web.BaseRequest) -> bool:
        """Whether the request is a handshake that can be answered."""
        return request.method == "GET" and bool(self._socket.can_prepare(request))

    def send(self, frame: Frame) -> None:
        """Send a frame, after those that wait."""
        if self._closing:
            return
        self._size += len(frame)
        if self._size > self._largest_backlog > 0:
            self.abort()
            return
        self._put(frame)

    def ping(self) -> None:
        """Send a ping, after what waits."""
        if not self._closing:
            self._put(None)

    def close(self) -> None:
        """Close it in good order, after what waits; at once when the client does not read that soon."""
        if not self._closing:
            self._closing = True
            self._wake.set()
            asyncio.get_running_loop().call_later(_CLOSE_WITHIN_S, self.abort)

    def abort(self) -> None:
        """Close it at once, without a word; what waits is dropped."""
        self._closing = True
        self._waiting.clear()
        self._wake.set()
        if self._transport is not None:
            self._transport.abort()

    def _put(self, frame: Frame | None) -> None:
        self._waiting.append(frame)
        self._wake.set()

    async def run(self, request: web.BaseRequest, listener: Listener | None) -> web.WebSocketResponse:
        """Shake hands, then pass frames on until the end. Without a listener only what waits is sent."""
        clean = False
        writer: asyncio.Task[None] | None = None
        try:
            await self._socket.prepare(request)
            transport = request.transport
            self._transport = transport if isinstance(transport, asyncio.Transport) else None
            writer = asyncio.get_running_loop().create_task(self._write())
            clean = await self._read(listener)
        except ConnectionError:
            pass  # the client is gone
        except Exception:
            if not self._socket.prepared:
                raise
            log.exception("a client's connection failed", **self.names)
        finally:
            self.close()
            if listener is not None:
                listener.on_close(self, clean=clean)
            if writer is not None:
                await self._finish(writer)
        return self._socket

    async def _read(self, listener: Listener | None) -> bool:
        """Until the end; whether that was the client's, in good order."""
        count = 0
        while True:
            message = await self._socket.receive()
            match message.type:
                case WSMsgType.BINARY | WSMsgType.TEXT:
                    if listener is not None and not self._closing:
                        listener.on_frame(message.data)
                case WSMsgType.PONG:
                    if listener is not None:
                        listener.on_pong()
                case WSMsgType.PING:
                    await self._socket.pong(message.data)
                case WSMsgType.CLOSE:
                    return message.data in _CLEAN
                case _:
                    return False
            count += 1
            if count % _FAIRNESS == 0:
                await asyncio.sleep(0)  # a client that floods does not keep the others waiting

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                while self._waiting:
                    await self._write_one(self._waiting.popleft())
                if self._closing:
                    await self._socket.close()
                    return
                self._wake.clear()
                await self._wake.wait()

    async def _write_one(self, frame: Frame | None) -> None:
        if frame is None:
            await self._socket.ping()
        elif isinstance(frame, str):
            await self._socket.send_str(frame)
        else:
            await self._socket.send_bytes(frame)
        self._size -= len(frame or b"")

    async def _finish(self, writer: "asyncio.Task[None]") -> None:
        """Give what waits, if anything, its time; then no more."""
        _, late = await asyncio.wait([writer], timeout=2 * _CLOSE_WITHIN_S)
        if late:
            writer.cancel()
            await asyncio.wait([writer])
