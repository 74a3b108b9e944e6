"""Who is let in, what they see, and how they go."""

import pytest

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.config import LimitSettings, RoomSettings
from roomwright.errors import Code, ServiceError
from roomwright.rooms import commands as c
from roomwright_proto import livekit as pb

Reason = pb.DisconnectReason
State = pb.ParticipantInfoState


def test_a_participant_looks_as_its_token_says(engine):
    alice = engine.join("alice", name="Alice", metadata="am", attributes={"k": "v", "z": "y"}, active=False)
    info = alice.info()
    assert (info.identity, info.name, info.metadata, info.attributes) == ("alice", "Alice", "am", {"k": "v", "z": "y"})
    assert info.sid.startswith("PA_")
    assert info.state is State.JOINED
    assert (info.joined_at, info.joined_at_ms) == (1_750_000_000, 1_750_000_000_000)
    assert info.permission == pb.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=True)
    assert (info.is_publisher, info.kind, info.tracks) == (False, pb.ParticipantInfoKind.STANDARD, [])
    assert info.disconnect_reason is Reason.UNKNOWN_REASON


def test_a_client_that_connects_media_becomes_active(engine):
    alice = engine.join("alice")
    assert alice.info().state is State.ACTIVE
    assert alice.info().version == 2
    assert engine.names() == ["RoomStarted", "ParticipantJoined", "ParticipantActivated"]


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        ({"can_publish": False}, {"can_subscribe": True}),
        ({"can_publish": False, "can_publish_data": True}, {"can_subscribe": True, "can_publish_data": True}),
        ({"can_subscribe": False}, {"can_publish": True, "can_publish_data": True}),
        (
            {"can_publish_sources": ("camera", "nonsense")},
            {
                "can_subscribe": True,
                "can_publish": True,
                "can_publish_data": True,
                "can_publish_sources": [pb.TrackSource.CAMERA, pb.TrackSource.UNKNOWN],
            },
        ),
    ],
)
def test_the_grant_becomes_the_permission(engine, grant, expected):
    assert engine.join("alice", **grant).info().permission == pb.ParticipantPermission(**expected)


@pytest.mark.parametrize(
    ("kind", "expected"), [("agent", "AGENT"), ("sip", "SIP"), ("", "STANDARD"), ("martian", "STANDARD")]
)
def test_the_kind_is_the_tokens(engine, kind, expected):
    assert engine.join("x", kind=kind).info().kind.name == expected


def test_the_first_messages_are_join_and_a_token(engine):
    alice = engine.join("alice")
    engine.join("ghost", hidden=True)
    bob = engine.join("bob", active=False)
    assert engine.mail_kinds(bob) == ["join", "token"]
    (join,) = engine.mail(bob, "join")
    assert join.participant.sid == bob.sid
    assert [info.sid for info in join.other_participants] == [alice.sid]
    assert join.room.num_participants == 3
    assert engine.mail(bob, "token")[0].video.room == "room"


def test_others_hear_of_a_join_at_once(engine):
    alice = engine.join("alice")
    bob = engine.join("bob", active=False)
    assert engine.mail(alice, "update")[-1].participants == [bob.info()]
    assert engine.mail(alice, "room_update")[-1].room.num_participants == 2


def test_a_hidden_participant_is_counted_and_listed_but_never_seen(engine):
    alice = engine.join("alice")
    engine.forget()
    ghost = engine.join("ghost", hidden=True)
    engine.publish(ghost)
    listed = engine.api.list_participants(pb.ListParticipantsRequest(room="room")).participants
    assert [info.identity for info in listed] == ["alice", "ghost"]
    assert (engine.room().num_participants, engine.room().num_publishers) == (2, 1)
    engine.say(ghost, c.Leave())
    assert engine.mail(alice, "update") == []


def test_counts_leave_out_agents_and_recorders(engine):
    engine.join("alice")
    engine.join("ag", kind="agent", agent=True)
    engine.join("rec", recorder=True, hidden=True)
    room = engine.room()
    assert (room.num_participants, room.active_recording) == (1, True)


def test_recording_ends_with_the_last_recorder(engine):
    engine.join("alice")
    recorder = engine.join("rec", recorder=True)
    engine.say(recorder, c.Leave())
    assert engine.room().active_recording is False


