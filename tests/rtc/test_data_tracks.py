"""Data tracks: frames that nobody waits for."""

import asyncio

import pytest

from tests.rtc.conftest import Invite
from tests.rtc.guests import Guest
from tests.rtc.server import Server
from tests.rtc.wire import Wire

PAIRS = [("python", "python-double"), ("python-double", "python"), ("python", "browser"), ("browser", "python")]

between = pytest.mark.parametrize(("one", "other"), PAIRS, ids=[f"{one}-to-{other}" for one, other in PAIRS])


async def push_until_seen(sender: Guest, receiver: Guest, name: str, *, fill: str, size: int) -> None:
    """Frames may be lost, and those before the subscription are: send until one arrives."""
    for _ in range(100):
        await sender.do("push", name=name, fill=fill, size=size)
        await asyncio.sleep(0.05)
        if any(event["event"] == "frame" and event["fill"] == fill for event in receiver.events):
            break
    await receiver.event("frame", name=name, fill=fill, size=size, intact=True)


@between
async def test_frames_arrive_whole_and_end_with_the_track(invite: Invite, one: str, other: str) -> None:
    alice, bob = await invite(one, "alice"), await invite(other, "bob")
    await bob.sees("alice")
    sid = await alice.do("publish_data", name="telemetry")
    published = await bob.event("data_track_published", identity="alice", name="telemetry")
    assert published["sid"] == sid
    await bob.do("follow", identity="alice", name="telemetry")
    await push_until_seen(alice, bob, "telemetry", fill="s", size=10)
    await push_until_seen(alice, bob, "telemetry", fill="l", size=40_000)  # in several packets
    await alice.do("unpublish_data", name="telemetry")
    await bob.event("data_track_unpublished", sid=sid)
    await bob.event("followed", name="telemetry")


@between
async def test_two_publishers_are_told_apart(invite: Invite, one: str, other: str) -> None:
    """Both number their first data track alike."""
    alice, bob, carol = await invite(one, "alice"), await invite(one, "bob"), await invite(other, "carol")
    await alice.do("publish_data", name="a")
    await bob.do("publish_data", name="b")
    for identity, name in (("alice", "a"), ("bob", "b")):
        await carol.event("data_track_published", identity=identity, name=name)
        await carol.do("follow", identity=identity, name=name)
    await push_until_seen(alice, carol, "a", fill="x", size=100)
    await push_until_seen(bob, carol, "b", fill="y", size=100)


async def test_who_comes_later_sees_what_is_published(invite: Invite) -> None:
    alice = await invite("python", "alice")
    await alice.do("publish_data", name="early")
    bob = await invite("python", "bob")
    await bob.event("data_track_published", identity="alice", name="early")
    await bob.do("follow", identity="alice", name="early")
    await push_until_seen(alice, bob, "early", fill="z", size=1)


@pytest.mark.parametrize(("one", "other"), [("python", "python-double"), ("python-double", "browser")])
async def test_a_cut_socket_changes_nothing(invite: Invite, server: Server, one: str, other: str) -> None:
    async with Wire(server.url) as wire:
        alice, bob = await invite(one, "alice", url=wire.url), await invite(other, "bob", url=wire.url)
        await alice.do("publish_data", name="before")
        await bob.event("data_track_published", identity="alice", name="before")
        await bob.do("follow", identity="alice", name="before")
        await push_until_seen(alice, bob, "before", fill="a", size=20)
        wire.cut()
        await alice.event("reconnected")
        await bob.event("reconnected")
        await push_until_seen(alice, bob, "before", fill="b", size=20)
        await alice.do("publish_data", name="after")
        await bob.event("data_track_published", identity="alice", name="after")
        await bob.do("follow", identity="alice", name="after")
        await push_until_seen(alice, bob, "after", fill="c", size=20)
        assert not [event for event in bob.events if event["event"] in ("followed", "data_track_unpublished")]
