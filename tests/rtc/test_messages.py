"""What rides on data channels: addressees, streams, calls, chat."""

import asyncio

import pytest

from tests.rtc.conftest import Invite

PAIRS = [("python", "python-double"), ("node", "python"), ("browser", "node"), ("python", "browser")]

between = pytest.mark.parametrize(("one", "other"), PAIRS, ids=[f"{one}-and-{other}" for one, other in PAIRS])


@pytest.mark.parametrize("family", ["python", "python-double", "node", "browser"])
async def test_data_reaches_its_addressees_only(invite: Invite, family: str) -> None:
    alice = await invite(family, "alice")
    bob, carol = await invite("python", "bob"), await invite("python-double", "carol")
    await alice.sees("carol")
    await carol.sees("alice")
    await alice.do("send", payload="for carol", to=["carol"])
    await alice.do("send", payload="for all")
    await carol.event("data", payload="for carol", sender="alice")
    await carol.event("data", payload="for all", sender="alice")
    await bob.event("data", payload="for all", sender="alice")
    assert not [event for event in bob.events if event["event"] == "data"]


@between
async def test_a_text_stream_arrives(invite: Invite, one: str, other: str) -> None:
    alice, bob = await invite(one, "alice"), await invite(other, "bob")
    await bob.do("listen", topic="notes")
    await alice.sees("bob")
    text = "Grüße 🎈 " * 10_000  # longer than a data packet
    await alice.do("send_text", text=text, topic="notes")
    assert (await bob.event("text", topic="notes", sender="alice"))["text"] == text


@between
async def test_a_byte_stream_arrives(invite: Invite, one: str, other: str) -> None:
    alice, bob = await invite(one, "alice"), await invite(other, "bob")
    await bob.do("listen", topic="files")
    await alice.sees("bob")
    await alice.do("send_bytes", size=131_072, topic="files", to=["bob"])
    await bob.event("bytes", topic="files", sender="alice", size=131_072, intact=True)


@between
async def test_they_call_each_other(invite: Invite, one: str, other: str) -> None:
    alice, bob = await invite(one, "alice"), await invite(other, "bob")
    await alice.sees("bob")
    await bob.sees("alice")
    await bob.do("answer", method="greet", prefix="hello, ")
    await bob.do("answer", method="fail", error=[123, "not today"])
    assert await alice.do("call", identity="bob", method="greet", payload="alice") == {"reply": "hello, alice"}
    assert await alice.do("call", identity="bob", method="fail", payload="") == {"error": [123, "not today"]}
    missing = await alice.do("call", identity="bob", method="missing", payload="")
    assert missing["error"][0] == 1400


async def test_they_chat(invite: Invite) -> None:
    alice, bob = await invite("browser", "alice"), await invite("browser", "bob")
    await alice.sees("bob")
    await alice.do("chat", text="good morning")
    await bob.event("chat", text="good morning", sender="alice")


async def test_many_reliable_packets_arrive_in_order(invite: Invite) -> None:
    alice, bob = await invite("python", "alice"), await invite("node", "bob")
    await alice.sees("bob")
    await bob.sees("alice")
    for number in range(100):
        await alice.do("send", payload=f"{number} " + "x" * 5_000)
    await bob.event("data", payload="99 " + "x" * 5_000)
    await asyncio.sleep(0)
    numbers = [int(event["payload"].split()[0]) for event in bob.events if event["event"] == "data"]
    assert numbers == list(range(99))