class TestAFullRoom:
    @pytest.fixture
    def engine(self, engine):
        engine.create(max_participants=1)
        engine.join("alice")
        return engine

    @pytest.mark.parametrize("grant", [{}, {"hidden": True}])
    def test_refuses_everybody_else_and_says_why(self, engine, grant):
        with pytest.raises(ServiceError, match="'room' is full: max_participants is 1") as refused:
            engine.join("bob", **grant)
        assert refused.value.code is Code.PERMISSION_DENIED
        assert engine.room().num_participants == 1

    @pytest.mark.parametrize("fields", [{"recorder": True}, {"agent": True}, {"kind": "agent"}, {"kind": "egress"}])
    def test_lets_recorders_and_agents_in(self, engine, fields):
        engine.join("helper", **fields)
        assert engine.room().num_participants == 1

    def test_lets_a_duplicate_identity_in(self, engine):
        engine.join("alice")
        assert engine.room().num_participants == 1

    def test_refuses_who_would_replace_an_agent_and_be_counted(self, engine):
        engine.join("bob", kind="agent")
        with pytest.raises(ServiceError, match="full"):
            engine.join("bob")

    def test_has_a_seat_again_when_somebody_goes(self, engine):
        engine.say(engine.rooms.get("room").participants["alice"], c.Leave())
        engine.join("bob")


def test_asking_reserves_no_seat(engine):
    engine.create(max_participants=1)
    for identity in ("a", "b"):
        engine.rooms.admit(Claims(identity=identity, video=VideoGrant(room="room")))
    engine.join("c")


def test_the_same_identity_replaces_the_older_participant(engine):
    watcher = engine.join("watcher")
    first = engine.join("dup")
    track = engine.publish(first)
    engine.forget()
    second = engine.join("dup")
    assert engine.mail(first, "leave")[0].reason is Reason.DUPLICATE_IDENTITY
    assert [type(event).__name__ for event in engine.happened] == [
        "TrackUnsubscribed",
        "TrackUnpublished",
        "ParticipantLeft",
        "ParticipantJoined",
        "ParticipantActivated",
    ]
    seen = [update.participants[0] for update in engine.mail(watcher, "update")]
    assert [(info.sid, info.state) for info in seen] == [
        (first.sid, State.DISCONNECTED),
        (second.sid, State.JOINED),
        (second.sid, State.ACTIVE),
    ]
    assert engine.rooms.get("room").find_track(track) is None
    assert engine.say(first, c.Leave()) == [], "what the old client still says means nothing"


def test_a_join_makes_the_room_with_the_tokens_configuration(make_engine):
    preset = pb.RoomConfiguration(empty_timeout=111, max_participants=7, metadata="preset")
    engine = make_engine(RoomSettings(room_configurations={"a": preset}))
    config = pb.RoomConfiguration(name="x", departure_timeout=44, max_participants=5, metadata="fromtoken")
    engine.join("alice", room_preset="a", room_config=config)
    room = engine.room()
    assert (room.empty_timeout, room.departure_timeout, room.max_participants) == (111, 44, 5)
    assert room.metadata == "fromtoken"


@pytest.mark.parametrize(
    "fields",
    [
        {"room_preset": "nope"},
        {"room_config": pb.RoomConfiguration(egress=pb.RoomEgress(tracks=pb.AutoTrackEgress()))},
        {"room": "n" * 257},
        {"name": "n" * 257},
        {"metadata": "m" * 524_289},
        {"attributes": {"k": "m" * 65_536}},
    ],
)
def test_a_refused_join_leaves_no_room_behind(engine, fields):
    with pytest.raises(ServiceError):
        engine.join("alice", **fields)
    assert len(engine.rooms) == 0
    assert engine.drain() == []


def test_an_identity_is_needed_and_limited(make_engine):
    engine = make_engine(None, LimitSettings(max_participant_identity_length=8))
    engine.join("12345678")
    for identity in ("", "123456789"):
        with pytest.raises(ServiceError, match="identity") as refused:
            engine.join(identity)
        assert refused.value.code is Code.INVALID_ARGUMENT


def test_without_auto_create_only_existing_rooms_are_joined(make_engine):
    engine = make_engine(RoomSettings(auto_create=False))
    with pytest.raises(ServiceError, match="requested room does not exist") as refused:
        engine.join("alice")
    assert refused.value.code is Code.NOT_FOUND
    engine.join("creator", room_create=True)
    engine.join("alice")


