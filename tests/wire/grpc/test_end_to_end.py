"""The whole server behind the gRPC port: services, grants and the memory backend."""

from collections.abc import AsyncIterator

import grpc.aio
import pytest
from grpclib.client import Channel
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from livekit.protocol import models as google_models
from livekit.protocol import room as google

from roomwright.app import Server
from roomwright.auth.claims import Claims
from roomwright.config import Config, GrpcSettings
from roomwright.sfu.memory import MemoryBackend
from roomwright_proto import livekit as pb
from tests.serving import ALL_GRANTS, KEY, SECRET, token


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend()


@pytest.fixture
async def app(backend: MemoryBackend) -> AsyncIterator[Server]:
    config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, grpc=GrpcSettings(port=0))
    async with Server(config, backend=backend) as app:
        yield app


@pytest.fixture
async def channel(app: Server) -> AsyncIterator[Channel]:
    async with Channel("127.0.0.1", app.grpc_port) as channel:
        yield channel


def authorised(claims: Claims = ALL_GRANTS) -> dict[str, str]:
    return {"authorization": f"Bearer {token(claims)}"}


async def test_a_room_lives_and_dies(channel: Channel, backend: MemoryBackend):
    rooms = pb.RoomServiceStub(channel, metadata=authorised())
    created = await rooms.create_room(pb.CreateRoomRequest(name="r", metadata="m"))
    assert (created.name, created.metadata) == ("r", "m")
    await backend.join("r", "ada")
    await backend.join("r", "bob")
    people = await rooms.list_participants(pb.ListParticipantsRequest(room="r"))
    assert [person.identity for person in people.participants] == ["ada", "bob"]
    [listed] = (await rooms.list_rooms(pb.ListRoomsRequest())).rooms
    assert (listed.sid, listed.num_participants) == (created.sid, 2)
    await rooms.remove_participant(pb.RoomParticipantIdentity(room="r", identity="ada"))
    await rooms.delete_room(pb.DeleteRoomRequest(room="r"))
    assert not (await rooms.list_rooms(pb.ListRoomsRequest())).rooms


async def test_grpcio_and_googles_classes_see_the_same_room(app: Server, channel: Channel):
    await pb.RoomServiceStub(channel, metadata=authorised()).create_room(pb.CreateRoomRequest(name="r"))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{app.grpc_port}") as other:
        method = other.unary_unary(
            "/livekit.RoomService/UpdateRoomMetadata",
            google.UpdateRoomMetadataRequest.SerializeToString,
            google_models.Room.FromString,
        )
        request = google.UpdateRoomMetadataRequest(room="r", metadata="é")
        assert (await method(request, metadata=list(authorised().items()), timeout=10)).metadata == "é"


async def test_an_unknown_participant_is_not_found(channel: Channel):
    rooms = pb.RoomServiceStub(channel, metadata=authorised())
    with pytest.raises(GRPCError) as caught:
        await rooms.get_participant(pb.RoomParticipantIdentity(room="r", identity="nobody"))
    assert caught.value.status is Status.NOT_FOUND


@pytest.mark.parametrize("metadata", [{}, authorised(Claims(identity="nobody in particular"))])
async def test_a_missing_grant_is_unauthenticated_and_named(channel: Channel, metadata: dict[str, str]):
    with pytest.raises(GRPCError) as caught:
        await pb.RoomServiceStub(channel, metadata=metadata).create_room(pb.CreateRoomRequest(name="r"))
    assert caught.value.status is Status.UNAUTHENTICATED
    assert caught.value.message


async def test_a_service_that_is_not_there_is_unimplemented_by_name(channel: Channel):
    with pytest.raises(GRPCError) as caught:
        await pb.EgressStub(channel, metadata=authorised()).list_egress(pb.ListEgressRequest())
    assert caught.value.status is Status.UNIMPLEMENTED
    assert "Egress.ListEgress" in (caught.value.message or "")


async def test_the_port_stops_with_the_server(app: Server):
    await app.stop()
    with pytest.raises(OSError, match="Connect call failed"):
        await Channel("127.0.0.1", app.grpc_port).__connect__()
