"""The socket of signalling is cut: clients resume, and nothing of the call is lost."""

import pytest

from tests.rtc.conftest import Invite
from tests.rtc.server import Server
from tests.rtc.wire import Wire

by_all = pytest.mark.parametrize("family", ["python", "python-double", "node", "browser"])


@by_all
async def test_a_cut_socket_is_resumed(invite: Invite, server: Server, family: str) -> None:
    async with Wire(server.url) as wire:
        alice, bob = await invite(family, "alice", url=wire.url), await invite("python", "bob")
        await alice.do("publish", name="mic", source="microphone", hz=440)
        await bob.do("publish", name="mic", source="microphone", hz=880)
        await bob.hears("alice", "mic", 440)
        sid = (await bob.sees("alice"))["sid"]
        wire.cut()
        await alice.event("reconnected")
        assert (await bob.sees("alice"))["sid"] == sid
        assert not [event for event in bob.events if event["event"] == "participant_disconnected"]
        await alice.hears("bob", "mic", 880)
        await bob.hears("alice", "mic", 440)
        await bob.do("publish", name="cam", source="camera", colour="blue")
        await alice.watches("bob", "cam", colour="blue")
        await alice.do("publish", name="cam", source="camera", colour="green")
        await bob.watches("alice", "cam", colour="green")
        await alice.do("send", payload="still here")
        await bob.event("data", payload="still here", sender="alice")


@by_all
async def test_after_a_crash_they_meet_again(invite: Invite, family: str) -> None:
    """The new server knows nobody: it tells clients to join anew, and they publish again what they had published."""
    crashing, fresh = await Server.start(), await Server.start()
    async with Wire(crashing.url) as wire:
        alice, bob = await invite(family, "alice", url=wire.url), await invite("python", "bob", url=wire.url)
        await alice.do("publish", name="mic", source="microphone", hz=440)
        await bob.hears("alice", "mic", 440)
        wire.lead_to(fresh.url)
        await crashing.kill()
        await alice.event("reconnected", within=60)
        await bob.event("reconnected", within=60)
        await bob.hears("alice", "mic", 440)
        for guest in (alice, bob):
            await guest.do("disconnect")
    await fresh.stop()
