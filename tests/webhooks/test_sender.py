"""One POST, to listeners that do not behave."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from roomwright.clock import SystemClock
from roomwright.webhooks import Sender
from roomwright.webhooks.policy import Verdict
from tests.ports import free_port
from tests.serving import KEY, SECRET
from tests.webhooks.letters import letter

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@pytest_asyncio.fixture
async def sender() -> AsyncIterator[Sender]:
    sender = Sender({KEY: SECRET}, {}, 1, SystemClock())
    yield sender
    await sender.close()


@asynccontextmanager
async def listening(answer: bytes, *, then: str = "close") -> AsyncIterator[str]:
    """A listener that says `answer` to a request, and then closes, or waits, or goes on saying it."""
    talks = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal talks
        talks += 1
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            while then == "go on":
                writer.write(b"x" * 65_536)
                await writer.drain()
            if then == "wait":
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()


def requested(url: str):
    return letter(1, url=url, api_key=KEY, requested=True)


@pytest.mark.parametrize(
    ("answer", "then", "verdict", "reason"),
    [
        (b"", "close", Verdict.RETRY, "closed the connection without an answer"),
        (b"", "wait", Verdict.RETRY, "no answer in time"),
        (b"hello\r\n\r\n", "close", Verdict.RETRY, "its answer is not HTTP: Bad status line"),
        (b"HTTP/1.1 200 OK\r\nX: ", "go on", Verdict.RETRY, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "close", Verdict.DELIVERED, "HTTP 200"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "wait", Verdict.DELIVERED, "HTTP 200"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nshort", "wait", Verdict.RETRY, "HTTP 500"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "go on", Verdict.DELIVERED, "HTTP 200"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "wait", Verdict.DELIVERED, "HTTP 204"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "wait",
            Verdict.REFUSED,
            "",
        ),
        (b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n", "wait", Verdict.RETRY, "HTTP 503"),
    ],
)
async def test_any_answer_has_an_outcome(sender: Sender, answer: bytes, then: str, verdict: Verdict, reason: str):
    async with listening(answer, then=then) as url:
        outcome = await asyncio.wait_for(sender.post(requested(url)), 10)
    assert outcome.verdict is verdict
    assert reason in outcome.reason
    assert not outcome.unreachable


async def test_nobody_there_is_told_apart_from_a_bad_answer(sender: Sender):
    outcome = await sender.post(requested(f"http://127.0.0.1:{free_port()}/"))
    assert (outcome.verdict, outcome.unreachable) == (Verdict.RETRY, True)
    assert "cannot connect" in outcome.reason


async def test_a_name_that_does_not_exist_is_tried_again(sender: Sender):
    outcome = await sender.post(requested("http://nobody.invalid/"))
    assert outcome.verdict is Verdict.RETRY


async def test_tls_where_there_is_none_is_tried_again(sender: Sender):
    async with listening(b"HTTP/1.1 200 OK\r\n\r\n") as url:
        outcome = await sender.post(requested(url.replace("http:", "https:")))
    assert outcome.verdict is Verdict.RETRY


@pytest.mark.parametrize("url", ["http://", "http://[::", "not a url", "http://a\x00b/"])
async def test_what_is_no_url_raises_nothing(sender: Sender, url: str):
    assert (await sender.post(requested(url))).verdict is not Verdict.DELIVERED


@pytest.mark.parametrize("answer", [b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000 + b"\r\n"])
async def test_a_reason_does_not_repeat_what_is_secret_in_a_url(sender: Sender, answer: bytes):
    async with listening(answer) as url:
        outcome = await sender.post(requested(f"{url}?token=confidential"))
    assert outcome.verdict is Verdict.RETRY
    assert outcome.reason.startswith("its answer is not HTTP: ")
    assert "confidential" not in outcome.reason


async def test_a_key_that_is_gone_is_a_refusal_that_names_it(sender: Sender):
    outcome = await sender.post(letter(1, api_key="old", requested=True))
    assert outcome.verdict is Verdict.REFUSED
    assert "'old'" in outcome.reason
