"""The two ways in which an answer goes out look the same to a client."""

import http.client
import socket
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from tests.serving import Running, running, token

PATH = "/twirp/livekit.RoomService/ListRooms"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as server:
        yield server


@pytest.fixture
def connection(server: Running) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    yield connection
    connection.close()


def ask(
    connection: http.client.HTTPConnection, body: bytes = b"{}", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    given = {"Content-Type": "application/json", "Authorization": f"Bearer {token()}", **headers}
    connection.request("POST", PATH, body, given)
    answer = connection.getresponse()
    return answer.status, {name: value for name, value in answer.getheaders() if name != "Date"}, answer.read()


def test_an_answer_in_one_piece_has_the_headers_of_any_other(connection):
    whole, asked_to_close = ask(connection), ask(connection, Connection="close")
    assert asked_to_close[1].pop("Connection") == "close"
    assert whole == asked_to_close


def test_it_has_a_date(connection):
    connection.request("POST", PATH, b"{}", {"Content-Type": "application/json", "Authorization": f"Bearer {token()}"})
    answer = connection.getresponse()
    assert parsedate_to_datetime(answer.getheader("Date", "")).tzname() == "UTC"


@pytest.mark.parametrize("media", ["application/json", "application/protobuf"])
def test_a_connection_serves_call_after_call(connection, media):
    body = b"{}" if media == "application/json" else b""
    answers = [ask(connection, body, **{"Content-Type": media}) for _ in range(3)]
    assert [(status, headers["Content-Type"]) for status, headers, _ in answers] == [(200, media)] * 3
    assert "Connection" not in answers[0][1]


def test_a_browser_gets_its_headers_on_a_connection_that_stays_open(connection):
    _, headers, _ = ask(connection, Origin="https://example.com")
    assert headers["Access-Control-Allow-Origin"] == "https://example.com"


def test_pipelined_calls_are_answered_in_order(server):
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {token()}\r\n"
    good = f"{head}Content-Length: 2\r\n\r\n{{}}"
    last = f"{head}Content-Length: 1\r\nConnection: close\r\n\r\n{{"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as pipe:
        pipe.sendall((good * 20 + last).encode())
        raw = b"".join(iter(lambda: pipe.recv(65536), b""))
    assert raw.count(b"HTTP/1.1 200 OK\r\n") == 20
    assert raw.rfind(b"HTTP/1.1 400 Bad Request\r\n") > raw.rfind(b"HTTP/1.1 200 OK\r\n")


def test_http_1_0_is_told_so(server):
    head = f"POST {PATH} HTTP/1.0\r\nContent-Type: application/json\r\nAuthorization: Bearer {token()}\r\n"
    assert server.exchange(f"{head}Content-Length: 2\r\n\r\n{{}}".encode()).startswith(b"HTTP/1.0 200 OK\r\n")
