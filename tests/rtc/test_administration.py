"""RoomService acts on participants, through LiveKit's own API client; they see what it does."""

import asyncio

import pytest
from livekit import api

from tests.rtc.conftest import Invite
from tests.rtc.guests import PATIENCE_S
from tests.rtc.server import Server, join_token

by_all = pytest.mark.parametrize("family", ["python", "python-double", "node", "browser"])


@by_all
async def test_mute(invite: Invite, livekit: api.LiveKitAPI, room: str, family: str) -> None:
    alice, bob = await invite(family, "alice"), await invite("python", "bob")
    sid = await alice.do("publish", name="mic", source="microphone", hz=440)
    await bob.hears("alice", "mic", 440)
    muting = api.MuteRoomTrackRequest(room=room, identity="alice", track_sid=sid, muted=True)
    assert (await livekit.room.mute_published_track(muting)).track.muted
    await bob.sees_track("alice", "mic", muted=True)
    await alice.until(lambda state: state["me"]["tracks"]["mic"]["muted"])
    await bob.hears_nothing("alice", "mic")


@by_all
async def test_remove(invite: Invite, livekit: api.LiveKitAPI, room: str, family: str) -> None:
    alice, bob = await invite(family, "alice"), await invite("python", "bob")
    await bob.sees("alice")
    await livekit.room.remove_participant(api.RoomParticipantIdentity(room=room, identity="alice"))
    await alice.event("disconnected", reason="PARTICIPANT_REMOVED")
    await bob.event("participant_disconnected", identity="alice")


@by_all
async def test_delete_the_room(invite: Invite, livekit: api.LiveKitAPI, room: str, family: str) -> None:
    alice = await invite(family, "alice")
    await livekit.room.delete_room(api.DeleteRoomRequest(room=room))
    await alice.event("disconnected", reason="ROOM_DELETED")


@by_all
async def test_update(invite: Invite, livekit: api.LiveKitAPI, room: str, family: str) -> None:
    alice, bob = await invite("python", "alice"), await invite(family, "bob")
    update = api.UpdateParticipantRequest(
        room=room, identity="alice", name="Alice", metadata="hers", attributes={"a": "1"}
    )
    await livekit.room.update_participant(update)
    await bob.sees("alice", name="Alice", metadata="hers", attributes={"a": "1"})
    await alice.until(lambda state: state["me"]["metadata"] == "hers")
    await livekit.room.update_room_metadata(api.UpdateRoomMetadataRequest(room=room, metadata="the room's"))
    await bob.until(lambda state: state["metadata"] == "the room's")


@by_all
async def test_taking_the_permission_to_publish(
    invite: Invite, livekit: api.LiveKitAPI, room: str, family: str
) -> None:
    alice, bob = await invite(family, "alice"), await invite("python", "bob")
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await bob.hears("alice", "mic", 440)
    permission = api.ParticipantPermission(can_subscribe=True, can_publish=False, can_publish_data=True)
    await livekit.room.update_participant(
        api.UpdateParticipantRequest(room=room, identity="alice", permission=permission)
    )
    await bob.misses_track("alice", "mic")


@by_all
async def test_taking_the_permission_to_subscribe(
    invite: Invite, livekit: api.LiveKitAPI, room: str, family: str
) -> None:
    alice, bob = await invite("python", "alice"), await invite(family, "bob")
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await bob.hears("alice", "mic", 440)
    permission = api.ParticipantPermission(can_subscribe=False, can_publish=True, can_publish_data=True)
    await livekit.room.update_participant(
        api.UpdateParticipantRequest(room=room, identity="bob", permission=permission)
    )
    await bob.hears_nothing("alice", "mic")  # SDKs tell of it only when something else is subscribed


