"""Calls every room method through the official Python server SDK and checks what each call did.

Prints `ok <method> <what>` per check and `passed <count>` at the end; see ../README.md.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable

import aiohttp
from livekit import api
from livekit.api.agent_dispatch_service import AgentDispatchService
from livekit.api.room_service import RoomService

URL = os.environ["LIVEKIT_URL"]
KEY = os.environ["LIVEKIT_API_KEY"]
SECRET = os.environ["LIVEKIT_API_SECRET"]
CONTROL_URL = os.environ["CONTROL_URL"]
LOUNGE = os.environ["ROOM_PREFIX"] + "-lounge"
ANNEX = os.environ["ROOM_PREFIX"] + "-annex"
METADATA_LIMIT = 512 * 1024

passed = 0


def check(method: str, what: str, seen: object, expected: object) -> None:
    """Print the check, or end the program with what was seen instead."""
    global passed
    if seen != expected:
        sys.exit(f"FAILED {method} {what}: {seen} instead of {expected}")
    passed += 1
    print("ok", method, what)


class Control:
    """The endpoint that lets participants join and tells what they saw: one line of text each."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def join(self, identity: str, name: str, **query: str) -> None:
        token = (
            api.AccessToken(KEY, SECRET)
            .with_identity(identity)
            .with_name(name)
            .with_metadata("from the token")
            .with_attributes({"seat": "1"})
            .with_grants(api.VideoGrants(room_join=True, room=LOUNGE))
        )
        await self._lines("POST", "/join", query, {"Authorization": f"Bearer {token.to_jwt()}"})

    async def see(self, path: str, identity: str) -> list[str]:
        return await self._lines("GET", path, {"room": LOUNGE, "identity": identity}, {})

    async def _lines(self, verb: str, path: str, query: dict[str, str], headers: dict[str, str]) -> list[str]:
        async with self._session.request(verb, CONTROL_URL + path, params=query, headers=headers) as response:
            text = await response.text()
            if not response.ok:
                sys.exit(f"FAILED control {verb} {path}: {response.status} {text}")
            return text.splitlines()


async def room_names(rooms: RoomService) -> list[str]:
    answer = await rooms.list_rooms(api.ListRoomsRequest(names=[LOUNGE, ANNEX]))
    return sorted(room.name for room in answer.rooms)


async def identities(rooms: RoomService, room: str) -> list[str]:
    answer = await rooms.list_participants(api.ListParticipantsRequest(room=room))
    return sorted(participant.identity for participant in answer.participants)


async def error_of(call: Awaitable[object]) -> tuple[int, str] | None:
    """The HTTP status and the code of the SDK's own error, None when the call succeeded."""
    try:
        await call
    except api.ServerError as error:
        return error.status, error.code
    return None


async def check_rooms(rooms: RoomService) -> None:
    settings = api.CreateRoomRequest(name=LOUNGE, metadata="first", max_participants=7, empty_timeout=60)
    lounge = await rooms.create_room(settings)
    settled = (lounge.name, lounge.metadata, lounge.max_participants, lounge.empty_timeout)
    check("CreateRoom", "answers with the settings it was given", settled, (LOUNGE, "first", 7, 60))
    again = await rooms.create_room(settings)
    check("CreateRoom", "answers the same room the second time", again.sid, lounge.sid)

    await rooms.create_room(api.CreateRoomRequest(name=ANNEX))
    check("ListRooms", "finds both rooms", await room_names(rooms), [ANNEX, LOUNGE])

    await rooms.update_room_metadata(api.UpdateRoomMetadataRequest(room=LOUNGE, metadata="second"))
    (lounge,) = (await rooms.list_rooms(api.ListRoomsRequest(names=[LOUNGE]))).rooms
    check("UpdateRoomMetadata", "shows in ListRooms", lounge.metadata, "second")


