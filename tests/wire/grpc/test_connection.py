"""Connections that do not behave: each harms itself alone, and leaves no traceback."""

import asyncio
import contextlib
import socket
import struct

import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import DataFrame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomwright.wire.grpc import GrpcServer, connection
from roomwright_proto import livekit as pb
from tests.wire.grpc.conftest import Desk, eventually
from tests.wire.grpc.peer import PATIENCE_S, Peer, framed

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
BODY = framed(bytes(pb.CreateRoomRequest(name="standup")))


async def still_serves(port: int, token: str) -> bool:
    peer = await Peer.connect(port)
    answer = await peer.call(token, BODY)
    await peer.close()
    return answer.status == 0


async def exchange(port: int, data: bytes) -> bytes:
    """Send bytes and the end, return all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), PATIENCE_S)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        b"\xff" * 100_000,
        PREFACE[:10],
        PREFACE + b"\xff" * 50,
        PREFACE + SETTINGS + b"\x00" * 1000,
        PREFACE + SETTINGS + struct.pack(">I", 0xFFFFFF)[1:] + b"\x00\x00\x00\x00\x00\x01",
        PREFACE + SETTINGS + b"\x00\x00\x05\x01\x05\x00\x00\x00\x01" + b"\xff" * 5,
        PREFACE + SETTINGS + b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        PREFACE + SETTINGS + b"\x00\x00\x00\x09\x04\x00\x00\x00\x01",
    ],
    ids=lambda data: data[:30].hex(),
)
async def test_garbage_ends_its_connection_only(server: GrpcServer, peer: Peer, token: str, data: bytes):
    await exchange(server.port, data)
    assert (await peer.call(token, BODY)).status == 0


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 255), st.sampled_from([0, 1, 1, 2, 3, 5]), st.binary(max_size=40)),
        max_size=12,
    )
)
async def test_random_frames_end_their_connection_only(
    server: GrpcServer, peer: Peer, token: str, frames: list[tuple[int, int, int, bytes]]
):
    data = b"".join(
        struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body
        for kind, flags, stream, body in frames
    )
    await exchange(server.port, PREFACE + SETTINGS + data)
    assert (await peer.call(token, BODY)).status == 0


async def test_whatever_the_parser_raises_ends_the_connection_only(
    server: GrpcServer, peer: Peer, token: str, monkeypatch: pytest.MonkeyPatch
):
    await peer.call(token, BODY)
    victim = await Peer.connect(server.port)
    await victim.call(token, BODY)
    [of_victim] = [one for one in server._connections if one._peer == victim.writer.get_extra_info("sockname")]
    monkeypatch.setattr(of_victim.connection, "feed", lambda _: 1 // 0)
    victim.request(token, BODY)
    assert await victim.closed()
    assert (await peer.call(token, BODY)).status == 0


async def test_a_connection_that_is_cut_ends_its_calls(server: GrpcServer, token: str, desk: Desk):
    started, ended = asyncio.Event(), asyncio.Event()

    async def slow(request: pb.CreateRoomRequest) -> pb.Room:
        started.set()
        try:
            return await asyncio.Event().wait()
        finally:
            ended.set()

    desk.create = slow
    peer = await Peer.connect(server.port)
    peer.request(token, BODY)
    await asyncio.wait_for(started.wait(), PATIENCE_S)
    peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.writer.transport.abort()
    await asyncio.wait_for(ended.wait(), PATIENCE_S)
    await eventually(lambda: "0 connections, 0 calls" in repr(server))


async def test_frames_of_unknown_types_are_ignored(peer: Peer, token: str):
    peer.writer.write(b"\x00\x00\x06\xba\x00\x00\x00\x00\x00grease")
    assert (await peer.call(token, BODY)).status == 0


async def test_a_reset_before_the_call_started_leaves_nothing(server: GrpcServer, peer: Peer, token: str):
    for _ in range(20):
        stream = peer.h2.get_next_available_stream_id()
        peer.h2.send_headers(stream, [(":method", "POST"), (":path", "/x")])
        peer.h2.reset_stream(stream)
    peer.flush()
    assert (await peer.call(token, BODY)).status == 0
    assert "1 connections, 0 calls" in repr(server)
    [only] = server._connections
    assert not only.processor.streams


async def test_data_for_a_call_that_was_refused_is_dropped(peer: Peer, token: str):
    stream = peer.request("bad", None, end=False)
    await asyncio.sleep(0.05)
    for _ in range(20):
        peer.writer.write(DataFrame(stream, data=b"x" * 10_000).serialize())
    assert (await peer.answer(stream)).status == 16
    assert (await peer.call(token, BODY)).status == 0


async def test_data_of_refused_calls_gives_the_window_back(peer: Peer, token: str):
    """The connection's window is 4 MiB: 60 refused calls with 100 kB each would use it up."""
    await peer.call(token, BODY)
    for _ in range(60):
        stream = peer.request("bad", None, end=False)
        for _ in range(10):
            peer.h2.send_data(stream, b"x" * 10_000)
        peer.h2.end_stream(stream)
        peer.flush()
        await peer.answer(stream)
    assert peer.h2.outbound_flow_control_window > 1_000_000
    assert (await peer.call(token, BODY)).status == 0


