"""The contract of participants, tracks and permissions."""

import pytest

from roomwright.config import RoomSettings
from roomwright.errors import Code, ServiceError
from roomwright_proto import livekit as pb
from tests.contract.harness import CALLER, eventually

CAMERA, MICROPHONE = pb.TrackSource.CAMERA, pb.TrackSource.MICROPHONE
FULL = pb.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=True)


async def get(backend, identity="alice", room="room"):
    return await backend.get_participant(pb.RoomParticipantIdentity(room=room, identity=identity), CALLER)


async def listed(backend, room="room"):
    answer = await backend.list_participants(pb.ListParticipantsRequest(room=room), CALLER)
    return [info.identity for info in answer.participants]


async def room_of(backend, name="room"):
    return (await backend.list_rooms(pb.ListRoomsRequest(names=[name]), CALLER)).rooms[0]


async def update(backend, **fields):
    request = pb.UpdateParticipantRequest(room="room", identity="alice", **fields)
    return await backend.update_participant(request, CALLER)


async def test_a_guest_is_listed_counted_and_seen(harness, backend):
    claims = {"name": "Alice", "metadata": "am", "attributes": {"k": "v"}}
    alice = await harness.join("room", "alice", claims)
    bob = await harness.join("room", "bob")
    info = await get(backend)
    assert (info.sid, info.name, info.metadata, info.attributes) == (alice.sid, "Alice", "am", {"k": "v"})
    assert info.state is pb.ParticipantInfoState.ACTIVE
    assert info.permission == FULL
    assert await listed(backend) == ["alice", "bob"]
    assert (await room_of(backend)).num_participants == 2
    await eventually(lambda: set(alice.sees()) == {"bob"} and set(bob.sees()) == {"alice"})


async def test_an_unknown_room_has_no_participants(backend):
    assert await listed(backend, "nowhere") == []


async def test_unknown_participants_are_not_found(harness, backend):
    await harness.join("room", "alice")
    for room, identity in (("room", "ALICE"), ("nowhere", "alice"), ("room", "")):
        where = {"room": room, "identity": identity}
        for call in (
            backend.get_participant(pb.RoomParticipantIdentity(**where), CALLER),
            backend.remove_participant(pb.RoomParticipantIdentity(**where), CALLER),
            backend.mute_published_track(pb.MuteRoomTrackRequest(**where, muted=True), CALLER),
            backend.update_participant(pb.UpdateParticipantRequest(**where), CALLER),
            backend.update_subscriptions(pb.UpdateSubscriptionsRequest(**where), CALLER),
            backend.forward_participant(pb.ForwardParticipantRequest(**where, destination_room="x"), CALLER),
            backend.move_participant(pb.MoveParticipantRequest(**where, destination_room="x"), CALLER),
        ):
            with pytest.raises(ServiceError) as refused:
                await call
            assert refused.value.code is Code.NOT_FOUND


async def test_hidden_guests_are_listed_and_counted_but_not_seen(harness, backend):
    alice = await harness.join("room", "alice")
    await harness.join("room", "ghost", hidden=True)
    await harness.join("room", "bob")
    assert await listed(backend) == ["alice", "ghost", "bob"]
    assert (await room_of(backend)).num_participants == 3
    await eventually(lambda: set(alice.sees()) == {"bob"})


async def test_a_full_room_refuses_exactly_those_beyond(harness, backend):
    await backend.create_room(pb.CreateRoomRequest(name="room", max_participants=1), CALLER)
    await harness.join("room", "alice")
    with pytest.raises(ServiceError) as refused:
        await harness.join("room", "bob")
    assert refused.value.code is Code.PERMISSION_DENIED
    await harness.join("room", "recorder", recorder=True)
    await harness.join("room", "alice")
    assert (await room_of(backend)).num_participants == 1


async def test_the_same_identity_replaces(harness, backend):
    first = await harness.join("room", "alice")
    second = await harness.join("room", "alice")
    assert (await get(backend)).sid == second.sid
    await eventually(lambda: first.farewell() is pb.DisconnectReason.DUPLICATE_IDENTITY)
    assert await listed(backend) == ["alice"]


