"""What a test lets go wrong goes wrong over gRPC, too."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from livekit import api
from livekit.protocol.models import Room

from roomwright.testing import NotPossibleError, ThreadedServer

pytestmark = pytest.mark.livekit(config={"grpc": {"port": 0}})


class Rooms:
    """RoomService by grpcio's own client."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        token = api.AccessToken().with_grants(api.VideoGrants(room_create=True)).to_jwt()
        self._metadata = [("authorization", f"Bearer {token}")]

    async def create(self, within: float = 20) -> str:
        path, request = "/livekit.RoomService/CreateRoom", api.CreateRoomRequest(name="standup")
        call = self._channel.unary_unary(path, api.CreateRoomRequest.SerializeToString, Room.FromString)
        return (await call(request, metadata=self._metadata, timeout=within)).name


@pytest.fixture
async def rooms(livekit_server) -> AsyncIterator[Rooms]:
    async with grpc.aio.insecure_channel(livekit_server.grpc_address) as channel:
        yield Rooms(channel)


async def names(livekit_api) -> list[str]:
    return [room.name for room in (await livekit_api.room.list_rooms(api.ListRoomsRequest())).rooms]


async def refused(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


async def test_a_call_is_refused_so_many_times(rooms, livekit_api, livekit_faults, livekit_server):
    livekit_faults.refuse("CreateRoom", "resource_exhausted", "slow down", times=2)
    for _ in range(2):
        assert await refused(rooms.create()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "slow down")
    assert await names(livekit_api) == []
    assert await rooms.create() == "standup"
    assert "RoomService.CreateRoom" in livekit_server.report()


async def test_a_fault_counts_the_calls_of_both_ways(rooms, livekit_api, livekit_faults):
    livekit_faults.refuse("CreateRoom", times=2)
    assert (await refused(rooms.create()))[0] is grpc.StatusCode.UNAVAILABLE
    with pytest.raises(api.TwirpError, match="unavailable"):
        await livekit_api.room.create_room(api.CreateRoomRequest(name="standup"))
    assert await rooms.create() == "standup"


async def test_a_call_waits_and_its_client_may_give_up(rooms, livekit_api, livekit_faults):
    livekit_faults.delay("CreateRoom", 30, times=1)
    assert (await refused(rooms.create(within=0.2)))[0] is grpc.StatusCode.DEADLINE_EXCEEDED
    assert await names(livekit_api) == []


@pytest.mark.parametrize(("handled", "left"), [(False, []), (True, ["standup"])])
async def test_a_call_is_cut_off(rooms, livekit_api, livekit_faults, handled, left):
    livekit_faults.drop("CreateRoom", handled=handled, times=1)
    assert (await refused(rooms.create()))[0] is grpc.StatusCode.UNAVAILABLE
    assert await names(livekit_api) == left


async def test_a_call_that_waits_when_the_test_ends_has_no_effect(rooms, livekit_server, livekit_api, livekit_faults):
    livekit_faults.delay("CreateRoom", 0.2)
    late = asyncio.ensure_future(rooms.create())
    await asyncio.sleep(0.1)
    livekit_server.reset()
    assert (await refused(late))[0] is grpc.StatusCode.UNAVAILABLE
    assert await names(livekit_api) == []


async def test_what_is_no_method_is_refused_as_ever(livekit_server, livekit_faults):
    livekit_faults.refuse("*", "internal")
    async with grpc.aio.insecure_channel(livekit_server.grpc_address) as channel:
        assert (await refused(channel.unary_unary("/nothing.Here/No")(b"")))[0] is grpc.StatusCode.UNIMPLEMENTED


def test_a_server_without_grpc_says_how_to_get_it():
    with ThreadedServer() as server, pytest.raises(NotPossibleError, match=r'"grpc": \{"port": 0\}'):
        _ = server.grpc_address