async def check_participants(rooms: RoomService, control: Control) -> None:
    await control.join("alice", "Alice", publish="microphone")
    await control.join("bob", "Bob")
    alice_in_lounge = api.RoomParticipantIdentity(room=LOUNGE, identity="alice")

    alice = await rooms.get_participant(alice_in_lounge)
    brought = (alice.name, alice.metadata, dict(alice.attributes))
    expected = ("Alice", "from the token", {"seat": "1"})
    check("AccessToken", "carries name, metadata and attributes into the room", brought, expected)
    check("ListParticipants", "lists both", await identities(rooms, LOUNGE), ["alice", "bob"])
    sources = [track.source for track in alice.tracks]
    check("GetParticipant", "shows the published track", sources, [api.TrackSource.MICROPHONE])

    track = alice.tracks[0].sid
    mute = api.MuteRoomTrackRequest(room=LOUNGE, identity="alice", track_sid=track, muted=True)
    await rooms.mute_published_track(mute)
    alice = await rooms.get_participant(alice_in_lounge)
    check("MutePublishedTrack", "shows in GetParticipant", alice.tracks[0].muted, True)

    update = api.UpdateParticipantRequest(
        room=LOUNGE,
        identity="alice",
        name="Alicia",
        metadata="from the API",
        attributes={"mood": "calm"},
        permission=api.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=False),
    )
    await rooms.update_participant(update)
    alice = await rooms.get_participant(alice_in_lounge)
    permission = (alice.permission.can_publish, alice.permission.can_publish_data)
    updated = (alice.name, alice.metadata, dict(alice.attributes), permission)
    expected = ("Alicia", "from the API", {"seat": "1", "mood": "calm"}, (True, False))
    check("UpdateParticipant", "shows in GetParticipant", updated, expected)

    for subscribe, what in ((False, "unsubscribes"), (True, "subscribes again")):
        await rooms.update_subscriptions(
            api.UpdateSubscriptionsRequest(room=LOUNGE, identity="bob", track_sids=[track], subscribe=subscribe)
        )
        subscribed = await control.see("/subscriptions", "bob")
        check("UpdateSubscriptions", what, subscribed, [track] if subscribe else [])

    greeting = api.SendDataRequest(room=LOUNGE, data=b"hello", topic="greeting", destination_identities=["bob"])
    await rooms.send_data(greeting)
    received = [await control.see("/inbox", identity) for identity in ("alice", "bob")]
    check("SendData", "reaches its addressee only", received, [[], ["greeting hello"]])


async def check_moves(rooms: RoomService) -> None:
    await rooms.forward_participant(
        api.ForwardParticipantRequest(room=LOUNGE, identity="alice", destination_room=ANNEX)
    )
    present = [await identities(rooms, room) for room in (LOUNGE, ANNEX)]
    check("ForwardParticipant", "shows in both rooms", present, [["alice", "bob"], ["alice"]])

    await rooms.move_participant(api.MoveParticipantRequest(room=LOUNGE, identity="bob", destination_room=ANNEX))
    present = [await identities(rooms, room) for room in (LOUNGE, ANNEX)]
    check("MoveParticipant", "changes the room", present, [["alice"], ["alice", "bob"]])

    await rooms.remove_participant(api.RoomParticipantIdentity(room=LOUNGE, identity="alice"))
    check("RemoveParticipant", "shows in ListParticipants", await identities(rooms, LOUNGE), [])


async def check_dispatches(dispatches: AgentDispatchService) -> None:
    request = api.CreateAgentDispatchRequest(room=LOUNGE, agent_name="scribe", metadata="minutes")
    created = await dispatches.create_dispatch(request)
    described = (created.agent_name, created.room, created.metadata)
    check("CreateDispatch", "answers with the agent", described, ("scribe", LOUNGE, "minutes"))
    ids = [dispatch.id for dispatch in await dispatches.list_dispatch(LOUNGE)]
    check("ListDispatch", "lists it", created.id in ids, True)
    await dispatches.delete_dispatch(created.id, LOUNGE)
    ids = [dispatch.id for dispatch in await dispatches.list_dispatch(LOUNGE)]
    check("DeleteDispatch", "takes it off the list", created.id in ids, False)


async def check_deletion(rooms: RoomService) -> None:
    await rooms.delete_room(api.DeleteRoomRequest(room=LOUNGE))
    check("DeleteRoom", "shows in ListRooms", await room_names(rooms), [ANNEX])


async def check_errors(rooms: RoomService) -> None:
    async with api.LiveKitAPI(URL, KEY, SECRET + "?") as stranger:
        error = await error_of(stranger.room.list_rooms(api.ListRoomsRequest()))
    check("ListRooms", "refuses a wrong secret", error, (401, "unauthenticated"))

    error = await error_of(rooms.get_participant(api.RoomParticipantIdentity(room=ANNEX, identity="carol")))
    check("GetParticipant", "misses an absent participant", error, (404, "not_found"))

    too_long = api.UpdateRoomMetadataRequest(room=ANNEX, metadata="x" * (METADATA_LIMIT + 1))
    error = await error_of(rooms.update_room_metadata(too_long))
    check("UpdateRoomMetadata", "refuses metadata above the limit", error, (400, "invalid_argument"))


async def main() -> None:
    async with api.LiveKitAPI(URL, KEY, SECRET) as livekit, aiohttp.ClientSession() as session:
        await check_rooms(livekit.room)
        await check_participants(livekit.room, Control(session))
        await check_moves(livekit.room)
        await check_dispatches(livekit.agent_dispatch)
        await check_deletion(livekit.room)
        await check_errors(livekit.room)
        await livekit.room.delete_room(api.DeleteRoomRequest(room=ANNEX))
    print("passed", passed)


asyncio.run(main())
