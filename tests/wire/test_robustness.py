"""Whatever a client sends: an answer below 500 (or an honest 501), no traceback in the log, and the server goes on."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from roomwright.services.routes import routes
from roomwright_proto import livekit as pb
from tests.serving import Running, running, token

METHODS = [
    route.path
    for base in (pb.RoomServiceBase, pb.AgentDispatchServiceBase, pb.EgressBase, pb.IngressBase, pb.SipBase)
    for route in routes(base, None)
]
BOUNDED = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as server:
        yield server


def ask(
    server: Running, verb: bytes, target: bytes, headers: dict[bytes, bytes], body: bytes, *, hang_up: bool = False
) -> tuple[int, bytes]:
    """The answer's status and body; status 0 when there was none."""
    lines = [verb + b" " + target + b" HTTP/1.1", b"Host: x", b"Connection: close"]
    lines += [name + b": " + value for name, value in headers.items()]
    if not any(name.lower() in {b"content-length", b"transfer-encoding"} for name in headers):
        lines.append(b"Content-Length: %d" % len(body))
    with capture_logs() as logs:
        answer = server.exchange(b"\r\n".join(lines) + b"\r\n\r\n" + body, hang_up=hang_up)
    assert [entry for entry in logs if entry["log_level"] in {"error", "critical"}] == []
    head, _, payload = answer.partition(b"\r\n\r\n")
    return (int(head.split()[1]) if head else 0), payload


def assert_not_our_fault(status: int) -> None:
    assert status < 500 or status == 501


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = sorted(
    {
        field
        for base in (pb.RoomServiceBase, pb.AgentDispatchServiceBase)
        for route in routes(base, None)
        for field in route.request_type.__dataclass_fields__
    }
    - {"_unknown_fields"}
)
BODIES = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=6), JSON_VALUES, max_size=6)


@BOUNDED
@given(method=st.sampled_from(METHODS), body=BODIES)
def test_any_json_document_is_answered(server: Running, method: str, body: object) -> None:
    headers = {b"Authorization": b"Bearer " + token().encode(), b"Content-Type": b"application/json"}
    status, payload = ask(server, b"POST", b"/twirp" + method.encode(), headers, json.dumps(body).encode())
    assert_not_our_fault(status)
    assert isinstance(json.loads(payload), dict)


@BOUNDED
@given(
    method=st.sampled_from(METHODS),
    media=st.sampled_from([b"application/json", b"application/protobuf"]),
    body=st.binary(max_size=200),
)
def test_any_bytes_are_answered(server: Running, method: str, media: bytes, body: bytes) -> None:
    headers = {b"Authorization": b"Bearer " + token().encode(), b"Content-Type": media}
    status, _ = ask(server, b"POST", b"/twirp" + method.encode(), headers, body)
    assert_not_our_fault(status)


VISIBLE = st.binary(max_size=60).map(lambda raw: bytes(0x21 + byte % 0x5E for byte in raw))


@BOUNDED
@given(verb=st.sampled_from([b"GET", b"POST", b"PUT", b"OPTIONS", b"HEAD", b"BREW", b"post"]), path=VISIBLE)
def test_any_path_and_verb_is_answered(server: Running, verb: bytes, path: bytes) -> None:
    status, _ = ask(server, verb, b"/" + path, {}, b"")
    assert 200 <= status < 500


@BOUNDED
@given(tail=VISIBLE)
def test_any_path_below_twirp_is_answered(server: Running, tail: bytes) -> None:
    status, _ = ask(server, b"POST", b"/twirp/livekit.RoomService" + tail, {}, b"")
    assert 300 <= status < 500


@BOUNDED
@given(value=st.binary(max_size=300), where=st.sampled_from(["header", "bearer", "query", "form"]))
def test_any_token_is_answered(server: Running, value: bytes, where: str) -> None:
    line = bytes(byte if byte >= 0x20 and byte != 0x7F else 0x2E for byte in value)
    target, headers, body = b"/twirp/livekit.RoomService/ListRooms", {b"Content-Type": b"application/json"}, b"{}"
    if where == "header":
        headers[b"Authorization"] = line
    elif where == "bearer":
        headers[b"Authorization"] = b"Bearer " + line
    elif where == "query":
        target += b"?access_token=" + b"".join(b"%%%02x" % byte for byte in value)
    else:
        headers[b"Content-Type"] = b"application/x-www-form-urlencoded"
        body = b"access_token=" + value
    status, _ = ask(server, b"POST", target, headers, body)
    assert status in {400, 401, 404}


@BOUNDED
@given(
    headers=st.dictionaries(
        st.sampled_from(
            [
                b"Content-Type",
                b"Origin",
                b"Content-Encoding",
                b"Transfer-Encoding",
                b"Content-Length",
                b"Access-Control-Request-Method",
                b"Expect",
                b"Upgrade",
                b"X-Livekit-Request-Id",
                b"Accept",
            ]
        ),
        st.sampled_from(
            [
                b"",
                b"-1",
                b"chunked",
                b"gzip",
                b"99999999999999999999",
                b"100-continue",
                b"websocket",
                b"\xff",
                b"application/json;;;=",
                b"POST",
                b"*",
                b'"',
                b"a" * 5000,
            ]
        ),
        max_size=4,
    )
)
def test_any_header_is_answered_or_the_connection_closed(server: Running, headers: dict[bytes, bytes]) -> None:
    status, _ = ask(server, b"POST", b"/twirp/livekit.RoomService/ListRooms", headers, b"{}", hang_up=True)
    assert_not_our_fault(status)


@BOUNDED
@given(raw=st.binary(min_size=1, max_size=400))
def test_what_is_not_http_harms_nobody(server: Running, raw: bytes) -> None:
    with capture_logs() as logs:
        answer = server.exchange(raw, hang_up=True)
    assert [entry for entry in logs if entry["log_level"] in {"error", "critical"}] == []
    assert answer == b"" or int(answer.split()[1]) < 500
    assert server.exchange(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
