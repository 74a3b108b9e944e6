"""The HTTP port end to end: order of checks, routes, sizes, cross-origin headers, shutdown."""

import asyncio
import contextlib
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from roomwright.app import Server
from roomwright.auth.claims import Claims
from roomwright.config import Config
from roomwright.logs import Request
from roomwright.sfu.backend import Caller
from roomwright.wire.access_log import AccessLog
from roomwright.wire.exchange import Exchange
from roomwright.wire.http import MAX_BODY
from roomwright_proto import livekit as pb
from tests.serving import KEY, SECRET, Running, running, token

LIST_ROOMS = "/twirp/livekit.RoomService/ListRooms"
CHUNKED = (
    f"POST {LIST_ROOMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as server:
        yield server


class Answer:
    """A parsed answer."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        self.status = int(status.split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def json(self) -> dict:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)


def ask(
    server: Running,
    target: str = LIST_ROOMS,
    *,
    verb: str = "POST",
    body: bytes = b"{}",
    bearer: str | None = None,
    **headers: str,
) -> Answer:
    lines = [f"{verb} {target} HTTP/1.1", "Host: x", "Connection: close"]
    given = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    given["Authorization"] = f"Bearer {token()}" if bearer is None else bearer
    given["Content-Length"] = str(len(body))
    lines += [f"{name}: {value}" for name, value in given.items() if value]
    return Answer(server.exchange("\r\n".join(lines).encode() + b"\r\n\r\n" + body))


def test_a_call_is_answered(server: Running) -> None:
    answer = ask(server, body=b'{"names":["none"]}')
    assert (answer.status, answer.body) == (200, b'{"rooms":[]}')
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["content-type"] == "application/json"
    assert "aiohttp" not in answer.headers["server"].lower()


def test_checks_come_in_the_order_size_token_verb_path_type_body_grant(server: Running) -> None:
    nobody = f"Bearer {token(Claims(identity='nobody'))}"
    assert ask(server, "/nope", bearer="Bearer x", body=b"x" * (MAX_BODY + 1)).status == 413
    assert ask(server, verb="GET", bearer="Bearer x").status == 401
    assert ask(server, "/twirp/livekit.RoomService/Nope", verb="GET", bearer="").json["msg"].startswith("method 'GET'")
    unknown = ask(server, "/twirp/livekit.RoomService/Nope", bearer="", Content_Type="text/plain").json
    assert unknown["meta"] == {"twirp_invalid_route": "POST /twirp/livekit.RoomService/Nope"}
    assert ask(server, bearer="", Content_Type="text/plain", body=b"{").json["code"] == "bad_route"
    assert ask(server, bearer="", body=b"{").json["code"] == "malformed"
    refused = ask(server, bearer=nobody)
    assert (refused.status, refused.json["code"]) == (401, "unauthenticated")
    assert "roomList" in refused.json["msg"]


def test_a_refused_token_is_twirp_json_on_twirp_paths_and_text_elsewhere(server: Running) -> None:
    for path in (LIST_ROOMS, "/twirp/livekit.Nope/X"):
        refused = ask(server, path, bearer="Bearer nonsense")
        assert (refused.status, refused.json["code"]) == (401, "unauthenticated")
    for path in ("/", "/nope", "/twirp"):
        elsewhere = ask(server, path, bearer="Bearer nonsense")
        assert (elsewhere.status, elsewhere.headers["content-type"]) == (401, "text/plain; charset=utf-8")


@pytest.mark.parametrize("path", ["/twirp/livekit.Nope/X", "/twirp/RoomService/ListRooms", "/twirp/x"])
def test_an_unknown_service_is_a_bad_route_as_an_unknown_method_is(server: Running, path: str) -> None:
    answer = ask(server, path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/json")
    assert answer.json["code"] == "bad_route"
    assert answer.json["meta"] == {"twirp_invalid_route": f"POST {path}"}


def test_a_token_may_come_in_the_query_or_in_a_form_but_the_header_wins(server: Running) -> None:
    query = f"{LIST_ROOMS}?access_token={token()}"
    assert ask(server, query, bearer="").status == 200
    assert ask(server, query, bearer="Basic x").status == 401
    form = "application/x-www-form-urlencoded"
    assert ask(server, "/", bearer="", Content_Type=form, body=b"access_token=x").status == 401
    assert ask(server, "/", bearer="", Content_Type=form, body=f"access_token={token()}".encode()).status == 200


def test_protobuf_is_answered_with_protobuf_and_its_errors_with_json(server: Running) -> None:
    answer = ask(server, Content_Type="application/protobuf", body=b"")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "application/protobuf", b"")
    broken = ask(server, Content_Type="application/protobuf", body=b"\xff")
    assert (broken.status, broken.json["code"]) == (400, "malformed")


def test_a_body_that_cannot_be_decoded_names_the_field(server: Running) -> None:
    answer = ask(server, "/twirp/livekit.RoomService/CreateRoom", body=b'{"name":"x","maxParticipants":-1}')
    assert answer.json["code"] == "malformed"
    assert "max_participants" in answer.json["msg"] or "maxParticipants" in answer.json["msg"]


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("///a", "/a"),
        ("/a/../b", "/b"),
        ("/twirp/livekit.RoomService", "/twirp/livekit.RoomService/"),
        ("/twirp//livekit.RoomService/ListRooms?x=1", f"{LIST_ROOMS}?x=1"),
    ],
)
def test_an_unclean_path_is_redirected(server: Running, target: str, location: str) -> None:
    answer = ask(server, target)
    assert (answer.status, answer.headers["location"]) == (307, location)


def test_escapes_in_a_path_are_understood_but_not_an_escaped_slash(server: Running) -> None:
    assert ask(server, "/twirp/livekit.Room%53ervice/ListRooms").status == 200
    assert ask(server, "/twirp/livekit.RoomService%2FListRooms").status == 404
    assert ask(server, "/" + LIST_ROOMS).status == 200


@pytest.mark.parametrize("verb", ["FOO", "post", "PUT", "HEAD"])
def test_any_verb_but_post_is_a_bad_route(server: Running, verb: str) -> None:
    answer = ask(server, verb=verb)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/json")
    assert answer.body == b"" if verb == "HEAD" else answer.json["code"] == "bad_route"


def test_a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not(server: Running) -> None:
    def padded(size: int) -> bytes:
        return b'{"names":["' + b"x" * (size - 14) + b'"]}'

    assert ask(server, body=padded(MAX_BODY)).status == 200
    over = ask(server, body=padded(MAX_BODY + 1))
    assert (over.status, over.json["code"], over.headers["connection"]) == (413, "resource_exhausted", "close")


def test_a_chunked_body_over_the_limit_is_malformed(server: Running) -> None:
    head = f"POST {LIST_ROOMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    chunk = b"%x\r\n" % (1 << 20) + b"x" * (1 << 20) + b"\r\n"
    raw = head.encode() + f"Authorization: Bearer {token()}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    answer = Answer(server.exchange(raw + chunk * 11 + b"0\r\n\r\n"))
    assert (answer.status, answer.json["code"]) == (400, "malformed")


def test_a_body_that_is_slow_to_decode_holds_nobody_up(server: Running) -> None:
    crafted = b"\x0a\x00" * (MAX_BODY // 2)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(ask, server, body=crafted, Content_Type="application/protobuf")
        others = [ask(server).status for _ in range(20) if not slow.done()]
        assert slow.result().status == 200
    assert len(others) == 20
    assert set(others) == {200}


def test_a_very_large_body_needs_a_token(server: Running) -> None:
    refused = ask(server, bearer="", body=b'{"names":["' + b"x" * (1024 * 1024) + b'"]}')
    assert (refused.status, refused.json["code"]) == (401, "unauthenticated")


def test_a_compressed_body_is_not_unpacked(server: Running) -> None:
    assert ask(server, body=gzip.compress(b"{}"), Content_Encoding="gzip").json["code"] == "malformed"


def test_errors_are_safe_inside_html(server: Running) -> None:
    answer = ask(server, "/twirp/livekit.RoomService/<script>&")
    assert b"<" not in answer.body
    assert b"&" not in answer.body
    assert "<script>&" in answer.json["msg"]


def test_an_origin_is_echoed_also_on_refusals(server: Running) -> None:
    for bearer in (None, "Bearer nonsense"):
        answer = ask(server, bearer=bearer, Origin="https://app.example.com")
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
        assert answer.headers["access-control-expose-headers"] == "*"


def test_a_preflight_needs_no_token(server: Running) -> None:
    preflight = {"Origin": "https://a.example", "Access_Control_Request_Method": "POST"}
    answer = ask(server, verb="OPTIONS", bearer="Bearer nonsense", body=b"", **preflight)
    assert (answer.status, answer.headers["access-control-allow-methods"]) == (204, "POST")


def test_what_is_not_there_yet_says_so(server: Running) -> None:
    for path, upgrade in (("/agent", "websocket"), ("/whip/v1", "")):
        answer = ask(server, path, verb="GET", bearer="", body=b"", Upgrade=upgrade, Connection=upgrade and "upgrade")
        assert answer.status == 501
        assert path.encode() in answer.body
    assert ask(server, "/rtc", verb="GET", bearer="").status == 404
    ingress = ask(server, "/twirp/livekit.Ingress/ListIngress")
    assert (ingress.status, ingress.json["code"]) == (501, "unimplemented")
    assert "Ingress.ListIngress" in ingress.json["msg"]


@pytest.mark.parametrize("failure", [RuntimeError("the secret of the house"), asyncio.CancelledError("secret")])
def test_a_failing_handler_answers_internal_without_details(server: Running, monkeypatch, failure) -> None:
    async def broken(*_: object) -> None:
        raise failure

    monkeypatch.setattr(server.server.backend, "list_rooms", broken)
    answer = ask(server)
    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert b"secret" not in answer.body


def test_a_client_that_never_sends_its_body_is_told_and_let_go(server: Running, monkeypatch) -> None:
    monkeypatch.setattr("roomwright.wire.http.BODY_TIMEOUT_S", 0.2)
    head = f"POST {LIST_ROOMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head.encode() + f"Authorization: Bearer {token()}\r\n\r\n{{".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 408")


async def test_a_stop_lets_a_running_call_end_and_takes_no_new_one() -> None:
    server = Server(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}))
    await server.start()
    entered, leave = asyncio.Event(), asyncio.Event()
    list_rooms = server.backend.list_rooms

    async def slow(request, caller):
        entered.set()
        await leave.wait()
        return await list_rooms(request, caller)

    server.backend.list_rooms = slow
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = f"POST {LIST_ROOMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    writer.write(head.encode() + f"Authorization: Bearer {token()}\r\n\r\n{{}}".encode())
    await asyncio.wait_for(entered.wait(), 20)
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0)
    with pytest.raises(OSError, match=r"."):
        await asyncio.open_connection("127.0.0.1", server.port)
    leave.set()
    assert (await asyncio.wait_for(reader.read(), 20)).startswith(b"HTTP/1.1 200")
    await asyncio.wait_for(stopping, 20)
    writer.close()
    await server.stop()


def test_a_client_that_waits_to_be_told_is_told_to_send_its_body(server: Running) -> None:
    head = f"POST {LIST_ROOMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(f"{head}Authorization: Bearer {token()}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


async def test_a_stop_lets_a_body_arrive_that_is_on_its_way() -> None:
    server = Server(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}))
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = f"POST {LIST_ROOMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    writer.write(head.encode() + f"Authorization: Bearer {token()}\r\nExpect: 100-continue\r\n\r\n{{".encode())
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)  # the head is there, and the body is waited for
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0)
    writer.write(b"}")
    assert (await asyncio.wait_for(reader.read(), 20)).startswith(b"HTTP/1.1 200")
    await asyncio.wait_for(stopping, 20)
    writer.close()


async def test_a_stop_takes_no_longer_than_its_grace_when_a_client_does_not_read() -> None:
    server = Server(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}))
    await server.start()
    for number in range(20):
        request = pb.CreateRoomRequest(name=str(number), metadata="x" * 500_000)
        await server.backend.create_room(request, Caller())
    asked, list_rooms = asyncio.Event(), server.backend.list_rooms

    async def noticed(request, caller):
        asked.set()
        return await list_rooms(request, caller)

    server.backend.list_rooms = noticed
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    head = f"POST {LIST_ROOMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    writer.write(head.encode() + f"Authorization: Bearer {token()}\r\n\r\n{{}}".encode())
    await asyncio.wait_for(asked.wait(), 20)
    start = time.monotonic()
    await asyncio.wait_for(server.stop(1.0), 20)
    assert 0.9 < time.monotonic() - start < 10
    writer.close()


@pytest.mark.parametrize("opening", ["GET / HTTP/1.1\r\nHost: x\r\n", f"{CHUNKED}0\r\n"], ids=["head", "trailers"])
def test_a_head_without_end_is_not_kept(server: Running, opening: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(opening.encode())
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 100_000_000:
                connection.sendall(b"a%d: " % sent + b"x" * 900_000 + b"\r\n")
                sent += 900_000
    assert sent < 50_000_000  # what is beyond the limit was on its way already


async def test_a_port_that_is_taken_is_an_error_and_nothing_is_left_listening() -> None:
    async with Server(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET})) as first:
        second = Server(Config(port=first.port, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}))
        with pytest.raises(OSError, match=str(first.port)):
            await second.start()
        assert "stopped" in repr(second)


def test_the_access_log_names_the_path_and_never_the_token(capsys) -> None:
    log = AccessLog()
    log.record(Exchange("POST", f"{LIST_ROOMS}?access_token=hidden", 200, "", 0.001, Request({})))
    log.close()
    written = capsys.readouterr()
    assert LIST_ROOMS in written.out + written.err
    assert "hidden" not in written.out + written.err


class Reluctant:
    """A stream that nobody reads for a while, or ever."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.lines = refusals, []

    def write(self, line: str) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise BrokenPipeError
        self.lines.append(line)

    def flush(self) -> None:
        pass


def test_the_access_log_goes_on_when_a_line_could_not_be_written(monkeypatch) -> None:
    stream = Reluctant(refusals=2)
    monkeypatch.setattr("sys.stdout", stream)
    log = AccessLog()
    for number in range(5):
        log.record(Exchange("POST", f"/{number}", 200, "", 0.001, Request({})))
    log.close()
    assert ["path=/2" in "".join(stream.lines), "path=/4" in "".join(stream.lines)] == [True, True]
    assert "path=/1 " not in "".join(stream.lines)


def test_an_access_log_that_cannot_be_written_holds_up_no_end(monkeypatch) -> None:
    over = threading.Event()
    monkeypatch.setattr("roomwright.wire.access_log._END_S", 0.05)
    monkeypatch.setattr("roomwright.wire.access_log._CAPACITY", 10)
    monkeypatch.setattr(AccessLog, "_tell", lambda *_: over.wait(60))
    log = AccessLog()
    for _ in range(50):
        log.record(Exchange("POST", "/", 200, "", 0.001, Request({})))
    log.close()
    over.set()
