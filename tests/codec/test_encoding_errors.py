"""Messages that cannot be encoded are refused in every format, with the field and the reason."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from roomwright import codec
from roomwright_proto import livekit as pb

Refused = Callable[..., str]
FORMATS = pytest.mark.parametrize(
    "encode", [codec.encode, codec.to_json, codec.to_twirp_json], ids=lambda f: f.__name__
)


@FORMATS
@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (pb.Room(empty_timeout=-1), "empty_timeout: -1 is out of range for uint32"),
        (pb.Room(empty_timeout=1 << 32), "empty_timeout: 4294967296 is out of range for uint32"),
        (pb.Room(creation_time=1 << 63), "creation_time: 9223372036854775808 is out of range for int64"),
        (pb.Room(creation_time=1.5), "creation_time: 1.5 is not an integer"),
        (pb.Room(empty_timeout="5"), "empty_timeout: '5' is not an integer"),
        (pb.Room(name="\ud83d"), "name: '\\ud83d' has a lone surrogate"),
        (pb.ListRoomsResponse(rooms=5), "rooms: 5 is not a list"),
        (pb.Room(version="1"), "version: '1' is not a livekit.TimedVersion"),
        (pb.ListRoomsResponse(rooms=[pb.Room(), pb.Codec()]), "rooms[1]: Codec() is not a livekit.Room"),
        (
            pb.ListRoomsResponse(rooms=[pb.Room(), pb.Room(num_participants=-1)]),
            "rooms[1].num_participants: -1 is out of range for uint32",
        ),
        (pb.SendDataRequest(data="text"), "data: 'text' is not bytes"),
        (pb.SendDataRequest(kind=1 << 31), "kind: 2147483648 is out of range for enum"),
        (pb.ParticipantInfo(attributes={5: "x"}), "attributes[5]: 5 is not a string"),
        (pb.UpdateWorkerStatus(load=1e39), "load: 1e+39 is out of range for float"),
        (
            pb.SignalRequest(answer=pb.SessionDescription(), leave=pb.LeaveRequest()),
            "leave: answer is set as well, and message is a oneof",
        ),
        (pb.EgressInfo(room_id="\udc80"), "room_id: '\\udc80' has a lone surrogate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_value_is_refused(encode: Callable[[Any], bytes], message: Any, reason: str, refused: Refused):
    assert refused(encode, message) == reason


@FORMATS
def test_a_message_of_another_schema_is_refused(encode: Callable[[Any], bytes], refused: Refused):
    assert refused(encode, 5) == "int is not a message of this schema"


@FORMATS
def test_a_time_needs_a_zone(encode: Callable[[Any], bytes], refused: Refused):
    text = refused(encode, pb.SipDispatchRuleInfo(created_at=datetime(2026, 1, 1)))
    assert text == "created_at: datetime.datetime(2026, 1, 1, 0, 0) has no time zone"


def test_a_duration_has_a_limit(wellknown: SimpleNamespace, refused: Refused):
    message = wellknown.All(optional_duration=timedelta(days=4_000_000))
    assert "longer than 10000 years" in refused(wellknown.codec.encode, message)


def test_a_message_inside_itself_is_refused(wellknown: SimpleNamespace, refused: Refused):
    message = wellknown.All()
    message.recursive_message = message
    for encode in (
        wellknown.codec.encode,
        wellknown.codec.to_json,
        wellknown.codec.to_twirp_json,
        wellknown.codec.copy,
    ):
        assert "nested too deeply" in refused(encode, message)


def test_a_missing_attribute_is_named(refused: Refused):
    message = pb.Codec()
    del vars(message)["mime"]
    assert refused(codec.encode, message) == "mime: the attribute is missing"
