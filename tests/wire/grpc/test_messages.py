"""What stands around a message on the wire, down to its bytes: prefixes, sizes, times, and HTTP/2's own headers."""

import asyncio

import pytest
from h2.errors import ErrorCodes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomwright.wire.grpc import GrpcServer, messages
from roomwright.wire.http import MAX_BODY
from roomwright_proto import livekit as pb
from tests.wire.grpc.conftest import Desk
from tests.wire.grpc.peer import Peer, framed

OK, UNKNOWN, INVALID, LATE, EXHAUSTED, MISSING, UNIMPLEMENTED = 0, 2, 3, 4, 8, 5, 12
BODY = framed(bytes(pb.CreateRoomRequest(name="standup")))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MESSAGE_TIMEOUT_S", 0.2)


@pytest.mark.parametrize("content_type", ["application/grpc", "application/grpc+proto", "application/grpc; x=y"])
async def test_both_content_types_are_protobuf(peer: Peer, token: str, content_type: str):
    answer = await peer.call(token, BODY, content_type=content_type)
    assert answer.headers == {
        ":status": "200",
        "content-type": "application/grpc",
        "grpc-accept-encoding": "identity",
        "grpc-status": "0",
    }
    assert answer.body == framed(bytes(pb.Room(name="standup", sid="RM_1")))
    assert answer.reset is None


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/grpc+json", "application/grpc-web", "text/html", "", None]
)
async def test_another_content_type_is_415(peer: Peer, token: str, content_type: str | None):
    answer = await peer.call(token, BODY, content_type=content_type)
    assert answer.headers[":status"] == "415"
    assert answer.status == UNIMPLEMENTED
    assert repr(content_type or "") in answer.message


@pytest.mark.parametrize("verb", ["GET", "PUT", "post", "", None])
async def test_another_verb_is_405(peer: Peer, token: str, verb: str | None):
    answer = await peer.call(token, BODY, method=verb)
    assert answer.headers[":status"] == "405"
    assert "only POST" in answer.message


async def test_te_may_be_missing(peer: Peer, token: str):
    assert (await peer.call(token, BODY, te=None)).status == OK


@pytest.mark.parametrize("path", [None, "", "livekit.RoomService/CreateRoom", "/" * 500, "/é".encode()])
async def test_a_path_that_is_no_method_is_unimplemented(peer: Peer, token: str, path: str | bytes | None):
    answer = await peer.call(token, BODY, path=path)
    assert (answer.headers[":status"], answer.status) == ("200", UNIMPLEMENTED)
    assert "there is no service" in answer.message


@pytest.mark.parametrize("value", ["soon", "1", "S", "-1S", "9" * 5000 + "H", "", b"\xff"])
async def test_a_timeout_that_is_none_is_refused(peer: Peer, token: str, value: str | bytes):
    answer = await peer.call(token, BODY, grpc_timeout=value)
    assert answer.status == INVALID
    assert "grpc-timeout" in answer.message


async def test_the_longest_timeout_is_served(peer: Peer, token: str):
    assert (await peer.call(token, BODY, grpc_timeout="99999999H")).status == OK


async def test_a_deadline_that_passes_in_the_handler_is_answered(peer: Peer, token: str, desk: Desk):
    desk.create = lambda _: asyncio.Event().wait()
    answer = await peer.call(token, BODY, grpc_timeout="100m")
    assert answer.status == LATE
    assert "0.1 s" in answer.message


async def test_a_deadline_that_passes_before_the_message_is_answered(peer: Peer, token: str, desk: Desk):
    answer = await peer.answer(peer.request(token, BODY[:9], end=False, grpc_timeout="100m"))
    assert answer.status == LATE
    assert not desk.served


async def test_a_missing_message_is_refused(peer: Peer, token: str):
    answer = await peer.call(token, None)
    assert answer.status == INVALID
    assert "no message" in answer.message


@pytest.mark.parametrize("length", range(1, len(BODY)))
async def test_a_message_that_is_cut_off_is_refused(peer: Peer, token: str, desk: Desk, length: int):
    answer = await peer.call(token, BODY[:length])
    assert answer.status == INVALID
    assert "cut off" in answer.message
    assert not desk.served


@pytest.mark.parametrize("more", [BODY, b"x"])
async def test_a_second_message_is_refused(peer: Peer, token: str, desk: Desk, more: bytes):
    answer = await peer.call(token, BODY + more)
    assert answer.status == INVALID
    assert "exactly one" in answer.message
    assert not desk.served


@pytest.mark.parametrize("flag", [1, 2, 255])
async def test_the_compressed_flag_is_unimplemented(peer: Peer, token: str, flag: int):
    answer = await peer.call(token, framed(b"", flag=flag), grpc_encoding="gzip")
    assert answer.status == UNIMPLEMENTED
    assert answer.headers["grpc-accept-encoding"] == "identity"


