"""The raw client against a server that is as raw: what is sent, byte by byte, and every framing of an answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.conformance.rawhttp import BadAnswerError, Request, head, pieces, send

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@asynccontextmanager
async def _listening(handler: Handler) -> AsyncIterator[int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _answering(data: bytes) -> Handler:
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        writer.close()

    return handler


async def _answer_to(data: bytes, method: str = "GET"):
    async with _listening(_answering(data)) as port:
        return await send("127.0.0.1", port, Request(method=method, path="/"))


def test_paths_verbs_and_repeated_headers_go_out_as_they_are():
    request = Request(method="post", path="//a/../b%2F?x= y", headers=(("A", "1"), ("a", "2")))
    assert head(request, "h:1") == b"post //a/../b%2F?x= y HTTP/1.1\r\nHost: h:1\r\nA: 1\r\na: 2\r\n\r\n"


def test_a_body_has_its_length_or_chunks():
    plain = Request(method="POST", path="/", body=b"abc")
    assert b"Content-Length: 3\r\n" in head(plain, "h")
    assert b"Content-Length: 0\r\n" in head(Request(method="POST", path="/"), "h")
    chunked = Request(method="POST", path="/", body=b"abc", chunked=True)
    assert b"Transfer-Encoding: chunked\r\n" in head(chunked, "h")
    assert b"".join(pieces(chunked)) == b"3\r\nabc\r\n0\r\n\r\n"
    long = Request(method="POST", path="/", body=bytes(200_000))
    assert b"".join(pieces(long)) == long.body


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
    ],
)
async def test_every_framing_of_an_answer_is_read(data):
    assert (await _answer_to(data)).body == b"hello"


async def test_repeated_headers_of_an_answer_are_joined():
    answer = await _answer_to(b"HTTP/1.1 204 No Content\r\nVary: Origin\r\nvary:  A, B \r\n\r\n")
    assert answer.headers == {"vary": "Origin, A, B"}


async def test_the_answer_to_head_has_no_body_whatever_its_length_says():
    assert (await _answer_to(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD")).body == b""


async def test_an_answer_counts_though_the_request_was_not_taken():
    async with _listening(_answering(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")) as port:
        answer = await send("127.0.0.1", port, Request(method="POST", path="/", body=bytes(50_000_000)))
    assert (answer.status, answer.body) == (413, b"no")


async def test_what_is_no_http_is_refused():
    with pytest.raises(BadAnswerError):
        await _answer_to(b"SSH-2.0-x\r\n\r\n")
