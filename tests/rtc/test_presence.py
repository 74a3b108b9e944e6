"""Who is there, under which name, and who may not be."""

import asyncio

import pytest
from livekit import api

from tests.rtc.conftest import Invite
from tests.rtc.families import FAMILIES, PROGRAMS
from tests.rtc.guests import CommandError, Program
from tests.rtc.server import Server, join_token

by_all = pytest.mark.parametrize("family", ["python", "python-double", "node", "browser"])


@by_all
async def test_a_guest_describes_itself(invite: Invite, family: str) -> None:
    alice, bob = await invite(family, "alice"), await invite("python", "bob")
    await alice.do("describe", name="Alice", metadata="in the garden", attributes={"mood": "good", "hat": "straw"})
    await bob.sees("alice", name="Alice", metadata="in the garden", attributes={"mood": "good", "hat": "straw"})
    await alice.do("describe", attributes={"hat": ""})
    await bob.sees("alice", attributes={"mood": "good"})


@by_all
async def test_the_second_of_one_name_takes_the_place(invite: Invite, family: str) -> None:
    bob = await invite("python", "bob")
    first = await invite(family, "alice")
    sid = (await bob.sees("alice"))["sid"]
    second = await invite(family, "alice")
    await first.event("disconnected", reason="DUPLICATE_IDENTITY")
    await bob.until(lambda state: state["others"].get("alice", {"sid": sid})["sid"] != sid)
    await second.sees("bob")


@by_all
async def test_a_full_room_says_so(invite: Invite, livekit: api.LiveKitAPI, room: str, family: str) -> None:
    await livekit.room.create_room(api.CreateRoomRequest(name=room, max_participants=1))
    await invite("python", "alice")
    with pytest.raises(CommandError, match=r"(?i)full|max|participants"):
        await invite(family, "bob")


@by_all
async def test_a_token_for_nothing_says_so(invite: Invite, room: str, family: str) -> None:
    with pytest.raises(CommandError, match=r"(?i)token|permission|grant|join|401"):
        await invite(family, "alice", token=join_token("alice", room, room_join=False))


async def test_who_vanishes_is_missed_after_a_while(invite: Invite, server: Server, room: str) -> None:
    """First it may come back: nobody is told. After half a minute at most it is gone."""
    bob = await invite("python", "bob")
    program = await Program.start(FAMILIES["python-double"].command, PROGRAMS)
    await program.guest("alice").do("connect", url=server.socket_url, token=join_token("alice", room))
    await bob.sees("alice")
    program.kill()
    await asyncio.sleep(1)
    await bob.sees("alice")
    await bob.event("participant_disconnected", within=60, identity="alice")
    await program.stop()


async def test_a_hidden_guest_sees_but_is_not_seen(invite: Invite, room: str) -> None:
    alice = await invite("python", "alice")
    ghost = await invite("python", "ghost", token=join_token("ghost", room, hidden=True))
    bob = await invite("node", "bob")
    await ghost.sees("bob")
    await alice.sees("bob")
    assert "ghost" not in (await alice.state())["others"]
    assert "ghost" not in (await bob.state())["others"]
