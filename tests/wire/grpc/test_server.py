"""Starting and stopping the port."""

import asyncio
import time

import grpc
import grpc.aio
import pytest

from roomwright.auth.tokens import TokenVerifier
from roomwright.clock import ManualClock
from roomwright.wire.grpc import GrpcServer
from roomwright_proto import livekit as pb
from tests.wire.grpc.conftest import KEY, SECRET, Desk, eventually
from tests.wire.grpc.peer import PATIENCE_S, Peer, framed

BODY = framed(bytes(pb.CreateRoomRequest(name="standup")))


class Slow:
    """A handler that waits until it is let go."""

    def __init__(self, desk: Desk) -> None:
        self.started, self.go, self.cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()
        desk.create = self

    async def __call__(self, request: pb.CreateRoomRequest) -> pb.Room:
        self.started.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return pb.Room(name=request.name)


@pytest.fixture
def slow(desk: Desk) -> Slow:
    return Slow(desk)


async def test_its_repr_shows_its_state(server: GrpcServer, peer: Peer, token: str):
    await peer.call(token, BODY)
    assert repr(server) == f"<GrpcServer port {server.port}: 1 connections, 0 calls>"
    await server.stop(0)
    assert repr(server) == "<GrpcServer stopped: 0 connections, 0 calls>"


async def test_it_can_be_started_again(server: GrpcServer, token: str):
    port = server.port
    await server.stop(0)
    await server.start("127.0.0.1", port)
    peer = await Peer.connect(port)
    assert (await peer.call(token, BODY)).status == 0
    await peer.close()


async def test_it_starts_once(server: GrpcServer):
    with pytest.raises(RuntimeError, match="started already"):
        await server.start("127.0.0.1", 0)


async def test_a_port_in_use_is_an_error(server: GrpcServer, desk: Desk, clock: ManualClock):
    other = GrpcServer(desk.routes(), TokenVerifier({KEY: SECRET}, clock), clock)
    with pytest.raises(OSError, match="in use"):
        await other.start("127.0.0.1", server.port)
    await other.stop(0)


async def test_several_addresses_share_a_free_port(server: GrpcServer, token: str):
    await server.stop(0)
    await server.start(["127.0.0.1", "127.0.0.2"], 0)
    _, writer = await asyncio.open_connection("127.0.0.2", server.port)
    writer.close()
    peer = await Peer.connect(server.port)
    assert (await peer.call(token, BODY)).status == 0
    await peer.close()


async def test_when_one_address_cannot_be_had_none_is(server: GrpcServer):
    await server.stop(0)
    with pytest.raises(OSError, match=r"bind|assign"):
        await server.start(["127.0.0.1", "203.0.113.1"], server.port)
    assert "stopped" in repr(server)
    with pytest.raises(ConnectionError):
        await Peer.connect(server.port)


async def test_stopping_closes_idle_connections_with_a_goodbye(server: GrpcServer, peer: Peer, token: str):
    stream = peer.request(token, BODY)
    await peer.answer(stream)
    await asyncio.wait_for(server.stop(600), PATIENCE_S)
    assert await peer.closed()
    assert peer.goodbye is not None
    assert peer.goodbye.last_stream_id == stream
    with pytest.raises(ConnectionError):
        await Peer.connect(server.port)


async def test_a_running_call_ends_within_the_grace(server: GrpcServer, peer: Peer, token: str, slow: Slow):
    stream = peer.request(token, BODY)
    await slow.started.wait()
    stopping = asyncio.create_task(server.stop(600))
    await asyncio.sleep(0.05)
    slow.go.set()
    assert (await peer.answer(stream)).status == 0
    await asyncio.wait_for(stopping, PATIENCE_S)
    assert await peer.closed()


async def test_while_it_stops_new_calls_are_unavailable(server: GrpcServer, peer: Peer, token: str, slow: Slow):
    stream = peer.request(token, BODY)
    await slow.started.wait()
    stopping = asyncio.create_task(server.stop(600))
    await asyncio.sleep(0.05)
    answer = await peer.call(token, BODY)
    assert answer.status == 14
    assert "shutting down" in answer.message
    slow.go.set()
    assert (await peer.answer(stream)).status == 0
    await stopping


async def test_while_it_stops_a_connection_is_closed_when_its_last_call_ends(
    server: GrpcServer, peer: Peer, token: str, desk: Desk
):
    longer = Slow(desk)
    peer.request(token, BODY)
    await longer.started.wait()
    shorter = Slow(desk)
    other = await Peer.connect(server.port)
    other.request(token, BODY)
    await shorter.started.wait()
    stopping = asyncio.create_task(server.stop(600))
    await asyncio.sleep(0)
    shorter.go.set()
    assert await other.closed()
    assert not stopping.done()
    longer.go.set()
    await stopping


async def test_after_the_grace_calls_are_cancelled(server: GrpcServer, token: str, slow: Slow):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = channel.unary_unary("/livekit.RoomService/CreateRoom")(b"")
        code = asyncio.ensure_future(call.code())
        await slow.started.wait()
        began = time.monotonic()
        await server.stop(0.2)
        assert 0.19 < time.monotonic() - began < PATIENCE_S
        assert slow.cancelled.is_set()
        assert await code is grpc.StatusCode.UNAVAILABLE


async def test_a_handler_that_will_not_end_does_not_hold_the_stop(
    server: GrpcServer, peer: Peer, token: str, desk: Desk, logged: list
):
    started, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stubborn(request: pb.CreateRoomRequest) -> pb.Room:
        started.set()
        while not go.is_set():
            try:
                await go.wait()
            except asyncio.CancelledError:
                continue
        ended.set()
        return pb.Room()

    desk.create = stubborn
    peer.request(token, BODY)
    await asyncio.wait_for(started.wait(), PATIENCE_S)
    await asyncio.wait_for(server.stop(0), PATIENCE_S)
    assert logged.pop()["event"] == "calls go on though they were cancelled"
    go.set()
    await asyncio.wait_for(ended.wait(), PATIENCE_S)


async def test_a_peer_that_reads_nothing_does_not_hold_the_stop(server: GrpcServer, token: str, desk: Desk):
    async def large(request: pb.CreateRoomRequest) -> pb.Room:
        return pb.Room(metadata="x" * 9_000_000)

    desk.create = large
    peer = await Peer.connect(server.port, window=2**30)
    peer.request(token, BODY)
    await eventually(lambda: any(not one.connection.write_ready.is_set() for one in server._connections))
    await asyncio.wait_for(server.stop(0.1), PATIENCE_S)
    await eventually(lambda: "0 connections, 0 calls" in repr(server))
    await peer.close()
