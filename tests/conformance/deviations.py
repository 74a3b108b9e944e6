"""Where Roomwright answers otherwise than the reference on purpose: at most fifteen rules, each with its reason.

A rule is a predicate over an exchange and what is expected instead, which is compared like a recording. Rules never
name cases. The list may only shrink: a rule that no recording uses fails the suite, and so does one whose recorded
answer the server gives after all.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.conformance.cases import Exchange, ParticipantStep, Response
from tests.conformance.compare import is_twirp_error
from tests.conformance.egresses import starting, with_ids

MAX_DATA_SIZE = 256_000
_UNIMPLEMENTED_SERVICES = {"Ingress", "SIP"}
_OUTPUTS = ("file", "stream", "segments", "file_outputs", "stream_outputs", "segment_outputs", "image_outputs")
_CODE_OF_A_TEXT = {
    401: ("unauthenticated",),
    404: ("bad_route", "twirp_invalid_route"),  # an unknown service is answered like an unknown method
    413: ("resource_exhausted",),  # as gRPC answers to a message above its limit
}
"""By status: the code of a refusal that the reference gives as plain text, and the keys of its meta."""
_REFUSED_BEFORE_THE_SERVICE = {"unauthenticated", "malformed", "bad_route"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One deviation: where it `applies`, what is expected `instead`, and why.

    `afterwards` turns what was recorded in the steps after the exchange into what is expected of them now.
    """

    name: str
    reason: str
    applies: Callable[[Exchange], bool]
    instead: Callable[[Exchange], Response]
    afterwards: Callable[[Response], Response] | None = None


def rule_for(exchange: Exchange) -> Rule | None:
    """The first rule that applies to an exchange with a recorded answer."""
    return next((rule for rule in RULES if rule.applies(exchange)), None)


def _recorded(exchange: Exchange) -> Response:
    if exchange.response is None:
        raise ValueError("a rule is about a recorded answer")
    return exchange.response


def _path(exchange: Exchange) -> str:
    path = exchange.request["path"].partition("?")[0]
    return path[1:] if path.startswith("//") else path  # the reference tolerates one more slash


def _route(exchange: Exchange) -> tuple[str, str]:
    """The service and the method asked for, without the package; empty outside LiveKit's Twirp paths."""
    service, _, method = _path(exchange).removeprefix("/twirp/livekit.").partition("/")
    return (service, method) if _path(exchange).startswith("/twirp/livekit.") else ("", "")


def _code(exchange: Exchange) -> str:
    """The Twirp code of the recorded answer; empty for anything else."""
    match _recorded(exchange).body:
        case {"json": error} if is_twirp_error(error):
            return error["code"]
        case _:
            return ""


def _message(exchange: Exchange) -> Mapping[str, Any]:
    """The request's message as JSON; empty when it cannot be read."""
    match exchange.request.get("body"):
        case {"protobuf_json": message}:
            return message
        case {"repeat": [prefix, unit, count, suffix]}:
            return _object(prefix + unit * count + suffix)
        case str(text):
            return _object(text)
        case _:
            return {}


def _object(text: str) -> Mapping[str, Any]:
    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip())  # what follows the first value is ignored
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _twirp_error(exchange: Exchange, status: int, code: str, *meta: str) -> Response:
    """A Twirp error with the other headers of the recorded answer."""
    error: dict[str, Any] = {"code": code, "msg": "<any>"}
    if meta:
        error["meta"] = dict.fromkeys(meta, "<any>")
    headers = {**_recorded(exchange).headers, "content-type": "application/json"}
    return Response(status=status, headers=headers, body={"json": error}, compact=True)


def _is_refused_in_plain_text(exchange: Exchange) -> bool:
    recorded = _recorded(exchange)
    is_text = recorded.headers.get("content-type", "").startswith("text/plain")
    return _path(exchange).startswith("/twirp/") and recorded.status in _CODE_OF_A_TEXT and is_text


def _the_same_refusal_as_twirp_error(exchange: Exchange) -> Response:
    status = _recorded(exchange).status
    return _twirp_error(exchange, status, *_CODE_OF_A_TEXT[status])


def _nobody_answered(exchange: Exchange) -> bool:
    return _recorded(exchange).status == 503 and _code(exchange) == "unavailable"


