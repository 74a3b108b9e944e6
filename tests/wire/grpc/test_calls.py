"""Calls by stock clients: grpcio with Google's classes, and the generated betterproto stubs over grpclib."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from grpclib.client import Channel
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from livekit.protocol import room as google

from roomwright.clock import ManualClock
from roomwright.errors import Code, ServiceError, invalid_argument
from roomwright.wire.grpc import GrpcServer
from roomwright.wire.http import MAX_BODY
from roomwright_proto import livekit as pb
from tests.wire.grpc.conftest import Desk
from tests.wire.grpc.peer import PATIENCE_S

CREATE = "/livekit.RoomService/CreateRoom"


class Grpcio:
    """grpcio's client, told nothing but paths and Google's classes."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._channel = channel
        self._token = token

    def bytes(self, path: str, body: bytes, **options: Any) -> Any:
        """A call with bytes for messages."""
        options.setdefault("metadata", [("authorization", f"Bearer {self._token}")])
        return self._channel.unary_unary(path)(body, timeout=options.pop("timeout", PATIENCE_S), **options)

    async def create(self, **fields: Any) -> Any:
        method = self._channel.unary_unary(CREATE, google.CreateRoomRequest.SerializeToString, bytes)
        reply = await method(
            google.CreateRoomRequest(**fields),
            metadata=[("authorization", f"Bearer {self._token}")],
            timeout=PATIENCE_S,
        )
        return google_models().Room.FromString(reply)


def google_models() -> Any:
    from livekit.protocol import models

    return models


@pytest.fixture
async def grpcio(server: GrpcServer, token: str) -> AsyncIterator[Grpcio]:
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", options=options) as channel:
        yield Grpcio(channel, token)


@pytest.fixture
async def stub(server: GrpcServer, token: str) -> AsyncIterator[pb.RoomServiceStub]:
    async with Channel("127.0.0.1", server.port) as channel:
        yield pb.RoomServiceStub(channel, metadata={"authorization": f"Bearer {token}"})


async def refused(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_grpcio_calls_a_method(grpcio: Grpcio, desk: Desk):
    room = await grpcio.create(name="standup", metadata="é")
    assert (room.name, room.metadata, room.sid) == ("standup", "é", "RM_1")
    request, caller = desk.served[0]
    assert request.name == "standup"
    assert caller.identity == "tester"
    assert caller.claims.video.room_create


async def test_the_generated_stub_calls_a_method(stub: pb.RoomServiceStub, desk: Desk):
    room = await stub.create_room(pb.CreateRoomRequest(name="standup"))
    assert room == pb.Room(name="standup", sid="RM_1")
    assert desk.served[0][1].deadline is None


async def test_a_message_may_be_empty(stub: pb.RoomServiceStub):
    assert await stub.list_rooms(pb.ListRoomsRequest()) == pb.ListRoomsResponse()


async def test_a_message_may_be_as_large_as_the_limit(grpcio: Grpcio):
    overhead = len(google.CreateRoomRequest(name="r", metadata="x" * MAX_BODY).SerializeToString()) - MAX_BODY
    room = await grpcio.create(name="r", metadata="x" * (MAX_BODY - overhead))
    assert len(room.metadata) == MAX_BODY - overhead


async def test_a_message_above_the_limit_is_refused(grpcio: Grpcio, desk: Desk):
    error = await refused(grpcio.create(name="r", metadata="x" * MAX_BODY))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(MAX_BODY) in error.details()
    assert not desk.served


async def test_many_calls_share_a_connection(stub: pb.RoomServiceStub):
    names = [f"room-{n}" for n in range(300)]
    rooms = await asyncio.gather(*(stub.create_room(pb.CreateRoomRequest(name=name)) for name in names))
    assert [room.name for room in rooms] == names


async def test_the_deadline_reaches_the_handler_on_the_injected_clock(grpcio: Grpcio, desk: Desk, clock: ManualClock):
    clock.advance(100)
    await grpcio.bytes(CREATE, b"", timeout=300)
    deadline = desk.served[0][1].deadline
    assert clock.monotonic() + 200 < deadline <= clock.monotonic() + 300


async def test_a_deadline_ends_the_call(stub: pb.RoomServiceStub, desk: Desk):
    started, ended = asyncio.Event(), asyncio.Event()

    async def slow(request: pb.CreateRoomRequest) -> pb.Room:
        started.set()
        try:
            return await asyncio.Event().wait()
        finally:
            ended.set()

    desk.create = slow
    for seconds in (0.1, 1, 10):  # a call may be late before it has begun
        with pytest.raises((GRPCError, TimeoutError)):
            await stub.create_room(pb.CreateRoomRequest(), timeout=seconds)
        if started.is_set():
            break
    await asyncio.wait_for(ended.wait(), PATIENCE_S)


async def test_a_cancelled_call_cancels_its_handler(grpcio: Grpcio, desk: Desk):
    started, ended = asyncio.Event(), asyncio.Event()

    async def slow(request: pb.CreateRoomRequest) -> pb.Room:
        started.set()
        try:
            return await asyncio.Event().wait()
        finally:
            ended.set()

    desk.create = slow
    call = grpcio.bytes(CREATE, b"")
    waiting = asyncio.ensure_future(call.code())
    await asyncio.wait_for(started.wait(), PATIENCE_S)
    call.cancel()
    await asyncio.wait_for(ended.wait(), PATIENCE_S)
    await waiting


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.NOT_FOUND, grpc.StatusCode.NOT_FOUND),
        (Code.PERMISSION_DENIED, grpc.StatusCode.PERMISSION_DENIED),
        (Code.MALFORMED, grpc.StatusCode.INVALID_ARGUMENT),
        (Code.BAD_ROUTE, grpc.StatusCode.UNIMPLEMENTED),
        (Code.DATA_LOSS, grpc.StatusCode.DATA_LOSS),
    ],
)
async def test_a_service_error_is_a_status(grpcio: Grpcio, desk: Desk, code: Code, status: grpc.StatusCode):
    async def refuse(request: pb.CreateRoomRequest) -> pb.Room:
        raise ServiceError(code, "nö: 100 % of\nthem")

    desk.create = refuse
    error = await refused(grpcio.create(name="r"))
    assert error.code() is status
    assert error.details() == "nö: 100 % of\nthem"


