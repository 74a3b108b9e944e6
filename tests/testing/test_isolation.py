"""Whatever a test did to the server, the next one finds it as if nothing had been."""

import contextlib
import time
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from livekit import api

from roomwright.testing import ServiceError, ThreadedServer
from roomwright_proto import livekit as pb

NAMES = st.sampled_from(["a", "b", "c"])
ROOMS = st.sampled_from(["r", "s"])


@pytest.fixture(scope="module")
def server():
    with ThreadedServer() as server:
        yield server


def attempt(action):
    with contextlib.suppress(ServiceError, api.TwirpError):
        action()


def everybody(server, room):
    request = api.ListParticipantsRequest(room=room)
    return [info.identity for info in server.run(server.api.room.list_participants(request)).participants]


ACTIONS = {
    "create": lambda server, room, who, n: server.run(
        server.api.room.create_room(api.CreateRoomRequest(name=room, empty_timeout=n, max_participants=n, metadata=who))
    ),
    "join": lambda server, room, who, n: server.join(who, room, can_publish=n > 1),
    "publish": lambda server, room, who, n: server.join(who, room).publish(who, muted=n > 1),
    "talk": lambda server, room, who, n: server.join(who, room).say(who),
    "leave": lambda server, room, who, n: server.join(who, room).leave(),
    "revoke": lambda server, room, who, n: server.run(
        server.api.room.remove_participant(
            api.RoomParticipantIdentity(room=room, identity=who, revoke_token_ts=int(time.time()) + 1000)
        )
    ),
    "dispatch": lambda server, room, who, n: server.run(
        server.api.agent_dispatch.create_dispatch(api.CreateAgentDispatchRequest(room=room, agent_name=who))
    ),
    "move": lambda server, room, who, n: server.run(
        server.api.room.move_participant(
            api.MoveParticipantRequest(room=room, identity=who, destination_room="s" if room == "r" else "r")
        )
    ),
    "forward": lambda server, room, who, n: server.run(
        server.api.room.forward_participant(
            api.ForwardParticipantRequest(room=room, identity=who, destination_room="s" if room == "r" else "r")
        )
    ),
    "delete": lambda server, room, who, n: server.run(server.api.room.delete_room(api.DeleteRoomRequest(room=room))),
    "skip time": lambda server, room, who, n: server.clock.advance(n, tokens=n > 1),
    "refuse": lambda server, room, who, n: server.faults.refuse("CreateRoom", times=n),
    "refuse to join": lambda server, room, who, n: server.faults.refuse("join", "aborted", times=n),
    "cut": lambda server, room, who, n: server.faults.cut_sockets(who),
}
STEPS = st.tuples(st.sampled_from(list(ACTIONS)), ROOMS, NAMES, st.integers(1, 3))


def probe(server):
    """What a test sees that begins."""
    seen = {
        "rooms": [room.name for room in server.run(server.api.room.list_rooms(api.ListRoomsRequest())).rooms],
        "webhooks": server.webhooks.received,
        "faults": server.faults.descriptions(),
        "skipped": server.clock.skipped,
    }
    seen["report"] = server.report().splitlines()[1:-2]
    for room in ("r", "s"):
        for who in ("a", "b", "c"):
            member = server.join(who, room)  # was it revoked, or the room full?
            seen[f"{who} in {room}"] = (member.present, sorted(member.others), member.info.permission.can_publish)
        dispatches = server.run(server.api.agent_dispatch.list_dispatch(room_name=room))
        seen[f"dispatches of {room}"] = [each.agent_name for each in dispatches]
        seen[f"everybody in {room}"] = everybody(server, room)
    return seen


@pytest.fixture(scope="module")
def untouched():
    with ThreadedServer() as server:
        return probe(server)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_nothing_is_left_of_any_use(server, untouched, steps):
    for name, room, who, number in steps:
        attempt(partial(ACTIONS[name], server, room, who, number))
    server.reset()
    assert probe(server) == untouched
    server.reset()


def test_webhooks_of_an_earlier_test_are_not_shown(server):
    for _ in range(20):
        server.join("alice", "standup").publish("mic")
        server.reset()
        assert server.webhooks.received == []
    server.join("bob", "other")
    server.webhooks.wait_for("participant_joined", participant="bob")
    assert {each.room for each in server.webhooks.received} == {"other"}


def test_participants_of_an_earlier_test_can_do_nothing(server):
    alice = server.join("alice", "standup")
    server.reset()
    bob = server.join("bob", "standup")
    alice.say("hello")
    alice.leave()
    assert (alice.present, bob.received, list(bob.others)) == (False, [], [])
    assert alice.farewell is pb.DisconnectReason.ROOM_DELETED


def test_recordings_of_an_earlier_test_are_gone():
    with ThreadedServer("embedded") as server:
        url, egress = server.url, server.api.egress
        server.run(server.api.room.create_room(api.CreateRoomRequest(name="standup")))
        file = api.EncodedFileOutput(filepath="standup.ogg")
        request = api.RoomCompositeEgressRequest(room_name="standup", audio_only=True, file_outputs=[file])
        server.run(egress.start_room_composite_egress(request))
        assert len(server.run(egress.list_egress(api.ListEgressRequest())).items) == 1
        server.reset()
        assert len(server.run(egress.list_egress(api.ListEgressRequest())).items) == 0
        assert server.url == url


def test_recordings_do_not_land_where_the_tests_run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with ThreadedServer("embedded") as server:
        server.run(server.api.room.create_room(api.CreateRoomRequest(name="standup")))
        file = api.EncodedFileOutput(filepath="standup.ogg")
        request = api.RoomCompositeEgressRequest(room_name="standup", audio_only=True, file_outputs=[file])
        server.run(server.api.egress.start_room_composite_egress(request))
        server.run(server.api.room.delete_room(api.DeleteRoomRequest(room="standup")))
        ended = server.webhooks.wait_for("egress_ended", timeout=30)
    (result,) = ended.message.egress_info.file_results
    assert not result.location.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