async def test_a_removed_guest_is_told_and_may_return_unless_its_token_is_revoked(harness, backend):
    for since, returns in ((0, True), (2000, False)):
        guest = await harness.join("room", "alice", {"not_before": 1000})
        request = pb.RoomParticipantIdentity(room="room", identity="alice", revoke_token_ts=since)
        await backend.remove_participant(request, CALLER)
        assert await listed(backend) == []
        await eventually(lambda guest=guest: guest.farewell() is pb.DisconnectReason.PARTICIPANT_REMOVED)
        if returns:
            await (await harness.join("room", "alice", {"not_before": 1000})).leave()
    with pytest.raises(ServiceError) as refused:
        await harness.join("room", "alice", {"not_before": 1000})
    assert refused.value.code is Code.UNAUTHENTICATED


async def test_without_auto_create_a_guest_needs_an_existing_room(make_harness):
    harness = await make_harness(RoomSettings(auto_create=False))
    with pytest.raises(ServiceError) as refused:
        await harness.join("room", "alice")
    assert refused.value.code is Code.NOT_FOUND


async def test_profiles_are_merged_and_seen(harness, backend):
    await harness.join("room", "alice", {"name": "A", "metadata": "m", "attributes": {"k": "v", "z": "y"}})
    bob = await harness.join("room", "bob")
    info = await update(backend, name="B", attributes={"k": "", "n": "1"})
    assert (info.name, info.metadata, info.attributes) == ("B", "m", {"z": "y", "n": "1"})
    assert await get(backend) == info
    await eventually(lambda: bob.sees()["alice"].attributes == {"z": "y", "n": "1"})


@pytest.mark.parametrize(
    "wrong", [{"name": "n" * 257}, {"metadata": "m" * 524_289}, {"attributes": {"k": "m" * 65_536}}]
)
async def test_an_update_is_applied_as_a_whole_or_not_at_all(harness, backend, wrong):
    await harness.join("room", "alice")
    before = await get(backend)
    with pytest.raises(ServiceError) as refused:
        await update(backend, **{"name": "B", "metadata": "M", "attributes": {"a": "b"}, **wrong})
    assert refused.value.code is Code.INVALID_ARGUMENT
    assert refused.value.meta.keys() == {"argument"}
    assert await get(backend) == before


async def test_published_tracks_are_listed_received_and_gone_with_their_publisher(harness, backend):
    alice, bob = await harness.join("room", "alice"), await harness.join("room", "bob")
    sid = await alice.publish("mic")
    info = await get(backend)
    assert ([track.sid for track in info.tracks], info.tracks[0].name, info.is_publisher) == ([sid], "mic", True)
    assert (await room_of(backend)).num_publishers == 1
    await eventually(lambda: bob.subscribed == {sid} and bool(bob.sees()["alice"].tracks))
    await alice.leave()
    await eventually(lambda: bob.subscribed == set() and bob.sees() == {})
    assert (await room_of(backend)).num_publishers == 0


async def test_muting_by_api_and_by_client(harness, backend):
    alice, bob = await harness.join("room", "alice"), await harness.join("room", "bob")
    sid = await alice.publish("mic")
    request = pb.MuteRoomTrackRequest(room="room", identity="alice", track_sid=sid, muted=True)
    for _ in range(2):
        assert (await backend.mute_published_track(request, CALLER)).track.muted is True
    await eventually(lambda: bob.sees()["alice"].tracks[0].muted)
    await alice.mute(sid, False)
    await eventually(lambda: not bob.sees()["alice"].tracks[0].muted)
    unknown = pb.MuteRoomTrackRequest(room="room", identity="alice", track_sid="TR_nope", muted=True)
    assert (await backend.mute_published_track(unknown, CALLER)).track is None
    with pytest.raises(ServiceError) as refused:
        await backend.mute_published_track(pb.MuteRoomTrackRequest(room="room", identity="alice"), CALLER)
    assert refused.value.code is Code.FAILED_PRECONDITION


