"""Names, metadata, attributes and permissions of participants."""

import pytest

from roomwright.config import LimitSettings
from roomwright.errors import Code, ServiceError
from roomwright.rooms import commands as c
from roomwright_proto import livekit as pb

CAMERA, MICROPHONE = pb.TrackSource.CAMERA, pb.TrackSource.MICROPHONE
FULL = pb.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=True)
WITH_METADATA = pb.ParticipantPermission(
    can_subscribe=True, can_publish=True, can_publish_data=True, can_update_metadata=True
)


@pytest.fixture
def alice(engine):
    return engine.join("alice", name="Alice", metadata="am", attributes={"k": "v", "z": "y"})


def test_nothing_given_changes_nothing_and_tells_nobody(engine, alice):
    engine.forget()
    assert engine.update("alice", name="", metadata="", attributes={}) == alice.info()
    assert engine.happened == []
    assert engine.inbox == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "New"}, ("New", "am", {"k": "v", "z": "y"})),
        ({"metadata": "new"}, ("Alice", "new", {"k": "v", "z": "y"})),
        ({"attributes": {"k": "v2", "n": "1"}}, ("Alice", "am", {"k": "v2", "z": "y", "n": "1"})),
        ({"attributes": {"k": "", "unknown": ""}}, ("Alice", "am", {"z": "y"})),
        ({"attributes": {"k": "", "z": ""}}, ("Alice", "am", {})),
    ],
)
def test_what_is_given_is_changed(engine, alice, change, expected):
    bob = engine.join("bob")
    version = alice.info().version
    info = engine.update("alice", **change)
    assert (info.name, info.metadata, info.attributes) == expected
    assert info.version == version + 1
    assert engine.mail(bob, "update")[-1].participants == [info]
    assert engine.mail(alice, "update")[-1].participants == [info]
    token = engine.mail(alice, "token")[-1]
    assert (token.name, token.metadata, dict(token.attributes)) == expected


def test_the_event_says_what_was_before_and_what_changed(engine, alice):
    engine.update("alice", name="N", metadata="M", attributes={"k": "", "z": "y", "n": "1", "gone": ""})
    event = engine.happened[-1]
    assert (event.previous_name, event.previous_metadata) == ("Alice", "am")
    assert event.changed_attributes == {"k": "", "n": "1"}
    assert event.participant.attributes == {"z": "y", "n": "1"}


def test_all_at_once(engine, alice):
    info = engine.update("alice", name="N", metadata="M", attributes={"x": "y"}, permission=WITH_METADATA)
    assert (info.name, info.metadata, info.attributes) == ("N", "M", {"k": "v", "z": "y", "x": "y"})
    assert info.permission == WITH_METADATA
    assert info.is_publisher is True


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"name": "n" * 257}, "name length exceeds limits"),
        ({"metadata": "m" * 524_289}, "metadata size exceeds limits"),
        ({"attributes": {"k": "m" * 65_536}}, "attribute size exceeds limits"),
    ],
)
def test_too_much_of_one_field_changes_no_field(engine, alice, change, argument):
    before = alice.info()
    engine.forget()
    fields = {"name": "N", "metadata": "M", "attributes": {"x": "y"}, "permission": WITH_METADATA, **change}
    for identity in ("alice", "nobody"):
        with pytest.raises(ServiceError) as refused:
            engine.update(identity, **fields)
        assert (refused.value.code, refused.value.meta) == (Code.INVALID_ARGUMENT, {"argument": argument})
    assert alice.info() is before
    assert engine.happened == []


def test_the_limit_is_for_one_update_not_for_the_sum(engine, alice):
    engine.update("alice", attributes={"a": "x" * 40_000})
    assert len(engine.update("alice", attributes={"b": "x" * 40_000}).attributes) == 4


class TestByTheClientItself:
    def test_needs_the_permission(self, engine, alice):
        engine.forget()
        request = pb.UpdateParticipantMetadata(name="x", request_id=7)
        assert engine.say(alice, c.UpdateSelf(request)) == []
        (answer,) = engine.mail(alice, "request_response")
        assert (answer.request_id, answer.reason) == (7, pb.RequestResponseReason.NOT_ALLOWED)
        assert answer.message == "does not have permission to update own metadata"
        assert answer.update_metadata == request

    def test_works_like_the_apis_with_an_answer(self, engine):
        alice, bob = engine.join("alice", can_update_own_metadata=True), engine.join("bob")
        request = pb.UpdateParticipantMetadata(name="x", metadata="y", attributes={"a": "b"}, request_id=7)
        assert [type(event).__name__ for event in engine.say(alice, c.UpdateSelf(request))] == ["ParticipantUpdated"]
        (answer,) = engine.mail(alice, "request_response")
        assert (answer.request_id, answer.reason) == (7, pb.RequestResponseReason.OK)
        seen = engine.mail(bob, "update")[-1].participants[0]
        assert (seen.name, seen.metadata, seen.attributes) == ("x", "y", {"a": "b"})

    def test_has_the_same_limits(self, make_engine):
        engine = make_engine(None, LimitSettings(max_metadata_size=64))
        alice = engine.join("alice", can_update_own_metadata=True)
        engine.say(alice, c.UpdateSelf(pb.UpdateParticipantMetadata(name="x", metadata="m" * 65)))
        assert engine.mail(alice, "request_response")[0].reason is pb.RequestResponseReason.LIMIT_EXCEEDED
        assert alice.info().name == ""