def _reaches_an_unimplemented_service(exchange: Exchange) -> bool:
    service, method = _route(exchange)
    there = service not in _UNIMPLEMENTED_SERVICES and (service, method) != ("Egress", "StartWebEgress")
    if there or _code(exchange) in _REFUSED_BEFORE_THE_SERVICE:
        return False
    names_no_room = not _message(exchange).get("room_name") and _code(exchange) == "invalid_argument"
    return not (method == "TransferSIPParticipant" and names_no_room)  # there the reference looks before it authorises


def _is_whip(exchange: Exchange) -> bool:
    """The reference has these endpoints even where no ingress can take a stream."""
    return _path(exchange).startswith("/whip/") and _recorded(exchange).status != 401


def _not_implemented(exchange: Exchange) -> Response:
    if not _is_whip(exchange):
        return _twirp_error(exchange, 501, "unimplemented")
    headers = {**_recorded(exchange).headers, "content-type": "text/plain; charset=utf-8"}
    return Response(status=501, headers=headers, body="<any>")


def _lists_streams_without_ids(exchange: Exchange) -> bool:
    match _recorded(exchange).body:
        case {"json": {"items": list(items)}} if _route(exchange) == ("Egress", "ListEgress"):
            return any("id" not in stream for item in items for stream in item["stream_results"])
        case _:
            return False


def _wants_a_recording_without_an_output(exchange: Exchange) -> bool:
    """Of a room that it creates."""
    if _route(exchange) != ("RoomService", "CreateRoom") or _recorded(exchange).status not in {200, 408}:
        return False
    recording = (_message(exchange).get("egress") or {}).get("room")
    return recording is not None and not any(name in recording for name in _OUTPUTS)


def _misses_a_recorder(exchange: Exchange) -> bool:
    """A call of an egress that is stored, or of a room that is there, for which the reference finds no service."""
    service, method = _route(exchange)
    if service != "Egress" or _recorded(exchange).status not in {408, 500, 503}:
        return False
    made = [_message(step).get("name") for step in exchange.before if isinstance(step, Exchange)]
    return not method.startswith("Start") or _message(exchange).get("room_name") in made


def _with_a_recorder(exchange: Exchange) -> Response:
    _, method = _route(exchange)
    if method == "ListEgress":
        return replace(_recorded(exchange), status=200, body={"json": {"items": [], "next_page_token": None}})
    if not method.startswith("Start"):
        return _twirp_error(exchange, 404, "not_found")
    return replace(_recorded(exchange), status=200, body={"json": starting(method, _message(exchange))})


def _sends_too_much_data(exchange: Exchange) -> bool:
    if _route(exchange) != ("RoomService", "SendData") or _recorded(exchange).status != 200:
        return False
    data = _message(exchange).get("data") or ""
    return len(base64.b64decode(data.rstrip("=") + "==", altchars=b"-_")) > MAX_DATA_SIZE


def _listed_rooms(recorded: Response) -> list[Any]:
    match recorded.body:
        case {"json": {"rooms": list(rooms)}}:
            return rooms
        case _:
            return []


def _lists_a_room_twice(exchange: Exchange) -> bool:
    names = [room["name"] for room in _listed_rooms(_recorded(exchange))]
    return _route(exchange) == ("RoomService", "ListRooms") and len(set(names)) < len(names)


def _each_room_once(exchange: Exchange) -> Response:
    by_name = {room["name"]: room for room in _listed_rooms(_recorded(exchange))}
    return replace(_recorded(exchange), body={"json": {"rooms": list(by_name.values())}})


def _takes_a_participant_elsewhere(exchange: Exchange) -> bool:
    """Of one that is there: for one that is not, both servers find nobody."""
    elsewhere = {("RoomService", "ForwardParticipant"), ("RoomService", "MoveParticipant")}
    return _route(exchange) in elsewhere and (_recorded(exchange).status, _code(exchange)) == (500, "unknown")


def _wants_into_a_full_room(exchange: Exchange) -> bool:
    """Asked by a newcomer, after as many joins as the room has seats."""
    if not _path(exchange).startswith("/rtc") or _recorded(exchange).status not in {200, 500}:
        return False
    requests = [_message(step) for step in exchange.before if isinstance(step, Exchange)]
    seats = max((message.get("max_participants") or 0 for message in requests), default=0)
    joined = [step for step in exchange.before if isinstance(step, ParticipantStep) and step.kind == "ws_join"]
    return 0 < seats <= len(joined)


