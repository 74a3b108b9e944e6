"""The contract of rooms."""

import asyncio

import pytest

from roomwright.config import RoomSettings
from roomwright.errors import Code, ServiceError
from roomwright_proto import livekit as pb
from tests.contract.harness import CALLER, eventually


async def create(backend, name="room", **fields):
    return await backend.create_room(pb.CreateRoomRequest(name=name, **fields), CALLER)


async def names(backend, *wanted):
    return [room.name for room in (await backend.list_rooms(pb.ListRoomsRequest(names=list(wanted)), CALLER)).rooms]


async def test_a_created_room_is_answered_in_full_and_listed(backend):
    room = await create(backend, empty_timeout=5, departure_timeout=6, max_participants=7, metadata="m")
    assert (room.empty_timeout, room.departure_timeout, room.max_participants, room.metadata) == (5, 6, 7, "m")
    assert room.sid
    assert room.turn_password
    assert room.creation_time == room.creation_time_ms // 1000 > 0
    assert len(room.enabled_codecs) == 10
    assert (await backend.list_rooms(pb.ListRoomsRequest(), CALLER)).rooms == [room]


async def test_a_live_room_is_returned_unchanged(backend):
    first = await create(backend, metadata="old")
    assert await create(backend, metadata="new", room_preset="nope", empty_timeout=1) == first


async def test_concurrent_creations_make_one_room(backend):
    rooms = await asyncio.gather(*(create(backend) for _ in range(10)))
    assert len({room.sid for room in rooms}) == 1


async def test_rooms_are_listed_in_order_of_creation(backend):
    for name in ("b", "a", ""):
        await create(backend, name)
    assert await names(backend) == ["b", "a", ""]
    assert await names(backend, "", "b", "nope") == ["b", ""]


async def test_a_deleted_room_is_gone(harness, backend):
    room = await create(backend)
    guest = await harness.join("room", "alice")
    await backend.delete_room(pb.DeleteRoomRequest(room="room"), CALLER)
    assert await names(backend) == []
    await eventually(lambda: guest.farewell() is pb.DisconnectReason.ROOM_DELETED)
    assert (await create(backend)).sid != room.sid


async def test_metadata_is_replaced_and_cleared(backend):
    await create(backend)
    for metadata in ("m1", ""):
        request = pb.UpdateRoomMetadataRequest(room="room", metadata=metadata)
        assert (await backend.update_room_metadata(request, CALLER)).metadata == metadata
        assert (await backend.list_rooms(pb.ListRoomsRequest(), CALLER)).rooms[0].metadata == metadata


async def test_unknown_rooms_are_not_found(backend):
    calls = [
        backend.delete_room(pb.DeleteRoomRequest(room="x"), CALLER),
        backend.update_room_metadata(pb.UpdateRoomMetadataRequest(room="x"), CALLER),
        backend.send_data(pb.SendDataRequest(room="x", data=b"x"), CALLER),
        backend.list_dispatch(pb.ListAgentDispatchRequest(room="x"), CALLER),
        backend.delete_dispatch(pb.DeleteAgentDispatchRequest(room="x", dispatch_id="AD_x"), CALLER),
    ]
    for call in calls:
        with pytest.raises(ServiceError) as refused:
            await call
        assert refused.value.code is Code.NOT_FOUND
    assert await names(backend) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "n" * 257},
        {"metadata": "m" * 524_289},
        {"room_preset": "nope"},
        {"agents": [pb.RoomAgentDispatch(metadata="m" * 524_289)]},
    ],
)
async def test_a_refused_room_does_not_exist(backend, fields):
    with pytest.raises(ServiceError) as refused:
        await create(backend, **fields)
    assert refused.value.code is Code.INVALID_ARGUMENT
    assert await names(backend) == []


async def test_a_room_ends_by_itself_when_nobody_comes(harness, backend):
    await create(backend, empty_timeout=1)
    await create(backend, "other")
    await harness.pass_time(1.5)
    assert await names(backend) == ["other"]


async def test_a_room_ends_by_itself_when_everybody_has_left(harness, backend):
    await create(backend, departure_timeout=1)
    guest = await harness.join("room", "alice")
    await harness.pass_time(1.5)
    assert await names(backend) == ["room"]
    await guest.leave()
    await harness.pass_time(1.5)
    assert await names(backend) == []


async def test_presets_fill_what_is_left_out(make_harness):
    preset = pb.RoomConfiguration(empty_timeout=111, metadata="preset")
    harness = await make_harness(RoomSettings(room_configurations={"p": preset}))
    room = await create(harness.backend, room_preset="p", metadata="own")
    assert (room.empty_timeout, room.metadata) == (111, "own")


async def test_dispatches_are_created_listed_and_deleted(backend):
    await create(backend)
    request = pb.CreateAgentDispatchRequest(room="room", agent_name="ag", metadata="md")
    dispatch = await backend.create_dispatch(request, CALLER)
    listed = (await backend.list_dispatch(pb.ListAgentDispatchRequest(room="room"), CALLER)).agent_dispatches
    assert [one.agent_name for one in listed] == ["", "ag"]
    by_id = pb.ListAgentDispatchRequest(room="room", dispatch_id=dispatch.id)
    assert (await backend.list_dispatch(by_id, CALLER)).agent_dispatches == [dispatch]
    delete = pb.DeleteAgentDispatchRequest(room="room", dispatch_id=dispatch.id)
    assert (await backend.delete_dispatch(delete, CALLER)).id == dispatch.id
    assert (await backend.list_dispatch(by_id, CALLER)).agent_dispatches == []
    with pytest.raises(ServiceError) as refused:
        await backend.delete_dispatch(delete, CALLER)
    assert refused.value.code is Code.NOT_FOUND