async def test_a_flood_of_resets_ends_the_connection(server: GrpcServer, token: str):
    peer = await Peer.connect(server.port)
    await peer.call(token, BODY)
    header = peer.h2.encoder.encode([(":method", "POST"), (":path", "/x")])
    frames = b""
    for stream in range(3, 603, 2):
        frames += HeadersFrame(stream, data=header, flags=["END_HEADERS"]).serialize()
        frames += RstStreamFrame(stream, error_code=8).serialize()
    peer.writer.write(frames)
    assert await peer.closed()
    assert peer.goodbye is not None
    assert peer.goodbye.error_code == ErrorCodes.ENHANCE_YOUR_CALM
    assert await still_serves(server.port, token)


async def test_more_streams_than_allowed_end_the_connection(server: GrpcServer, token: str):
    peer = await Peer.connect(server.port)
    await peer.call(token, BODY)
    header = peer.h2.encoder.encode([(":method", "POST"), (":path", "/livekit.RoomService/CreateRoom")])
    for stream in range(3, 803, 2):
        peer.writer.write(HeadersFrame(stream, data=header, flags=["END_HEADERS"]).serialize())
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(peer.reader.read(), PATIENCE_S)
    assert await still_serves(server.port, token)


async def test_a_peer_that_never_reads_is_cut(
    server: GrpcServer, token: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    async def large(request: pb.CreateRoomRequest) -> pb.Room:
        return pb.Room(metadata="x" * 9_000_000)

    monkeypatch.setattr(connection, "MAX_UNREAD", 100_000)
    peer = await Peer.connect(server.port, window=2**30)
    small, desk.create = desk.create, large
    peer.request(token, BODY)
    await eventually(lambda: any(not one.connection.write_ready.is_set() for one in server._connections))
    desk.create = small
    [only] = server._connections
    peer.writer.write(PingFrame(0, opaque_data=b"12345678").serialize() * 10_000)
    await asyncio.wait_for(only.lost, PATIENCE_S)
    assert await still_serves(server.port, token)


async def test_a_goodbye_of_the_peer_ends_the_connection_quietly(server: GrpcServer, token: str):
    peer = await Peer.connect(server.port)
    stream = peer.request(token, BODY[:4], end=False)
    peer.writer.write(
        GoAwayFrame(0, last_stream_id=stream).serialize() + PingFrame(0, opaque_data=b"x" * 8).serialize()
    )
    assert await peer.closed()
    assert await still_serves(server.port, token)


async def test_a_silent_peer_is_cut(server: GrpcServer, token: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "KEEPALIVE_S", 0.1)
    monkeypatch.setattr(connection, "KEEPALIVE_TIMEOUT_S", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    assert await still_serves(server.port, token)


async def test_a_peer_that_answers_pings_stays(server: GrpcServer, token: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "KEEPALIVE_S", 0.05)
    monkeypatch.setattr(connection, "KEEPALIVE_TIMEOUT_S", 2)
    peer = await Peer.connect(server.port)
    with pytest.raises(TimeoutError):
        await peer.closed(3)
    assert (await peer.call(token, BODY)).status == 0
    await peer.close()
