"""Calls over a network that loses packets."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.rtc.conftest import Invite
from tests.rtc.guests import Guest
from tests.rtc.network import Network
from tests.rtc.relay import Relay
from tests.rtc.server import Server

SERVER, FRONT, PORT = "127.0.0.1", "127.0.0.9", 40_001
"""In the tests' own network nobody else has the port."""
LOSS = 0.1


@pytest_asyncio.fixture(loop_scope="session")
async def far_away(network: Network) -> AsyncIterator[tuple[Server, Relay]]:
    """A server whose media is reached through a relay only."""
    with network:
        server = await Server.start("--bind", SERVER, "--node-ip", FRONT, "--udp-port", str(PORT))
        relay = await Relay.open((FRONT, PORT), (SERVER, PORT))
    yield server, relay
    relay.close()
    await server.stop()


async def _watches_on(guest: Guest, frames: int) -> None:
    """Until so many frames of alice's camera have been decoded."""
    async with asyncio.timeout(40):
        while (await guest.do("senses", identity="alice", name="cam"))["frames"] < frames:  # noqa: ASYNC110 - only the guest knows
            await asyncio.sleep(0.4)


@pytest.mark.parametrize("family", ["python", "python-double", "browser"])
async def test_a_call_goes_on_when_one_packet_in_ten_is_lost(
    invite: Invite, far_away: tuple[Server, Relay], family: str
) -> None:
    server, relay = far_away
    alice = await invite(family, "alice", url=server.socket_url)
    bob = await invite("python", "bob", url=server.socket_url)
    carol = await invite("browser", "carol", url=server.socket_url)
    await alice.do("publish", name="cam", source="camera", colour="red", width=1280, height=720, simulcast=True)
    await alice.do("publish", name="mic", source="microphone", hz=440)
    before = [await each.watches("alice", "cam", colour="red") for each in (bob, carol)]
    relay.loss = LOSS
    for each, seen in zip((bob, carol), before, strict=True):
        await _watches_on(each, seen["frames"] + 60)
        await each.hears("alice", "mic", 440)
    for number in range(50):
        await alice.do("send", payload=f"message {number}", topic="lost?", reliable=True, to=[])
    for each in (bob, carol):
        got = [(await each.event("data", within=20, topic="lost?"))["payload"] for _ in range(50)]
        assert got == [f"message {number}" for number in range(50)]
    assert relay.lost > 30
    relay.loss = 0.0
    for guest in (alice, bob, carol):
        await guest.do("disconnect")
