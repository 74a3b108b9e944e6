"""Two clients of any families meet: they see, hear and message each other."""

import pytest

from tests.rtc.conftest import Invite

PAIRS = [
    ("python", "python"),
    ("python-double", "python-double"),
    ("python", "python-double"),
    ("node", "python"),
    ("browser", "browser"),
    ("browser", "python"),
    ("node", "browser"),
]

pytestmark = pytest.mark.parametrize(("one", "other"), PAIRS, ids=[f"{one}-and-{other}" for one, other in PAIRS])


async def test_they_see_each_other_come_and_go(invite: Invite, one: str, other: str) -> None:
    alice = await invite(one, "alice")
    bob = await invite(other, "bob")
    await bob.sees("alice")
    await alice.sees("bob")
    await bob.do("disconnect")
    await alice.event("participant_disconnected", identity="bob")


async def test_they_see_and_hear_each_other(invite: Invite, one: str, other: str) -> None:
    alice = await invite(one, "alice")
    bob = await invite(other, "bob")
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await alice.do("publish", name="cam", source="camera", colour="green", width=320, height=180)
    await bob.do("publish", name="mic", source="microphone", hz=880)
    await bob.hears("alice", "mic", 440)
    await bob.watches("alice", "cam", colour="green", width=320, height=180)
    await alice.hears("bob", "mic", 880)


async def test_they_send_data(invite: Invite, one: str, other: str) -> None:
    alice = await invite(one, "alice")
    bob = await invite(other, "bob")
    await bob.sees("alice")
    for reliable in (True, False):
        await alice.do("send", payload="hello", topic="greeting", reliable=reliable)
        await bob.event("data", payload="hello", topic="greeting", sender="alice", reliable=reliable)
        await bob.do("send", payload="hi", topic="answer", reliable=reliable)
        await alice.event("data", payload="hi", topic="answer", sender="bob", reliable=reliable)
