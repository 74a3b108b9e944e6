"""Requests and answers of the API in both encodings, with LiveKit's own classes: nothing of the server under test.

A message is written as JSON in the spelling of JavaScript's clients (lowerCamelCase); answers are compared in the
spelling that the server uses (the schema's own).
"""

import json
from collections.abc import Mapping
from typing import Any

from bench_wrk import COUNTER
from google.protobuf import json_format, message_factory
from google.protobuf.message import Message
from livekit.protocol import agent_dispatch, room

JSON, PROTOBUF = "application/json", "application/protobuf"
MEDIA = {"json": JSON, "protobuf": PROTOBUF}

_SERVICES = (
    room.DESCRIPTOR.services_by_name["RoomService"],
    agent_dispatch.DESCRIPTOR.services_by_name["AgentDispatchService"],
)
_METHODS = {method.name: method for service in _SERVICES for method in service.methods}

METHODS = tuple(_METHODS)
"""Every method of RoomService and AgentDispatchService."""


def path(method: str) -> str:
    """Where Twirp has the method."""
    return f"/twirp/{_METHODS[method].containing_service.full_name}/{method}"


def encode(method: str, media: str, message: Mapping[str, Any]) -> bytes:
    """The body of a request."""
    if media == JSON:
        return json.dumps(message, separators=(",", ":")).encode()
    return _parsed(_METHODS[method].input_type, message).SerializeToString()


def decode(method: str, media: str, body: bytes) -> dict[str, Any]:
    """The body of an answer as the schema's JSON."""
    if media == JSON:
        return json.loads(body)
    message = message_factory.GetMessageClass(_METHODS[method].output_type)()
    message.ParseFromString(body)
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def _parsed(descriptor: Any, message: Mapping[str, Any]) -> Message:
    return json_format.ParseDict(message, message_factory.GetMessageClass(descriptor)())


def numbered(message: Any, number: int) -> Any:
    """`message` with the number where COUNTER stands in a text."""
    match message:
        case str():
            return message.replace(COUNTER, f"{number:012d}")
        case dict():
            return {key: numbered(value, number) for key, value in message.items()}
        case list():
            return [numbered(value, number) for value in message]
        case _:
            return message


def differences(expected: Any, got: Any, at: str = "answer") -> list[str]:
    """Where `got` is not what is expected; objects may have more fields, lists must be as long."""
    match expected, got:
        case dict(), dict():
            return [line for key in expected for line in differences(expected[key], got.get(key), f"{at}.{key}")]
        case list(), list() if len(expected) == len(got):
            pairs = enumerate(zip(expected, got, strict=True))
            return [line for i, (want, have) in pairs for line in differences(want, have, f"{at}[{i}]")]
        case list(), list():
            return [f"{at}: {len(expected)} expected, got {len(got)}"]
        case _ if expected == got:
            return []
        case _:
            return [f"{at}: {expected!r} expected, got {got!r}"]
