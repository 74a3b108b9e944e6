"""A server that listens on several addresses."""

import pytest

from tests.rtc.conftest import Invite
from tests.rtc.network import Network
from tests.rtc.server import Server


@pytest.mark.parametrize("family", ["python", "python-double", "browser"])
async def test_calls_are_held_on_whichever_address_clients_find(invite: Invite, network: Network, family: str) -> None:
    with network:
        server = await Server.start("--bind", "127.0.0.3", "--bind", "127.0.0.1")
    try:
        alice = await invite(family, "alice", url=server.socket_url)
        bob = await invite("python", "bob", url=server.socket_url.replace("127.0.0.3", "127.0.0.1"))
        await alice.do("publish", name="mic", source="microphone", hz=440)
        await bob.do("publish", name="cam", source="camera", colour="blue")
        await bob.hears("alice", "mic", 440)
        await alice.watches("bob", "cam", colour="blue")
        for guest in (alice, bob):
            await guest.do("disconnect")
    finally:
        await server.stop()
