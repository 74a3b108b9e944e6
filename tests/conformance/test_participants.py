"""The signalling client of the replayer: against our own server, and what it makes of one that answers otherwise."""

import pytest

from roomwright.app import Server
from roomwright.config import Config
from tests.conformance.cases import parse_case
from tests.conformance.participants import contains
from tests.conformance.replayer import Target, replay
from tests.conformance.report import explain
from tests.conformance.tokens import Credentials


@pytest.fixture
async def target():
    credentials = Credentials()
    keys = {credentials.key: credentials.secret}
    async with Server(Config(port=0, bind_addresses=("127.0.0.1",), keys=keys)) as server:
        yield Target(host="127.0.0.1", port=server.port)


def case(*setup, path="/"):
    response = {"status": 200, "headers": {"content-type": "text/plain; charset=utf-8"}, "body": "OK"}
    request = {"method": "GET", "path": path}
    fields = {"id": "a", "group": "g", "profile": "p", "needs": "ws", "rooms": ["r"], "setup": setup}
    return parse_case(fields | {"request": request, "response": response})


def join(name="alice", **fields):
    token = {"identity": name, "grants": {"video": {"roomJoin": True, "room": "r"}}, "ttl": 600}
    return {"ws_join": {"as": name, "token": token, **fields}}


def expect(kind, match, **fields):
    return {"ws_expect": {"as": "alice", "type": kind, "match": match, "within_s": 0.2, **fields}}


async def test_what_is_as_recorded_passes(target):
    steps = [
        join(),
        expect("join", {"participant": {"identity": "alice", "sid": "{{alice_sid}}", "metadata": "<absent>"}}),
        {"ws_send": {"as": "alice", "message": {"ping_req": {"timestamp": "5"}}}},
        expect("pong_resp", {"last_ping_timestamp": "5"}),
        expect("leave", {}, absent=True),
        {"ws_send": {"as": "alice", "message": {"leave": {}}}},
        {"ws_closed": {"as": "alice", "code": 1000, "within_s": 2}},
        {"ws_close": "alice"},
        join(query={"reconnect": "1", "protocol": None}, first="leave"),
    ]
    outcome = await replay(case(*steps), target)
    assert outcome.mismatches == [], explain(outcome)


async def test_a_join_that_may_fail_fails_silently(target):
    steps = [join(path="/nowhere", may_fail=True)]
    assert (await replay(case(*steps), target)).mismatches == []


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (join("bob", path="/nowhere"), "bob was not let in: 404"),
        (expect("join", {"participant": {"identity": "bob"}}), "no join with"),
        (expect("join", {}, absent=True), "unexpected join"),
        ({"ws_closed": {"as": "alice", "code": 1000, "within_s": 0.1}}, "expected the connection closed with 1000"),
    ],
)
async def test_what_is_otherwise_is_a_mismatch_that_says_so(target, step, words):
    outcome = await replay(case(join(), step), target)
    assert words in explain(outcome)


@pytest.mark.parametrize(
    ("expected", "actual", "verdict"),
    [
        ({}, 5, True),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": "<absent>"}, {"b": 2}, True),
        ({"a": "<absent>"}, {"a": 2}, False),
        ({"a": [{"n": 2}]}, {"a": [{"n": 1}, {"n": 2, "m": 3}]}, True),
        ({"a": [{"n": 3}]}, {"a": [{"n": 1}]}, False),
        ({"a": 1}, 1, False),
    ],
)
def test_containing(expected, actual, verdict):
    assert contains(expected, actual) is verdict
