"""The protobuf encoding, byte by byte."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from roomwright import codec
from roomwright_proto import livekit as pb

Refused = Callable[..., str]


def test_a_message_is_encoded_as_protobuf_says():
    room = pb.Room(sid="RM_1", empty_timeout=300, enabled_codecs=[pb.Codec(mime="a")], version=pb.TimedVersion(ticks=1))
    assert codec.encode(room) == b"\x0a\x04RM_1\x18\xac\x02\x3a\x03\x0a\x01a\x6a\x02\x10\x01"


def test_an_empty_message_is_empty_and_its_presence_survives():
    assert codec.encode(pb.Room()) == b""
    assert codec.decode(pb.Room, codec.encode(pb.Room(version=pb.TimedVersion()))).version == pb.TimedVersion()
    assert codec.decode(pb.Room, b"").version is None


def test_optional_scalars_are_sent_when_they_are_set_to_their_default():
    request = pb.UpdateIngressRequest(enable_transcoding=False)
    assert codec.decode(pb.UpdateIngressRequest, codec.encode(request)).enable_transcoding is False
    assert codec.decode(pb.UpdateIngressRequest, b"").enable_transcoding is None


def test_every_attribute_is_filled_so_that_the_library_works_on_decoded_messages():
    room = codec.decode(pb.Room, b"\x0a\x04RM_1")
    assert set(vars(room)) == {*pb.Room.__dataclass_fields__, "_unknown_fields"}
    assert bytes(room) == b"\x0a\x04RM_1"
    assert "RM_1" in repr(room)


def test_the_field_called_load_is_a_field():
    status = pb.UpdateWorkerStatus(load=0.5, job_count=2)
    data = codec.encode(status)
    assert codec.decode(pb.UpdateWorkerStatus, data) == status
    assert codec.to_json(status) == b'{"load":0.5,"jobCount":2}'


def test_unknown_fields_come_back_behind_the_known_ones():
    unknown = b"\xf8\x3f\x05\xfa\x3f\x02ab"
    room = codec.decode(pb.Room, unknown[:3] + b"\x0a\x01x" + unknown[3:])
    assert room._unknown_fields == unknown
    assert codec.encode(room) == b"\x0a\x01x" + unknown


def test_a_known_field_with_another_wire_type_is_unknown():
    room = codec.decode(pb.Room, b"\x08\x05")
    assert (room.sid, room._unknown_fields) == ("", b"\x08\x05")


def test_unknown_groups_are_kept_whole():
    group = b"\xfb\x3f\x08\x01\xfb\x3f\xfc\x3f\xfc\x3f"
    assert codec.decode(pb.Room, group)._unknown_fields == group


def test_pieces_of_a_sub_message_are_merged():
    first = codec.encode(pb.Room(version=pb.TimedVersion(unix_micro=7)))
    second = codec.encode(pb.Room(version=pb.TimedVersion(ticks=3)))
    assert codec.decode(pb.Room, first + second).version == pb.TimedVersion(unix_micro=7, ticks=3)


def test_a_field_does_not_reach_from_one_piece_into_the_next(refused: Refused):
    pieces = b"\x6a\x03\xfa\x3f\x02", b"\x6a\x02\x08\x01"
    assert refused(codec.decode, pb.Room, b"".join(pieces)) == "version: the data ends inside a field"


def test_many_pieces_of_a_sub_message_take_linear_time():
    room = codec.decode(pb.Room, b"\x6a\x03\xf8\x3f\x01" * 200_000)
    assert room.version is not None
    assert len(room.version._unknown_fields) == 600_000


def test_the_last_member_of_a_oneof_wins(wellknown: SimpleNamespace):
    first = wellknown.codec.encode(wellknown.All(oneof_uint32=7))
    second = wellknown.codec.encode(wellknown.All(oneof_string="x"))
    message = wellknown.codec.decode(wellknown.All, first + second)
    assert (message.oneof_uint32, message.oneof_string) == (None, "x")


def test_pieces_of_the_same_member_of_a_oneof_are_merged(wellknown: SimpleNamespace):
    message = wellknown.codec.decode(wellknown.All, b"\x82\x07\x02\x08\x05\x82\x07\x02\x12\x00")
    assert message.oneof_nested_message.a == 5
    assert message.oneof_nested_message.corecursive is not None


def test_numbers_in_lists_are_read_packed_and_one_by_one(wellknown: SimpleNamespace):
    codec_, message_type = wellknown.codec, wellknown.All
    packed, single = b"\xfa\x01\x03\x01\xac\x02", b"\xf8\x01\x01\xf8\x01\xac\x02"
    assert codec_.decode(message_type, packed).repeated_int32 == [1, 300]
    assert codec_.decode(message_type, single).repeated_int32 == [1, 300]
    assert codec_.encode(codec_.decode(message_type, single)) == packed


def test_a_varint_is_cut_to_the_width_of_its_field():
    assert codec.decode(pb.CreateRoomRequest, b"\x10\x8a\x80\x80\x80\x10").empty_timeout == 10


def test_unknown_enum_numbers_are_kept():
    request = codec.decode(pb.SendDataRequest, b"\x18\x63")
    assert request.kind == 99
    assert isinstance(request.kind, pb.DataPacketKind)
    assert codec.encode(request) == b"\x18\x63"


def test_negative_zero_is_not_a_default():
    assert codec.encode(pb.UpdateWorkerStatus(load=-0.0)) == b"\x1d\x00\x00\x00\x80"


def test_map_entries_may_lack_key_and_value():
    assert codec.decode(pb.ParticipantInfo, b"\x7a\x00").attributes == {"": ""}


def test_times_are_read_and_written_in_microseconds(wellknown: SimpleNamespace):
    moment = datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)
    message = wellknown.All(optional_timestamp=moment, optional_duration=timedelta(microseconds=-1))
    data = wellknown.codec.encode(message)
    assert wellknown.codec.decode(wellknown.All, data) == message
    timestamp = wellknown.google.Timestamp(seconds=-1, nanos=999_999_000)
    assert wellknown.codec.encode(timestamp) in data
    assert wellknown.codec.encode(wellknown.google.Duration(nanos=-1000)) in data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("120541", "name: the data ends inside a field"),
        ("1880", "empty_timeout: the data ends inside a field"),
        ("0001", "a field number is out of range"),
        ("80808080801001", "a field number is out of range"),
        ("0e", "wire type 6 does not exist"),
        ("0f", "wire type 7 does not exist"),
        ("0c", "a group ends that was never started"),
        ("fb3f0801", "the data ends inside a field"),
        ("fb3f843f", "a group ends that was never started"),
        ("120261ff", "name: a string is not valid UTF-8"),
        ("1203eda080", "name: a string is not valid UTF-8"),
        ("188080808080808080808001", "empty_timeout: a varint is longer than ten bytes"),
        ("18ffffffffffffffffff02", "empty_timeout: a varint does not fit into 64 bits"),
        ("f93f0102", "the data ends inside a field"),
        ("3a020aff", "enabled_codecs.mime: the data ends inside a field"),
    ],
)
def test_malformed_data_is_refused_with_the_place(data: str, reason: str, refused: Refused):
    assert refused(codec.decode, pb.Room, bytes.fromhex(data)) == reason


def test_messages_inside_each_other_have_a_limit(wellknown: SimpleNamespace, refused: Refused):
    def nested(levels: int) -> bytes:
        data = b""
        for _ in range(levels):
            data = b"\xda\x01" + (bytes((len(data),)) if len(data) < 128 else _long(len(data))) + data
        return data

    assert wellknown.codec.decode(wellknown.All, nested(100)) is not None
    assert "nested too deeply" in refused(wellknown.codec.decode, wellknown.All, nested(101))


def _long(size: int) -> bytes:
    return bytes((size & 127 | 128, size >> 7))


def test_groups_inside_each_other_have_a_limit(refused: Refused):
    assert "nested too deeply" in refused(codec.decode, pb.Room, b"\xfb\x3f" * 5000)


def test_any_bytes_like_object_can_be_decoded(refused: Refused):
    assert codec.decode(pb.Room, bytearray(b"\x0a\x01x")).sid == "x"
    assert codec.decode(pb.Room, memoryview(b"\x0a\x01x")).sid == "x"
    assert refused(codec.decode, pb.Room, "text") == "str is not bytes"
