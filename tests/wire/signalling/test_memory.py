"""Many clients, one after the other: what each leaves behind is nothing."""

import asyncio
import gc
from pathlib import Path

import aiohttp
import pytest

from roomwright import codec
from roomwright.app import Server
from roomwright.config import Config
from roomwright.rooms.participant import Participant
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.sfu.embedded.client import Client
from roomwright.signalling.session import Session
from roomwright.wire.websocket import WebSocket
from roomwright_proto import livekit as pb
from tests.serving import KEY, SECRET
from tests.wire.signalling.client import LIMIT, bearer

WARM_UP, CYCLES, AT_ONCE = 6_000, 6_000, 20
"""After the warm-up everything that is kept up to a bound, such as past events, is full."""
TOKENS = 500
"""No more than that: the server remembers some thousands of tokens, which would look like growth."""
LEAVE = codec.encode(pb.SignalRequest(leave=pb.LeaveRequest()))


def resident_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


async def come_and_go(http: aiohttp.ClientSession, url: str, identities: asyncio.Queue[int], tokens: list[str]) -> None:
    """Every third client closes without a word, the others say good-bye."""
    while not identities.empty():
        number = identities.get_nowait()
        async with http.ws_connect(f"{url}/rtc?protocol=16&access_token={tokens[number % TOKENS]}") as ws:
            await ws.receive(timeout=LIMIT)
            if number % 3:
                await ws.send_bytes(LEAVE)
                while (await ws.receive(timeout=LIMIT)).type is aiohttp.WSMsgType.BINARY:
                    pass


async def cycles(http: aiohttp.ClientSession, url: str, count: int, tokens: list[str]) -> None:
    identities: asyncio.Queue[int] = asyncio.Queue()
    for number in range(count):
        identities.put_nowait(number)
    await asyncio.gather(*(come_and_go(http, url, identities, tokens) for _ in range(AT_ONCE)))


async def all_gone(server: Server) -> None:
    """Wait until nothing is left of anybody: those who closed without a word are waited for, too."""
    assert isinstance(server.backend, EmbeddedBackend)
    kinds = (Participant, Client, Session, WebSocket)
    for _ in range(60):
        await asyncio.sleep(1)
        gc.collect()
        left = [repr(thing) for thing in gc.get_objects() if isinstance(thing, kinds)]  # a thing itself would stay
        if not left and not server.backend.clients:
            return
    raise AssertionError(f"after a minute there are {len(left)} left, such as {left[:3]}")


@pytest.mark.suite
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory from /proc")
async def test_thousands_of_joins_leave_memory_flat():
    tokens = [bearer(f"p{number}") for number in range(TOKENS)]  # now: the suite may be older than a token gets
    connector = aiohttp.TCPConnector(force_close=True)
    async with (
        Server(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET})) as server,
        aiohttp.ClientSession(connector=connector) as http,
    ):
        await cycles(http, server.url, WARM_UP, tokens)
        await all_gone(server)
        before = resident_kb()
        await cycles(http, server.url, CYCLES, tokens)
        await all_gone(server)
        grown = resident_kb() - before
        assert grown < 4096, f"resident memory grew by {grown} kB over {CYCLES} joins"
