"""The contract of what recording needs of a backend."""

import pytest

from roomwright.errors import Code, ServiceError, invalid_argument
from roomwright_proto import livekit as pb
from tests.contract.harness import CALLER

WANTED = pb.RoomEgress(tracks=pb.AutoTrackEgress(filepath="x"))


async def _create(backend, name="room", egress=None):
    return await backend.create_room(pb.CreateRoomRequest(name=name, egress=egress), CALLER)


async def _is_recorded(backend) -> bool:
    return (await backend.list_rooms(pb.ListRoomsRequest(names=["room"]), CALLER)).rooms[0].active_recording


async def test_a_room_shows_that_it_is_recorded_until_it_is_not(backend):
    room = await _create(backend)
    assert not await _is_recorded(backend)
    for recorded in (True, True, False):
        backend.mark_recorded(room, recorded=recorded)
        assert await _is_recorded(backend) is recorded


async def test_a_room_that_is_gone_cannot_be_marked_nor_its_successor(backend):
    room = await _create(backend)
    await backend.delete_room(pb.DeleteRoomRequest(room="room"), CALLER)
    backend.mark_recorded(room, recorded=True)
    await _create(backend)
    backend.mark_recorded(room, recorded=True)
    assert not await _is_recorded(backend)


async def test_a_room_that_wants_to_be_recorded_is_refused_where_nobody_records(backend):
    with pytest.raises(ServiceError) as error:
        await _create(backend, egress=WANTED)
    assert error.value.code is Code.UNIMPLEMENTED
    assert not (await backend.list_rooms(pb.ListRoomsRequest(), CALLER)).rooms
    await _create(backend, egress=pb.RoomEgress())


async def test_who_records_judges_what_new_rooms_want(backend):
    asked: list[tuple[pb.RoomEgress, str]] = []
    backend.judge_egress(lambda egress, room: asked.append((egress, room)))
    await _create(backend, egress=WANTED)
    await _create(backend, egress=WANTED)
    assert asked == [(WANTED, "room")]

    def refuse(egress: pb.RoomEgress, room: str) -> None:
        raise invalid_argument("no")

    backend.judge_egress(refuse)
    with pytest.raises(ServiceError):
        await _create(backend, "other", egress=WANTED)
    assert len((await backend.list_rooms(pb.ListRoomsRequest(), CALLER)).rooms) == 1


async def test_the_first_event_of_a_room_says_what_it_wants_recorded(backend):
    backend.judge_egress(lambda egress, room: None)
    stream = backend.events()
    await _create(backend, egress=WANTED)
    await _create(backend, "other")
    assert [event.egress for event in stream.take()] == [WANTED, None]
