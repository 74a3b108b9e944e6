"""Showing a participant in another room too."""

import pytest

from roomwright.errors import Code, ServiceError
from roomwright.rooms import commands as c
from roomwright_proto import livekit as pb

State = pb.ParticipantInfoState


def forward(engine, identity="alice", room="room", to="other"):
    request = pb.ForwardParticipantRequest(room=room, identity=identity, destination_room=to)
    return engine.call(engine.api.forward_participant, request)


def there(engine, identity="alice", room="other"):
    return engine.api.get_participant(pb.RoomParticipantIdentity(room=room, identity=identity))


@pytest.fixture
def alice(engine):
    return engine.join("alice", name="Alice", metadata="am", attributes={"k": "v", "z": "y"})


@pytest.fixture
def carol(engine):
    return engine.join("carol", "other")


def test_it_is_in_both_rooms(engine, alice, carol):
    assert forward(engine) == pb.ForwardParticipantResponse()
    mirror = there(engine)
    assert (mirror.name, mirror.metadata, mirror.attributes) == ("Alice", "am", {"k": "v", "z": "y"})
    assert mirror.state is State.ACTIVE
    assert mirror.kind_details == [pb.ParticipantInfoKindDetail.FORWARDED]
    assert mirror.sid != alice.sid
    assert there(engine, room="room") == alice.info()
    assert (engine.room().num_participants, engine.room("other").num_participants) == (1, 2)
    assert engine.mail(carol, "update")[-1].participants[0].identity == "alice"


def test_its_tracks_are_received_there(engine, alice, carol):
    early = engine.publish(alice, "early")
    forward(engine)
    engine.publish(alice, "late")
    tracks = there(engine).tracks
    assert [track.name for track in tracks] == ["early", "late"]
    assert early not in {track.sid for track in tracks}
    mirror = engine.rooms.get("other").participants["alice"]
    assert all(list(track.subscribers) == [carol.sid] for track in mirror.tracks.values())
    assert [track.origin for track in mirror.tracks.values()] == list(alice.tracks.values())


def test_what_changes_changes_there(engine, alice, carol):
    sid = engine.publish(alice)
    forward(engine)
    engine.say(alice, c.MuteTrack(sid, muted=True))
    engine.update("alice", name="New", attributes={"k": "", "n": "1"})
    mirror = there(engine)
    assert (mirror.name, mirror.attributes, mirror.tracks[0].muted) == ("New", {"z": "y", "n": "1"}, True)
    assert engine.mail(carol, "update")[-1].participants[0] == mirror
    engine.say(alice, c.UnpublishTrack(sid))
    assert there(engine).tracks == []
    assert engine.mail(carol, "update")[-1].participants[0].tracks == []


def test_one_that_becomes_active_does_so_there(engine):
    alice = engine.join("alice", active=False)
    forward(engine)
    assert there(engine).state is State.JOINED
    engine.say(alice, c.Activate())
    assert there(engine).state is State.ACTIVE


def test_it_goes_when_its_origin_goes(engine, alice, carol):
    engine.publish(alice)
    forward(engine)
    engine.say(alice, c.Leave())
    assert engine.api.list_participants(pb.ListParticipantsRequest(room="other")).participants == [carol.info()]
    assert engine.names("other")[-2:] == ["TrackUnpublished", "ParticipantLeft"]
    assert engine.rooms.forwards == {}


def test_it_goes_when_its_origins_room_ends(engine, alice, carol):
    forward(engine)
    engine.call(engine.api.delete_room, pb.DeleteRoomRequest(room="room"))
    assert "alice" not in engine.rooms.get("other").participants


def test_it_can_be_removed_there_alone(engine, alice, carol):
    forward(engine)
    engine.call(engine.api.remove_participant, pb.RoomParticipantIdentity(room="other", identity="alice"))
    engine.publish(alice)
    assert "alice" not in engine.rooms.get("other").participants
    assert alice.present
    assert engine.rooms.forwards == {}


