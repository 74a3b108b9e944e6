"""A WebSocket client in a thread of its own, with a bounded queue before it."""

import asyncio
import threading
from typing import Final

import aiohttp

from roomwright.egress.recorder.units import OutputError

MAX_QUEUED: Final = 2_048
"""Messages that wait for a slow receiver: 40 seconds of sound. A slower one fails the egress."""
CONNECT_SECONDS: Final = 10
CLOSE_SECONDS: Final = 10


class Socket:
    """One connection. Errors name no more of the URL than its host. Raises OutputError where it cannot be made."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._error = ""
        self._loop = asyncio.new_event_loop()
        self._queue: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._connected = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True)
        self._thread.start()
        if not self._connected.wait(CONNECT_SECONDS):
            raise OutputError("the WebSocket did not answer in time", 504)
        self.check()

    def check(self) -> None:
        """Raises OutputError when the connection is gone."""
        if self._error:
            raise OutputError(self._error, 502)

    def send(self, message: str | bytes) -> None:
        """Send soon. Raises OutputError when the receiver is gone or too slow."""
        self.check()
        if self._queue.qsize() >= MAX_QUEUED:
            raise OutputError("the WebSocket's receiver is too slow", 504)
        self._loop.call_soon_threadsafe(self._queue.put_nowait, message)

    def close(self) -> None:
        """Send what waits, and close. Raises OutputError when that did not work."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._queue.put_nowait, None)
            self._thread.join(CLOSE_SECONDS)
        self.check()

    async def _run(self) -> None:
        try:
            async with aiohttp.ClientSession() as session, session.ws_connect(self._url, heartbeat=20) as socket:
                self._connected.set()
                await self._pump(socket)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self._error = f"the WebSocket failed: {type(error).__name__}"
        finally:
            self._connected.set()

    async def _pump(self, socket: "aiohttp.ClientWebSocketResponse") -> None:
        """Until there is nothing more to send, or the receiver closes."""
        closed = asyncio.ensure_future(self._until_closed(socket))
        try:
            while (message := await self._queue.get()) is not None and not closed.done():
                await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
            if closed.done() and message is not None:
                self._error = "the WebSocket's receiver closed it"
        finally:
            closed.cancel()

    async def _until_closed(self, socket: "aiohttp.ClientWebSocketResponse") -> None:
        async for _ in socket:
            pass
        self._error = self._error or "the WebSocket's receiver closed it"