def test_leaving_is_echoed_and_told_to_others(engine):
    bob = engine.join("bob")
    alice = engine.join("alice")
    track = engine.publish(alice)
    engine.forget()
    engine.say(alice, c.Leave())
    assert engine.mail(alice, "leave")[0].reason is Reason.CLIENT_INITIATED
    left = engine.happened[-1]
    assert (left.participant.identity, left.was_active, left.participant.tracks) == ("alice", True, [])
    assert left.participant.state is State.DISCONNECTED
    assert left.participant.disconnect_reason is Reason.CLIENT_INITIATED
    assert engine.happened[-2].track.sid == track
    assert engine.mail(bob, "update")[-1].participants[0].state is State.DISCONNECTED
    assert engine.room().num_participants == 1


def test_a_lost_connection_is_not_told_to_the_lost(engine):
    alice = engine.join("alice", active=False)
    engine.forget()
    (left,) = engine.say(alice, c.Disconnect(Reason.CONNECTION_TIMEOUT))
    assert engine.mail(alice, "leave") == []
    assert (left.participant.disconnect_reason, left.was_active) == (Reason.CONNECTION_TIMEOUT, False)


class TestRemoving:
    def remove(self, engine, identity, since=0):
        request = pb.RoomParticipantIdentity(room="room", identity=identity, revoke_token_ts=since)
        engine.call(engine.api.remove_participant, request)

    def test_tells_the_client_and_ends_it(self, engine):
        alice = engine.join("alice")
        self.remove(engine, "alice")
        assert engine.mail(alice, "leave")[0].reason is Reason.PARTICIPANT_REMOVED
        assert engine.api.list_participants(pb.ListParticipantsRequest(room="room")).participants == []

    def test_lets_the_same_token_in_again(self, engine):
        engine.join("alice")
        self.remove(engine, "alice")
        engine.join("alice")

    def test_with_a_time_refuses_tokens_that_are_older(self, engine):
        engine.join("alice", not_before=1000)
        self.remove(engine, "alice", since=2000)
        for older in (0, 1000, 1999):
            with pytest.raises(ServiceError, match="revoked") as refused:
                engine.join("alice", not_before=older)
            assert refused.value.code is Code.UNAUTHENTICATED
        engine.join("bob", not_before=1000)
        engine.join("alice", "elsewhere", not_before=1000)
        engine.join("alice", not_before=2000)

    def test_is_remembered_beyond_the_room(self, engine):
        engine.join("alice")
        self.remove(engine, "alice", since=2000)
        engine.call(engine.api.delete_room, pb.DeleteRoomRequest(room="room"))
        with pytest.raises(ServiceError):
            engine.join("alice")

    @pytest.mark.parametrize("identity", ["nobody", "", "ALICE"])
    def test_an_absent_participant_is_not_found_and_revokes_nothing(self, engine, identity):
        sid = engine.join("alice").sid
        for wrong in (identity, sid):
            with pytest.raises(ServiceError, match="participant does not exist") as refused:
                self.remove(engine, wrong, since=2000)
            assert refused.value.code is Code.NOT_FOUND
        assert engine.rooms.revocations.since("room", identity) == 0


def test_only_so_many_revocations_are_kept(engine):
    from roomwright.rooms.revocations import KEPT

    revocations = engine.rooms.revocations
    for number in range(KEPT + 1):
        revocations.revoke("room", str(number), 1)
    assert revocations.since("room", "0") == 0
    assert revocations.since("room", str(KEPT)) == 1


@pytest.mark.parametrize("room", ["room", "nowhere"])
def test_unknown_participants_are_not_found_at_once(engine, room):
    engine.create()
    api = engine.api
    calls = [
        (api.update_participant, pb.UpdateParticipantRequest(room=room, identity="x")),
        (api.remove_participant, pb.RoomParticipantIdentity(room=room, identity="x")),
        (api.mute_published_track, pb.MuteRoomTrackRequest(room=room, identity="x", muted=True)),
        (api.update_subscriptions, pb.UpdateSubscriptionsRequest(room=room, identity="x")),
        (api.move_participant, pb.MoveParticipantRequest(room=room, identity="x", destination_room="y")),
        (api.forward_participant, pb.ForwardParticipantRequest(room=room, identity="x", destination_room="y")),
    ]
    for method, request in calls:
        with pytest.raises(ServiceError, match="participant does not exist: 'x' in room") as refused:
            engine.call(method, request)
        assert refused.value.code is Code.NOT_FOUND
    with pytest.raises(ServiceError):
        api.get_participant(pb.RoomParticipantIdentity(room=room, identity="x"))
    assert api.list_participants(pb.ListParticipantsRequest(room=room)).participants == []
    assert engine.room("y") is None
