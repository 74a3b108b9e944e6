"""Data tracks: publishing, receiving, and the numbers under which both happen."""

import pytest

from roomwright.config import LimitSettings, RoomSettings
from roomwright.rooms import commands as c
from roomwright.rooms.data_track import LAST_HANDLE
from roomwright_proto import livekit as pb
from tests.rooms.conftest import Engine

Reason = pb.RequestResponseReason


def publish(engine, participant, name="d", handle=1, **fields) -> str:
    """The sid, "" when it was refused."""
    before = len(engine.mail(participant, "publish_data_track_response"))
    engine.say(participant, c.PublishDataTrack(pb.PublishDataTrackRequest(pub_handle=handle, name=name, **fields)))
    answers = engine.mail(participant, "publish_data_track_response")[before:]
    return answers[0].info.sid if answers else ""


def choose(engine, participant, sid, subscribe=True) -> None:
    update = pb.UpdateDataSubscriptionUpdate(track_sid=sid, subscribe=subscribe)
    engine.say(participant, c.SetDataSubscriptions((update,)))


def handles(engine, participant) -> dict[int, str]:
    """What the participant was told last."""
    told = engine.mail(participant, "data_track_subscriber_handles")
    return {handle: track.track_sid for handle, track in told[-1].sub_handles.items()} if told else {}


def shown(engine, room="room", identity="alice") -> list[str]:
    request = pb.RoomParticipantIdentity(room=room, identity=identity)
    return [info.name for info in engine.api.get_participant(request).data_tracks]


