"""The two forms of JSON that are written."""

import json
from datetime import UTC, datetime, timedelta
from math import inf, nan
from types import SimpleNamespace

import pytest

from roomwright import codec
from roomwright_proto import livekit as pb


def test_standard_json_has_camel_case_and_no_defaults():
    room = pb.Room(sid="RM_1", creation_time=5, enabled_codecs=[pb.Codec()], version=pb.TimedVersion(unix_micro=1))
    assert codec.to_json(room) == (
        b'{"sid":"RM_1","creationTime":"5","enabledCodecs":[{}],"version":{"unixMicro":"1"}}'
    )


def test_twirp_json_has_every_field_in_the_order_of_declaration():
    assert codec.to_twirp_json(pb.Room(name="standup", creation_time=5, enabled_codecs=[pb.Codec(mime="a")])) == (
        b'{"sid":"","name":"standup","empty_timeout":0,"departure_timeout":0,"max_participants":0,'
        b'"creation_time":"5","creation_time_ms":"0","turn_password":"",'
        b'"enabled_codecs":[{"mime":"a","fmtp_line":""}],"metadata":"","num_participants":0,"num_publishers":0,'
        b'"active_recording":false,"version":null}'
    )


def test_twirp_json_leaves_out_unset_optional_scalars_and_unset_members_of_a_oneof():
    tree = json.loads(codec.to_twirp_json(pb.IngressInfo()))
    assert "enabled" not in tree
    assert tree["audio"] is None
    assert json.loads(codec.to_twirp_json(pb.IngressInfo(enabled=False)))["enabled"] is False
    assert codec.to_twirp_json(pb.SignalRequest()) == b"{}"
    assert b'"leave":{' in codec.to_twirp_json(pb.SignalRequest(leave=pb.LeaveRequest()))


def test_twirp_json_keeps_the_order_when_something_is_left_out():
    message = pb.EgressInfo(egress_id="EG_1", room_name="r")
    names = [name for name in pb.EgressInfo.__dataclass_fields__ if name in json.loads(codec.to_twirp_json(message))]
    assert list(json.loads(codec.to_twirp_json(message))) == names


def test_json_names_come_from_the_schema():
    message = pb.EncodedFileOutput(filepath="x", ali_oss=pb.AliOssUpload(bucket="b"))
    assert codec.to_json(message) == b'{"filepath":"x","aliOSS":{"bucket":"b"}}'
    assert json.loads(codec.to_twirp_json(message))["aliOSS"]["bucket"] == "b"
    assert codec.from_twirp_json(pb.EncodedFileOutput, codec.to_twirp_json(message)) == message


def test_enums_are_names_and_unknown_numbers_stay_numbers():
    assert codec.to_json(pb.SendDataRequest(kind=pb.DataPacketKind.LOSSY)) == b'{"kind":"LOSSY"}'
    assert codec.to_json(pb.SendDataRequest(kind=99)) == b'{"kind":99}'
    assert json.loads(codec.to_twirp_json(pb.SendDataRequest()))["kind"] == "RELIABLE"


def test_bytes_are_standard_base64():
    assert codec.to_json(pb.SendDataRequest(data=b"\xfb\xff")) == b'{"data":"+/8="}'


def test_text_is_not_escaped_for_html():
    assert codec.to_twirp_json(pb.Codec(mime="<&>\u2028")) == '{"mime":"<&>\u2028","fmtp_line":""}'.encode()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.5, b"0.5"),
        (2.0, b"2"),
        (1e300, b"1e+300"),
        (inf, b'"Infinity"'),
        (-inf, b'"-Infinity"'),
        (nan, b'"NaN"'),
        (-0.0, b"-0.0"),
    ],
)
def test_doubles(value: float, written: bytes):
    assert codec.to_json(pb.RtpDrift(duration=value)) == b'{"duration":' + written + b"}"


def test_floats_have_the_digits_they_need():
    assert codec.to_json(pb.SpeakerInfo(level=0.10000000149011612)) == b'{"level":0.1}'
    assert codec.to_json(pb.SpeakerInfo(level=1.17549435e-38)) == b'{"level":1.1754944e-38}'


def test_times_are_in_utc_with_as_many_digits_as_needed(wellknown: SimpleNamespace):
    message = wellknown.All(
        repeated_timestamp=[datetime(2026, 1, 2, tzinfo=UTC), datetime(1, 1, 1, 0, 0, 0, 1000, UTC)],
        repeated_duration=[timedelta(seconds=3), timedelta(microseconds=-1_000_001)],
    )
    assert json.loads(wellknown.codec.to_json(message)) == {
        "repeatedTimestamp": ["2026-01-02T00:00:00Z", "0001-01-01T00:00:00.001Z"],
        "repeatedDuration": ["3s", "-1.000001s"],
    }


def test_well_known_messages_have_forms_of_their_own(wellknown: SimpleNamespace):
    google = wellknown.google
    packed = google.Any(
        type_url="type.googleapis.com/google.protobuf.Duration",
        value=wellknown.codec.encode(google.Duration(seconds=5)),
    )
    message = wellknown.All(
        optional_any=packed,
        optional_struct=google.Struct(fields={"a": google.Value(null_value=google.NullValue(0))}),
        optional_value=google.Value(list_value=google.ListValue(values=[google.Value(number_value=1.0)])),
        optional_field_mask=google.FieldMask(paths=["a_b", "c.d_e"]),
        optional_int64_wrapper=5,
        optional_bool_wrapper=False,
    )
    assert json.loads(wellknown.codec.to_json(message)) == {
        "optionalAny": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "5s"},
        "optionalStruct": {"a": None},
        "optionalValue": [1],
        "optionalFieldMask": "aB,c.dE",
        "optionalInt64Wrapper": "5",
        "optionalBoolWrapper": False,
    }
    assert wellknown.codec.from_json(wellknown.All, wellknown.codec.to_json(message)) == message


def test_a_well_known_message_can_be_the_document(wellknown: SimpleNamespace):
    duration = wellknown.google.Duration(seconds=1, nanos=500_000_000)
    assert wellknown.codec.to_json(duration) == b'"1.500s"'
    assert wellknown.codec.from_json(wellknown.google.Duration, '"1.5s"') == duration
    assert wellknown.codec.to_json(wellknown.google.Value(bool_value=True)) == b"true"


def test_map_keys_are_strings(wellknown: SimpleNamespace):
    message = wellknown.All(map_bool_bool={True: False}, map_int64_int64={-5: 6})
    assert wellknown.codec.to_json(message) == b'{"mapInt64Int64":{"-5":"6"},"mapBoolBool":{"true":false}}'
