"""What is logged of requests and clients, and by which names."""

import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import grpc
import pytest
import structlog

from roomwright import logs
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.config import Config, GrpcSettings, LoggingSettings
from tests.serving import KEY, SECRET, Running, running, token

LIST_ROOMS = "/twirp/livekit.RoomService/ListRooms"
GET = "/twirp/livekit.RoomService/GetParticipant"

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def json_lines() -> None:
    logs.configure("info", as_json=True)  # tests/conftest.py undoes it


@pytest.fixture
def server(json_lines: None) -> Iterator[Running]:
    settings = LoggingSettings(level="info", json=True)
    with running(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, logging=settings)) as started:
        yield started


def lines(output: Output) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.readouterr().err.splitlines() if line.startswith("{")]


async def post(server: Running, path: str, body: object, **headers: str) -> aiohttp.ClientResponse:
    everything = {"Authorization": f"Bearer {token()}", **{name.replace("_", "-"): it for name, it in headers.items()}}
    async with aiohttp.ClientSession() as http:
        answer = await http.post(f"http://127.0.0.1:{server.port}{path}", json=body, headers=everything)
        await answer.read()
        return answer


async def refused(server: Running, **headers: str) -> str:
    answer = await post(server, GET, {"room": "r", "identity": "nobody"}, **headers)
    assert answer.status == 404
    return answer.headers["X-Request-Id"]


@pytest.mark.parametrize("header", ["X_Request_Id", "X_Livekit_Request_Id"])
async def test_a_refusal_carries_the_callers_id(server: Running, header: str) -> None:
    assert await refused(server, **{header: "abc-1"}) == "abc-1"


async def test_a_refusal_without_a_callers_id_gets_one(server: Running) -> None:
    first, second = await refused(server), await refused(server)
    assert len(first) == len(second) == 16
    assert first != second


@pytest.mark.parametrize(("given", "kept"), [("a b\xe9\tc", "abc"), ("x" * 500, "x" * logs.MAX_REQUEST_ID)])
async def test_an_id_is_cut_to_what_a_header_and_a_log_can_hold(server: Running, given: str, kept: str) -> None:
    assert await refused(server, X_Request_Id=given) == kept


async def test_an_answer_that_is_no_refusal_carries_none(server: Running) -> None:
    answer = await post(server, LIST_ROOMS, {}, X_Request_Id="abc-1")
    assert answer.status == 200
    assert "X-Request-Id" not in answer.headers


async def test_refusals_are_logged_by_id_code_and_path(capsys: Output) -> None:
    settings = LoggingSettings(level="info", json=True)
    with running(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, logging=settings)) as server:
        await post(server, LIST_ROOMS, {})
        await refused(server, X_Request_Id="abc-1")
    found = [line for line in lines(capsys) if line["event"].startswith("request")]
    [line] = found
    assert (line["event"], line["request_id"], line["code"], line["path"], line["status"]) == (
        "request refused", "abc-1", "not_found", GET, 404,
    )  # fmt: skip


def test_refusals_over_grpc_are_too(capsys: Output) -> None:
    settings = LoggingSettings(level="info", json=True)
    config = Config(
        port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, logging=settings, grpc=GrpcSettings(port=0)
    )
    with running(config) as server, grpc.insecure_channel(f"127.0.0.1:{server.server.grpc_port}") as channel:
        call = channel.unary_unary("/livekit.RoomService/ListRooms")
        with pytest.raises(grpc.RpcError) as refused:
            call(b"", metadata=[("x-request-id", "abc-4")], timeout=20)
    assert ("x-request-id", "abc-4") in [tuple(each) for each in refused.value.initial_metadata()] + [
        tuple(each) for each in refused.value.trailing_metadata()
    ]
    [line] = [line for line in lines(capsys) if line["event"] == "request refused"]
    assert (line["verb"], line["path"], line["status"], line["code"], line["request_id"]) == (
        "gRPC", "/livekit.RoomService/ListRooms", 401, "unauthenticated", "abc-4",
    )  # fmt: skip


async def test_clients_are_logged_by_room_identity_and_sid(server: Running, capsys: Output) -> None:
    claims = Claims(identity="alice", video=VideoGrant(room_join=True, room="r"))
    url = f"http://127.0.0.1:{server.port}/rtc?protocol=16&access_token={token(claims)}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, headers={"X-Request-Id": "abc-2"}) as alice:
        await alice.receive()
    async with aiohttp.ClientSession() as http:
        await http.get(f"{url}x", headers={"Upgrade": "websocket", "X-Request-Id": "abc-3"})
        wrong = token(Claims(identity="bob", video=VideoGrant(room="r")))
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(f"http://127.0.0.1:{server.port}/rtc?access_token={wrong}")
    events = {line["event"]: line for line in lines(capsys)}
    came = events["a client comes"]
    assert (came["room"], came["identity"], came["request_id"]) == ("r", "alice", "abc-2")
    assert came["participant"].startswith("PA_")
    refusal = events["a client is refused"]
    assert (refusal["room"], refusal["identity"]) == ("r", "bob")
    assert "roomJoin" in refusal["reason"]


def test_a_line_for_people_is_one_line_with_what_breaks_it_quoted() -> None:
    entry = {"timestamp": "T", "level": "info", "event": "a client comes", "room": "a b\n", "empty": "", "none": None}
    assert logs.for_people(None, "", entry) == r"T info    a client comes  room='a b\n' empty=''"


def test_a_line_names_the_request_until_it_is_answered(capsys: Output) -> None:
    request = logs.Request({"X-Request-Id": "abc"})
    logs.enter(request)
    structlog.get_logger().info("one")
    with logs.outside_of_requests():
        structlog.get_logger().info("two")
    request.answered = True
    structlog.get_logger().info("three")
    assert [line.get("request_id") for line in lines(capsys)] == ["abc", None, None]
