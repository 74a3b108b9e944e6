"""Real participants: LiveKit's SDK for Python in somebody else's tests, on the embedded backend."""

from collections.abc import Iterator

import pytest

from tests.docs.blocks import blocks_for
from tests.rtc.network import Network, NetworkError
from tests.support import skip_or_fail

pytestmark = pytest.mark.suite

[GUIDE] = blocks_for(__file__)

TESTS = """
import asyncio

import pytest
from livekit import api, rtc

from roomwright.testing import RpcError, ServiceError, WaitedInVainError

pytestmark = pytest.mark.livekit(backend="embedded")


@pytest.fixture
def alice(livekit_real_participant):
    return livekit_real_participant("alice", "standup")


@pytest.fixture
def bob(livekit_real_participant, alice):
    return livekit_real_participant("bob", "standup")


def test_they_receive_media_and_data(alice, bob, webhook_inbox):
    sid = alice.publish("tone")
    bob.wait_for_track("alice", "tone")
    alice.publish("grey", source="camera")
    bob.wait_for_track("alice")
    alice.say("hello", topic="chat")
    heard = bob.receive(topic="chat")
    assert (heard.text, heard.sender) == ("hello", "alice")
    assert webhook_inbox.wait_for("track_published").message.track.sid == sid


def test_the_sound_is_there(alice, bob):
    arrived = []

    async def listen():
        def on_track(track, *_):
            arrived.append(track)
        bob.sdk.on("track_subscribed", on_track)

    bob.thread.run(listen())
    alice.publish("tone")
    bob.wait_for_track("alice", "tone")

    async def hear():
        async for event in rtc.AudioStream(arrived[0]):
            if max(map(abs, event.frame.data), default=0) > 1000:
                return True

    assert bob.thread.run(asyncio.wait_for(hear(), 60))


async def test_async(livekit_real_participant, livekit_api):
    alice = await livekit_real_participant.aio("alice", "standup", metadata="host")
    bob = await livekit_real_participant.aio("bob", "standup")

    async def shout(call):
        return call.payload.upper()

    bob.on_rpc("shout", shout)
    assert await alice.call_rpc.aio("bob", "shout", "hello") == "HELLO"
    with pytest.raises(RpcError):
        await alice.call_rpc.aio("bob", "nothing")
    listed = (await livekit_api.room.list_participants(api.ListParticipantsRequest(room="standup"))).participants
    assert [(each.identity, each.metadata) for each in listed] == [("alice", "host"), ("bob", "")]
    await bob.leave.aio()
    assert not bob.present


def test_one_whose_socket_is_cut_comes_back(alice, bob, livekit_faults):
    assert livekit_faults.cut_sockets("alice") == 1
    alice.say("still here")
    assert bob.receive(timeout=60).text == "still here"


def test_one_is_refused(livekit_real_participant, livekit_faults):
    livekit_faults.refuse("join", "permission_denied", "go away", times=1)
    with pytest.raises(Exception, match="go away"):
        livekit_real_participant("alice", "standup")


def test_skipping_time_ends_rooms_but_no_connections(alice, bob, livekit_server, livekit_clock):
    bob.leave()
    livekit_clock.advance(3600)
    assert alice.present
    alice.leave()
    livekit_clock.advance(25)
    assert "rooms: none" in livekit_server.report()


def test_nobody_is_left_of_the_earlier_tests(livekit_server):
    assert "rooms: none" in livekit_server.report()
"""


@pytest.fixture
def network() -> Iterator[Network]:
    try:
        network = Network()
    except NetworkError as error:
        skip_or_fail(f"clients need a network of their own: {error}")
    yield network
    network.close()


def test_real_participants(network: Network, pytester: pytest.Pytester):
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nasyncio_mode = auto\n")
    pytester.makepyfile(test_somebodys=TESTS, test_guide=GUIDE.text)
    with network:
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-x", "--durations=3", timeout=600)
    result.assert_outcomes(passed=8)
