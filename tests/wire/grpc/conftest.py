"""A gRPC port with handlers that do what a test says, and proof that nothing was logged that should not be."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import structlog

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.auth.tokens import TokenVerifier, mint
from roomwright.clock import ManualClock
from roomwright.services.routes import Route
from roomwright.sfu.backend import Caller
from roomwright.wire.grpc import GrpcServer
from roomwright_proto import livekit as pb
from tests.wire.grpc.peer import PATIENCE_S, Peer

if sys.platform != "win32":
    import uvloop

KEY, SECRET = "devkey", "a-secret-of-thirty-two-characters!"


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What depends on the loop's transports is tested on both loops."""
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.stem in {"test_connection", "test_server"} and sys.platform != "win32":
        factories["uvloop"] = uvloop.new_event_loop
    return factories


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - the conditions are states of plain objects
            await asyncio.sleep(0.005)


class Desk:
    """The handlers: each remembers whom it served; `create` is what CreateRoom does."""

    def __init__(self) -> None:
        self.served: list[tuple[Any, Caller]] = []
        self.create: Callable[[pb.CreateRoomRequest], Awaitable[pb.Room]] = self._created

    async def _created(self, request: pb.CreateRoomRequest) -> pb.Room:
        return pb.Room(name=request.name, sid="RM_1", metadata=request.metadata)

    async def create_room(self, request: pb.CreateRoomRequest, caller: Caller) -> pb.Room:
        self.served.append((request, caller))
        return await self.create(request)

    async def list_rooms(self, request: pb.ListRoomsRequest, caller: Caller) -> pb.ListRoomsResponse:
        self.served.append((request, caller))
        return pb.ListRoomsResponse(rooms=[pb.Room(name=name) for name in request.names])

    def routes(self) -> list[Route]:
        return [
            Route("/livekit.RoomService/CreateRoom", pb.CreateRoomRequest, pb.Room, self.create_room),
            Route("/livekit.RoomService/ListRooms", pb.ListRoomsRequest, pb.ListRoomsResponse, self.list_rooms),
        ]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def token(clock: ManualClock) -> str:
    claims = Claims(identity="tester", video=VideoGrant(room_create=True, room_list=True))
    return mint(claims, key=KEY, secret=SECRET, ttl=600, clock=clock)


@pytest.fixture
async def server(desk: Desk, clock: ManualClock) -> AsyncIterator[GrpcServer]:
    server = GrpcServer(desk.routes(), TokenVerifier({KEY: SECRET}, clock), clock)
    await server.start("127.0.0.1", 0)
    yield server
    await server.stop(0)


@pytest.fixture
async def peer(server: GrpcServer) -> AsyncIterator[Peer]:
    peer = await Peer.connect(server.port)
    yield peer
    await peer.close()


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """What the project logged; a test that expects an error takes it out."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture(autouse=True)
async def quiet(logged: list[Any], caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """No test may leave a warning or a traceback behind, neither of ours nor of a library's."""
    unhandled: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    yield
    await asyncio.sleep(0)
    assert not unhandled
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING or record.exc_info]
    assert not [entry for entry in logged if entry["log_level"] in {"warning", "error", "critical"}]
