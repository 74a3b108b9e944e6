"""A wire to the server that can be cut: only signalling goes through it, media has its own way."""

import asyncio
from typing import Self
from urllib.parse import urlsplit


class Wire:
    """Passes TCP connections on to a server, until they are cut."""

    def __init__(self, server_url: str) -> None:
        self.lead_to(server_url)
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._listener is not None
        return f"ws://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()

    def lead_to(self, server_url: str) -> None:
        """Where new connections go."""
        self._target = urlsplit(server_url)

    def cut(self) -> None:
        """End every connection without a word."""
        for writer in self._writers:
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        ends = {writer, there_writer}
        self._writers |= ends
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        self._writers -= ends


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
