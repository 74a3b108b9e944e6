"""Time that a test skips."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from livekit import api

from roomwright.testing import ServiceError


@pytest.fixture
def rooms(livekit_server):
    def rooms() -> list[str]:
        listed = livekit_server.run(livekit_server.api.room.list_rooms(api.ListRoomsRequest()))
        return [room.name for room in listed.rooms]

    return rooms


def create(server, name, seconds):
    request = api.CreateRoomRequest(name=name, empty_timeout=seconds, departure_timeout=seconds)
    server.run(server.api.room.create_room(request))


def test_five_minutes_pass_at_once(livekit_server, livekit_clock, rooms):
    create(livekit_server, "standup", 300)
    livekit_clock.advance(290)
    assert rooms() == ["standup"]
    start = time.monotonic()
    livekit_clock.advance(10)
    assert time.monotonic() - start < 60
    assert rooms() == []


def test_every_time_out_happens_at_its_own_time(livekit_server, livekit_clock):
    for name, seconds in (("late", 200), ("early", 100)):
        create(livekit_server, name, seconds)
    livekit_clock.advance(timedelta(hours=1))
    ends = [line for line in livekit_server.report().splitlines() if "RoomFinished" in line]
    assert [line.split()[2] for line in ends] == ["early", "late"]
    first, second = (datetime.strptime(line.split()[0], "%H:%M:%S") for line in ends)
    assert 90 <= (second - first).seconds <= 110


def test_a_room_that_everybody_left_ends_after_its_departure_time_out(livekit_participant, livekit_clock, rooms):
    livekit_participant("alice", "standup").leave()
    assert rooms() == ["standup"]
    livekit_clock.advance(21)
    assert rooms() == []


def test_time_also_passes_by_itself(livekit_server, rooms):
    create(livekit_server, "standup", 1)
    deadline = time.monotonic() + 60
    while rooms() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert rooms() == []


def test_a_time_out_that_was_skipped_to_does_not_stop_the_next_ones(livekit_server, livekit_clock, rooms):
    create(livekit_server, "first", 100)
    livekit_clock.advance(100)
    create(livekit_server, "second", 1)
    deadline = time.monotonic() + 60
    while rooms() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert rooms() == []


async def test_it_can_be_awaited(livekit_api, livekit_clock):
    await livekit_api.room.create_room(api.CreateRoomRequest(name="standup", empty_timeout=300))
    await livekit_clock.advance.aio(301)
    assert list((await livekit_api.room.list_rooms(api.ListRoomsRequest())).rooms) == []


def test_the_server_says_what_time_it_is(livekit_server, livekit_clock):
    assert abs(livekit_clock.now() - datetime.now(UTC)) < timedelta(seconds=20)
    livekit_clock.advance(timedelta(days=1))
    assert livekit_clock.now() - datetime.now(UTC) > timedelta(hours=23)
    assert livekit_clock.skipped == pytest.approx(86_400, abs=1)
    create(livekit_server, "standup", 300)
    [room] = livekit_server.run(livekit_server.api.room.list_rooms(api.ListRoomsRequest())).rooms
    assert room.creation_time - time.time() > 82_800


def test_tokens_stay_good_for_their_makers_do_not_skip_time(livekit_server, livekit_clock, rooms):
    token = livekit_server.token("alice", "standup", ttl=600)
    livekit_clock.advance(timedelta(days=1))
    assert rooms() == []
    assert livekit_server.join(token=token).present


def test_tokens_grow_old_when_they_shall(livekit_server, livekit_clock):
    token = livekit_server.token("alice", "standup", ttl=600)
    livekit_clock.advance(700, tokens=True)
    with pytest.raises(ServiceError, match="expired"):
        livekit_server.join(token=token)


def test_it_does_not_go_back(livekit_clock):
    with pytest.raises(ValueError, match="does not go back: -1 s"):
        livekit_clock.advance(-1)
