"""A client that hangs up in the middle of its handshake."""

import asyncio
from urllib.parse import urlsplit

from tests.wire.signalling.client import LIMIT, bearer, listed

HANDSHAKE = (
    "GET /rtc?access_token={token} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def _knock(server) -> asyncio.StreamWriter:
    url = urlsplit(server.url)
    _, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(HANDSHAKE.format(token=bearer()).encode())
    return writer


async def _until_nobody_is_connected(server) -> None:
    async with asyncio.timeout(LIMIT):
        while any(connection.transport for connection in server._http.connections):  # noqa: ASYNC110 - aiohttp tells nobody
            await asyncio.sleep(0.01)


async def test_one_who_hangs_up_while_it_waits_does_not_come_in(server, monkeypatch, caplog):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def prepare() -> None:
        begun.set()
        await go_on.wait()

    monkeypatch.setattr(server.backend.media, "prepare", prepare)
    writer = await _knock(server)
    async with asyncio.timeout(LIMIT):
        await begun.wait()
    writer.transport.abort()
    await _until_nobody_is_connected(server)
    go_on.set()
    await asyncio.sleep(0.05)
    assert await listed(server) == []
    assert not caplog.records
