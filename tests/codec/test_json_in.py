"""What JSON is read, and what is refused; in Twirp requests, and in standard JSON where that differs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest

from roomwright import codec
from roomwright_proto import livekit as pb

Refused = Callable[..., str]


def create_room(document: str | bytes) -> pb.CreateRoomRequest:
    return codec.from_twirp_json(pb.CreateRoomRequest, document if isinstance(document, bytes) else document.encode())


def send_data(document: str) -> pb.SendDataRequest:
    return codec.from_twirp_json(pb.SendDataRequest, document.encode())


def test_both_spellings_of_a_key_are_known():
    assert (
        create_room('{"empty_timeout":1}')
        == create_room('{"emptyTimeout":1}')
        == create_room('{"empty\\u0054imeout":1}')
    )


@pytest.mark.parametrize(
    "document",
    [
        '{"emptyTimeout":1,"empty_timeout":1}',
        '{"emptyTimeout":1,"empty_timeout":null}',
        '{"empty_timeout":1,"empty_timeout":1}',
        '{"n\\u0061me":"a","name":"a"}',
        '{"name":"a:b","metadata":"\\u003a","metadata":"\\u003a"}',
        '{"agents":[{"metadata":"a","metadata":"b"}]}',
        '{"tags":{"a":"b","a":"c"}}',
        '{"name":"a","x":{"a":1,"a":1},"name":"b"}',
    ],
)
def test_a_field_given_twice_is_refused(document: str, refused: Refused):
    text = refused(create_room, document)
    assert "twice" in text or "different keys" in text


@pytest.mark.parametrize(
    "document",
    [
        '{"name":"a","x":1,"x":2}',
        '{"name":"a","x":{"name":1,"name":2}}',
        '{"name":"a","metadata":"a:b:\\u003a","x":{"a":1,"a":1}}',
    ],
)
def test_unknown_keys_may_repeat(document: str):
    assert create_room(document).name == "a"


@pytest.mark.parametrize(
    "document",
    ['{"name":"a"}', ' \r\n\t{"name":"a"} \n', '{"name":"a"}}', '{"name":"a"}{"name":"b"}', b'{"name":"a"}\xff\x00'],
)
def test_only_the_first_value_counts(document: str | bytes):
    assert create_room(document).name == "a"


def test_standard_json_allows_nothing_behind_the_value(refused: Refused):
    assert codec.from_json(pb.Codec, '{"mime":"a"} \n').mime == "a"
    assert "follows" in refused(codec.from_json, pb.Codec, '{"mime":"a"} x')


@pytest.mark.parametrize(
    "document",
    [
        "",
        "  \n",
        "null",
        "5",
        '"x"',
        '[{"name":"a"}]',
        '\ufeff{"name":"a"}',
        '{"name":"a",}',
        '{"name":"a"/*c*/}',
        "{name:1}",
        '{"name":"a',
        '{"name":"a\nb"}',
        '{"name":"\\x"}',
        '{"name":"\\ud83d"}',
        '{"name":"\\ude00\\ud83d"}',
        '{"x":"\\\\\\ud83d"} trailing',
        b'{"name":"\xff"}',
        b'{"\xff":1} trailing',
        '{"x":NaN}',
        '{"x":-Infinity} trailing',
        '{"x":01}',
        '{"x":tru} trailing',
        '{"\x0b":1}',
    ],
)
def test_what_is_not_a_json_object_is_refused(document: str | bytes, refused: Refused):
    refused(create_room, document)


def test_characters_that_only_look_suspicious_are_read():
    assert create_room('{"name":"\\\\ud83d"} trailing').name == "\\ud83d"
    assert create_room('{"name":"\\ud83d\\ude00"} trailing').name == "\U0001f600"
    assert create_room('{"name":"a\\u0000\x7f"}').name == "a\0\x7f"


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_unknown_values_may_be_nested_ten_thousand_levels_deep(opening: str, refused: Refused):
    closing = "]" if opening == "[" else "}"

    def document(levels: int) -> str:
        inner = "[]" if opening == "[" else "{}"
        return '{"name":"a","x":' + opening * (levels - 2) + inner + closing * (levels - 2) + "}x"

    assert create_room(document(500)).name == "a"
    assert create_room(document(10_000)).name == "a"
    assert "10000 levels" in refused(create_room, document(10_001))
    refused(create_room, document(200_000))


def test_deep_documents_are_read_like_others(refused: Refused):
    deep = "[" * 2000 + '"s",1.5e3,true,{"k":null,"k":[]}' + "]" * 2000
    assert create_room(f'{{"x":{deep},"name":"a","tags":{{"a":"b"}}}} x').tags == {"a": "b"}
    for broken in (
        f'{{"x":{deep},"name":"a","name":"a"}}',
        f'{{"x":{deep[:-1]}}}',
        f'{{"x":{deep},}}',
        f'{{"x":{deep} 1}}',
    ):
        refused(create_room, broken)
    refused(create_room, f'{{"x":{"[" * 2000}"\\ud83d"{"]" * 2000}}}')


@pytest.mark.parametrize("text", ["10", '"10"', "1e1", '"1e1"', "10.0", '"10.0"', "100e-1", "1.0E1"])
def test_integers_in_all_forms(text: str):
    assert create_room(f'{{"empty_timeout":{text}}}').empty_timeout == 10


@pytest.mark.parametrize(
    "text",
    [
        '" 10"', '"10 "', '"+10"', '"010"', '"0x10"', '"1.5"', '""', '"-1"', '"4294967296"', '"Infinity"', '"1_0"',
        '"\uff11"', "1.5", "15e-1", "-1", "4294967296", "1e10", "1e400",
        "1e999999999999999999999", "true", "[]", "[1]", "{}",
        "123456789012345678901234567890", '"1e999999999"', "4294967295.00000000001",
    ],
)  # fmt: skip
def test_what_is_no_uint32_is_refused(text: str, refused: Refused):
    assert refused(create_room, f'{{"empty_timeout":{text}}}').startswith("empty_timeout: ")


def test_long_integers_are_exact(refused: Refused):
    def revoke(text: str) -> int:
        document = f'{{"revoke_token_ts":{text}}}'
        return codec.from_twirp_json(pb.RoomParticipantIdentity, document.encode()).revoke_token_ts

    assert revoke("9223372036854775807") == revoke('"9223372036854775807"') == 2**63 - 1
    assert revoke("9223372036854775807.0") == revoke("922337203685477580.7e1") == 2**63 - 1
    assert revoke("-9223372036854775808") == -(2**63)
    for text in ("-9223372036854775809", "9223372036854775808", "9223372036854775807.5"):
        refused(revoke, text)


def test_numbers_of_unknown_fields_do_not_matter():
    assert create_room('{"name":"a","x":1e400,"y":' + "9" * 6000 + "}").name == "a"


@pytest.mark.parametrize("text", ['"true"', '"1"', "1", "{}", "[]"])
def test_bools_are_strict(text: str, refused: Refused):
    assert create_room('{"sync_streams":true}').sync_streams is True
    refused(create_room, f'{{"sync_streams":{text}}}')


def test_null_is_absent_but_not_inside_lists_and_maps(refused: Refused):
    document = '{"name":null,"empty_timeout":null,"sync_streams":null,"tags":null,"agents":null,"egress":null}'
    assert create_room(document) == pb.CreateRoomRequest()
    assert refused(create_room, '{"agents":[{},null]}') == "agents[1]: null is not a JSON object"
    assert refused(create_room, '{"tags":{"a":null}}') == "tags['a']: null is not a string"
    assert refused(create_room, '{"name":true}') == "name: true is not a string"


def test_a_oneof_takes_one_member(refused: Refused):
    room = '{"egress":{"room":{"preset":"H264_720P_30","advanced":%s}}}'
    request = create_room(room % "null")
    assert request.egress is not None
    assert request.egress.room is not None
    assert request.egress.room.preset == pb.EncodingOptionsPreset.H264_720P_30
    assert refused(create_room, room % "{}").startswith("egress.room.advanced: another member of the oneof")


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('""', b""), ('"+/8="', b"\xfb\xff"), ('"-_8="', b"\xfb\xff"), ('"-_8"', b"\xfb\xff"), ('"aGVsbG8"', b"hello"),
        ('"YQ=="', b"a"), ('"YQ"', b"a"),
    ],
)  # fmt: skip
def test_bytes_in_either_alphabet(text: str, data: bytes):
    assert send_data(f'{{"data":{text}}}').data == data


@pytest.mark.parametrize(
    "text",
    [
        '"+_8="',
        '"YQ="',
        '"YQ==="',
        '"Y"',
        '"Y==="',
        '"aGVs\\nbG8="',
        '"aGVs bG8="',
        '"!!!!"',
        "5",
        "{}",
        '"é"',
        '"aG\\u0000"',
    ],
)
def test_what_is_not_base64_is_refused(text: str, refused: Refused):
    assert refused(send_data, f'{{"data":{text}}}').startswith("data: ")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ('"LOSSY"', 1),
        ("1", 1),
        ("1.0", 1),
        ("99", 99),
        ('"NOPE"', 0),
        ('"1"', 0),
        ('""', 0),
        ('"lossy"', 0),
        ("null", 0),
    ],
)
def test_enums_by_name_and_number(text: str, number: int):
    kind = send_data(f'{{"kind":{text}}}').kind
    assert kind == number
    assert isinstance(kind, pb.DataPacketKind)


@pytest.mark.parametrize("text", ["1.5", "true", "2147483648", "[]"])
def test_what_is_no_enum_is_refused(text: str, refused: Refused):
    assert refused(send_data, f'{{"kind":{text}}}').startswith("kind: ")


def test_a_map_key_given_twice_in_different_forms_is_refused(wellknown: SimpleNamespace, refused: Refused):
    assert "twice" in refused(wellknown.codec.from_json, wellknown.All, '{"mapInt32Int32":{"1":1,"1.0":2}}')
    assert wellknown.codec.from_json(wellknown.All, '{"mapBoolBool":{"true":false}}').map_bool_bool == {True: False}
    refused(wellknown.codec.from_json, wellknown.All, '{"mapBoolBool":{"True":false}}')


def test_error_messages_stay_short(refused: Refused):
    for document in ('{"empty_timeout":"%s"}', '{"empty_timeout":%s.5}', '{"%s":1}', '{"tags":{"%s":1}}'):
        assert len(refused(codec.from_json, pb.CreateRoomRequest, document % ("1" * 5000))) < 200


def test_unknown_names_in_a_list_of_enums_are_dropped():
    document = b'{"can_publish_sources":["CAMERA","NOPE",77]}'
    assert codec.from_twirp_json(pb.ParticipantPermission, document).can_publish_sources == [pb.TrackSource.CAMERA, 77]


def test_standard_json_refuses_what_it_does_not_know_unless_told_otherwise(refused: Refused):
    assert refused(codec.from_json, pb.CreateRoomRequest, '{"agents":[{"foo":1}]}') == (
        "agents[0].foo: there is no such field"
    )
    assert "is not a value of" in refused(codec.from_json, pb.SendDataRequest, '{"kind":"NOPE"}')
    assert codec.from_json(pb.SendDataRequest, '{"kind":"NOPE","foo":1}', ignore_unknown_fields=True).kind == 0


def test_scalars_do_not_stand_for_lists_and_objects(refused: Refused):
    for document in ('{"agents":{}}', '{"agents":"a"}', '{"tags":[]}', '{"egress":[]}', '{"egress":"a"}'):
        refused(create_room, document)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [('"1.5s"', 1.5), ('"+3s"', 3), ('".5s"', 0.5), ('"5.s"', 5), ('"-1.5s"', -1.5), ('"-.5s"', -0.5), ('"0s"', 0)],
)
def test_durations(text: str, seconds: float, wellknown: SimpleNamespace):
    message = wellknown.codec.from_twirp_json(wellknown.All, f'{{"optionalDuration":{text}}}'.encode())
    assert message.optional_duration == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ['"1m"', '"100ms"', '"1"', '"s"', '".s"', '"1 s"', '"1e3s"', "1", '"315576000001s"', '"1S"']
)
def test_what_is_no_duration_is_refused(text: str, wellknown: SimpleNamespace, refused: Refused):
    refused(wellknown.codec.from_twirp_json, wellknown.All, f'{{"optionalDuration":{text}}}'.encode())


def test_timestamps(wellknown: SimpleNamespace):
    def read(text: str) -> datetime:
        return wellknown.codec.from_json(wellknown.All, f'{{"optionalTimestamp":"{text}"}}').optional_timestamp

    assert read("2026-01-02T03:04:05Z") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert read("2026-01-02T03:04:05.25+01:30") == datetime(2026, 1, 2, 1, 34, 5, 250_000, UTC)
    assert read("9999-12-31T23:59:59.999999999Z") == datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05", "2026-01-02t03:04:05Z", "2026-01-02T03:04:05z", "2026-01-02 03:04:05Z",
        "2026-02-30T03:04:05Z",
        "2026-01-02T24:00:00Z", "2026-1-02T03:04:05Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00",
        "2026-01-02",
        "9999-12-31T23:59:59-00:01", "2026-01-02T03:04:05.1234567890Z", "2026-01-02T03:04:05+24:00", "",
    ],
)  # fmt: skip
def test_what_is_no_timestamp_is_refused(text: str, wellknown: SimpleNamespace, refused: Refused):
    refused(wellknown.codec.from_json, wellknown.All, f'{{"optionalTimestamp":"{text}"}}')


def test_floats(wellknown: SimpleNamespace, refused: Refused):
    def read(text: str) -> float:
        return wellknown.codec.from_json(wellknown.All, f'{{"optionalFloat":{text}}}').optional_float

    assert read("0.1") == 0.10000000149011612
    assert (read('"Infinity"'), read('"1e3"'), read("5")) == (inf, 1000.0, 5.0)
    for text in ("1e39", '"1e400"', '"inf"', '" 1"', '""', "true", "1" + "0" * 500):
        refused(read, text)


def test_anything_but_bytes_and_text_is_refused(refused: Refused):
    document: Any = 5
    assert refused(codec.from_json, pb.Room, document) == "int is not a JSON text"
    assert "surrogate" in refused(codec.from_json, pb.Room, '{"name":"\ud800"}')
    assert codec.from_json(pb.Room, bytearray(b'{"name":"a"}')).name == "a"


def test_an_any_needs_a_known_type(wellknown: SimpleNamespace, refused: Refused):
    twice = '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s","value":"1s"}'
    for document in (twice, '{"@type":"x"}', '{"@type":"t/no.Such"}', '{"a":1}', '{"@type":5}', "[]"):
        refused(wellknown.codec.from_json, wellknown.All, f'{{"optionalAny":{document}}}')
    assert wellknown.codec.from_json(wellknown.All, '{"optionalAny":{}}').optional_any == wellknown.google.Any()
