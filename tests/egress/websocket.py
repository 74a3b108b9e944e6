"""A WebSocket server that keeps what a recorder sends it."""

import asyncio
import json
import threading

from aiohttp import WSMsgType, web

from tests.egress.process import DEADLINE


class Listener:
    """A WebSocket server in a thread; `messages` are what came: text as values, samples as bytes."""

    def __init__(self, *, close_after: int | None = None) -> None:
        self.messages: list[object] = []
        self.closed = threading.Event()
        self.url = ""
        self._close_after = close_after
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Listener":
        self._thread.start()
        assert self._listening.wait(DEADLINE)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)

    @property
    def samples(self) -> bytes:
        return b"".join(message for message in self.messages if isinstance(message, bytes))

    def _serve(self) -> None:
        self._loop = loop = asyncio.new_event_loop()
        app = web.Application()
        app.router.add_get("/sound", self._handle)
        runner = web.AppRunner(app)
        loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        loop.run_until_complete(site.start())
        self.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/sound?key=secret"
        self._listening.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    async def _handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            self.messages.append(json.loads(message.data) if message.type == WSMsgType.TEXT else message.data)
            if len(self.messages) == self._close_after:
                await socket.close()
        self.closed.set()
        return socket