async def test_unmuting_by_api_where_that_is_enabled(make_harness):
    harness = await make_harness(RoomSettings(enable_remote_unmute=True))
    alice = await harness.join("room", "alice")
    sid = await alice.publish("mic")
    for muted in (True, False):
        request = pb.MuteRoomTrackRequest(room="room", identity="alice", track_sid=sid, muted=muted)
        assert (await harness.backend.mute_published_track(request, CALLER)).track.muted is muted


async def test_permissions_take_tracks_and_subscriptions(harness, backend):
    alice, bob = await harness.join("room", "alice"), await harness.join("room", "bob")
    await alice.publish("mic", MICROPHONE)
    camera = await alice.publish("cam", CAMERA)
    theirs = await bob.publish("mic", MICROPHONE)
    await eventually(lambda: alice.subscribed == {theirs})
    only_camera = pb.ParticipantPermission(can_publish=True, can_publish_sources=[CAMERA])
    info = await update(backend, permission=only_camera)
    assert (info.permission, [track.sid for track in info.tracks]) == (only_camera, [camera])
    await eventually(lambda: bob.subscribed == {camera} and alice.subscribed == set())
    info = await update(backend, permission=pb.ParticipantPermission())
    assert (info.tracks, info.is_publisher) == ([], False)
    assert await alice.publish("again") == ""
    await update(backend, permission=FULL)
    await eventually(lambda: alice.subscribed == {theirs})
    assert await alice.publish("again")


async def test_subscriptions_by_api_override_the_permission(harness, backend):
    alice = await harness.join("room", "alice")
    bob = await harness.join("room", "bob", can_subscribe=False)
    sid = await alice.publish("mic")
    for subscribe, expected in ((True, {sid}), (False, set())):
        request = pb.UpdateSubscriptionsRequest(
            room="room", identity="bob", track_sids=[sid, "TR_nope"], subscribe=subscribe
        )
        assert await backend.update_subscriptions(request, CALLER) == pb.UpdateSubscriptionsResponse()
        await eventually(lambda expected=expected: bob.subscribed == expected)


async def test_a_moved_guest_is_elsewhere_with_its_tracks(harness, backend):
    alice, carol = await harness.join("room", "alice"), await harness.join("other", "carol")
    await alice.publish("mic")
    request = pb.MoveParticipantRequest(room="room", identity="alice", destination_room="other")
    await backend.move_participant(request, CALLER)
    assert (await listed(backend), await listed(backend, "other")) == ([], ["carol", "alice"])
    await eventually(lambda: alice.room == "other" and set(alice.sees()) == {"carol"})
    await eventually(lambda: len(carol.subscribed) == 1)
    assert alice.farewell() is None


async def test_a_forwarded_guest_is_in_both_rooms_until_it_leaves(harness, backend):
    alice, carol = await harness.join("room", "alice"), await harness.join("other", "carol")
    await alice.publish("mic")
    request = pb.ForwardParticipantRequest(room="room", identity="alice", destination_room="other")
    await backend.forward_participant(request, CALLER)
    assert (await listed(backend), await listed(backend, "other")) == (["alice"], ["carol", "alice"])
    await eventually(lambda: len(carol.subscribed) == 1)
    await alice.leave()
    await eventually(lambda: carol.sees() == {})
    assert await listed(backend, "other") == ["carol"]


@pytest.mark.parametrize("kind", ["move", "forward"])
async def test_the_same_room_is_no_destination(backend, kind):
    request = {"move": pb.MoveParticipantRequest, "forward": pb.ForwardParticipantRequest}[kind]
    with pytest.raises(ServiceError) as refused:
        await getattr(backend, f"{kind}_participant")(request(room="r", identity="x", destination_room="r"), CALLER)
    assert (refused.value.code, refused.value.meta.keys()) == (Code.INVALID_ARGUMENT, {"argument"})
