"""Moving a participant to another room."""

import pytest

from roomwright.config import RoomSettings
from roomwright.errors import Code, ServiceError
from roomwright.rooms import commands as c
from roomwright_proto import livekit as pb

State = pb.ParticipantInfoState


def move(engine, identity="alice", room="room", to="other"):
    request = pb.MoveParticipantRequest(room=room, identity=identity, destination_room=to)
    return engine.call(engine.api.move_participant, request)


def test_a_moved_participant_is_there_and_not_here(engine):
    alice = engine.join("alice", name="Alice", attributes={"k": "v"})
    before = alice.info()
    engine.clock.advance(5)
    assert move(engine) == pb.MoveParticipantResponse()
    assert engine.api.list_participants(pb.ListParticipantsRequest(room="room")).participants == []
    after = engine.api.get_participant(pb.RoomParticipantIdentity(room="other", identity="alice"))
    assert (after.sid, after.name, after.attributes, after.state) == (before.sid, "Alice", {"k": "v"}, State.ACTIVE)
    assert after.version > before.version
    assert after.joined_at == before.joined_at + 5
    assert (engine.room().num_participants, engine.room("other").num_participants) == (0, 1)


def test_the_client_hears_where_it_is_before_anything_else(engine):
    alice, carol = engine.join("alice"), engine.join("carol", "other")
    engine.publish(alice)
    engine.forget()
    move(engine)
    assert engine.mail_kinds(alice)[0] == "room_moved"
    (moved,) = engine.mail(alice, "room_moved")
    assert (moved.room.name, moved.room.num_participants) == ("other", 2)
    assert moved.participant == alice.info()
    assert [info.sid for info in moved.other_participants] == [carol.sid]
    assert engine.mail(alice, "leave") == []
    assert engine.mail(alice, "token")[-1].video.room == "other"


def test_tracks_come_along(engine):
    alice, bob, carol = engine.join("alice"), engine.join("bob"), engine.join("carol", "other")
    sid = engine.publish(alice)
    engine.say(alice, c.MuteTrack(sid, muted=True))
    move(engine)
    assert engine.mail(bob, "update")[-1].participants[0].state is State.DISCONNECTED
    (track,) = engine.mail(carol, "update")[-1].participants[0].tracks
    assert (track.sid, track.muted) == (sid, True)
    assert list(alice.tracks[sid].subscribers) == [carol.sid]
    assert engine.room("other").num_publishers == 1


def test_it_receives_what_is_published_there(engine):
    alice, carol = engine.join("alice"), engine.join("carol", "other")
    sid = engine.publish(carol)
    move(engine)
    assert list(carol.tracks[sid].subscribers) == [alice.sid]


def test_what_was_announced_can_start_in_the_new_room(engine):
    alice = engine.join("alice")
    engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid="c")))
    (sid,) = alice.pending
    move(engine)
    engine.say(alice, c.StartTrack(track_sid=sid))
    assert engine.happened[-1].room.name == "other"
    assert alice.info().tracks[0].sid == sid


def test_each_room_tells_its_own_story(engine):
    alice = engine.join("alice")
    engine.join("bob")
    engine.publish(alice)
    engine.forget()
    move(engine)
    assert engine.names("room") == ["ParticipantMoved", "TrackUnsubscribed", "TrackUnpublished", "ParticipantLeft"]
    assert engine.names("other") == ["RoomStarted", "ParticipantJoined", "ParticipantActivated", "TrackPublished"]
    moved = next(event for event in engine.happened if type(event).__name__ == "ParticipantMoved")
    left = next(event for event in engine.happened if type(event).__name__ == "ParticipantLeft")
    assert moved.destination == "other"
    assert left.participant.disconnect_reason is pb.DisconnectReason.MIGRATION


def test_one_that_only_signals_moves_too(engine):
    alice = engine.join("alice", active=False)
    move(engine)
    assert alice.info().state is State.JOINED
    assert "ParticipantActivated" not in engine.names("other")


def test_it_goes_on_in_the_new_room(engine):
    alice = engine.join("alice")
    move(engine)
    engine.say(alice, c.Leave())
    assert engine.names("other")[-1] == "ParticipantLeft"
    engine.pass_time(20)
    assert engine.room("other") is None
    assert engine.room() is None


def test_its_namesake_there_is_replaced(engine):
    namesake, alice = engine.join("alice", "other"), engine.join("alice")
    move(engine)
    assert engine.mail(namesake, "leave")[0].reason is pb.DisconnectReason.DUPLICATE_IDENTITY
    assert engine.rooms.get("other").participants["alice"] is alice


def test_the_same_room_is_refused_whoever_is_in_it(engine):
    for method, request in (
        (engine.api.move_participant, pb.MoveParticipantRequest),
        (engine.api.forward_participant, pb.ForwardParticipantRequest),
    ):
        with pytest.raises(ServiceError) as refused:
            engine.call(method, request(room="room", identity="x", destination_room="room"))
        assert refused.value.code is Code.INVALID_ARGUMENT
        assert refused.value.meta == {"argument": "destination room cannot be the same as source room"}


@pytest.mark.parametrize("operation", ["move_participant", "forward_participant"])
class TestRefused:
    def ask(self, engine, operation, identity="alice", to="other"):
        request = {"move_participant": pb.MoveParticipantRequest, "forward_participant": pb.ForwardParticipantRequest}
        fields = {"room": "room", "identity": identity, "destination_room": to}
        return engine.call(getattr(engine.api, operation), request[operation](**fields))

    def test_when_the_destination_is_full(self, engine, operation):
        engine.create("other", max_participants=1)
        engine.join("carol", "other")
        alice = engine.join("alice")
        engine.forget()
        with pytest.raises(ServiceError, match="'other' is full") as refused:
            self.ask(engine, operation)
        assert refused.value.code is Code.FAILED_PRECONDITION
        assert alice.room.name == "room"
        assert engine.happened == []

    def test_when_the_destination_may_not_be_made(self, make_engine, operation):
        engine = make_engine(RoomSettings(auto_create=False))
        engine.create()
        engine.join("alice")
        with pytest.raises(ServiceError, match="requested room does not exist: 'other'") as refused:
            self.ask(engine, operation)
        assert refused.value.code is Code.NOT_FOUND

    def test_when_the_destinations_name_is_too_long(self, engine, operation):
        engine.join("alice")
        with pytest.raises(ServiceError, match="room name") as refused:
            self.ask(engine, operation, to="n" * 257)
        assert refused.value.code is Code.INVALID_ARGUMENT

    def test_not_when_only_an_agent_comes(self, engine, operation):
        engine.create("other", max_participants=1)
        engine.join("carol", "other")
        engine.join("helper", kind="agent")
        self.ask(engine, operation, identity="helper")
        assert engine.room("other").num_participants == 1
