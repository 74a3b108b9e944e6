"""A server that listens on several addresses."""

import pytest

from tests.rtc.conftest import Invite
from tests.rtc.network import Network
from tests.rtc.server import Server
from tests.support import skip_or_fail


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


@pytest.mark.parametrize("family", ["python", "python-double"])
async def test_media_takes_ipv6_where_ipv4_leads_nowhere(invite: Invite, network: Network, family: str) -> None:
    """The node address stands for IPv4, and nobody listens there."""
    if not network.has_ipv6:
        skip_or_fail("this machine has no IPv6")
    with network:
        server = await Server.start("--bind", "127.0.0.1", "--bind", "fd00::2", "--node-ip", "127.0.0.9")
    try:
        alice = await invite(family, "alice", url=server.socket_url)
        bob = await invite("python", "bob", url=server.socket_url)
        await alice.do("publish", name="cam", source="camera", colour="green")
        await bob.watches("alice", "cam", colour="green")
        for guest in (alice, bob):
            await guest.do("disconnect")
    finally:
        await server.stop()