async def test_meta_is_trailing_metadata(grpcio: Grpcio, stub: pb.RoomServiceStub, desk: Desk):
    async def refuse(request: pb.CreateRoomRequest) -> pb.Room:
        raise invalid_argument("too long", "room.näme")

    desk.create = refuse
    error = await refused(grpcio.create(name="r"))
    assert dict(error.trailing_metadata())["roomwright-meta-argument"] == "room.n%C3%A4me"
    with pytest.raises(GRPCError) as caught:
        await stub.create_room(pb.CreateRoomRequest())
    assert caught.value.status is Status.INVALID_ARGUMENT
    assert caught.value.message == "too long"


async def test_an_unknown_method_is_named(grpcio: Grpcio):
    error = await refused(grpcio.bytes("/livekit.RoomService/Explode", b""))
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert error.details() == "livekit.RoomService has no method 'Explode'"


@pytest.mark.parametrize("path", ["/livekit.Nothing/Explode", "/x", "//", "/livekit.RoomService"])
async def test_an_unknown_service_is_named(grpcio: Grpcio, path: str):
    error = await refused(grpcio.bytes(path, b""))
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert repr(path) in error.details() or "livekit.RoomService" in error.details()


async def test_without_a_token_the_method_decides(grpcio: Grpcio, desk: Desk):
    await grpcio.bytes(CREATE, b"", metadata=[])
    assert desk.served[0][1].claims is None


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        ("Basic abc", 'must start with "Bearer "'),
        ("bearer abc", 'must start with "Bearer "'),
        ("Bearer abc", "not a JWT"),
        ("Bearer ", "not a JWT"),
    ],
)
async def test_a_token_that_is_none_is_refused(grpcio: Grpcio, desk: Desk, authorization: str, reason: str):
    error = await refused(grpcio.bytes(CREATE, b"", metadata=[("authorization", authorization)]))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason in error.details()
    assert not desk.served


async def test_an_expired_token_is_refused(grpcio: Grpcio, clock: ManualClock):
    clock.advance(3600)
    error = await refused(grpcio.create(name="r"))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "expired" in error.details()


async def test_a_body_that_is_no_message_is_refused_with_the_field(grpcio: Grpcio, desk: Desk):
    error = await refused(grpcio.bytes(CREATE, b"\x0a\x02\xff\xff"))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "CreateRoomRequest" in error.details()
    assert "name" in error.details()
    assert not desk.served


async def test_a_compressed_message_is_unimplemented(grpcio: Grpcio):
    error = await refused(grpcio.bytes(CREATE, b"\x0a\xff\x01" + b"x" * 255, compression=grpc.Compression.Gzip))
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "compress" in error.details()


@pytest.mark.parametrize("failure", [RuntimeError("a secret"), TimeoutError("a secret"), asyncio.CancelledError()])
async def test_a_handler_that_fails_is_an_internal_error(
    grpcio: Grpcio, desk: Desk, logged: list[Any], failure: BaseException
):
    async def fail(request: pb.CreateRoomRequest) -> pb.Room:
        raise failure

    desk.create = fail
    error = await refused(grpcio.create(name="r"))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in error.details()
    entry = logged.pop()
    assert (entry["event"], entry["method"]) == ("a handler failed", CREATE)


async def test_a_reply_that_cannot_be_encoded_is_an_internal_error(grpcio: Grpcio, desk: Desk, logged: list[Any]):
    async def fail(request: pb.CreateRoomRequest) -> pb.Room:
        return pb.Room(num_participants="many")

    desk.create = fail
    assert (await refused(grpcio.create(name="r"))).code() is grpc.StatusCode.INTERNAL
    assert logged.pop()["event"] == "a handler failed"


LOOSE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@LOOSE
@given(st.binary(max_size=200))
async def test_any_body_is_answered(grpcio: Grpcio, body: bytes):
    try:
        await grpcio.bytes(CREATE, body)
    except grpc.aio.AioRpcError as error:
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT  # noqa: PT017 (an answer is as good as a refusal)


KEYS = st.from_regex(r"[a-z][0-9a-z_.]{0,20}", fullmatch=True).filter(lambda key: key != "authorization")
VALUES = st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126))


@LOOSE
@given(st.lists(st.tuples(KEYS, VALUES), max_size=10))
async def test_any_metadata_is_answered(grpcio: Grpcio, metadata: list[tuple[str, str]]):
    await grpcio.bytes(CREATE, b"", metadata=metadata)
