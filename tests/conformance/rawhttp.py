"""A raw HTTP/1.1 client: sends the bytes it is given, reads one answer.

It normalises nothing, because recordings hold odd verbs, unclean paths, repeated headers and oversized bodies. Each
request has a connection of its own; an answer may come before the whole request has been taken.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

_PIECE = 65_536
_HEADERS_LIMIT = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send. `path` goes into the request line as it is; `body` None sends no body."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    chunked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; names of headers in lower case, repeated ones joined by a comma."""

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


class BadAnswerError(Exception):
    """The server's bytes are not an HTTP/1.x answer."""


async def send(host: str, port: int, request: Request, timeout: float = 30.0) -> Answer:  # noqa: ASYNC109 - bounds the whole
    """Send one request over a connection of its own and read the answer, within `timeout` seconds."""
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_connection(host, port, limit=_HEADERS_LIMIT)
        sending = asyncio.create_task(_write(writer, head(request, f"{host}:{port}"), pieces(request)))
        try:
            return await _read_answer(reader, request.method)
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
            writer.close()


def head(request: Request, host: str) -> bytes:
    """The request line and headers."""
    names = {name.lower() for name, _ in request.headers}
    lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.chunked:
        lines.append("Transfer-Encoding: chunked")
    elif "content-length" not in names and (request.body is not None or request.method in {"POST", "PUT", "PATCH"}):
        lines.append(f"Content-Length: {len(request.body or b'')}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def pieces(request: Request) -> Iterable[bytes]:
    """The body as it goes over the wire."""
    body = request.body or b""
    for start in range(0, len(body), _PIECE):
        piece = body[start : start + _PIECE]
        yield b"%x\r\n%b\r\n" % (len(piece), piece) if request.chunked else piece
    if request.chunked:
        yield b"0\r\n\r\n"


async def _write(writer: asyncio.StreamWriter, start: bytes, body: Iterable[bytes]) -> None:
    # A server that refuses early stops reading: its answer counts, not our broken pipe.
    with contextlib.suppress(ConnectionError):
        writer.write(start)
        for piece in body:
            writer.write(piece)
            await writer.drain()


async def _read_answer(reader: asyncio.StreamReader, method: str) -> Answer:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, _, rest = lines[0].partition(" ")
    if version not in {"HTTP/1.0", "HTTP/1.1"} or not rest[:3].isdigit():
        raise BadAnswerError(lines[0])
    status, headers = int(rest[:3]), _headers(lines[1:-2])
    bodiless = method == "HEAD" or status in {204, 304}
    return Answer(status=status, headers=headers, body=b"" if bodiless else await _read_body(reader, headers))


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return b"".join([chunk async for chunk in _chunks(reader)])
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read()


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