class TestPermissions:
    def test_are_replaced_as_a_whole(self, engine, alice):
        info = engine.update("alice", permission=pb.ParticipantPermission())
        assert info.permission == pb.ParticipantPermission()
        assert engine.happened[-1].previous == FULL
        assert engine.mail(alice, "token")[-1].video.can_publish is False

    def test_the_same_again_is_no_change(self, engine, alice):
        engine.forget()
        assert engine.update("alice", permission=FULL).is_publisher is False
        assert engine.happened == []

    def test_a_caller_may_do_what_it_likes_with_its_request(self, engine, alice):
        wanted = pb.ParticipantPermission(can_publish=True, can_publish_sources=[CAMERA])
        engine.update("alice", permission=wanted)
        wanted.can_publish_sources.append(MICROPHONE)
        assert alice.info().permission.can_publish_sources == [CAMERA]

    def test_that_leave_publishing_make_a_connected_participant_a_publisher(self, engine, alice):
        joined = engine.join("joined", active=False)
        for identity in ("alice", "joined"):
            engine.update(identity, permission=WITH_METADATA)
        assert (alice.info().is_publisher, joined.info().is_publisher) == (True, False)
        assert engine.room().num_publishers == 1

    @pytest.mark.parametrize(
        ("permission", "left"),
        [
            (pb.ParticipantPermission(can_subscribe=True), []),
            (pb.ParticipantPermission(can_publish_sources=[CAMERA]), []),
            (pb.ParticipantPermission(can_publish=True, can_publish_sources=[CAMERA]), ["cam"]),
            (pb.ParticipantPermission(can_publish=True), ["mic", "cam"]),
        ],
    )
    def test_take_away_the_tracks_they_do_not_allow(self, engine, alice, permission, left):
        bob = engine.join("bob")
        engine.publish(alice, "mic", MICROPHONE)
        engine.publish(alice, "cam", CAMERA)
        info = engine.update("alice", permission=permission)
        assert [track.name for track in info.tracks] == left
        assert info.is_publisher is permission.can_publish
        assert engine.mail(bob, "update")[-1].participants == [info]
        assert engine.names().count("TrackUnpublished") == 2 - len(left)
        engine.update("alice", permission=FULL)
        assert [track.name for track in alice.info().tracks] == left, "they do not come back by themselves"

    def test_take_away_announced_tracks_too(self, engine, alice):
        engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid="c", source=MICROPHONE)))
        (sid,) = alice.pending
        engine.update("alice", permission=pb.ParticipantPermission())
        assert engine.say(alice, c.StartTrack(track_sid=sid)) == []

    def test_the_cause_comes_before_its_effects(self, engine, alice):
        engine.join("bob")
        engine.publish(alice)
        engine.forget()
        engine.update("alice", name="N", permission=pb.ParticipantPermission())
        assert engine.names() == [
            "ParticipantUpdated",
            "ParticipantPermissionChanged",
            "TrackUnsubscribed",
            "TrackUnpublished",
        ]

    @pytest.mark.parametrize("flag", ["recorder", "agent"])
    def test_may_make_a_participant_uncounted(self, engine, alice, flag):
        engine.join("bob")
        engine.publish(alice)
        permission = pb.ParticipantPermission(can_subscribe=True, can_publish=True)
        setattr(permission, flag, True)
        info = engine.update("alice", permission=permission)
        assert getattr(info.permission, flag) is True
        room = engine.room()
        assert (room.num_participants, room.num_publishers, room.active_recording) == (1, 1, False)

    def test_made_hidden_it_stays_where_it_was_seen_until_it_goes(self, engine, alice):
        bob = engine.join("bob")
        engine.forget()
        engine.update("alice", permission=pb.ParticipantPermission(can_subscribe=True, hidden=True))
        assert engine.mail(bob, "update") == []
        assert engine.mail(alice, "update")[-1].participants[0].permission.hidden is True
        assert engine.room().num_participants == 2
        engine.say(alice, c.Leave())
        assert engine.mail(bob, "update")[-1].participants[0].state is pb.ParticipantInfoState.DISCONNECTED

    def test_made_visible_it_appears(self, engine):
        bob = engine.join("bob")
        engine.join("ghost", hidden=True)
        engine.update("ghost", permission=FULL)
        assert engine.mail(bob, "update")[-1].participants[0].identity == "ghost"


def test_attributes_cannot_grow_for_ever_by_small_updates(engine, alice):
    """Each update is below its limit; together they may hold four of the largest."""
    for number in range(4):
        engine.update("alice", attributes={f"k{number}": "x" * 65_000})
    before = alice.info()
    with pytest.raises(ServiceError, match="in all") as refused:
        engine.update("alice", name="New", attributes={"more": "x" * 65_000})
    assert (refused.value.code, alice.info()) == (Code.INVALID_ARGUMENT, before)
    engine.update("alice", attributes={"k0": "", "more": "x" * 65_000})
    engine.update("alice", permission=WITH_METADATA)
    own = pb.UpdateParticipantMetadata(request_id=7, attributes={"again": "x" * 65_000})
    engine.say(alice, c.UpdateSelf(own))
    assert engine.mail(alice, "request_response")[-1].reason is pb.RequestResponseReason.LIMIT_EXCEEDED