@pytest.mark.parametrize("size", [MAX_BODY + 1, 2**32 - 1])
async def test_a_message_announced_too_large_is_refused_before_it_comes(peer: Peer, token: str, size: int):
    answer = await peer.answer(peer.request(token, framed(b"", size=size), end=False))
    assert answer.status == EXHAUSTED
    assert str(size) in answer.message


async def test_after_an_early_refusal_the_client_is_told_to_stop_sending(peer: Peer, token: str):
    stream = peer.request(token, framed(b"", size=MAX_BODY + 1), end=False)
    await peer.answer(stream)
    while peer.answers[stream].reset is None:
        await peer._read()
    assert peer.answers[stream].reset == ErrorCodes.NO_ERROR


async def test_a_call_without_a_good_token_is_refused_before_its_message_comes(peer: Peer):
    answer = await peer.answer(peer.request("no-token", None, end=False))
    assert answer.status == 16


async def test_a_message_in_many_small_frames_is_read(peer: Peer, token: str):
    stream = peer.request(token, None, end=False)
    for byte in BODY:
        peer.h2.send_data(stream, bytes([byte]))
        peer.flush()
        await asyncio.sleep(0)
    peer.h2.end_stream(stream)
    peer.flush()
    assert (await peer.answer(stream)).status == OK


async def test_empty_and_padded_frames_are_no_end(peer: Peer, token: str):
    stream = peer.request(token, None, end=False)
    for part in (b"", BODY[:3], b"", BODY[3:9], b"", BODY[9:]):
        peer.h2.send_data(stream, part)
        peer.h2.send_data(stream, b"", pad_length=7)
        peer.flush()
        await asyncio.sleep(0.005)
    peer.h2.end_stream(stream)
    peer.flush()
    assert (await peer.answer(stream)).status == OK


async def test_trailers_of_the_client_end_its_message(peer: Peer, token: str):
    stream = peer.request(token, BODY, end=False)
    peer.h2.send_headers(stream, [("x-checksum", "1")], end_stream=True)
    peer.flush()
    assert (await peer.answer(stream)).status == OK


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("part", [None, BODY[:3], BODY[:9], BODY])
async def test_a_slow_client_is_not_waited_for(peer: Peer, token: str, desk: Desk, part: bytes | None):
    answer = await peer.answer(peer.request(token, part, end=False))
    assert answer.status == LATE
    assert "0.2 s" in answer.message
    assert not desk.served


@pytest.mark.usefixtures("impatient")
async def test_a_client_that_does_not_take_the_reply_is_left(server: GrpcServer, peer: Peer, token: str, desk: Desk):
    async def large(request: pb.CreateRoomRequest) -> pb.Room:
        return pb.Room(metadata="x" * 200_000)

    desk.create = large
    stream = peer.request(token, BODY)
    peer.h2.acknowledge_received_data = lambda *_: None
    answer = await peer.answer(stream)
    assert answer.reset == ErrorCodes.CANCEL
    assert "0 calls" in repr(server)


async def test_a_large_reply_waits_for_the_window(peer: Peer, token: str, desk: Desk):
    async def large(request: pb.CreateRoomRequest) -> pb.Room:
        return pb.Room(metadata="x" * 1_000_000)

    desk.create = large
    answer = await peer.call(token, BODY)
    assert answer.status == OK
    assert len(answer.body) > 1_000_000


async def test_headers_of_any_bytes_harm_one_call_only(peer: Peer, token: str):
    answer = await peer.call(None, BODY, authorization=b"Bearer \xff\xfe\x00\r\n")
    assert answer.status == 16
    assert (await peer.call(token, BODY, picture_bin="not base64!", x_any=b"\x80\n")).status == OK


NAMES = ["method", "path", "content_type", "te", "authorization", "grpc_timeout", "grpc_encoding", "x"]


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(
        st.sampled_from(
            ["method", "path", "content_type", "te", "authorization", "grpc_timeout", "grpc_encoding", "x"]
        ),
        st.none() | st.binary(max_size=40) | st.text("abcS1/. ", max_size=20),
    ),
    st.binary(max_size=30) | st.binary(max_size=20).map(framed),
)
async def test_any_headers_and_bytes_are_answered(
    peer: Peer, token: str, headers: dict[str, str | bytes | None], body: bytes
):
    answer = await peer.call(token, body, **headers)
    assert answer.headers[":status"] in {"200", "405", "415"}
    assert answer.status in {OK, INVALID, LATE, EXHAUSTED, UNIMPLEMENTED, 16}
