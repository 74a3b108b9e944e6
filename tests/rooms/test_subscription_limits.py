"""How many tracks one participant receives."""

import pytest

from roomwright.config import LimitSettings
from roomwright.rooms import commands as c
from roomwright_proto import livekit as pb
from tests.rooms.conftest import Engine

CAMERA = pb.TrackSource.CAMERA


@pytest.fixture
def engine() -> Engine:
    return Engine(limits=LimitSettings(subscription_limit_video=2))


def received(engine: Engine, participant, sids: list[str]) -> list[str]:
    return [sid for sid in sids if participant.sid in engine.rooms.get("room").find_track(sid)[1].subscribers]


@pytest.fixture
def cameras(engine: Engine) -> list[str]:
    return [engine.publish(engine.join(f"p{number}"), source=CAMERA) for number in range(4)]


def test_what_is_beyond_is_not_subscribed_and_other_kinds_are(engine, cameras):
    sound = engine.publish(engine.join("singer"))
    viewer = engine.join("viewer")
    assert received(engine, viewer, cameras) == cameras[:2]
    assert received(engine, viewer, [sound]) == [sound]


def test_what_waited_takes_the_place_of_what_ended(engine, cameras):
    viewer = engine.join("viewer")
    first = engine.rooms.get("room").participants["p0"]
    engine.say(first, c.UnpublishTrack(cameras[0]))
    assert received(engine, viewer, cameras[1:]) == cameras[1:3]
    engine.say(viewer, c.SetSubscriptions((cameras[1],), subscribe=False))
    assert received(engine, viewer, cameras[1:]) == cameras[2:]


def test_what_waited_takes_the_place_of_who_left(engine, cameras):
    viewer = engine.join("viewer")
    engine.say(engine.rooms.get("room").participants["p1"], c.Leave())
    assert received(engine, viewer, [cameras[0], *cameras[2:]]) == [cameras[0], cameras[2]]


def test_what_waited_takes_the_place_of_what_its_publisher_withholds(engine, cameras):
    viewer = engine.join("viewer")
    nobody = pb.SubscriptionPermission(all_participants=False)
    engine.say(engine.rooms.get("room").participants["p0"], c.SetSubscriptionPermission(nobody))
    assert received(engine, viewer, cameras) == cameras[1:3]


def test_who_comes_back_has_all_its_places(engine, cameras):
    viewer = engine.join("viewer")
    engine.say(viewer, c.Leave())
    again = engine.join("viewer")
    assert received(engine, again, cameras) == cameras[:2]


def test_the_api_does_not_exceed_it_either(engine, cameras):
    viewer = engine.join("viewer")
    engine.call(
        engine.api.update_subscriptions,
        pb.UpdateSubscriptionsRequest(room="room", identity="viewer", track_sids=[cameras[3]], subscribe=True),
    )
    assert received(engine, viewer, cameras) == cameras[:2]