@by_all
async def test_subscribe_and_unsubscribe(invite: Invite, livekit: api.LiveKitAPI, room: str, family: str) -> None:
    alice, bob = await invite("python", "alice"), await invite(family, "bob")
    sid = await alice.do("publish", name="mic", source="microphone", hz=440)
    await bob.hears("alice", "mic", 440)
    update = api.UpdateSubscriptionsRequest(room=room, identity="bob", track_sids=[sid], subscribe=False)
    await livekit.room.update_subscriptions(update)
    await bob.hears_nothing("alice", "mic")  # SDKs tell of it only when something else is subscribed
    update.subscribe = True
    await livekit.room.update_subscriptions(update)
    await bob.hears("alice", "mic", 440)


@by_all
async def test_send_data(invite: Invite, livekit: api.LiveKitAPI, room: str, family: str) -> None:
    alice, bob = await invite(family, "alice"), await invite("python", "bob")
    await bob.sees("alice")
    for kind in (api.DataPacket.Kind.RELIABLE, api.DataPacket.Kind.LOSSY):
        request = api.SendDataRequest(room=room, data=b"news", topic="t", kind=kind, destination_identities=["alice"])
        await livekit.room.send_data(request)
        reliable = kind == api.DataPacket.Kind.RELIABLE
        await alice.event("data", payload="news", topic="t", sender=None, reliable=reliable)
    await livekit.room.send_data(api.SendDataRequest(room=room, data=b"for all"))
    await bob.event("data", payload="for all")


@by_all
async def test_perform_rpc(invite: Invite, server: Server, room: str, family: str) -> None:
    alice = await invite(family, "alice")
    await alice.do("answer", method="greet", prefix="hello, ")
    assert await server.perform_rpc(room, "alice", "greet", "server") == {"payload": "hello, server"}
    refusal = await server.perform_rpc(room, "alice", "missing", "")
    assert refusal["code"] == "invalid_argument"


@by_all
async def test_move(invite: Invite, livekit: api.LiveKitAPI, room: str, family: str) -> None:
    elsewhere = f"{room}-elsewhere"
    alice, bob = await invite(family, "alice"), await invite("python", "bob")
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await bob.hears("alice", "mic", 440)
    carol = await invite("python", "carol", token=join_token("carol", elsewhere))
    await livekit.room.move_participant(
        api.MoveParticipantRequest(room=room, identity="alice", destination_room=elsewhere)
    )
    await alice.event("moved", room=elsewhere)
    await bob.misses("alice")
    await alice.sees("carol")
    await carol.hears("alice", "mic", 440)


async def test_forward(invite: Invite, livekit: api.LiveKitAPI, room: str) -> None:
    elsewhere = f"{room}-elsewhere"
    alice = await invite("python", "alice")
    carol = await invite("node", "carol", token=join_token("carol", elsewhere))
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await livekit.room.forward_participant(
        api.ForwardParticipantRequest(room=room, identity="alice", destination_room=elsewhere)
    )
    await carol.hears("alice", "mic", 440)


async def test_what_the_api_tells_of_real_participants(invite: Invite, livekit: api.LiveKitAPI, room: str) -> None:
    alice = await invite("python", "alice")
    await invite("browser", "bob")
    sid = await alice.do("publish", name="cam", source="camera", width=640, height=360, simulcast=True)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await livekit.room.list_participants(api.ListParticipantsRequest(room=room))
            found = {participant.identity: participant for participant in answer.participants}
            states = {participant.state for participant in found.values()}
            if found["alice"].tracks and states == {api.ParticipantInfo.State.ACTIVE}:
                break
    [track] = found["alice"].tracks
    assert (track.sid, track.name, track.source) == (sid, "cam", api.TrackSource.CAMERA)
    assert (track.width, track.height, track.mime_type.lower(), track.simulcast) == (640, 360, "video/vp8", True)
    assert found["alice"].is_publisher
    assert not found["bob"].is_publisher
    [info] = (await livekit.room.list_rooms(api.ListRoomsRequest(names=[room]))).rooms
    assert (info.num_participants, info.num_publishers) == (2, 1)