def _present(exchange: Exchange) -> int:
    """How many were in the room that count, by the steps before: agents and recorders do not."""
    steps = [step for step in exchange.before if isinstance(step, ParticipantStep)]
    grants = {step.content["as"]: step.content["token"]["grants"]["video"] for step in steps if step.kind == "join"}
    gone = {step.content for step in steps if step.kind == "leave"}
    return sum(not ({"agent", "recorder"} & grant.keys()) for name, grant in grants.items() if name not in gone)


def _counts_late(exchange: Exchange) -> bool:
    if _route(exchange) != ("RoomService", "CreateRoom"):
        return False
    match _recorded(exchange).body:
        case {"json": {"num_participants": int(counted)}}:
            return counted != _present(exchange)
        case _:
            return False


def _counted(exchange: Exchange) -> Response:
    room = {**_recorded(exchange).body["json"], "num_participants": _present(exchange)}
    return replace(_recorded(exchange), body={"json": room})


def _no_rooms(recorded: Response) -> Response:
    return replace(recorded, body={"json": {"rooms": []}}) if _listed_rooms(recorded) else recorded


RULES: tuple[Rule, ...] = (
    Rule(
        name="web egress, ingress, SIP and WHIP are not implemented",
        reason="a call that passes authorisation and decoding is told so by name, with or without a store and workers",
        applies=lambda exchange: _is_whip(exchange) or _reaches_an_unimplemented_service(exchange),
        instead=_not_implemented,
    ),
    Rule(
        name="recording needs no Redis and no second service",
        reason="the server records by itself; the reference answers after up to 25 s that nobody does",
        applies=_misses_a_recorder,
        instead=_with_a_recorder,
    ),
    Rule(
        name="streams have ids",
        reason="a destination is removed by its id; the recorded release knew none yet",
        applies=_lists_streams_without_ids,
        instead=lambda exchange: replace(_recorded(exchange), body=with_ids(_recorded(exchange).body)),
    ),
    Rule(
        name="CreateRoom refuses a recording that goes nowhere",
        reason="a room that silently is not recorded helps nobody; the reference creates it, and fails after that",
        applies=_wants_a_recording_without_an_output,
        instead=lambda exchange: _twirp_error(exchange, 400, "invalid_argument", "argument"),
        afterwards=_no_rooms,
    ),
    Rule(
        name="nobody there is not_found at once",
        reason="the reference waits three seconds for a room or participant that does not exist, and blames the server",
        applies=_nobody_answered,
        instead=lambda exchange: _twirp_error(exchange, 404, "not_found"),
    ),
    Rule(
        name="plain-text refusals on Twirp paths are Twirp errors",
        reason="SDKs read errors on these paths as JSON; of plain text they make an error without code or message",
        applies=_is_refused_in_plain_text,
        instead=_the_same_refusal_as_twirp_error,
    ),
    Rule(
        name="too much data is refused",
        reason="browsers take no message above 262,144 bytes; the reference accepts such data and it never arrives",
        applies=_sends_too_much_data,
        instead=lambda exchange: _twirp_error(exchange, 400, "invalid_argument", "argument"),
    ),
    Rule(
        name="ListRooms names a room once",
        reason="asked for a name twice, the reference lists the room twice with its redis store and once without",
        applies=_lists_a_room_twice,
        instead=_each_room_once,
    ),
    Rule(
        name="participants are moved and forwarded",
        reason="the open-source reference leaves these methods to the vendor's cloud",
        applies=_takes_a_participant_elsewhere,
        instead=lambda exchange: replace(_recorded(exchange), status=200, body={"json": {}}),
    ),
    Rule(
        name="a full room says so",
        reason="the reference answers 500 to the handshake and success to validate, and SDKs try four times in vain",
        applies=_wants_into_a_full_room,
        instead=lambda exchange: replace(_recorded(exchange), status=403, body="<any>"),
    ),
    Rule(
        name="counts are exact",
        reason="the reference counts every five seconds, so that a caller cannot know whether a room is empty",
        applies=_counts_late,
        instead=_counted,
    ),
)
