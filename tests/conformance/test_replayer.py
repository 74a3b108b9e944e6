"""The replayer against a small server of its own: steps, captures, rules, and what it says when something is wrong."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.conformance.cases import Case, parse_case
from tests.conformance.replayer import Target, replay
from tests.conformance.report import explain, summary

JSON = {"content-type": "application/json; charset=utf-8"}
SERVICE = "/twirp/livekit.RoomService"


class Rooms:
    """Rooms that can be created, listed and deleted; a listing shows a new room from the `lag`-th one on."""

    def __init__(self) -> None:
        self.rooms: dict[str, str] = {}
        self.created = 0
        self.lag = 0
        self.calls: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        method = request.path.rpartition("/")[2]
        self.calls.append(method)
        return getattr(self, method, self.unknown)(json.loads(await request.read()))

    def unknown(self, _: dict) -> web.Response:
        return web.json_response({"code": "unavailable", "msg": "no"}, status=503)

    def CreateRoom(self, message: dict) -> web.Response:  # noqa: N802 - the service's spelling
        self.created += 1
        self.rooms[message["name"]] = f"RM_{self.created:012}"
        return web.json_response({"sid": self.rooms[message["name"]], "name": message["name"]})

    def ListRooms(self, _: dict) -> web.Response:  # noqa: N802 - the service's spelling
        self.lag -= 1
        seen = {} if self.lag > 0 else self.rooms
        return web.json_response({"rooms": [{"name": name, "sid": sid} for name, sid in seen.items()]})

    def DeleteRoom(self, message: dict) -> web.Response:  # noqa: N802 - the service's spelling
        self.rooms.pop(message["room"], None)
        return web.json_response({})


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest.fixture
async def target(rooms: Rooms) -> AsyncIterator[Target]:
    app = web.Application()
    app.router.add_post("/{tail:.*}", rooms.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield Target(host="127.0.0.1", port=runner.addresses[0][1])
    await runner.cleanup()


def _step(method: str, message: dict, expected: object = None, status: int = 200, **more: object) -> dict:
    headers = {"Authorization": {"token": {"grants": {}}}, "Content-Type": "application/json"}
    request = {"method": "POST", "path": f"{SERVICE}/{method}", "headers": headers, "body": json.dumps(message)}
    response = {"status": status, "headers": JSON, "body": {"json": expected}}
    return {"request": request, **({} if expected is None else {"response": response}), **more}


def _case(main: dict, **more: object) -> Case:
    return parse_case({"id": "a", "group": "g", "profile": "p", "note": "a note", **main, **more})


CREATE = _step("CreateRoom", {"name": "r"}, capture={"sid": "$.sid"})
LISTED = {"rooms": [{"name": "r", "sid": "<=sid>"}]}


async def test_values_are_captured_and_rooms_deleted_before_and_after(target, rooms):
    rooms.rooms["r"] = "RM_left_over"
    outcome = await replay(_case(_step("ListRooms", {}, LISTED), setup=[CREATE], rooms=["r"]), target)
    assert outcome.mismatches == []
    assert rooms.calls == ["DeleteRoom", "CreateRoom", "ListRooms", "DeleteRoom"]
    assert rooms.rooms == {}


async def test_all_rooms_are_deleted_where_the_case_asks_for_it(target, rooms):
    rooms.rooms |= {"x": "RM_x", "y": "RM_y"}
    outcome = await replay(_case(_step("ListRooms", {}, {"rooms": []}), pre="delete_all_rooms"), target)
    assert outcome.mismatches == []


async def test_an_answer_may_come_late_where_the_case_allows_it(target, rooms):
    rooms.lag = 4
    case = _case(_step("ListRooms", {}, LISTED, eventually_s=5), setup=[CREATE])
    assert (await replay(case, target)).mismatches == []
    assert rooms.calls.count("ListRooms") == 4


async def test_a_capture_that_failed_shows_where_it_is_needed(target):
    case = _case(_step("ListRooms", {}, LISTED), setup=[_step("CreateRoom", {"name": "r"}, capture={"sid": "$.nope"})])
    [mismatch] = (await replay(case, target)).mismatches
    assert [found.split(":")[0] for found in mismatch.differences] == ["body.rooms[?].sid"]


async def test_a_value_must_differ_where_the_case_says_so(target):
    created = {"sid": "<sid:RM>", "name": "r"}
    again = _case(_step("CreateRoom", {"name": "r"}, created, differs=[["sid", "$.sid"]]), setup=[CREATE])
    assert (await replay(again, target)).mismatches == []
    same = _case(_step("ListRooms", {}, LISTED, differs=[["sid", "$.rooms[0].sid"]]), setup=[CREATE])
    [mismatch] = (await replay(same, target)).mismatches
    assert mismatch.differences[0].startswith("$.rooms[0].sid: must differ from sid")


async def test_alternates_count(target):
    main = _step("ListRooms", {}, {"code": "canceled", "msg": "x"}, status=408)
    main["alternates"] = [{"status": 200, "headers": JSON, "body": "<any>"}]
    assert (await replay(_case(main), target)).mismatches == []


async def test_a_rule_is_compared_instead_of_the_recorded_answer(target, rooms):
    rooms.unknown = lambda _: web.json_response({"code": "internal", "msg": "no"}, status=500)
    recorded = {"code": "unavailable", "msg": "no response"}
    outcome = await replay(_case(_step("Nothing", {}, recorded, status=503)), target)
    [rule] = outcome.rules
    [mismatch] = outcome.mismatches
    assert mismatch.rule is rule
    assert mismatch.differences[0] == "status: expected 404, got 500"


async def test_a_rule_whose_recorded_answer_is_met_is_a_mistake(target):
    outcome = await replay(_case(_step("Nothing", {}, {"code": "unavailable", "msg": "x"}, status=503)), target)
    assert outcome.mismatches[0].differences[-1].endswith("is not needed here")


async def test_a_failure_shows_request_expected_and_got(target):
    outcome = await replay(_case(_step("ListRooms", {}, {"rooms": [], "next": 1})), target)
    text = explain(outcome)
    for part in (
        "p-a (g): a note",
        f"POST {SERVICE}/ListRooms",
        "expected: 200",
        "got:      200",
        "body.next: missing",
    ):
        assert part in text


async def test_a_server_that_does_not_answer_is_a_mismatch_of_its_case():
    outcome = await replay(_case(_step("ListRooms", {}, {"rooms": []})), Target(host="127.0.0.1", port=1))
    assert "no answer: ConnectionRefusedError" in explain(outcome)


async def test_counts_tell_recorded_ruled_failed_and_waiting_apart(target):
    good = await replay(_case(_step("ListRooms", {}, {"rooms": []})), target)
    bad = await replay(_case(_step("ListRooms", {}, {"rooms": 1})), target)
    upgrade = {"request": {"path": "/agent", "headers": {"Upgrade": "websocket"}}}
    waiting = _case(_step("ListRooms", {}, {}), setup=[upgrade])
    assert summary([good, bad], [waiting]) == ["p: 1 as recorded, 0 by rule, 1 failed; waiting: 1 for agents"]
