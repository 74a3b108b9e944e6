"""Who receives which track."""

import pytest

from roomwright.rooms import commands as c
from roomwright_proto import livekit as pb


def receivers(engine, sid, room="room"):
    """The identities of those who receive a track."""
    room = engine.rooms.get(room)
    _, track = room.find_track(sid)
    return {room.sids[subscriber].identity for subscriber in track.subscribers}


def api_subscribe(engine, identity, *sids, subscribe=True, groups=()):
    request = pb.UpdateSubscriptionsRequest(
        room="room", identity=identity, track_sids=list(sids), subscribe=subscribe, participant_tracks=list(groups)
    )
    return engine.call(engine.api.update_subscriptions, request)


@pytest.fixture
def alice(engine):
    return engine.join("alice")


@pytest.fixture
def track(engine, alice):
    return engine.publish(alice)


def test_everybody_who_wants_everything_receives_a_new_track(engine, alice):
    engine.join("bob")
    engine.join("carol", auto_subscribe=False)
    engine.join("denied", can_subscribe=False)
    engine.join("signalling-only", active=False)
    assert receivers(engine, engine.publish(alice)) == {"bob"}


def test_whoever_becomes_active_later_receives_what_is_there(engine, track):
    bob = engine.join("bob", active=False)
    assert receivers(engine, track) == set()
    engine.say(bob, c.Activate())
    assert receivers(engine, track) == {"bob"}


def test_nobody_receives_the_tracks_of_a_hidden_participant_until_it_shows(engine):
    engine.join("bob")
    ghost = engine.join("ghost", hidden=True)
    sid = engine.publish(ghost)
    assert receivers(engine, sid) == set()
    everything = pb.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=True)
    engine.update("ghost", permission=everything)
    assert receivers(engine, sid) == {"bob"}


def test_made_hidden_it_keeps_those_who_receive_it(engine, alice, track):
    engine.join("bob")
    engine.update("alice", permission=pb.ParticipantPermission(can_publish=True, hidden=True))
    engine.join("late")
    assert receivers(engine, track) == {"bob"}


def test_the_client_decides_for_itself(engine, track):
    bob = engine.join("bob")
    engine.say(bob, c.SetSubscriptions((track, "TR_nope"), subscribe=False))
    assert receivers(engine, track) == set()
    engine.say(bob, c.SetSubscriptions((track,), subscribe=True))
    assert receivers(engine, track) == {"bob"}


def test_a_choice_made_while_only_signalling_holds_afterwards(engine, track):
    bob = engine.join("bob", active=False)
    engine.say(bob, c.SetSubscriptions((track,), subscribe=False))
    engine.say(bob, c.Activate())
    assert receivers(engine, track) == set()


def test_the_client_cannot_override_its_permission(engine, track):
    bob = engine.join("bob", can_subscribe=False)
    engine.say(bob, c.SetSubscriptions((track,), subscribe=True))
    assert receivers(engine, track) == set()


def test_the_api_can(engine, track):
    engine.join("bob", can_subscribe=False)
    assert api_subscribe(engine, "bob", track) == pb.UpdateSubscriptionsResponse()
    assert receivers(engine, track) == {"bob"}
    api_subscribe(engine, "bob", track, subscribe=False)
    assert receivers(engine, track) == set()


def test_the_api_subscribes_by_participant_too(engine, alice, track):
    engine.join("bob", auto_subscribe=False)
    wrong = pb.ParticipantTracks(participant_sid="PA_nope", track_sids=[track])
    api_subscribe(engine, "bob", groups=[wrong])
    assert receivers(engine, track) == set()
    api_subscribe(engine, "bob", groups=[pb.ParticipantTracks(participant_sid=alice.sid, track_sids=[track])])
    assert receivers(engine, track) == {"bob"}


@pytest.mark.parametrize("subscribe", [True, False])
def test_unknown_and_own_tracks_are_passed_over(engine, track, subscribe):
    assert api_subscribe(engine, "alice", "TR_nope", track, subscribe=subscribe) == pb.UpdateSubscriptionsResponse()
    assert receivers(engine, track) == set()


def test_losing_the_permission_ends_all_subscriptions_even_forced_ones(engine, alice, track):
    engine.join("bob")
    other = engine.publish(alice, "other")
    api_subscribe(engine, "bob", track)
    engine.forget()
    engine.update("bob", permission=pb.ParticipantPermission(can_publish=True))
    assert receivers(engine, track) == receivers(engine, other) == set()
    assert engine.names() == ["ParticipantPermissionChanged", "TrackUnsubscribed", "TrackUnsubscribed"]
    engine.update("bob", permission=pb.ParticipantPermission(can_subscribe=True))
    assert receivers(engine, track) == receivers(engine, other) == {"bob"}


def test_subscribing_tells_the_publisher_once(engine, alice, track):
    engine.join("bob")
    engine.join("carol")
    for subscribe in (False, True):
        api_subscribe(engine, "bob", track, subscribe=subscribe)
        api_subscribe(engine, "carol", track, subscribe=subscribe)
    assert engine.mail(alice, "track_subscribed") == [pb.TrackSubscribed(track_sid=track)]


def test_events_name_the_track_its_publisher_and_the_subscriber(engine, track):
    bob = engine.join("bob")
    event = engine.happened[-1]
    assert (event.track.sid, event.participant.identity, event.subscriber) == (track, "alice", "bob")
    engine.say(bob, c.Leave())
    ended = next(event for event in engine.happened if type(event).__name__ == "TrackUnsubscribed")
    assert (ended.track.sid, ended.subscriber) == (track, "bob")


class TestThePublishersOwnPermission:
    def permit(self, engine, alice, *rules, everybody=False):
        permission = pb.SubscriptionPermission(all_participants=everybody, track_permissions=list(rules))
        engine.say(alice, c.SetSubscriptionPermission(permission))

    def test_takes_tracks_from_those_it_does_not_name(self, engine, alice, track):
        bob, _ = engine.join("bob"), engine.join("carol")
        self.permit(engine, alice, pb.TrackPermission(participant_identity="carol", all_tracks=True))
        assert receivers(engine, track) == {"carol"}
        update = pb.SubscriptionPermissionUpdate(participant_sid=alice.sid, track_sid=track, allowed=False)
        assert engine.mail(bob, "subscription_permission_update") == [update]

    def test_may_name_single_tracks_and_sids(self, engine, alice, track):
        bob = engine.join("bob")
        other = engine.publish(alice, "other")
        self.permit(engine, alice, pb.TrackPermission(participant_sid=bob.sid, track_sids=[track]))
        assert (receivers(engine, track), receivers(engine, other)) == ({"bob"}, set())

    def test_stands_even_against_the_api(self, engine, alice, track):
        engine.join("bob")
        self.permit(engine, alice)
        api_subscribe(engine, "bob", track)
        assert receivers(engine, track) == set()

    def test_holds_for_those_who_come_later_and_can_be_taken_back(self, engine, alice, track):
        self.permit(engine, alice)
        bob = engine.join("bob")
        later = engine.publish(alice, "later")
        assert receivers(engine, track) == receivers(engine, later) == set()
        denied = engine.mail(bob, "subscription_permission_update")
        assert [(update.track_sid, update.allowed) for update in denied] == [(track, False), (later, False)]
        self.permit(engine, alice, everybody=True)
        assert receivers(engine, track) == {"bob"}
        assert engine.mail(bob, "subscription_permission_update")[-1].allowed is True