class TestPublishing:
    def test_is_answered_with_the_info_and_shown_to_everybody(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        schema = pb.DataTrackSchemaId(name="s")
        sid = publish(engine, alice, encryption=pb.EncryptionType.GCM, schema=schema)
        assert sid.startswith("DTR_")
        seen = engine.mail(bob, "update")[-1].participants[0].data_tracks
        assert seen == [
            pb.DataTrackInfo(pub_handle=1, sid=sid, name="d", encryption=pb.EncryptionType.GCM, schema=schema)
        ]
        assert shown(engine) == ["d"]

    @pytest.mark.parametrize(
        ("request_", "reason"),
        [
            (pb.PublishDataTrackRequest(pub_handle=0, name="x"), Reason.INVALID_HANDLE),
            (pb.PublishDataTrackRequest(pub_handle=LAST_HANDLE + 1, name="x"), Reason.INVALID_HANDLE),
            (pb.PublishDataTrackRequest(pub_handle=2, name=""), Reason.INVALID_NAME),
            (pb.PublishDataTrackRequest(pub_handle=2, name="ä" * 129), Reason.INVALID_NAME),
            (pb.PublishDataTrackRequest(pub_handle=1, name="x"), Reason.DUPLICATE_HANDLE),
            (pb.PublishDataTrackRequest(pub_handle=2, name="d"), Reason.DUPLICATE_NAME),
        ],
    )
    def test_a_wrong_request_is_refused_by_its_reason_and_repeated(self, engine, request_, reason):
        alice = engine.join("alice")
        publish(engine, alice)
        engine.say(alice, c.PublishDataTrack(request_))
        (answer,) = engine.mail(alice, "request_response")
        assert (answer.reason, answer.publish_data_track) == (reason, request_)
        assert shown(engine) == ["d"]

    def test_needs_the_permission_to_publish_data(self, engine):
        alice = engine.join("alice", can_publish_data=False)
        assert publish(engine, alice) == ""
        assert engine.mail(alice, "request_response")[0].reason is Reason.NOT_ALLOWED

    def test_can_be_disabled(self):
        engine = Engine(RoomSettings(enable_data_tracks=False))
        alice = engine.join("alice")
        assert publish(engine, alice) == ""
        assert engine.mail(alice, "request_response")[0].reason is Reason.UNSUPPORTED_TYPE

    def test_has_limits(self):
        engine = Engine(limits=LimitSettings(max_tracks=2, max_track_announcement=1_024))
        alice = engine.join("alice")
        assert publish(engine, alice, "a", 1)
        assert publish(engine, alice, "b", 2)
        assert publish(engine, alice, "c", 3) == ""
        assert publish(engine, alice, "d", 4, schema=pb.DataTrackSchemaId(name="s" * 1_024)) == ""
        answers = engine.mail(alice, "request_response")
        assert [answer.reason for answer in answers] == [Reason.LIMIT_EXCEEDED] * 2
        assert answers[1].publish_data_track is None

    def test_ends_when_the_client_says_so(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        sid = publish(engine, alice)
        choose(engine, bob, sid)
        engine.say(alice, c.UnpublishDataTrack(1))
        assert engine.mail(alice, "unpublish_data_track_response")[0].info.sid == sid
        assert engine.mail(bob, "update")[-1].participants[0].data_tracks == []
        assert bob.data_handles == {}
        engine.say(alice, c.UnpublishDataTrack(1))
        (answer,) = engine.mail(alice, "request_response")
        assert (answer.reason, answer.unpublish_data_track.pub_handle) == (Reason.INVALID_HANDLE, 1)

    def test_ends_with_the_permission_and_the_client_is_told(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        sid = publish(engine, alice)
        choose(engine, bob, sid)
        engine.update("alice", permission=pb.ParticipantPermission(can_subscribe=True, can_publish=True))
        assert engine.mail(alice, "unpublish_data_track_response")[0].info.sid == sid
        assert (shown(engine), bob.data_handles) == ([], {})

    def test_ends_with_its_publisher(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        choose(engine, bob, publish(engine, alice))
        engine.say(alice, c.Leave())
        assert (bob.data_handles, bob.data_choices) == ({}, {})
        assert engine.mail(alice, "unpublish_data_track_response") == []


class TestReceiving:
    def test_begins_when_it_is_asked_for_and_is_told_with_all_numbers(self, engine):
        alice, bob, carol = engine.join("alice"), engine.join("bob"), engine.join("carol")
        one, other = publish(engine, alice), publish(engine, carol)
        assert handles(engine, bob) == {}
        choose(engine, bob, one)
        choose(engine, bob, other)
        assert handles(engine, bob) == {1: one, 2: other}
        told = engine.mail(bob, "data_track_subscriber_handles")[-1].sub_handles[2]
        assert (told.publisher_identity, told.publisher_sid) == ("carol", carol.sid)
        assert alice.data_tracks[1].subscribers == {bob.sid: 1}

    def test_is_confirmed_again_when_it_is_asked_for_again(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        sid = publish(engine, alice)
        choose(engine, bob, sid)
        engine.forget()
        choose(engine, bob, sid)
        assert handles(engine, bob) == {1: sid}

    def test_ends_when_it_is_no_longer_wanted_and_begins_under_another_number(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        sid = publish(engine, alice)
        choose(engine, bob, sid)
        choose(engine, bob, sid, subscribe=False)
        assert (handles(engine, bob), alice.data_tracks[1].subscribers) == ({}, {})
        choose(engine, bob, sid)
        assert handles(engine, bob) == {2: sid}

    def test_numbers_come_round_without_being_used_twice(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        kept, other = publish(engine, alice, "a", 1), publish(engine, alice, "b", 2)
        choose(engine, bob, kept)
        bob.last_data_handle = LAST_HANDLE
        choose(engine, bob, other)
        assert handles(engine, bob) == {1: kept, 2: other}

    def test_of_all_can_be_asked_for_when_joining(self, engine):
        alice = engine.join("alice")
        before = publish(engine, alice, "a", 1)
        bob = engine.join("bob", active=False)
        bob.auto_subscribe_data = True
        assert handles(engine, bob) == {}
        engine.say(bob, c.Activate())
        after = publish(engine, alice, "b", 2)
        assert handles(engine, bob) == {1: before, 2: after}

    def test_waits_for_the_transport(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob", active=False)
        sid = publish(engine, alice)
        choose(engine, bob, sid)
        assert alice.data_tracks[1].subscribers == {}
        engine.say(bob, c.Activate())
        assert alice.data_tracks[1].subscribers == {bob.sid: 1}

    def test_needs_the_permission_and_the_publishers_leave(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        sid = publish(engine, alice)
        choose(engine, bob, sid)
        nobody = pb.SubscriptionPermission(all_participants=False)
        engine.say(alice, c.SetSubscriptionPermission(nobody))
        assert handles(engine, bob) == {}
        engine.say(alice, c.SetSubscriptionPermission(pb.SubscriptionPermission(all_participants=True)))
        assert handles(engine, bob) == {2: sid}
        engine.update("bob", permission=pb.ParticipantPermission(can_publish=True))
        assert handles(engine, bob) == {}

    def test_of_oneself_or_of_what_is_not_there_is_nothing(self, engine):
        alice = engine.join("alice")
        choose(engine, alice, publish(engine, alice))
        choose(engine, alice, "DTR_nowhere")
        assert handles(engine, alice) == {}
        assert alice.data_choices == {}


class TestElsewhere:
    def test_a_publisher_that_moves_takes_its_data_tracks_along(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        sid = publish(engine, alice)
        choose(engine, bob, sid)
        carol = engine.join("carol", room="other")
        request = pb.MoveParticipantRequest(room="room", identity="alice", destination_room="other")
        engine.call(engine.api.move_participant, request)
        assert bob.data_handles == {}
        assert shown(engine, "other") == ["d"]
        choose(engine, carol, sid)
        assert handles(engine, carol) == {1: sid}
        assert engine.mail(alice, "unpublish_data_track_response") == []

    def test_a_forwarded_publisher_is_heard_in_both_rooms(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        sid = publish(engine, alice)
        carol = engine.join("carol", room="other")
        request = pb.ForwardParticipantRequest(room="room", identity="alice", destination_room="other")
        engine.call(engine.api.forward_participant, request)
        choose(engine, bob, sid)
        (mirrored,) = engine.mail(carol, "update")[-1].participants[0].data_tracks
        assert (mirrored.name, mirrored.sid != sid) == ("d", True)
        choose(engine, carol, mirrored.sid)
        assert alice.data_tracks[1].subscribers == {bob.sid: 1, carol.sid: 1}
        engine.say(alice, c.UnpublishDataTrack(1))
        assert (shown(engine), shown(engine, "other"), carol.data_handles) == ([], [], {})