def test_the_end_of_the_other_room_leaves_the_origin_alone(engine, alice, carol):
    forward(engine)
    engine.call(engine.api.delete_room, pb.DeleteRoomRequest(room="other"))
    assert alice.present
    assert engine.rooms.forwards == {}


def test_again_is_no_change(engine, alice):
    forward(engine)
    engine.forget()
    forward(engine)
    assert engine.happened == []


def test_to_several_rooms(engine, alice):
    for room in ("one", "two"):
        forward(engine, to=room)
    engine.publish(alice)
    assert len(there(engine, room="one").tracks) == len(there(engine, room="two").tracks) == 1
    engine.say(alice, c.Leave())
    engine.pass_time(20)
    assert len(engine.rooms) == 0


def test_it_follows_an_origin_that_moves(engine, alice):
    forward(engine)
    request = pb.MoveParticipantRequest(room="room", identity="alice", destination_room="third")
    engine.call(engine.api.move_participant, request)
    engine.publish(alice)
    assert len(there(engine).tracks) == 1


def test_an_origin_that_moves_there_replaces_it(engine, alice):
    forward(engine)
    request = pb.MoveParticipantRequest(room="room", identity="alice", destination_room="other")
    engine.call(engine.api.move_participant, request)
    assert engine.rooms.get("other").participants["alice"] is alice
    assert engine.rooms.forwards == {}


def test_a_real_participant_replaces_it(engine, alice):
    forward(engine)
    real = engine.join("alice", "other")
    assert engine.rooms.get("other").participants["alice"] is real
    assert engine.rooms.forwards == {}


def test_it_never_replaces_a_real_participant(engine, alice):
    real = engine.join("alice", "other")
    with pytest.raises(ServiceError, match="another participant 'alice'") as refused:
        forward(engine)
    assert refused.value.code is Code.ALREADY_EXISTS
    assert engine.rooms.get("other").participants["alice"] is real


def test_it_has_no_client_that_could_receive_anything(engine, alice, carol):
    forward(engine)
    mirror = engine.rooms.get("other").participants["alice"]
    sid = engine.publish(carol)
    request = pb.SendDataRequest(room="other", data=b"x")
    engine.call(engine.api.send_data, request)
    assert mirror.outbox == []
    assert list(carol.tracks[sid].subscribers) == []
    call = pb.PerformRpcRequest(room="other", destination_identity="alice", method="m")
    with pytest.raises(ServiceError, match="RpcError 1501"):
        engine.api.perform_rpc(call, None, engine.now)


def test_it_is_changed_where_its_origin_is(engine, alice):
    forward(engine)
    for method, request in (
        (engine.api.update_participant, pb.UpdateParticipantRequest(room="other", identity="alice", name="x")),
        (engine.api.mute_published_track, pb.MuteRoomTrackRequest(room="other", identity="alice", muted=True)),
        (
            engine.api.move_participant,
            pb.MoveParticipantRequest(room="other", identity="alice", destination_room="third"),
        ),
    ):
        with pytest.raises(ServiceError, match="forwarded from room 'room'") as refused:
            engine.call(method, request)
        assert refused.value.code is Code.FAILED_PRECONDITION


def test_an_origin_that_moves_away_is_not_looked_for_where_it_was(engine, alice):
    engine.join("dora", "room")
    forward(engine)
    request = pb.MoveParticipantRequest(room="room", identity="alice", destination_room="third")
    engine.call(engine.api.move_participant, request)
    assert {room.name for room in engine.rooms.forwards} == {"third", "other"}


def test_what_happens_elsewhere_looks_at_nobody_who_is_forwarded(engine, alice, monkeypatch):
    forward(engine)
    monkeypatch.setattr("roomwright.rooms.forwarding._equal", lambda mirror, origin: pytest.fail("looked"))
    engine.join("erik", "elsewhere")
