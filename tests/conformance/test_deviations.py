"""The rules themselves: few, used, general, and each really another answer."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.conformance.cases import Exchange, Response, load, parse_case, parse_step, waiting_for
from tests.conformance.deviations import RULES, rule_for

EXCHANGES = [
    step
    for case in load()
    if waiting_for(case) is None
    for _, step in case.steps
    if isinstance(step, Exchange) and step.response is not None
]
USES = Counter(rule.name for exchange in EXCHANGES if (rule := rule_for(exchange)))


def test_there_are_at_most_fifteen_rules_with_names_of_their_own():
    assert len({rule.name for rule in RULES}) == len(RULES) <= 15


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_used_and_says_why(rule):
    assert rule.reason
    assert USES[rule.name] > 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_expects_another_answer_than_the_recorded_one(rule):
    for exchange in filter(rule.applies, EXCHANGES):
        assert rule.instead(exchange) != exchange.response


def _exchange(path: str, body: object, response: dict) -> Exchange:
    request = {"method": "POST", "path": path, "headers": {}, "body": body}
    return parse_step({"request": request, "response": {"headers": {"content-type": "application/json"}, **response}})


def _name(exchange: Exchange) -> str | None:
    rule = rule_for(exchange)
    return rule.name if rule else None


def _success(body: dict) -> dict:
    return {"status": 200, "body": {"json": body}}


def _refusal(status: int, code: str) -> dict:
    return {"status": status, "body": {"json": {"code": code, "msg": "x"}}}


@pytest.mark.parametrize(
    "path", ["/twirp/livekit.Egress/StartWebEgress", "//twirp/livekit.SIP/X", "/twirp/livekit.Ingress/X?a=b"]
)
def test_unimplemented_services_answer_so_only_after_authorisation_and_decoding(path):
    assert _name(_exchange(path, "{}", _success({}))) == "web egress, ingress, SIP and WHIP are not implemented"
    for status, code in ((401, "unauthenticated"), (400, "malformed"), (404, "bad_route")):
        assert _name(_exchange(path, "{}", _refusal(status, code))) is None


def test_a_transfer_without_a_room_is_refused_before_authorisation():
    transfer = "/twirp/livekit.SIP/TransferSIPParticipant"
    assert _name(_exchange(transfer, "{}", _refusal(400, "invalid_argument"))) is None
    assert _name(_exchange(transfer, '{"room_name":"a"}', _refusal(404, "not_found")))


@pytest.mark.parametrize(("size", "ruled"), [(256_000, False), (256_001, True)])
def test_data_is_too_much_above_the_limit(size, ruled):
    import base64

    body = f'{{"room":"r","data":"{base64.b64encode(bytes(size)).decode()}"}}'
    assert bool(_name(_exchange("/twirp/livekit.RoomService/SendData", body, _success({})))) is ruled


@pytest.mark.parametrize(
    ("egress", "ruled"),
    [("{}", False), ("null", False), ('{"room":{}}', True), ('{"room":{"file":{}}}', False), ('{"tracks":{}}', False)],
)
def test_a_rooms_recording_needs_an_output(egress, ruled):
    exchange = _exchange("/twirp/livekit.RoomService/CreateRoom", f'{{"egress":{egress}}}', _success({}))
    assert bool(_name(exchange)) is ruled


def test_after_a_refused_room_there_is_no_room():
    rule = next(rule for rule in RULES if rule.afterwards)
    listed = Response(status=200, headers={}, body={"json": {"rooms": [{"name": "a"}]}})
    assert rule.afterwards(listed).body == {"json": {"rooms": []}}


def test_a_room_is_listed_once():
    room = {"name": "a"}
    exchange = _exchange("/twirp/livekit.RoomService/ListRooms", "{}", _success({"rooms": [room, room, {"name": "b"}]}))
    assert rule_for(exchange).instead(exchange).body == {"json": {"rooms": [room, {"name": "b"}]}}
    assert _name(_exchange("/twirp/livekit.RoomService/ListRooms", "{}", _success({"rooms": [room]}))) is None


def test_who_joined_and_did_not_leave_is_counted():
    created = _exchange("/twirp/livekit.RoomService/CreateRoom", "{}", _success({"num_participants": 0}))
    joins = [
        {"join": {"as": name, "token": {"grants": {"video": grant}}}}
        for name, grant in (("a", {}), ("b", {}), ("ghost", {"hidden": True}), ("rec", {"recorder": True}))
    ]
    after = replace(created, before=tuple(map(parse_step, [*joins, {"leave": "b"}])))
    assert _name(created) is None
    assert rule_for(after).instead(after).body == {"json": {"num_participants": 2}}


def test_waiting_cases_are_told_from_the_case_not_from_a_list():
    plain = {
        "id": "a",
        "group": "g",
        "profile": "default",
        "request": {"path": "/"},
        "response": _success({}) | {"headers": {}},
    }
    assert waiting_for(parse_case(plain)) is None
    agent = {"path": "/agent", "headers": {"Upgrade": "websocket"}}
    assert waiting_for(parse_case(plain | {"request": agent})) == "agents"
    assert waiting_for(parse_case(plain | {"needs": "rtc"})) is None
    upgrade = {"path": "/agent", "headers": {"Upgrade": "websocket"}}
    assert waiting_for(parse_case(plain | {"request": upgrade})) == "agents"
    assert waiting_for(parse_case(plain | {"request": {"path": "/agent"}})) is None
